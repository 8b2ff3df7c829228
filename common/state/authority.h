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
 * with the best reason there is. Returns what came of it.
 */
enum emotp_err emotp_authority_end(const struct emotp_authority *a,
    enum emotp_err err, const char *name, struct emotp_why *why);

#endif
