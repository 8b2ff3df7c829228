/* Verification for hosts: PROTOCOL.md, 1.5. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/secret.h"
#include "../common/text.h"
#include "log.h"
#include "service.h"

#define OTP_MAX     128
#define NONCE_MIN   16
#define NONCE_MAX   64
#define SERVICE_MAX 64
#define RHOST_MAX   256
#define KEY_MAX     64
#define BEARER      "Bearer "

struct question {
	struct job job; /* first */
	struct service *service;
	struct http_request *request;
	struct emotp_verification verification;
	char key[KEY_MAX + 1];
	char user[EMOTP_NAME_MAX + 1];
	char otp[OTP_MAX + 1];
	char nonce[NONCE_MAX + 1];
	char pam_service[SERVICE_MAX + 1];
	char rhost[RHOST_MAX + 1];
};

static void
question_free(struct question *q)
{
	emotp_wipe(q, sizeof(*q));
	free(q);
}

static void
log_verdict(const struct question *q)
{
	const struct emotp_verification *v = &q->verification;
	char user[EMOTP_ESCAPED_MAX], service[EMOTP_ESCAPED_MAX];
	char rhost[EMOTP_ESCAPED_MAX], host[EMOTP_ESCAPED_MAX];

	(void)emotp_escape(q->user, true, user);
	(void)emotp_escape(q->pam_service, true, service);
	(void)emotp_escape(q->rhost, true, rhost);
	(void)emotp_escape(v->host, true, host);
	if (v->judgement.verdict == EMOTP_ACCEPTED)
		log_line(LOG_LEVEL_INFO,
		    "accepted %s for %s from %s host=%s service=%s token=%d",
		    v->judgement.recovery ? "recovery code" : "code", user,
		    rhost, host, service, v->judgement.token);
	else
		log_line(LOG_LEVEL_NOTICE,
		    "%s refused: %s rhost=%s host=%s service=%s", user,
		    emotp_verdict_name(v->judgement.verdict), rhost, host,
		    service);
}

static void
answer_verdict(struct question *q)
{
	bool accepted = q->verification.judgement.verdict == EMOTP_ACCEPTED;
	char verdict[] = "accepted", refused[] = "refused";
	const struct emotp_field fields[] = {
	    {.key = "verdict",
		.type = EMOTP_FIELD_TEXT,
		.out = accepted ? verdict : refused},
	    {.key = "nonce", .type = EMOTP_FIELD_TEXT, .out = q->nonce},
	    {.key = "user", .type = EMOTP_FIELD_TEXT, .out = q->user},
	    {.key = "host",
		.type = EMOTP_FIELD_TEXT,
		.out = q->verification.host},
	};

	if (accepted)
		q->service->counters.accepted++;
	else
		q->service->counters.refused++;
	if (accepted || q->verification.judgement.disabled_now)
		sender_wake(q->service->sender);
	log_verdict(q);
	answer_json(
	    q->request, 200, fields, sizeof(fields) / sizeof(fields[0]));
}

static void
answer_too_many(struct question *q)
{
	char seconds[24];

	(void)snprintf(seconds, sizeof(seconds), "%lld",
	    (long long)(q->verification.retry_at - q->verification.now_s));
	answer_problem_with(
	    q->request, PROBLEM_TOO_MANY, "Retry-After", seconds);
}

static void
turn_away(struct question *q)
{
	const struct emotp_verification *v = &q->verification;
	char user[EMOTP_ESCAPED_MAX], host[EMOTP_ESCAPED_MAX];
	static const char *const reasons[] = {
	    [EMOTP_HOST_UNKNOWN] = "no valid host key",
	    [EMOTP_HOST_USER] = "not a user of this host",
	    [EMOTP_HOST_TOO_MANY] = "too many refusals",
	};

	log_line(LOG_LEVEL_WARNING,
	    "verification turned away: %s; host=%s user=%s from %s",
	    reasons[v->admission], emotp_escape(v->host, true, host),
	    emotp_escape(q->user, true, user), http_source(q->request));
	if (v->admission == EMOTP_HOST_TOO_MANY)
		answer_too_many(q);
	else
		answer_problem(q->request,
		    v->admission == EMOTP_HOST_USER ? PROBLEM_USER :
						      PROBLEM_NO_HOST_KEY);
}

static void
verify_done(struct job *job)
{
	struct question *q = (struct question *)(void *)job;

	if (job->late || q->verification.err != EMOTP_OK ||
	    q->verification.admission == 0) {
		q->service->counters.undecided++;
		answer_problem(q->request, PROBLEM_UNAVAILABLE);
	} else if (q->verification.admission == EMOTP_ADMITTED) {
		answer_verdict(q);
	} else {
		turn_away(q);
	}
	question_free(q);
}

/* False, with the request answered, where there is none. */
static bool
read_key(struct question *q)
{
	const char *value = http_header(q->request, "Authorization");

	if (value != NULL && strncasecmp(value, BEARER, strlen(BEARER)) == 0 &&
	    emotp_copy(q->key, sizeof(q->key), value + strlen(BEARER)))
		return true;
	answer_problem(q->request, PROBLEM_NO_HOST_KEY);
	return false;
}

static bool
read_question(struct question *q)
{
	static const char nonce[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789_-";
	const struct emotp_field fields[] = {
	    {"user", EMOTP_FIELD_TEXT, false, 1, EMOTP_NAME_MAX, q->user, NULL},
	    {"otp", EMOTP_FIELD_TEXT, false, 0, OTP_MAX, q->otp, NULL},
	    {"nonce", EMOTP_FIELD_TEXT, false, NONCE_MIN, NONCE_MAX, q->nonce,
		NULL},
	    {"service", EMOTP_FIELD_TEXT, false, 0, SERVICE_MAX, q->pam_service,
		NULL},
	    {"rhost", EMOTP_FIELD_TEXT, false, 0, RHOST_MAX, q->rhost, NULL},
	};

	if (!answer_read(q->request, fields, 5))
		return false;
	if (q->nonce[strspn(q->nonce, nonce)] == '\0')
		return read_key(q);
	answer_problem(q->request, PROBLEM_MALFORMED);
	return false;
}

void
handle_verify(
    struct service *service, struct http_request *request, const char *id)
{
	struct question *q = calloc(1, sizeof(*q));

	(void)id;
	if (q == NULL) {
		answer_problem(request, PROBLEM_UNAVAILABLE);
		return;
	}
	q->service = service;
	q->request = request;
	q->job.verification = &q->verification;
	q->job.done = verify_done;
	q->verification.name = q->user;
	q->verification.typed = q->otp;
	q->verification.host_key = q->key;
	if (!read_question(q) || !service_start(service, request, &q->job))
		question_free(q);
}
