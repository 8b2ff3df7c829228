#include <stdio.h>

#include "mint.h"

static enum emotp_err
make_id(char id[static 33])
{
	unsigned char bytes[16];
	enum emotp_err err = emotp_random(bytes, sizeof(bytes));

	for (size_t i = 0; i < sizeof(bytes) && err == EMOTP_OK; i++)
		(void)sprintf(id + 2 * i, "%02x", bytes[i]);
	return err;
}

enum emotp_err
emotp_mint(const struct emotp_key *key, struct emotp_user *user,
    const struct emotp_params *params, const struct emotp_secret *secret,
    struct emotp_token *ret)
{
	enum emotp_err err;

	*ret = (struct emotp_token){
	    .user_id = user->id,
	    .number = user->next_token,
	    .params = *params,
	    .last_step = -1,
	    .pending_step = -1,
	};
	err = make_id(ret->id);
	if (err == EMOTP_OK)
		err = emotp_seal(key, secret, ret);
	if (err == EMOTP_OK)
		user->next_token++;
	return err;
}
