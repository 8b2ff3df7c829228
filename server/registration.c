/* Registration: asking for a code, and using it. PROTOCOL.md, 1.1 and 1.2. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/base32.h"
#include "../common/secret.h"
#include "../common/state/enroll.h"
#include "../common/text.h"
#include "log.h"
#include "service.h"

#define TYPED_MAX 64

static void
answer_asked(struct http_request *request)
{
	static char message[] =
	    "If this address is registered, a code is on its way.";
	const struct emotp_field fields[] = {
	    {.key = "message", .type = EMOTP_FIELD_TEXT, .out = message},
	};

	answer_json(request, 202, fields, 1);
}

struct ask {
	struct job job; /* first */
	struct service *service;
	struct http_request *request;
	char email[EMOTP_EMAIL_MAX + 1];
	enum emotp_err err;
};

static void
work_ask(struct job *job, const struct emotp_authority *a)
{
	struct ask *ask = (struct ask *)(void *)job;
	struct emotp_why why = {""};

	ask->err = emotp_enroll_ask(a, ask->email, work_clock(), &why);
	if (ask->err != EMOTP_OK)
		log_line(LOG_LEVEL_ERROR, "store: %s", why.text);
}

static void
ask_done(struct job *job)
{
	struct ask *ask = (struct ask *)(void *)job;

	if (job->late || ask->err != EMOTP_OK) {
		answer_problem(ask->request, PROBLEM_UNAVAILABLE);
	} else {
		answer_asked(ask->request);
		sender_wake(ask->service->sender);
	}
	free(ask);
}

void
handle_ask(
    struct service *service, struct http_request *request, const char *id)
{
	struct ask *ask = calloc(1, sizeof(*ask));
	char email[EMOTP_EMAIL_MAX + 1];
	const struct emotp_field fields[] = {
	    {"email", EMOTP_FIELD_TEXT, false, 1, EMOTP_EMAIL_MAX, email, NULL},
	};

	(void)id;
	if (ask == NULL) {
		answer_problem(request, PROBLEM_UNAVAILABLE);
		return;
	}
	if (!answer_read(request, fields, 1)) {
		free(ask);
		return;
	}
	if (!throttle_take(service->asks, http_source(request), work_clock())) {
		answer_asked(request);
		free(ask);
		return;
	}
	ask->job.do_work = work_ask;
	ask->job.done = ask_done;
	ask->service = service;
	ask->request = request;
	(void)emotp_copy(ask->email, sizeof(ask->email), email);
	if (!service_start(service, request, &ask->job))
		free(ask);
}

/* ---- using a code ---- */

struct registration {
	struct job job; /* first */
	struct service *service;
	struct http_request *request;
	char email[EMOTP_EMAIL_MAX + 1];
	char code[TYPED_MAX + 1];
	char otp[TYPED_MAX + 1];
	char label[EMOTP_LABEL_MAX + 1];
	char source[EMOTP_SOURCE_MAX + 1];
	enum emotp_err err;
	int64_t now_s;
	struct emotp_registered registered;
};

static void
registration_free(struct registration *r)
{
	emotp_wipe(r, sizeof(*r));
	free(r);
}

static void
work_register(struct job *job, const struct emotp_authority *a)
{
	struct registration *r = (struct registration *)(void *)job;
	const struct emotp_request request = {
	    .email = r->email,
	    .code = r->code,
	    .otp = r->otp,
	    .label = r->label,
	    .source = r->source,
	};
	struct emotp_why why = {""};

	r->now_s = work_clock();
	r->err =
	    emotp_enroll_register(a, &request, r->now_s, &r->registered, &why);
	if (r->err != EMOTP_OK && r->err != EMOTP_ERR_INVALID)
		log_line(LOG_LEVEL_ERROR, "store: %s", why.text);
}

/* What strangers may be told: DESIGN's list, and wrong-code for the rest. */
static enum problem
problem_of(const struct registration *r)
{
	if (r->job.late || (r->err != EMOTP_OK && r->err != EMOTP_ERR_INVALID))
		return PROBLEM_UNAVAILABLE;
	if (r->err == EMOTP_ERR_INVALID)
		return PROBLEM_MALFORMED;
	switch (r->registered.outcome) {
	case EMOTP_REGISTERED:
		return PROBLEM_NONE;
	case EMOTP_REGISTER_EXPIRED:
		return PROBLEM_EXPIRED;
	case EMOTP_REGISTER_USED:
		return PROBLEM_USED;
	case EMOTP_REGISTER_OTP_REQUIRED:
	case EMOTP_REGISTER_OTP_REFUSED:
		return PROBLEM_OTP_REQUIRED;
	case EMOTP_REGISTER_WRONG_CODE:
	case EMOTP_REGISTER_TOO_MANY:
	case EMOTP_REGISTER_REVOKED:
	case EMOTP_REGISTER_DISABLED:
		break;
	}
	return PROBLEM_WRONG_CODE;
}

