/* Asking emotpd over its local socket: PROTOCOL.md, section 2. */
#ifndef PAM_EMOTP_ASK_H
#define PAM_EMOTP_ASK_H

#include "../common/local.h"
#include "../common/state/judge.h"

/* Where, and what goes with a question. Borrowed; texts may be NULL. */
struct asking {
	const char *socket;
	const char *service;
	const char *rhost;
};

/*
 * What emotp_verify decides, decided by emotpd: durable when it returns
 * EMOTP_OK. A reason that this caller may not know is EMOTP_REFUSED.
 * EMOTP_ERR_SERVICE for a socket or a peer that is not to be trusted, no
 * answer in 8 seconds, and any but exactly one answer to this question.
 */
enum emotp_err ask_verify(const struct asking *asking, const char *user,
    const char *typed, struct emotp_judgement *ret, struct emotp_why *why);

/* What emotp_verify_never_enrolled finds out. */
enum emotp_err ask_never_enrolled(const struct asking *asking,
    const char *typed, const char *known, bool *ret, struct emotp_why *why);

#endif
