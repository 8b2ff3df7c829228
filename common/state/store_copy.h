/*
 * A whole store into another one, of any two backends and for the same key:
 * every row as it is, with its ids, to which the sealed secrets are bound.
 */
#ifndef EMOTP_STORE_COPY_H
#define EMOTP_STORE_COPY_H

#include "store.h"

struct emotp_copy_job {
	const struct emotp_backend *const *backends;
	const struct emotp_key *key;
	struct emotp_store *from; /* open, with no transaction */
	const char *to;           /* its uri */

	/* How many rows there are; and that so many more are copied. */
	void (*begin)(void *arg, uint64_t rows);
	void (*tick)(void *arg, uint64_t rows);
	void *arg;
};

/* Tables, and what they are called. Tombstones are users. */
#define EMOTP_COPIED_MAP(X)     \
	X(USERS, "users")       \
	X(TOKENS, "tokens")     \
	X(CODES, "codes")       \
	X(RECOVERY, "recovery") \
	X(INTENTS, "intents")   \
	X(HOSTS, "hosts")

enum emotp_copied_table {
#define X(name, text) EMOTP_COPIED_##name,
	EMOTP_COPIED_MAP(X)
#undef X
	    EMOTP_COPIED_TABLES
};

struct emotp_copied {
	uint64_t rows[EMOTP_COPIED_TABLES];
};

/*
 * Copies. From is not changed, and nobody can write to it meanwhile. To is
 * made if it is missing, and is no store (emotp_store_open() refuses it)
 * until the last transaction: whatever ends a copy before leaves it to be
 * emptied by the next one, and a copy that was overtaken by another ends.
 * EMOTP_ERR_EXISTS, with to untouched, if that is a store with any user or
 * host; EMOTP_ERR_KEY if it was made for another key; else as for opening
 * and writing either one.
 */
enum emotp_err emotp_store_copy(const struct emotp_copy_job *copy,
    struct emotp_copied *ret, struct emotp_why *why);

#endif
