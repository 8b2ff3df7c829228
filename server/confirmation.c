/* A new token proves itself: PROTOCOL.md, 1.3. */
#include <stdlib.h>
#include <string.h>

#include "../common/secret.h"
#include "../common/state/enroll.h"
#include "../common/text.h"
#include "log.h"
#include "service.h"

#define OTP_MAX 16

struct confirmation {
	struct job job; /* first */
	struct service *service;
	struct http_request *request;
	char id[32 + 1];
	char otp[OTP_MAX + 1];
	int64_t device_s;
	enum emotp_err err;
	struct emotp_confirmed confirmed;
};

static void
confirmation_free(struct confirmation *c)
{
	emotp_wipe(c, sizeof(*c));
	free(c);
}

static void
work_confirm(struct job *job, const struct emotp_authority *a)
{
	struct confirmation *c = (struct confirmation *)(void *)job;
	const struct emotp_proof proof = {c->id, c->otp, c->device_s};
	struct emotp_why why = {""};

	c->err =
	    emotp_enroll_confirm(a, &proof, work_clock(), &c->confirmed, &why);
	if (c->err != EMOTP_OK)
		log_line(LOG_LEVEL_ERROR, "store: %s", why.text);
}

static enum problem
problem_of(const struct confirmation *c)
{
	if (c->job.late || c->err != EMOTP_OK)
		return PROBLEM_UNAVAILABLE;
	switch (c->confirmed.outcome) {
	case EMOTP_CONFIRMED:
		return PROBLEM_NONE;
	case EMOTP_CONFIRM_WRONG:
		return PROBLEM_WRONG_OTP;
	case EMOTP_CONFIRM_ALREADY:
		return PROBLEM_CONFIRMED;
	case EMOTP_CONFIRM_NO_TOKEN:
		return PROBLEM_NOT_FOUND;
	}
	return PROBLEM_UNAVAILABLE;
}

static void
confirm_done(struct job *job)
{
	struct confirmation *c = (struct confirmation *)(void *)job;
	enum problem problem = problem_of(c);
	int64_t drift = c->confirmed.drift;
	const struct emotp_field fields[] = {
	    {.key = "drift", .type = EMOTP_FIELD_INTEGER, .out = &drift},
	};

	if (c->confirmed.token != 0)
		log_line(LOG_LEVEL_INFO,
		    "confirmation of %s token=%d: %s drift=%d from %s",
		    c->confirmed.user, c->confirmed.token,
		    problem == PROBLEM_NONE ? "done" : problem_type(problem),
		    c->confirmed.drift, http_source(c->request));
	if (problem == PROBLEM_NONE)
		answer_json(c->request, 200, fields, 1);
	else
		answer_problem(c->request, problem);
	confirmation_free(c);
}

void
handle_confirm(
    struct service *service, struct http_request *request, const char *id)
{
	struct confirmation *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		answer_problem(request, PROBLEM_UNAVAILABLE);
		return;
	}
	const struct emotp_field fields[] = {
	    {"otp", EMOTP_FIELD_TEXT, false, 1, OTP_MAX, c->otp, NULL},
	    {"time", EMOTP_FIELD_INTEGER, false, 0, 0, &c->device_s, NULL},
	};
	if (!answer_read(request, fields, 2)) {
		confirmation_free(c);
		return;
	}
	c->service = service;
	c->request = request;
	c->job.do_work = work_confirm;
	c->job.done = confirm_done;
	(void)emotp_copy(c->id, sizeof(c->id), id);
	if (!service_start(service, request, &c->job))
		confirmation_free(c);
}
