#include <stdlib.h>
#include <string.h>

#include "../text.h"
#include "../totp.h"
#include "enroll.h"

/* The code as a number, or -1 for what is not exactly digits digits. */
static int64_t
read_code(const char *typed, int digits)
{
	if (strlen(typed) != (size_t)digits ||
	    strspn(typed, "0123456789") != (size_t)digits)
		return -1;
	return atoll(typed);
}

/* *ret_right: whether otp is the code of the step before step. */
static enum emotp_err
check_code(const struct emotp_authority *a, const struct emotp_token *token,
    int64_t step, const char *otp, bool *ret_right)
{
	struct emotp_secret secret;
	uint32_t code = 0;
	enum emotp_err err = emotp_unseal(a->key, token, &secret);

	if (err == EMOTP_OK)
		err = emotp_totp_codes(
		    &secret, &token->params, step - 1, 1, &code);
	*ret_right =
	    err == EMOTP_OK && read_code(otp, token->params.digits) == code;
	emotp_secret_wipe(&secret);
	return err;
}

static enum emotp_err
confirm(const struct emotp_authority *a, struct emotp_user *user,
    struct emotp_token *token, int64_t step, int64_t now_s)
{
	int64_t drift = step - emotp_totp_step(now_s, token->params.period_s);
	enum emotp_err err;

	token->drift = llabs(drift) <= a->config->skew ? 0 : (int)drift;
	token->last_step = step - 1;
	token->confirmed = true;
	err = emotp_store_token_accept(a->store, token);
	if (err == EMOTP_OK && user->state == EMOTP_INVITED) {
		user->state = EMOTP_ACTIVE;
		err = emotp_store_user_judged(a->store, user);
	}
	return err;
}

/* A clock that is too far off is told of, and is no try at the code. */
static enum emotp_err
prove(const struct emotp_authority *a, struct emotp_user *user,
    struct emotp_token *token, const struct emotp_proof *proof, int64_t now_s,
    struct emotp_confirmed *ret)
{
	int period_s = token->params.period_s;
	int64_t step = emotp_totp_step(proof->device_s, period_s);
	int64_t off = step - emotp_totp_step(now_s, period_s);
	bool right = false;
	enum emotp_err err;

	ret->outcome = EMOTP_CONFIRM_WRONG;
	if (off < -a->config->resync || off > a->config->resync ||
	    token->tries >= EMOTP_CONFIRM_TRIES)
		return EMOTP_OK;
	err = check_code(a, token, step, proof->otp, &right);
	if (err != EMOTP_OK)
		return err;
	if (!right) {
		token->tries++;
		return emotp_store_token_tried(a->store, token);
	}
	ret->outcome = EMOTP_CONFIRMED;
	err = confirm(a, user, token, step, now_s);
	ret->drift = token->drift;
	return err;
}

static enum emotp_err
confirm_locked(const struct emotp_authority *a, const struct emotp_proof *proof,
    int64_t now_s, struct emotp_confirmed *ret)
{
	struct emotp_token token;
	struct emotp_user user;
	enum emotp_err err =
	    emotp_store_token_by_id(a->store, proof->id, &token);

	if (err == EMOTP_OK)
		err = emotp_store_user_by_id(a->store, token.user_id, &user);
	/* Only now nobody else can change it. */
	if (err == EMOTP_OK)
		err = emotp_store_token_by_id(a->store, proof->id, &token);
	if (err == EMOTP_ERR_NO_TOKEN) {
		ret->outcome = EMOTP_CONFIRM_NO_TOKEN;
		return EMOTP_OK;
	}
	if (err != EMOTP_OK)
		return err;
	ret->token = token.number;
	(void)emotp_copy(ret->user, sizeof(ret->user), user.name);
	if (!token.confirmed)
		return prove(a, &user, &token, proof, now_s, ret);
	ret->outcome = EMOTP_CONFIRM_ALREADY;
	return EMOTP_OK;
}

static enum emotp_err
confirm_once(const struct emotp_authority *a, const struct emotp_proof *proof,
    int64_t now_s, struct emotp_confirmed *ret, struct emotp_why *why)
{
	struct emotp_confirmed confirmed = {0};
	enum emotp_err err = now_s < EMOTP_CLOCK_MIN ?
	    EMOTP_ERR_CLOCK :
	    emotp_store_begin(a->store);

	memset(ret, 0, sizeof(*ret));
	if (err == EMOTP_OK)
		err = confirm_locked(a, proof, now_s, &confirmed);
	err = emotp_authority_end(a, err, proof->id, why);
	if (err == EMOTP_OK)
		*ret = confirmed;
	return err;
}

enum emotp_err
emotp_enroll_confirm(const struct emotp_authority *a,
    const struct emotp_proof *proof, int64_t now_s, struct emotp_confirmed *ret,
    struct emotp_why *why)
{
	return emotp_retry(why, confirm_once(a, proof, now_s, ret, why));
}
