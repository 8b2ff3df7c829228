#include <stdio.h>
#include <string.h>

#include "base32.h"
#include "client_http.h"
#include "secret.h"
#include "text.h"

#define EMAIL_MAX    254
#define OTP_MAX      128 /* of a verification */
#define NONCE_MAX    64
#define SERVICE_MAX  64
#define RHOST_MAX    256
#define MESSAGE_MAX  256 /* a sentence of the service */
#define WORD_MAX     16
#define LENGTH(list) (sizeof(list) / sizeof((list)[0]))

/* A text that is sent. */
#define SEND(name, buffer)                                               \
	{                                                                \
		.key = (name), .type = EMOTP_FIELD_TEXT, .out = (buffer) \
	}

/* A text, and a number, that are received. */
#define TEXT(name, buffer)                                 \
	{                                                  \
		.key = (name), .type = EMOTP_FIELD_TEXT,   \
		.max = sizeof(buffer) - 1, .out = (buffer) \
	}
#define NUMBER(name, integer)                                                \
	{                                                                    \
		.key = (name), .type = EMOTP_FIELD_INTEGER, .out = (integer) \
	}

static enum emotp_err
too_long(struct emotp_why *why)
{
	return emotp_fail(why, EMOTP_ERR_INVALID, "too long to be sent");
}

/* The answer has the protocol's shape and makes no sense all the same. */
static enum emotp_err
nonsense(
    const struct emotp_client *client, const char *what, struct emotp_why *why)
{
	return emotp_fail(why, EMOTP_ERR_SERVICE, "%s: answered with %s",
	    emotp_client_base(client), what);
}

enum emotp_err
emotp_client_ask(struct emotp_client *client, const char *email,
    enum emotp_problem *ret_problem, struct emotp_why *why)
{
	char address[EMAIL_MAX + 1], message[MESSAGE_MAX + 1];
	const struct emotp_field ask[] = {SEND("email", address)};
	const struct emotp_field answer[] = {TEXT("message", message)};
	const struct emotp_call call = {"/v1/registration-codes", ask,
	    LENGTH(ask), 202, answer, LENGTH(answer)};

	if (!emotp_copy(address, sizeof(address), email))
		return too_long(why);
	return emotp_client_call(client, &call, ret_problem, why);
}

/* ---- registering ---- */

struct registration {
	char email[EMAIL_MAX + 1];
	char code[EMOTP_CLIENT_TYPED + 1];
	char label[EMOTP_CLIENT_TYPED + 1];
	char otp[EMOTP_CLIENT_TYPED + 1];
	bool has_otp;
	/* the answer, where it does not go into a token as it is */
	char secret[EMOTP_BASE32_SIZE(EMOTP_SECRET_MAX)];
	char algorithm[WORD_MAX + 1];
	int64_t digits;
	int64_t period_s;
};

static bool
fill(struct registration *r, const struct emotp_client_request *request)
{
	const char *otp = request->otp != NULL ? request->otp : "";

	r->has_otp = request->otp != NULL;
	return emotp_copy(r->email, sizeof(r->email), request->email) &&
	    emotp_copy(r->code, sizeof(r->code), request->code) &&
	    emotp_copy(r->label, sizeof(r->label), request->label) &&
	    emotp_copy(r->otp, sizeof(r->otp), otp);
}

static enum emotp_err
call_register(struct emotp_client *client, struct registration *r,
    struct emotp_client_token *token, enum emotp_problem *ret_problem,
    struct emotp_why *why)
{
	const struct emotp_field ask[] = {
	    SEND("email", r->email), SEND("code", r->code),
	    SEND("label", r->label),
	    SEND("otp", r->otp), /* the last, so that it can be left out */
	};
	const struct emotp_field answer[] = {
	    TEXT("id", token->id),
	    TEXT("account", token->otpauth.account),
	    TEXT("issuer", token->otpauth.issuer),
	    TEXT("secret", r->secret),
	    TEXT("algorithm", r->algorithm),
	    NUMBER("digits", &r->digits),
	    NUMBER("period", &r->period_s),
	    NUMBER("time", &token->time_s),
	};
	const struct emotp_call call = {"/v1/tokens", ask,
	    r->has_otp ? LENGTH(ask) : LENGTH(ask) - 1, 201, answer,
	    LENGTH(answer)};

