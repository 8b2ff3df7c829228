/* New tokens, sealed. */
#ifndef EMOTP_MINT_H
#define EMOTP_MINT_H

#include "seal.h"

/*
 * Makes the user's next token of a secret, with a fresh id and no step used:
 * not yet in the store, and user->next_token is counted up.
 */
enum emotp_err emotp_mint(const struct emotp_key *key, struct emotp_user *user,
    const struct emotp_params *params, const struct emotp_secret *secret,
    struct emotp_token *ret);

#endif
