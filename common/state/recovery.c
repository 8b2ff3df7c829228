#include <string.h>

#include "recovery.h"

/* ---- making ---- */

static enum emotp_err
make_code(const struct emotp_authority *a, const struct emotp_user *user,
    int number, char text[static EMOTP_CODE_SHOWN])
{
	struct emotp_recovery_code code = {
	    .user_id = user->id,
	    .number = number,
	    .kind = EMOTP_RECOVERY_OURS,
	};
	unsigned char random[7];
	enum emotp_err err = emotp_random(random, sizeof(random));

	if (err != EMOTP_OK)
		return err;
	emotp_crockford_show(random, text);
	emotp_wipe(random, sizeof(random));
	return emotp_recovery_add(a, user, text, &code);
}

enum emotp_err
emotp_recovery_add(const struct emotp_authority *a,
    const struct emotp_user *user, const char *text,
    struct emotp_recovery_code *code)
{
	enum emotp_err err = emotp_random(code->salt, sizeof(code->salt));

	if (err == EMOTP_OK)
		err = emotp_recovery_digest(
		    a->key, user, text, code->salt, code->digest);
	return err == EMOTP_OK ? emotp_store_recovery_insert(a->store, code) :
				 err;
}

static enum emotp_err
make_locked(const struct emotp_authority *a, const struct emotp_user *user,
    struct emotp_recovery_sheet *ret)
{
	struct emotp_token tokens[EMOTP_TOKENS_MAX];
	size_t count;
	enum emotp_err err =
	    emotp_store_tokens(a->store, user->id, tokens, &count);

	if (err == EMOTP_OK && count == 0)
		err = EMOTP_ERR_NO_TOKEN;
	if (err == EMOTP_OK)
		err = emotp_store_recovery_drop(a->store, user->id);
	for (int i = 0; i < EMOTP_RECOVERY_COUNT && err == EMOTP_OK; i++)
		err = make_code(a, user, i + 1, ret->codes[i]);
	return err;
}

static enum emotp_err
make_once(const struct emotp_authority *a, const char *name,
    struct emotp_recovery_sheet *ret, struct emotp_why *why)
{
	struct emotp_user user;
	enum emotp_err err = emotp_authority_begin(a, name, &user);

	memset(ret, 0, sizeof(*ret));
	if (err == EMOTP_OK)
		err = make_locked(a, &user, ret);
	err = emotp_authority_end(a, err, name, why);
	if (err != EMOTP_OK)
		emotp_wipe(ret, sizeof(*ret));
	if (err == EMOTP_ERR_NO_TOKEN)
		return emotp_fail(why, err,
		    "%s has no token for which recovery codes could stand in",
		    user.name);
	return err;
}

enum emotp_err
emotp_recovery_make(const struct emotp_authority *a, const char *name,
    struct emotp_recovery_sheet *ret, struct emotp_why *why)
{
	return emotp_retry(why, make_once(a, name, ret, why));
}

/* ---- a login ---- */

/* Eight digits, between which spaces and dashes do not matter. */
static bool
read_scratch(const char *typed, char text[static EMOTP_CODE_SHOWN])
{
	size_t len = 0;

	for (; *typed != '\0'; typed++) {
		if (*typed == ' ' || *typed == '-')
			continue;
		if (*typed < '0' || *typed > '9' || len == 8)
			return false;
		text[len++] = *typed;
	}
	text[len] = '\0';
	return len == 8;
}

/* Ours is known by its dash. */
static enum emotp_recovery_kind
read_shape(const char *typed, char text[static EMOTP_CODE_SHOWN])
{
	if (strchr(typed, '-') != NULL &&
	    emotp_crockford_read(typed, text) == EMOTP_OK)
		return EMOTP_RECOVERY_OURS;
	return read_scratch(typed, text) ? EMOTP_RECOVERY_SCRATCH : 0;
}

/*
 * Every place is computed and compared, taken or not: neither whose name it
 * is nor which code it is shows in the time.
 */
static enum emotp_err
search(const struct emotp_authority *a, struct emotp_case *c, const char *text,
    const struct emotp_recovery_code codes[static EMOTP_RECOVERY_MAX],
    size_t count)
{
	struct emotp_recovery_finding *r = &c->recovery;
	unsigned char digest[32];
	enum emotp_err err = EMOTP_OK;

	for (size_t i = 0; i < EMOTP_RECOVERY_MAX && err == EMOTP_OK; i++) {
		err = emotp_recovery_digest(
		    a->key, &c->user, text, codes[i].salt, digest);
		if (err == EMOTP_OK && i < count && codes[i].kind == r->shape &&
		    emotp_equal(digest, codes[i].digest, sizeof(digest))) {
			r->found = true;
			r->code = codes[i];
		}
	}
	return err;
}

static int
count_left(const struct emotp_recovery_code *codes, size_t count)
{
	int left = 0;

	for (size_t i = 0; i < count; i++)
		left += codes[i].used_at == 0;
	return left;
}

enum emotp_err
emotp_recovery_match(
    const struct emotp_authority *a, struct emotp_case *c, const char *typed)
{
	struct emotp_recovery_code codes[EMOTP_RECOVERY_MAX];
	char text[EMOTP_CODE_SHOWN] = "";
	size_t count;
	enum emotp_err err;

	memset(&c->recovery, 0, sizeof(c->recovery));
	c->recovery.shape = read_shape(typed, text);
	if (c->recovery.shape == 0)
		return EMOTP_OK;
	memset(codes, 0, sizeof(codes));
	err = emotp_store_recovery(
	    a->store, c->known ? c->user.id : 0, codes, &count);
	c->recovery.left = count_left(codes, count);
	for (size_t i = 0; i < count; i++)
		if (codes[i].kind == EMOTP_RECOVERY_SCRATCH)
			c->recovery.scratch = true;
	if (err == EMOTP_OK)
		err = search(a, c, text, codes, count);
	emotp_wipe(text, sizeof(text));
	return err;
}

enum emotp_err
emotp_recovery_use(
    const struct emotp_authority *a, const struct emotp_case *c, int64_t now_s)
{
	struct emotp_intent intent = {
	    .user_id = c->user.id,
	    .kind = EMOTP_MAIL_RECOVERY,
	    .created = now_s,
	};
	enum emotp_err err =
	    emotp_store_recovery_use(a->store, &c->recovery.code);

	return err == EMOTP_OK ? emotp_store_intent_insert(a->store, &intent) :
				 err;
}
