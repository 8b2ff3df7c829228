#include <string.h>

#include "../text.h"
#include "../totp.h"
#include "adopt.h"
#include "mint.h"
#include "recovery.h"

#define STEP_MAX ((int64_t)1 << 40) /* as the store has it */

/* ---- import ---- */

static enum emotp_err
check(const struct emotp_adoption *adoption, struct emotp_why *why)
{
	if (!emotp_params_valid(&adoption->params) ||
	    adoption->secret.len == 0 ||
	    adoption->secret.len > EMOTP_SECRET_MAX ||
	    adoption->last_step < -1 || adoption->last_step >= STEP_MAX)
		return emotp_fail(why, EMOTP_ERR_INVALID,
		    "the token is none that emotp can keep");
	return EMOTP_OK;
}

/* Whether one of the tokens has that secret. */
static enum emotp_err
has_secret(const struct emotp_authority *a, const struct emotp_token *tokens,
    size_t count, const struct emotp_secret *wanted, bool *ret)
{
	struct emotp_secret secret;
	enum emotp_err err = EMOTP_OK;

	*ret = false;
	for (size_t i = 0; i < count && err == EMOTP_OK; i++) {
		err = emotp_unseal(a->key, &tokens[i], &secret);
		if (err == EMOTP_OK && secret.len == wanted->len &&
		    emotp_equal(secret.bytes, wanted->bytes, secret.len))
			*ret = true;
		emotp_secret_wipe(&secret);
	}
	return err;
}

/* Whether the user may have it. */
static enum emotp_err
admit(const struct emotp_authority *a, const struct emotp_user *user,
    const struct emotp_adoption *adoption, struct emotp_why *why)
{
	struct emotp_token tokens[EMOTP_TOKENS_MAX];
	size_t count;
	bool twice = false;
	enum emotp_err err;

	if (user->state == EMOTP_REVOKED_USER)
		return emotp_fail(why, EMOTP_ERR_NOT_ALLOWED,
		    "the last token of %s was revoked: reset first",
		    user->name);
	err = emotp_store_tokens(a->store, user->id, tokens, &count);
	if (err == EMOTP_OK)
		err = has_secret(a, tokens, count, &adoption->secret, &twice);
	if (err != EMOTP_OK)
		return emotp_fail(why, err, "the tokens of %s: %s", user->name,
		    emotp_strerror(err));
	if (twice)
		return emotp_fail(why, EMOTP_ERR_EXISTS,
		    "%s has this token already", user->name);
	if (count == EMOTP_TOKENS_MAX)
		return emotp_fail(why, EMOTP_ERR_NOT_ALLOWED,
		    "%s has %d tokens, which is the most: revoke one first",
		    user->name, EMOTP_TOKENS_MAX);
	return EMOTP_OK;
}

/*
 * What the other module accepted just now is not accepted again; a device
 * that is fast has shown later codes than our clock has.
 */
static int64_t
used_up(const struct emotp_adoption *adoption, int drift, int64_t now_s)
{
	int64_t step = emotp_totp_step(now_s, adoption->params.period_s) +
	    (drift > 0 ? drift : 0);

	return adoption->last_step > step ? adoption->last_step : step;
}

static enum emotp_err
insert_token(const struct emotp_authority *a, struct emotp_user *user,
    const struct emotp_adoption *adoption, int64_t now_s)
{
	int drift = adoption->drift;
	struct emotp_token token;
	enum emotp_err err = emotp_mint(
	    a->key, user, &adoption->params, &adoption->secret, &token);

	if (err != EMOTP_OK)
		return err;
	if (drift > a->config->resync || drift < -a->config->resync)
		drift = 0;
	token.drift = drift;
	token.last_step = used_up(adoption, drift, now_s);
	token.confirmed = true;
	token.created = now_s;
	(void)emotp_copy(token.label, sizeof(token.label), adoption->label);
	return emotp_store_token_insert(a->store, &token);
}

static enum emotp_err
insert_scratch(const struct emotp_authority *a, const struct emotp_user *user,
    const struct emotp_adoption *adoption, struct emotp_why *why)
{
	struct emotp_recovery_code codes[EMOTP_RECOVERY_MAX];
	size_t count;
	enum emotp_err err =
	    emotp_store_recovery(a->store, user->id, codes, &count);

	if (err == EMOTP_OK &&
	    count + adoption->scratch_count > EMOTP_RECOVERY_MAX)
		return emotp_fail(why, EMOTP_ERR_NOT_ALLOWED,
		    "%s would have more than %d recovery codes", user->name,
		    EMOTP_RECOVERY_MAX);
	for (size_t i = 0; i < adoption->scratch_count && err == EMOTP_OK;
	     i++) {
		struct emotp_recovery_code code = {
		    .user_id = user->id,
		    .number =
			(count == 0 ? 0 : codes[count - 1].number) + 1 + (int)i,
		    .kind = EMOTP_RECOVERY_SCRATCH,
		};

		err = emotp_recovery_add(a, user, adoption->scratch[i], &code);
	}
	return err == EMOTP_OK ?
	    err :
	    emotp_fail(why, err, "%s", emotp_store_why(a->store));
}

