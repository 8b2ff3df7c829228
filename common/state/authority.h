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

#endif
