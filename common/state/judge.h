/*
 * The verification rule, pure: what was typed against what is known of a
 * user at a time. Nothing here reads a clock, a file or the store.
 */
#ifndef EMOTP_JUDGE_H
#define EMOTP_JUDGE_H

#include "model.h"

#define EMOTP_STRICT_RUN   5          /* consecutive failures */
#define EMOTP_STRICT_DAY   10         /* failures in 24 hours */
#define EMOTP_DISABLED_RUN 100        /* NIST SP 800-63B, 5.2.2 */
#define EMOTP_CLOCK_MIN    1704067200 /* 2024-01-01T00:00:00Z */

/* What the judge did to a token, and so how it must be written. */
enum emotp_change {
	EMOTP_UNCHANGED = 0,
	EMOTP_CHANGED,  /* drift or pending: emotp_store_token_update */
	EMOTP_ADVANCED, /* last_step too: emotp_store_token_accept */
};

/* What was typed, as a recovery code: see recovery.h. */
struct emotp_recovery_finding {
	enum emotp_recovery_kind shape;  /* that it has; 0: neither */
	bool found;                      /* among the user's */
	struct emotp_recovery_code code; /* with that; used_at may be set */
	bool scratch; /* the user has codes of the imported kind */
	int left;     /* codes of the user that are not used */
};

/* A user as the judge sees one. known is false for a name in no row. */
struct emotp_case {
	bool known;
	struct emotp_user user;
	size_t count; /* of tokens; 0 to EMOTP_TOKENS_MAX */
	struct emotp_token tokens[EMOTP_TOKENS_MAX];
	enum emotp_change changes[EMOTP_TOKENS_MAX];
	struct emotp_secret secrets[EMOTP_TOKENS_MAX]; /* the same order */
	struct emotp_recovery_finding recovery;
};

void emotp_case_wipe(struct emotp_case *c);

struct emotp_judgement {
	enum emotp_verdict verdict;
	int token;           /* number of the token that was accepted, or 0 */
	int drift;           /* of that token, in steps, after the acceptance */
	int period_s;        /* of that token */
	bool disabled_now;   /* this failure was the one that disabled */
	int64_t ahead_until; /* with EMOTP_AHEAD: when codes work again */
	bool recovery;       /* it was judged as a recovery code */
	int recovery_left;   /* with that and EMOTP_ACCEPTED */
	char language[EMOTP_LANGUAGE_MAX + 1]; /* the user's, or the default */
	struct emotp_attempt attempt;          /* for the user's record */
};

/* Whether a single code no longer suffices. Trims user->failed. */
bool emotp_judge_strict(struct emotp_user *user, int64_t now_s);

/*
 * Judges what was typed. On return the user's counts and the tokens'
 * last_step, drift, pending_* and confirmed are what must be written before
 * anyone is told. With no token, as many HMACs are computed as for a user
 * with one default token. c->recovery.code.used_at is set where a recovery
 * code was accepted. EMOTP_ERR_CLOCK if now is before EMOTP_CLOCK_MIN,
 * EMOTP_ERR_CRYPTO; *c is then unspecified and must not
 * be written, and *ret holds no verdict.
 */
enum emotp_err emotp_judge(struct emotp_case *c,
    const struct emotp_config *config, const char *typed, int64_t now_s,
    struct emotp_judgement *ret);

/*
 * Whether what was typed would be right for one of the tokens if its period
 * were 30 seconds: the mark of an app that ignores the period. Told only at
 * enrolment, and accepts nothing.
 */
enum emotp_err emotp_judge_other_period(const struct emotp_case *c,
    const struct emotp_config *config, const char *typed, int64_t now_s,
    bool *ret);

#endif