static enum emotp_err
adopt_one(const struct emotp_authority *a,
    const struct emotp_adoption *adoption, int64_t now_s, struct emotp_why *why)
{
	struct emotp_user user;
	char shown[EMOTP_ESCAPED_MAX];
	enum emotp_err err = check(adoption, why);

	if (err != EMOTP_OK)
		return err;
	err = emotp_store_user_by_name(a->store, adoption->user, &user);
	if (err == EMOTP_OK && user.state == EMOTP_REMOVED)
		err = EMOTP_ERR_NO_USER;
	if (err == EMOTP_ERR_NO_USER)
		return emotp_fail(why, err, "no user %s",
		    emotp_escape(adoption->user, false, shown));
	if (err == EMOTP_OK)
		err = admit(a, &user, adoption, why);
	if (err == EMOTP_OK)
		err = insert_scratch(a, &user, adoption, why);
	if (err != EMOTP_OK)
		return err;
	err = insert_token(a, &user, adoption, now_s);
	if (user.state == EMOTP_INVITED)
		user.state = EMOTP_ACTIVE;
	if (err == EMOTP_OK)
		err = emotp_store_user_update(a->store, &user);
	return err == EMOTP_OK ?
	    err :
	    emotp_fail(why, err, "%s", emotp_store_why(a->store));
}

static enum emotp_err
adopt_each(const struct emotp_authority *a,
    const struct emotp_adoptions *adoptions, int64_t now_s,
    struct emotp_why *why)
{
	struct emotp_adoption adoption;
	bool more = true;
	enum emotp_err err = EMOTP_OK;

	while (err == EMOTP_OK && more) {
		memset(&adoption, 0, sizeof(adoption));
		err = adoptions->next(adoptions->arg, &adoption, &more, why);
		if (err == EMOTP_OK && more)
			err = adopt_one(a, &adoption, now_s, why);
	}
	emotp_wipe(&adoption, sizeof(adoption));
	return err;
}

enum emotp_err
emotp_adopt_all(const struct emotp_authority *a,
    const struct emotp_adoptions *adoptions, int64_t now_s, bool dry_run,
    struct emotp_why *why)
{
	enum emotp_err err = now_s < EMOTP_CLOCK_MIN ?
	    EMOTP_ERR_CLOCK :
	    emotp_store_begin(a->store);

	if (err != EMOTP_OK)
		return emotp_authority_end(a, err, "", why);
	err = adopt_each(a, adoptions, now_s, why);
	if (err == EMOTP_OK && !dry_run)
		err = emotp_authority_end(a, err, "", why);
	emotp_store_rollback(a->store);
	return emotp_authority_settle(err, why);
}

/* ---- export ---- */

struct reveal {
	const struct emotp_authority *a;
	const struct emotp_revelation *to;
};

static enum emotp_err
reveal_token(void *arg, const char *user, const struct emotp_token *token)
{
	const struct reveal *r = arg;
	struct emotp_secret secret;
	enum emotp_err err = emotp_unseal(r->a->key, token, &secret);

	if (err == EMOTP_OK)
		err = r->to->each(r->to->arg, user, token, &secret);
	emotp_secret_wipe(&secret);
	return err;
}

static enum emotp_err
reveal_user(struct reveal *r, const char *name)
{
	struct emotp_token tokens[EMOTP_TOKENS_MAX];
	struct emotp_user user;
	size_t count = 0;
	enum emotp_err err = emotp_store_user_by_name(r->a->store, name, &user);

	if (err == EMOTP_OK && user.state == EMOTP_REMOVED)
		err = EMOTP_ERR_NO_USER;
	if (err == EMOTP_OK)
		err = emotp_store_tokens(r->a->store, user.id, tokens, &count);
	for (size_t i = 0; i < count && err == EMOTP_OK; i++)
		err = reveal_token(r, user.name, &tokens[i]);
	return err;
}

enum emotp_err
emotp_reveal(const struct emotp_authority *a, const char *name,
    const struct emotp_revelation *revelation, struct emotp_why *why)
{
	struct reveal r = {a, revelation};
	enum emotp_err err = emotp_store_begin_read(a->store);

	if (err == EMOTP_OK)
		err = name != NULL ?
		    reveal_user(&r, name) :
		    emotp_store_token_each(a->store, reveal_token, &r);
	return emotp_authority_end(a, err, name == NULL ? "" : name, why);
}
