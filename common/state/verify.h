/* Verification: the rule of judge.h as one durable transaction. */
#ifndef EMOTP_VERIFY_H
#define EMOTP_VERIFY_H

#include "authority.h"
#include "host.h"
#include "judge.h"

/*
 * Lock, judge, write, commit with fsync, and only then answer. On EMOTP_OK
 * ret->verdict is the decision and durable; on an error nobody may be let
 * in, whatever *ret holds.
 */
enum emotp_err emotp_verify(const struct emotp_authority *a, const char *name,
    const char *typed, int64_t now_s, struct emotp_judgement *ret,
    struct emotp_why *why);

/* One of many. name and typed are borrowed; host_key is NULL for who needs
 * none. */
struct emotp_verification {
	const char *name;
	const char *typed;
	const char *host_key;
	int64_t now_s;
	enum emotp_err err; /* of this one: else admission is the outcome */
	enum emotp_admission admission;
	int64_t retry_at;                 /* with EMOTP_HOST_TOO_MANY */
	struct emotp_judgement judgement; /* with EMOTP_ADMITTED */
	char host[EMOTP_NAME_MAX + 1];    /* "" if the key is unknown */
};

/*
 * Decides them all in one transaction with one fsync, one after the other,
 * those of one host in their order: each sees what those before it wrote.
 * Where one of them cannot be decided, none of
 * that is kept, and each is done over by itself, until one of them waits for
 * the store in vain. Durable on return; why tells of the last err.
 */
void emotp_verify_many(const struct emotp_authority *a,
    struct emotp_verification *list, size_t count, struct emotp_why *why);

/* What emotp_verify would decide now. Writes nothing, burns nothing. */
enum emotp_err emotp_verify_preview(const struct emotp_authority *a,
    const char *name, const char *typed, int64_t now_s,
    struct emotp_judgement *ret, struct emotp_why *why);

/*
 * The two halves of emotp_verify, for a caller inside its own transaction who
 * has read the subject: judges, and writes what was judged. The caller
 * commits, then answers. Wipe *c, whatever is returned.
 */
enum emotp_err emotp_verify_judge(const struct emotp_authority *a,
    const struct emotp_subject *subject, const char *typed, int64_t now_s,
    struct emotp_case *c, struct emotp_judgement *ret);
enum emotp_err emotp_verify_write(const struct emotp_authority *a,
    const struct emotp_case *c, const struct emotp_judgement *judgement,
    int64_t now_s);

/*
 * For a caller inside its own transaction: loads the case of a user already
 * read, and judges and writes it. The caller commits, then answers. Wipe *c.
 * Recovery codes are not considered: they are for logins alone.
 */
enum emotp_err emotp_verify_load(const struct emotp_authority *a,
    const struct emotp_user *user, struct emotp_case *c);
enum emotp_err emotp_verify_locked(const struct emotp_authority *a,
    struct emotp_case *c, const char *typed, int64_t now_s,
    struct emotp_judgement *ret);

/*
 * For nullok: *ret is true only if both names, as typed and as the system
 * knows it, are proved to be unknown (no row, no tombstone) or to be invited
 * and never yet to have had a token. It takes the lock and writes like any
 * verification: a store that somebody holds, or that cannot be written,
 * proves nothing.
 */
enum emotp_err emotp_verify_never_enrolled(const struct emotp_authority *a,
    const char *typed, const char *known, int64_t now_s, bool *ret,
    struct emotp_why *why);

#endif
