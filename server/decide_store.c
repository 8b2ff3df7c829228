#include <stdio.h>

#include "decide.h"
#include "log.h"

static struct decision *
decision_of(struct job *job)
{
	return (struct decision *)(void *)job;
}

/* ---- verify ---- */

static void
verify_done(struct job *job)
{
	struct decision *d = decision_of(job);
	const struct emotp_verification *v = &d->verification;
	struct service *service = d->decider->of;

	d->err = v->err;
	if (job->late || v->admission != EMOTP_ADMITTED)
		d->err = EMOTP_ERR_BUSY;
	if (d->err == EMOTP_OK) {
		d->judgement = v->judgement;
		(void)snprintf(
		    d->note, sizeof(d->note), "token=%d", d->judgement.token);
		if (d->judgement.recovery || d->judgement.disabled_now)
			sender_wake(service->sender);
	}
	d->done(d);
}

static void
verify(struct decision *d)
{
	d->verification.name = d->question->user;
	d->verification.typed = d->question->typed;
	d->job.verification = &d->verification;
	d->job.done = verify_done;
}

/* ---- never-enrolled ---- */

static void
work_never_enrolled(struct job *job, const struct emotp_authority *a)
{
	struct decision *d = decision_of(job);
	struct emotp_why why = {""};

	d->err = emotp_verify_never_enrolled(a, d->question->user,
	    d->question->typed, work_clock(), &d->never_enrolled, &why);
	if (d->err != EMOTP_OK)
		log_line(LOG_LEVEL_ERROR, "store: %s", why.text);
}

static void
never_enrolled_done(struct job *job)
{
	struct decision *d = decision_of(job);

	if (job->late)
		d->err = EMOTP_ERR_BUSY;
	d->done(d);
}

static void
never_enrolled(struct decision *d)
{
	d->job.do_work = work_never_enrolled;
	d->job.done = never_enrolled_done;
}

/* ---- the decider ---- */

static bool
add(const struct decider *decider, struct job *job)
{
	const struct service *service = decider->of;

	return work_add(service->work, job);
}

static bool
decide(const struct decider *decider, struct decision *d)
{
	d->decider = decider;
	d->job.verification = NULL;
	if (d->question->kind == EMOTP_ASK_VERIFY)
		verify(d);
	else
		never_enrolled(d);
	return add(decider, &d->job);
}

void
decide_by_store(struct service *service, struct decider *ret)
{
	*ret = (struct decider){decide, add, service};
}