static void
answer_token(struct registration *r)
{
	struct emotp_token *token = &r->registered.token;
	const struct emotp_secret *secret = &r->registered.secret;
	char base32[EMOTP_BASE32_SIZE(EMOTP_SECRET_MAX)];
	char algorithm[8], issuer[EMOTP_ISSUER_MAX + 1];
	int64_t digits = token->params.digits;
	int64_t period_s = token->params.period_s;
	const struct emotp_field fields[] = {
	    {.key = "id", .type = EMOTP_FIELD_TEXT, .out = token->id},
	    {.key = "account",
		.type = EMOTP_FIELD_TEXT,
		.out = r->registered.user},
	    {.key = "issuer", .type = EMOTP_FIELD_TEXT, .out = issuer},
	    {.key = "secret", .type = EMOTP_FIELD_TEXT, .out = base32},
	    {.key = "algorithm", .type = EMOTP_FIELD_TEXT, .out = algorithm},
	    {.key = "digits", .type = EMOTP_FIELD_INTEGER, .out = &digits},
	    {.key = "period", .type = EMOTP_FIELD_INTEGER, .out = &period_s},
	    {.key = "time", .type = EMOTP_FIELD_INTEGER, .out = &r->now_s},
	};

	emotp_base32_encode(secret->bytes, secret->len, base32);
	(void)emotp_copy(algorithm, sizeof(algorithm),
	    emotp_algorithm_name(token->params.algorithm));
	(void)emotp_copy(issuer, sizeof(issuer), r->service->config->issuer);
	answer_json(
	    r->request, 201, fields, sizeof(fields) / sizeof(fields[0]));
	emotp_wipe(base32, sizeof(base32));
}

static void
log_registration(const struct registration *r, enum problem problem)
{
	char who[EMOTP_ESCAPED_MAX], label[EMOTP_ESCAPED_MAX];
	const char *source = http_source(r->request);

	if (problem == PROBLEM_NONE)
		log_line(LOG_LEVEL_NOTICE,
		    "registered %s token=%d label=\"%s\" from %s",
		    r->registered.user, r->registered.token.number,
		    emotp_escape(r->label, false, label), source);
	else
		log_line(LOG_LEVEL_INFO,
		    "registration refused: %s for %s from %s",
		    problem_type(problem), emotp_escape(r->email, true, who),
		    source);
}

/* A try was counted before; it stays counted if the code was wrong. */
static void
register_done(struct job *job)
{
	struct registration *r = (struct registration *)(void *)job;
	enum problem problem = problem_of(r);
	struct service *service = r->service;

	if (problem != PROBLEM_WRONG_CODE)
		throttle_return(service->tries, http_source(r->request));
	log_registration(r, problem);
	if (problem == PROBLEM_NONE) {
		service->counters.registered++;
		answer_token(r);
		sender_wake(service->sender);
	} else {
		answer_problem(r->request, problem);
	}
	registration_free(r);
}

static bool
read_registration(struct registration *r)
{
	const struct emotp_field fields[] = {
	    {"email", EMOTP_FIELD_TEXT, false, 1, EMOTP_EMAIL_MAX, r->email,
		NULL},
	    {"code", EMOTP_FIELD_TEXT, false, 1, TYPED_MAX, r->code, NULL},
	    {"label", EMOTP_FIELD_TEXT, false, 0, EMOTP_LABEL_MAX, r->label,
		NULL},
	    {"otp", EMOTP_FIELD_TEXT, true, 1, TYPED_MAX, r->otp, NULL},
	};

	return answer_read(
	    r->request, fields, sizeof(fields) / sizeof(fields[0]));
}

void
handle_register(
    struct service *service, struct http_request *request, const char *id)
{
	struct registration *r = calloc(1, sizeof(*r));

	(void)id;
	if (r == NULL) {
		answer_problem(request, PROBLEM_UNAVAILABLE);
		return;
	}
	r->service = service;
	r->request = request;
	r->job.do_work = work_register;
	r->job.done = register_done;
	(void)snprintf(r->source, sizeof(r->source), "the web token, from %s",
	    http_source(request));
	if (!read_registration(r))
		goto out;
	if (!throttle_take(
		service->tries, http_source(request), work_clock())) {
		log_registration(r, PROBLEM_WRONG_CODE);
		answer_problem(request, PROBLEM_WRONG_CODE);
		goto out;
	}
	if (service_start(service, request, &r->job))
		return;
	throttle_return(service->tries, http_source(request));
out:
	registration_free(r);
}
