/*
 * Speaks the protocol (PROTOCOL.md, section 1) to a service: what a token and
 * what a host may ask.
 */
#ifndef EMOTP_CLIENT_H
#define EMOTP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "otpauth.h"

#define EMOTP_CLIENT_ID       32 /* hexadecimal digits */
#define EMOTP_CLIENT_URL      200
#define EMOTP_CLIENT_TYPED    64 /* bytes of a code that is sent */
#define EMOTP_CLIENT_DEADLINE 15 /* seconds; the service's own is 10 */

/* What a service decides, but for an acceptance. */
#define EMOTP_PROBLEM_MAP(X)                         \
	X(MALFORMED, 400, "malformed")               \
	X(NO_HOST_KEY, 401, "no-host-key")           \
	X(USER_NOT_ALLOWED, 403, "user-not-allowed") \
	X(WRONG_CODE, 403, "wrong-code")             \
	X(OTP_REQUIRED, 403, "otp-required")         \
	X(WRONG_OTP, 403, "wrong-otp")               \
	X(NOT_FOUND, 404, "not-found")               \
	X(WRONG_METHOD, 405, "wrong-method")         \
	X(CONFIRMED, 409, "confirmed-already")       \
	X(EXPIRED, 410, "expired")                   \
	X(USED, 410, "used")                         \
	X(TOO_MANY, 429, "too-many")                 \
	X(UNAVAILABLE, 503, "unavailable")

enum emotp_problem {
	EMOTP_PROBLEM_NONE = 0,
#define X(name, status, type) EMOTP_PROBLEM_##name,
	EMOTP_PROBLEM_MAP(X)
#undef X
};

/* "wrong-code" and the like; "none"; never NULL. */
const char *emotp_problem_type(enum emotp_problem problem);

struct emotp_client; /* opaque */

struct emotp_client_settings {
	const char *url; /* https://HOST[:PORT], or, in clear, */
	/* http://127.0.0.1[:PORT] or http://[::1] */
	const char *ca; /* a file of PEM certificates; NULL: the system's */
	const char *host_key; /* for verifications, or NULL */
	int deadline_ms;      /* of a call, from its begin; 0: the default */
	int keep_s; /* how long a connection may lie idle between two calls; */
		    /* 0: each call has its own */
};

/*
 * Copies the settings and connects nowhere yet. EMOTP_ERR_INVALID for another
 * url, EMOTP_ERR_MEMORY. Neither the environment nor a user's file has a say
 * in whom a client talks to or trusts.
 */
enum emotp_err emotp_client_open(const struct emotp_client_settings *settings,
    struct emotp_client **ret, struct emotp_why *why);
void emotp_client_close(struct emotp_client *client);

/*
 * Of the calls to come: how long each may take in all, and until it is
 * connected, TLS and the look-up of names included. Both more than 0.
 */
void emotp_client_limit(
    struct emotp_client *client, int connect_ms, int deadline_ms);

/*
 * After EMOTP_ERR_SERVICE: whether the call began to write its request. If
 * not, nothing of it left this host, and another service may be asked.
 */
bool emotp_client_asked(const struct emotp_client *client);

/*
 * The calls. EMOTP_OK: the service has decided; *ret_problem says what, and
 * *ret is filled if that is EMOTP_PROBLEM_NONE. EMOTP_ERR_SERVICE: no answer,
 * or none that the protocol knows. EMOTP_ERR_INVALID: what is to be sent is
 * no UTF-8 or too long for a message. Nothing is sent twice, not even where
 * a connection that was kept turns out to be dead.
 */

/* Asks that a registration code be mailed to email. */
enum emotp_err emotp_client_ask(struct emotp_client *client, const char *email,
    enum emotp_problem *ret_problem, struct emotp_why *why);

struct emotp_client_request {
	const char *email;
	const char *code; /* as typed */
	const char *label;
	const char *otp; /* as typed, or NULL */
};

struct emotp_client_token {
	char id[EMOTP_CLIENT_ID + 1];
	struct emotp_otpauth otpauth; /* one that can be written */
	int64_t time_s;               /* the service's clock */
};

/* Registers a token. Wipe *ret: the secret is never told again. */
enum emotp_err emotp_client_register(struct emotp_client *client,
    const struct emotp_client_request *request, struct emotp_client_token *ret,
    enum emotp_problem *ret_problem, struct emotp_why *why);

struct emotp_client_proof {
	const char *id;
	const char *otp;  /* of the step before that of device_s */
	int64_t device_s; /* the device's clock */
};

/* Confirms a new token; *ret is the device's drift in steps. */
enum emotp_err emotp_client_confirm(struct emotp_client *client,
    const struct emotp_client_proof *proof, int *ret,
    enum emotp_problem *ret_problem, struct emotp_why *why);

/* The service's clock. A problem is EMOTP_ERR_SERVICE here. */
enum emotp_err emotp_client_time(
    struct emotp_client *client, int64_t *ret, struct emotp_why *why);

struct emotp_client_question {
	const char *user;
	const char *otp;   /* as typed */
	const char *nonce; /* 16 to 64 of A-Za-z0-9_-, fresh */
	const char *service;
	const char *rhost;
};

struct emotp_client_verdict {
	bool accepted;
	char host[EMOTP_ACCOUNT_MAX + 1]; /* whose key it was */
};

/*
 * Asks for a verdict with the host key. ret->accepted is true only for an
 * acceptance of that user's code with that nonce; on an error it is false.
 */
enum emotp_err emotp_client_verify(struct emotp_client *client,
    const struct emotp_client_question *question,
    struct emotp_client_verdict *ret, enum emotp_problem *ret_problem,
    struct emotp_why *why);

#endif
