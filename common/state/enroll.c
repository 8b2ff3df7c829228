#include <string.h>

#include "../text.h"
#include "directory.h"
#include "enroll.h"
#include "mint.h"
#include "verify.h"

#define LIVE_MAX  5   /* codes of a user; one more retires the oldest */
#define TRIES_MAX 100 /* wrong codes that kill the live ones */

/* Newest first: of those that are live, only LIVE_MAX count. */
static void
retire(struct emotp_code *codes, size_t count, int64_t now_s)
{
	size_t live = 0;

	for (size_t i = 0; i < count; i++)
		if (emotp_code_live(&codes[i], now_s) && ++live > LIVE_MAX)
			codes[i].state = EMOTP_CODE_KILLED;
}

/*
 * Looks for a code among all that are kept: every digest is computed and
 * compared in constant time. *ret_found is false if it matches none.
 */
static enum emotp_err
match_code(const struct emotp_authority *a, const struct emotp_user *user,
    const char *typed, int64_t now_s, struct emotp_code *ret, bool *ret_found)
{
	struct emotp_code codes[EMOTP_CODES_MAX];
	char text[EMOTP_CODE_SHOWN] = "";
	unsigned char digest[32];
	size_t count;
	enum emotp_err err =
	    emotp_store_codes(a->store, user->id, codes, &count);
	bool readable = emotp_crockford_read(typed, text) == EMOTP_OK;

	*ret_found = false;
	retire(codes, count, now_s);
	for (size_t i = 0; i < count && err == EMOTP_OK; i++) {
		err = emotp_code_digest(
		    a->key, user, text, codes[i].salt, digest);
		if (err == EMOTP_OK && readable &&
		    emotp_equal(digest, codes[i].digest, sizeof(digest)) &&
		    !emotp_code_forgotten(&codes[i], now_s)) {
			*ret = codes[i];
			*ret_found = true;
		}
	}
	emotp_wipe(text, sizeof(text));
	return err;
}

/*
 * A wrong code costs a try. The hundredth kills the live codes and starts
 * the count over, since whoever asks for another code, or is sent one, is
 * not to find it dead at the first wrong key.
 */
static enum emotp_err
count_try(const struct emotp_authority *a, struct emotp_user *user)
{
	enum emotp_err err = EMOTP_OK;

	if (++user->tries >= TRIES_MAX) {
		user->tries = 0;
		err = emotp_store_codes_end(
		    a->store, user->id, EMOTP_CODE_KILLED);
	}
	return err == EMOTP_OK ? emotp_store_user_update(a->store, user) : err;
}

/* What a code that matches a digest still allows; 0: to register. */
static enum emotp_registration
code_allows(
    const struct emotp_code *code, const struct emotp_user *user, int64_t now_s)
{
	if (code->state == EMOTP_CODE_USED)
		return EMOTP_REGISTER_USED;
	if (!emotp_code_live(code, now_s))
		return EMOTP_REGISTER_EXPIRED;
	if (user->disabled)
		return EMOTP_REGISTER_DISABLED;
	if (user->state == EMOTP_REVOKED_USER)
		return EMOTP_REGISTER_REVOKED;
	return 0;
}

/*
 * For an active user: a mailed code alone never joins a live token, or the
 * mailbox would be the second factor.
 */
static enum emotp_err
check_otp(const struct emotp_authority *a, struct emotp_case *c,
    const char *otp, int64_t now_s, struct emotp_registered *ret)
{
	enum emotp_err err;

	if (c->user.state != EMOTP_ACTIVE)
		return EMOTP_OK;
	if (otp == NULL || otp[0] == '\0') {
		ret->outcome = EMOTP_REGISTER_OTP_REQUIRED;
		return EMOTP_OK;
	}
	err = emotp_verify_locked(a, c, otp, now_s, &ret->judgement);
	if (err == EMOTP_OK && ret->judgement.verdict != EMOTP_ACCEPTED)
		ret->outcome = EMOTP_REGISTER_OTP_REFUSED;
	return err;
}

/* Unconfirmed tokens make way; *ret_left are the others. */
static enum emotp_err
drop_unconfirmed(const struct emotp_authority *a, const struct emotp_case *c,
    size_t *ret_left)
{
	enum emotp_err err = EMOTP_OK;

	*ret_left = 0;
	for (size_t i = 0; i < c->count && err == EMOTP_OK; i++) {
		if (c->tokens[i].confirmed)
			++*ret_left;
		else
			err = emotp_store_token_delete(a->store, &c->tokens[i]);
	}
	return err;
}

/* A token with a fresh secret, not yet in the store. */
static enum emotp_err
make_token(const struct emotp_authority *a, struct emotp_user *user,
    const char *label, int64_t now_s, struct emotp_registered *ret)
{
	const struct emotp_params *params = &a->config->params;
	enum emotp_err err;

	ret->secret.len = emotp_algorithm_secret_len(params->algorithm);
	err = emotp_random(ret->secret.bytes, ret->secret.len);
	if (err == EMOTP_OK)
		err =
		    emotp_mint(a->key, user, params, &ret->secret, &ret->token);
	ret->token.created = now_s;
	(void)emotp_copy(ret->token.label, sizeof(ret->token.label),
	    label == NULL ? "" : label);
	return err;
}

