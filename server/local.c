#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "../common/local.h"
#include "../common/secret.h"
#include "../common/text.h"
#include "local.h"
#include "log.h"

struct local {
	struct local_setup setup;
	struct event *listener;
	int fd;
	int connections;
	int others; /* of them, those of others than root */
	LIST_HEAD(exchanges, exchange) exchanges;
};

/* One connection: one question. */
struct exchange {
	struct decision decision; /* first */
	struct local *local;
	LIST_ENTRY(exchange) entry;
	int fd;
	struct event *readable;
	struct emotp_question question;
	bool permitted; /* set by work_lookup */
};

static void
exchange_free(struct exchange *x)
{
	x->local->connections--;
	x->local->others -= x->decision.uid != 0;
	LIST_REMOVE(x, entry);
	if (x->readable != NULL)
		event_free(x->readable);
	(void)close(x->fd);
	emotp_wipe(x, sizeof(*x));
	free(x);
}

/* ---- answers ---- */

static void
reply(struct exchange *x, const char *result,
    const struct emotp_judgement *judgement)
{
	struct emotp_answer answer = {.recovery_left = -1};
	char record[EMOTP_LOCAL_MAX];
	size_t len;

	(void)emotp_copy(answer.nonce, sizeof(answer.nonce), x->question.nonce);
	(void)emotp_copy(answer.user, sizeof(answer.user), x->question.user);
	(void)emotp_copy(answer.result, sizeof(answer.result), result);
	(void)emotp_copy(
	    answer.language, sizeof(answer.language), x->local->setup.language);
	if (judgement != NULL) {
		answer.token = judgement->token;
		answer.drift = judgement->drift;
		answer.period_s = judgement->period_s;
		if (judgement->recovery)
			answer.recovery_left = judgement->recovery_left;
		(void)emotp_copy(answer.language, sizeof(answer.language),
		    judgement->language);
	}
	if (emotp_answer_encode(&answer, record, &len) == EMOTP_OK)
		(void)send(x->fd, record, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	exchange_free(x);
}

static void
log_verdict(const struct exchange *x)
{
	const struct decision *d = &x->decision;
	char user[EMOTP_ESCAPED_MAX], service[EMOTP_ESCAPED_MAX];
	char rhost[EMOTP_ESCAPED_MAX];

	(void)emotp_escape(x->question.user, true, user);
	(void)emotp_escape(x->question.service, true, service);
	(void)emotp_escape(x->question.rhost, true, rhost);
	if (d->judgement.verdict == EMOTP_ACCEPTED)
		log_line(LOG_LEVEL_INFO,
		    "accepted %s for %s from %s service=%s uid=%ld %s",
		    d->judgement.recovery ? "recovery code" : "code", user,
		    rhost, service, (long)d->uid, d->note);
	else
		log_line(LOG_LEVEL_NOTICE,
		    "%s refused: %s rhost=%s service=%s uid=%ld %s", user,
		    emotp_verdict_name(d->judgement.verdict), rhost, service,
		    (long)d->uid, d->note);
}

/* Whoever is not root learns no reason: others may have caused it. */
static void
reply_verdict(struct exchange *x)
{
	const struct emotp_judgement *j = &x->decision.judgement;
	struct counters *counters = x->local->setup.counters;
	bool accepted = j->verdict == EMOTP_ACCEPTED;

	if (accepted)
		counters->accepted++;
	else
		counters->refused++;
	log_verdict(x);
	reply(x,
	    accepted || x->decision.uid == 0 ? emotp_verdict_name(j->verdict) :
					       "refused",
	    j);
}

static void
decided(struct decision *d)
{
	struct exchange *x = (struct exchange *)(void *)d;

	if (d->err == EMOTP_OK && x->question.kind == EMOTP_ASK_VERIFY) {
		reply_verdict(x);
	} else if (d->err == EMOTP_OK) {
		reply(x, d->never_enrolled ? "yes" : "no", NULL);
	} else {
		x->local->setup.counters->undecided++;
		reply(x, "unavailable", NULL);
	}
}

/* ---- questions ---- */

static void
decide(struct exchange *x)
{
	const struct decider *decider = x->local->setup.decider;

	x->decision.done = decided;
	if (!decider->decide(decider, &x->decision))
		reply(x, "unavailable", NULL);
}

/* The system is asked in a worker: NSS may be slow. */
static void
work_lookup(struct job *job, const struct emotp_authority *a)
{
	struct exchange *x = (struct exchange *)(void *)job;
	struct passwd pw, *found = NULL;
	char buf[4096];

	(void)a;
	x->permitted =
	    getpwuid_r(x->decision.uid, &pw, buf, sizeof(buf), &found) == 0 &&
	    found != NULL && strcmp(pw.pw_name, x->question.user) == 0;
}

static void
lookup_done(struct job *job)
{
	struct exchange *x = (struct exchange *)(void *)job;
	char user[EMOTP_ESCAPED_MAX];

	if (job->late) {
		reply(x, "unavailable", NULL);
	} else if (x->permitted) {
		decide(x);
	} else {
		log_line(LOG_LEVEL_WARNING, "uid %ld may not ask for %s",
		    (long)x->decision.uid,
		    emotp_escape(x->question.user, true, user));
		reply(x, "not-allowed", NULL);
	}
}

static void
look_up(struct exchange *x)
{
	const struct decider *decider = x->local->setup.decider;
	struct job *job = &x->decision.job;

	job->do_work = work_lookup;
	job->done = lookup_done;
	if (!decider->add(decider, job))
		reply(x, "unavailable", NULL);
}

/* Others than root may ask for themselves, and only verify. */
static void
ask(struct exchange *x)
{
	x->local->setup.counters->local++;
	x->decision.question = &x->question;
	x->decision.asked_ms = work_elapsed_ms();
	if (x->decision.uid == 0)
		decide(x);
	else if (x->question.kind == EMOTP_ASK_VERIFY)
		look_up(x);
	else
		reply(x, "not-allowed", NULL);
}

/* What is no question gets no answer, for there is nobody to name in it. */
static void
readable(evutil_socket_t fd, short what, void *arg)
{
	struct exchange *x = arg;
	char record[EMOTP_LOCAL_MAX];
	ssize_t len = -1;
	bool good;

	if ((what & EV_READ) != 0)
		len = recv(fd, record, sizeof(record), MSG_TRUNC);
	good = len > 0 && (size_t)len <= sizeof(record) &&
	    emotp_question_decode(record, (size_t)len, &x->question) ==
		EMOTP_OK;
	emotp_wipe(record, sizeof(record));
	if (good)
		ask(x);
	else
		exchange_free(x);
}

/*
 * Root asks for everybody who logs in. So that nobody keeps it from being
 * heard by connecting and saying nothing, others have a share of their own,
 * and each of them a small part of it.
 */
static bool
has_room(const struct local *local, uid_t uid)
{
	const struct exchange *x;
	int count = 0;

	if (local->connections >= LOCAL_MAX)
		return false;
	if (uid == 0)
		return true;
	LIST_FOREACH(x, &local->exchanges, entry)
	count += x->decision.uid == uid;
	return count < LOCAL_PER_UID && local->others < LOCAL_OTHERS;
}

static void
serve(struct local *local, int fd, uid_t uid)
{
	const struct timeval deadline = {LOCAL_DEADLINE_S, 0};
	struct exchange *x = calloc(1, sizeof(*x));

	if (x == NULL) {
		(void)close(fd);
		return;
	}
	local->connections++;
	local->others += uid != 0;
	LIST_INSERT_HEAD(&local->exchanges, x, entry);
	x->local = local;
	x->fd = fd;
	x->decision.uid = uid;
	x->readable = event_new(local->setup.base, fd, EV_READ, readable, x);
	if (x->readable == NULL || event_add(x->readable, &deadline) != 0)
		exchange_free(x);
}

static void
acceptable(evutil_socket_t listener, short what, void *arg)
{
	struct local *local = arg;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct ucred peer;
	socklen_t len = sizeof(peer);

	(void)what;
	if (fd < 0)
		return;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	    has_room(local, peer.uid))
		serve(local, fd, peer.uid);
	else
		(void)close(fd);
}

enum emotp_err
local_open(const struct local_setup *setup, int fd, struct local **ret,
    struct emotp_why *why)
{
	struct local *local = calloc(1, sizeof(*local));

	if (local != NULL) {
		local->setup = *setup;
		local->fd = fd;
		LIST_INIT(&local->exchanges);
		local->listener = event_new(
		    setup->base, fd, EV_READ | EV_PERSIST, acceptable, local);
		*ret = local;
	}
	if (local == NULL || local->listener == NULL ||
	    event_add(local->listener, NULL) != 0)
		return emotp_fail(why, EMOTP_ERR_MEMORY, "out of memory");
	return EMOTP_OK;
}

void
local_drain(struct local *local)
{
	if (local->listener != NULL)
		event_free(local->listener);
	local->listener = NULL;
}

bool
local_idle(const struct local *local)
{
	return local->connections == 0;
}

void
local_close(struct local *local)
{
	if (local == NULL)
		return;
	local_drain(local);
	(void)close(local->fd);
	free(local);
}
