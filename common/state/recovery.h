/*
 * Recovery codes: for the day when the phone is dead. Each is good for one
 * login, in strict mode and for a disabled user too.
 */
#ifndef EMOTP_RECOVERY_H
#define EMOTP_RECOVERY_H

#include "../base32.h"
#include "authority.h"
#include "judge.h"

#define EMOTP_RECOVERY_COUNT 10

/* Wipe it. */
struct emotp_recovery_sheet {
	char codes[EMOTP_RECOVERY_COUNT][EMOTP_CODE_SHOWN];
};

/*
 * Makes ten new codes; all earlier ones, imported ones too, end.
 * EMOTP_ERR_NO_TOKEN if the user has no token: enrol first. *ret is wiped
 * on an error.
 */
enum emotp_err emotp_recovery_make(const struct emotp_authority *a,
    const char *name, struct emotp_recovery_sheet *ret, struct emotp_why *why);

/*
 * Adds one that reads text; code has user_id, number and kind. Inside the
 * caller's transaction.
 */
enum emotp_err emotp_recovery_add(const struct emotp_authority *a,
    const struct emotp_user *user, const char *text,
    struct emotp_recovery_code *code);

/*
 * Looks what was typed up among the codes of c->user and notes in
 * c->recovery what it found. As many digests are computed for who has no
 * codes. Inside the caller's transaction.
 */
enum emotp_err emotp_recovery_match(
    const struct emotp_authority *a, struct emotp_case *c, const char *typed);

/* Uses up the code that was matched, and queues the mail. */
enum emotp_err emotp_recovery_use(
    const struct emotp_authority *a, const struct emotp_case *c, int64_t now_s);

#endif