static enum emotp_err
queue_success(const struct emotp_authority *a,
    const struct emotp_request *request, const struct emotp_token *token,
    int64_t now_s)
{
	struct emotp_intent intent = {
	    .user_id = token->user_id,
	    .kind = EMOTP_MAIL_REGISTERED,
	    .token = token->number,
	    .created = now_s,
	};

	(void)emotp_copy(intent.label, sizeof(intent.label), token->label);
	(void)emotp_copy(intent.source, sizeof(intent.source), request->source);
	return emotp_store_intent_insert(a->store, &intent);
}

static enum emotp_err
store_token(const struct emotp_authority *a, struct emotp_case *c,
    const struct emotp_request *request, int64_t now_s,
    struct emotp_registered *ret)
{
	struct emotp_user *user = &c->user;
	enum emotp_err err = make_token(a, user, request->label, now_s, ret);

	if (err == EMOTP_OK)
		err = emotp_store_token_insert(a->store, &ret->token);
	if (err == EMOTP_OK)
		err =
		    emotp_store_codes_end(a->store, user->id, EMOTP_CODE_USED);
	if (err == EMOTP_OK) {
		user->tries = 0;
		err = emotp_store_user_update(a->store, user);
	}
	if (err == EMOTP_OK)
		err = queue_success(a, request, &ret->token, now_s);
	ret->outcome = EMOTP_REGISTERED;
	return err;
}

/* The code is good; the rest of the rule. c holds the user. */
static enum emotp_err
register_with(const struct emotp_authority *a, struct emotp_case *c,
    const struct emotp_request *request, int64_t now_s,
    struct emotp_registered *ret)
{
	size_t left;
	enum emotp_err err = check_otp(a, c, request->otp, now_s, ret);

	if (err != EMOTP_OK || ret->outcome != 0)
		return err;
	err = drop_unconfirmed(a, c, &left);
	if (err != EMOTP_OK)
		return err;
	if (left >= EMOTP_TOKENS_MAX) {
		ret->outcome = EMOTP_REGISTER_TOO_MANY;
		return EMOTP_OK;
	}
	return store_token(a, c, request, now_s, ret);
}

/* An address that nobody has costs a write too. */
static enum emotp_err
find_requester(const struct emotp_authority *a,
    const struct emotp_request *request, int64_t now_s, struct emotp_user *user,
    struct emotp_registered *ret)
{
	enum emotp_err err;

	if (request->name != NULL)
		return emotp_authority_begin(a, request->name, user);
	err = emotp_store_begin(a->store);
	if (err == EMOTP_OK)
		err = emotp_store_user_by_email(a->store, request->email, user);
	if (err != EMOTP_ERR_NO_USER)
		return err;
	ret->outcome = EMOTP_REGISTER_WRONG_CODE;
	return emotp_store_note_unknown(a->store, now_s);
}

static enum emotp_err
register_locked(const struct emotp_authority *a,
    const struct emotp_request *request, int64_t now_s, struct emotp_case *c,
    struct emotp_registered *ret)
{
	struct emotp_user user;
	struct emotp_code code;
	bool found = false;
	enum emotp_err err = find_requester(a, request, now_s, &user, ret);

	if (err != EMOTP_OK || ret->outcome != 0)
		return err;
	(void)emotp_copy(ret->user, sizeof(ret->user), user.name);
	err = match_code(a, &user, request->code, now_s, &code, &found);
	if (err != EMOTP_OK)
		return err;
	if (!found) {
		ret->outcome = EMOTP_REGISTER_WRONG_CODE;
		return count_try(a, &user);
	}
	ret->outcome = code_allows(&code, &user, now_s);
	if (ret->outcome != 0)
		return EMOTP_OK;
	err = emotp_verify_load(a, &user, c);
	return err == EMOTP_OK ? register_with(a, c, request, now_s, ret) : err;
}

static enum emotp_err
register_once(const struct emotp_authority *a,
    const struct emotp_request *request, int64_t now_s,
    struct emotp_registered *ret, struct emotp_why *why)
{
	struct emotp_case c;
	enum emotp_err err = EMOTP_OK;

	memset(&c, 0, sizeof(c));
	memset(ret, 0, sizeof(*ret));
	if (now_s < EMOTP_CLOCK_MIN)
		return emotp_fail(why, EMOTP_ERR_CLOCK, "%s",
		    emotp_strerror(EMOTP_ERR_CLOCK));
	if (request->label != NULL)
		err = emotp_label_check(request->label, why);
	if (err != EMOTP_OK)
		return err;
	err = register_locked(a, request, now_s, &c, ret);
	err = emotp_authority_end(a, err,
	    request->name != NULL ? request->name : request->email, why);
	if (err != EMOTP_OK)
		emotp_wipe(ret, sizeof(*ret));
	emotp_case_wipe(&c);
	return err;
}

enum emotp_err
emotp_enroll_register(const struct emotp_authority *a,
    const struct emotp_request *request, int64_t now_s,
    struct emotp_registered *ret, struct emotp_why *why)
{
	return emotp_retry(why, register_once(a, request, now_s, ret, why));
}
