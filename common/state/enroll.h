/*
 * The registration rule: who may be mailed a code, and what a mailed code is
 * good for. Writes intents and digests; never meets a mail server.
 */
#ifndef EMOTP_ENROLL_H
#define EMOTP_ENROLL_H

#include "../base32.h"
#include "authority.h"
#include "judge.h"

/* Whether a code may be mailed. */
enum emotp_issue {
	EMOTP_ISSUE_DONE = 1,
	EMOTP_ISSUE_LIMIT,    /* too many mails; see retry_at */
	EMOTP_ISSUE_REVOKED,  /* reset first */
	EMOTP_ISSUE_DISABLED, /* unlock first */
};

struct emotp_ticket {
	enum emotp_issue issue;
	int64_t retry_at; /* with EMOTP_ISSUE_LIMIT: when it is possible */
	struct emotp_user user; /* whom to mail */
	int64_t code_id;
	int64_t issued_at;
	char code[EMOTP_CODE_SHOWN]; /* wipe it */
};

/*
 * Makes a code for name and stores its digest; only the five
 * newest live ones count. exempt callers (root) meet no mail limit and refill
 * the tries. EMOTP_ERR_NO_USER also for a tombstone.
 */
enum emotp_err emotp_enroll_issue(const struct emotp_authority *a,
    const char *name, bool exempt, int64_t now_s, struct emotp_ticket *ret,
    struct emotp_why *why);

/* The mail server took it at now_s: its hour begins. */
enum emotp_err emotp_enroll_handed(const struct emotp_authority *a,
    const struct emotp_ticket *ticket, int64_t now_s, struct emotp_why *why);

/* It was not sent: the code is gone and the mail limit given back. */
enum emotp_err emotp_enroll_withdraw(const struct emotp_authority *a,
    const struct emotp_ticket *ticket, struct emotp_why *why);

/* What came of a registration. */
enum emotp_registration {
	EMOTP_REGISTERED = 1,
	EMOTP_REGISTER_WRONG_CODE,
	EMOTP_REGISTER_EXPIRED,
	EMOTP_REGISTER_USED,
	EMOTP_REGISTER_OTP_REQUIRED, /* active: a current code is missing */
	EMOTP_REGISTER_OTP_REFUSED,  /* ... is not accepted; see judgement */
	EMOTP_REGISTER_TOO_MANY,     /* tokens */
	EMOTP_REGISTER_REVOKED,      /* reset first */
	EMOTP_REGISTER_DISABLED,     /* unlock first */
};

struct emotp_request {
	const char *name;   /* or NULL: */
	const char *email;  /* an address that need not be known */
	const char *code;   /* as typed */
	const char *otp;    /* as typed, or NULL */
	const char *label;  /* or NULL: none */
	const char *source; /* from where, for the success mail */
};

struct emotp_registered {
	enum emotp_registration outcome;
	struct emotp_judgement judgement; /* with EMOTP_REGISTER_OTP_REFUSED */
	char user[EMOTP_NAME_MAX + 1];    /* with all but an unknown address */
	struct emotp_token token;         /* these two with EMOTP_REGISTERED; */
	struct emotp_secret secret;       /* wipe it */
};

/*
 * Registers a token with a mailed code, in one transaction: the code is
 * used, unconfirmed tokens are replaced, the success mail is queued.
 * outcome is durable on EMOTP_OK. A code that is right but comes without the
 * needed otp stays good; so does one whose otp is refused. An address that
 * nobody has is EMOTP_REGISTER_WRONG_CODE; *ret then has no user.
 */
enum emotp_err emotp_enroll_register(const struct emotp_authority *a,
    const struct emotp_request *request, int64_t now_s,
    struct emotp_registered *ret, struct emotp_why *why);

/*
 * A stranger asks that a code be mailed to email: queues it if that is
 * somebody's address and allowed now, which nobody is told. Costs one durable
 * write in either case.
 */
enum emotp_err emotp_enroll_ask(const struct emotp_authority *a,
    const char *email, int64_t now_s, struct emotp_why *why);

#define EMOTP_CONFIRM_TRIES 10

/* What came of a confirmation. */
enum emotp_confirmation {
	EMOTP_CONFIRMED = 1,
	EMOTP_CONFIRM_WRONG, /* code or time, or too many tries */
	EMOTP_CONFIRM_ALREADY,
	EMOTP_CONFIRM_NO_TOKEN,
};

struct emotp_proof {
	const char *id;   /* of the token */
	const char *otp;  /* of the step before that of device_s */
	int64_t device_s; /* the device's clock */
};

struct emotp_confirmed {
	enum emotp_confirmation outcome;
	int drift;                     /* with EMOTP_CONFIRMED, in steps */
	int token;                     /* number; with all but NO_TOKEN */
	char user[EMOTP_NAME_MAX + 1]; /* the same */
};

/*
 * A new token proves itself: on EMOTP_CONFIRMED, durable, its drift and
 * last_step are set, so that the code of device_s's own step is still good.
 * Ten wrong codes end it; they count towards nothing else.
 */
enum emotp_err emotp_enroll_confirm(const struct emotp_authority *a,
    const struct emotp_proof *proof, int64_t now_s, struct emotp_confirmed *ret,
    struct emotp_why *why);

#endif
