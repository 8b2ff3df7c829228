/* What every use case needs: the rules, the key and the store. */
#ifndef EMOTP_AUTHORITY_H
#define EMOTP_AUTHORITY_H

#include "../config.h"
#include "seal.h"
#include "store.h"

/* Borrows all three. */
struct emotp_authority {
	const struct emotp_config *config;
	const struct emotp_key *key;
	struct emotp_store *store;
};

/*
 * How a use case on one user begins: the write lock, and the user, who must
 * not be a tombstone (EMOTP_ERR_NO_USER).
 */
enum emotp_err emotp_authority_begin(
    const struct emotp_authority *a, const char *name, struct emotp_user *user);

/*
 * How it ends: commits if err is EMOTP_OK, else rolls back and fills why
 * with the best reason there is. Returns what came of it; what comes of
 * EMOTP_ERR_CONFLICT is still to be seen, and why is left alone.
 */
enum emotp_err emotp_authority_end(const struct emotp_authority *a,
    enum emotp_err err, const char *name, struct emotp_why *why);

/*
 * Runs once(), a use case whose transaction may meet another one in its way
 * (EMOTP_ERR_CONFLICT), again until it does not; after EMOTP_TRIES of them it
 * is EMOTP_ERR_BUSY. Not for what cannot be begun twice, such as a list that
 * is read from a pipe. A macro, so that no use case needs a shape for it.
 */
#define EMOTP_TRIES 10
#define emotp_retry(why, once)                                                 \
	({                                                                     \
		enum emotp_err retried_ = (once);                              \
		for (int i_ = 1;                                               \
		     retried_ == EMOTP_ERR_CONFLICT && i_ < EMOTP_TRIES; i_++) \
			retried_ = (once);                                     \
		emotp_authority_settle(retried_, (why));                       \
	})

/* CONFLICT becomes BUSY, and why says so. */
enum emotp_err emotp_authority_settle(
    enum emotp_err err, struct emotp_why *why);

#endif