	return emotp_client_call(client, &call, ret_problem, why);
}

static bool
id_valid(const char *id)
{
	return strlen(id) == EMOTP_CLIENT_ID &&
	    strspn(id, "0123456789abcdef") == EMOTP_CLIENT_ID;
}

/* What can be written as a URI can be shown, and typed into an app. */
static bool
take_token(const struct registration *r, struct emotp_client_token *token)
{
	struct emotp_otpauth *otpauth = &token->otpauth;
	char uri[EMOTP_OTPAUTH_MAX];
	bool ok;

	if (r->digits != (int)r->digits || r->period_s != (int)r->period_s)
		return false;
	otpauth->params.digits = (int)r->digits;
	otpauth->params.period_s = (int)r->period_s;
	ok = id_valid(token->id) &&
	    emotp_algorithm_read(r->algorithm, &otpauth->params.algorithm) ==
		EMOTP_OK &&
	    emotp_base32_decode(r->secret, otpauth->secret.bytes,
		sizeof(otpauth->secret.bytes),
		&otpauth->secret.len) == EMOTP_OK &&
	    emotp_otpauth_write(otpauth, uri) == EMOTP_OK;
	emotp_wipe(uri, sizeof(uri));
	return ok;
}

enum emotp_err
emotp_client_register(struct emotp_client *client,
    const struct emotp_client_request *request, struct emotp_client_token *ret,
    enum emotp_problem *ret_problem, struct emotp_why *why)
{
	struct emotp_client_token token;
	struct registration r;
	enum emotp_err err;

	memset(&token, 0, sizeof(token));
	memset(&r, 0, sizeof(r));
	if (fill(&r, request))
		err = call_register(client, &r, &token, ret_problem, why);
	else
		err = too_long(why);
	if (err == EMOTP_OK && *ret_problem == EMOTP_PROBLEM_NONE) {
		if (take_token(&r, &token))
			*ret = token;
		else
			err = nonsense(
			    client, "a token that nothing can show", why);
	}
	emotp_wipe(&token, sizeof(token));
	emotp_wipe(&r, sizeof(r));
	return err;
}

/* ---- what a token asks ---- */

enum emotp_err
emotp_client_confirm(struct emotp_client *client,
    const struct emotp_client_proof *proof, int *ret,
    enum emotp_problem *ret_problem, struct emotp_why *why)
{
	char path[96], otp[WORD_MAX + 1];
	int64_t device_s = proof->device_s, drift = 0;
	const struct emotp_field ask[] = {
	    SEND("otp", otp),
	    NUMBER("time", &device_s),
	};
	const struct emotp_field answer[] = {NUMBER("drift", &drift)};
	const struct emotp_call call = {
	    path, ask, LENGTH(ask), 200, answer, LENGTH(answer)};
	enum emotp_err err;

	if (!id_valid(proof->id))
		return emotp_fail(why, EMOTP_ERR_INVALID, "this is no id");
	if (!emotp_copy(otp, sizeof(otp), proof->otp))
		return too_long(why);
	(void)snprintf(
	    path, sizeof(path), "/v1/tokens/%s/confirmations", proof->id);
	err = emotp_client_call(client, &call, ret_problem, why);
	emotp_wipe(otp, sizeof(otp));
	if (err == EMOTP_OK && drift != (int)drift)
		return nonsense(client, "a drift beyond all measure", why);
	if (err == EMOTP_OK)
		*ret = (int)drift;
	return err;
}

enum emotp_err
emotp_client_time(
    struct emotp_client *client, int64_t *ret, struct emotp_why *why)
{
	enum emotp_problem problem = EMOTP_PROBLEM_NONE;
	int64_t now_s = 0;
	const struct emotp_field answer[] = {NUMBER("time", &now_s)};
	const struct emotp_call call = {
	    "/v1/time", NULL, 0, 200, answer, LENGTH(answer)};
	enum emotp_err err = emotp_client_call(client, &call, &problem, why);

	if (err == EMOTP_OK && problem != EMOTP_PROBLEM_NONE)
		return nonsense(client, emotp_problem_type(problem), why);
	if (err == EMOTP_OK)
		*ret = now_s;
	return err;
}

/* ---- what a host asks ---- */

struct question {
	char user[EMOTP_ACCOUNT_MAX + 1];
	char otp[OTP_MAX + 1];
	char nonce[NONCE_MAX + 1];
	char service[SERVICE_MAX + 1];
	char rhost[RHOST_MAX + 1];
};

struct verdict {
	char word[WORD_MAX + 1];
	char nonce[NONCE_MAX + 1];
	char user[EMOTP_ACCOUNT_MAX + 1];
	char host[EMOTP_ACCOUNT_MAX + 1];
};

static bool
fill_question(struct question *q, const struct emotp_client_question *from)
{
	return emotp_copy(q->user, sizeof(q->user), from->user) &&
	    emotp_copy(q->otp, sizeof(q->otp), from->otp) &&
	    emotp_copy(q->nonce, sizeof(q->nonce), from->nonce) &&
	    emotp_copy(q->service, sizeof(q->service), from->service) &&
	    emotp_copy(q->rhost, sizeof(q->rhost), from->rhost);
}

static enum emotp_err
call_verify(struct emotp_client *client, struct question *q, struct verdict *v,
    enum emotp_problem *ret_problem, struct emotp_why *why)
{
	const struct emotp_field ask[] = {
	    SEND("user", q->user),
	    SEND("otp", q->otp),
	    SEND("nonce", q->nonce),
	    SEND("service", q->service),
	    SEND("rhost", q->rhost),
	};
	const struct emotp_field answer[] = {
	    TEXT("verdict", v->word),
	    TEXT("nonce", v->nonce),
	    TEXT("user", v->user),
	    TEXT("host", v->host),
	};
	const struct emotp_call call = {
	    "/v1/verifications", ask, LENGTH(ask), 200, answer, LENGTH(answer)};

	return emotp_client_call(client, &call, ret_problem, why);
}

/* An answer to another question accepts nobody, and refuses nobody. */
static enum emotp_err
take_verdict(const struct emotp_client *client, const struct question *q,
    const struct verdict *v, struct emotp_client_verdict *ret,
    struct emotp_why *why)
{
	bool accepted = strcmp(v->word, "accepted") == 0;

	if (!accepted && strcmp(v->word, "refused") != 0)
		return nonsense(client, "a verdict that does not exist", why);
	if (strcmp(v->nonce, q->nonce) != 0)
		return nonsense(client, "another question's nonce", why);
	if (strcmp(v->user, q->user) != 0)
		return nonsense(client, "a verdict on another user", why);
	ret->accepted = accepted;
	(void)emotp_copy(ret->host, sizeof(ret->host), v->host);
	return EMOTP_OK;
}

enum emotp_err
emotp_client_verify(struct emotp_client *client,
    const struct emotp_client_question *question,
    struct emotp_client_verdict *ret, enum emotp_problem *ret_problem,
    struct emotp_why *why)
{
	struct question q;
	struct verdict v;
	enum emotp_err err;

	memset(ret, 0, sizeof(*ret));
	*ret_problem = EMOTP_PROBLEM_NONE;
	memset(&q, 0, sizeof(q));
	memset(&v, 0, sizeof(v));
	err = fill_question(&q, question) ?
	    call_verify(client, &q, &v, ret_problem, why) :
	    too_long(why);
	if (err == EMOTP_OK && *ret_problem == EMOTP_PROBLEM_NONE)
		err = take_verdict(client, &q, &v, ret, why);
	emotp_wipe(&q, sizeof(q));
	return err;
}
