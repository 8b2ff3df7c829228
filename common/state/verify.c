#include <string.h>

#include "recovery.h"
#include "verify.h"

/*
 * Opening a secret takes time too, so who has none opens one that is not
 * there. It cannot succeed, and nobody looks.
 */
static void
unseal_dummy(const struct emotp_key *key)
{
	const struct emotp_token token = {
	    .id = "00000000000000000000000000000000",
	    .params = {EMOTP_SHA1, 6, EMOTP_PERIOD_OURS},
	    .sealed_len = 12 + 20 + 16,
	};
	struct emotp_secret secret;

	(void)emotp_unseal(key, &token, &secret);
	emotp_secret_wipe(&secret);
}

static enum emotp_err
unseal_all(const struct emotp_authority *a, struct emotp_case *c)
{
	enum emotp_err err = EMOTP_OK;

	if (c->count == 0)
		unseal_dummy(a->key);
	for (size_t i = 0; i < c->count && err == EMOTP_OK; i++)
		err = emotp_unseal(a->key, &c->tokens[i], &c->secrets[i]);
	return err;
}

enum emotp_err
emotp_verify_load(const struct emotp_authority *a,
    const struct emotp_user *user, struct emotp_case *c)
{
	enum emotp_err err;

	memset(c, 0, sizeof(*c));
	c->known = true;
	c->user = *user;
	err = emotp_store_tokens(a->store, user->id, c->tokens, &c->count);
	return err == EMOTP_OK ? unseal_all(a, c) : err;
}

static enum emotp_err
load_subject(const struct emotp_authority *a,
    const struct emotp_subject *subject, struct emotp_case *c)
{
	memset(c, 0, sizeof(*c));
	c->known = subject->known;
	c->user = subject->user;
	c->count = subject->count;
	memcpy(c->tokens, subject->tokens, sizeof(c->tokens));
	return unseal_all(a, c);
}

static enum emotp_err
read_subject(const struct emotp_authority *a, const char *name,
    struct emotp_subject *ret)
{
	enum emotp_err err = emotp_store_subject(a->store, name, ret);

	return err == EMOTP_OK ? emotp_store_settle(a->store) : err;
}

static enum emotp_err
write_token(const struct emotp_authority *a, const struct emotp_token *token,
    enum emotp_change change)
{
	switch (change) {
	case EMOTP_UNCHANGED:
		return EMOTP_OK;
	case EMOTP_CHANGED:
		return emotp_store_token_update(a->store, token);
	case EMOTP_ADVANCED:
		return emotp_store_token_accept(a->store, token);
	}
	return EMOTP_ERR_STORE;
}

static enum emotp_err
queue_disabled(const struct emotp_authority *a, const struct emotp_user *user,
    int64_t now_s)
{
	struct emotp_intent intent = {
	    .user_id = user->id,
	    .kind = EMOTP_MAIL_DISABLED,
	    .source = "wrong codes, typed where you log in",
	    .created = now_s,
	};

	return emotp_store_intent_insert(a->store, &intent);
}

/* Writes whatever the verdict is: a refusal costs what another costs. */
enum emotp_err
emotp_verify_write(const struct emotp_authority *a, const struct emotp_case *c,
    const struct emotp_judgement *judgement, int64_t now_s)
{
	enum emotp_err err = EMOTP_OK;

	if (!c->known)
		return emotp_store_note_unknown(a->store, now_s);
	for (size_t i = 0; i < c->count && err == EMOTP_OK; i++)
		err = write_token(a, &c->tokens[i], c->changes[i]);
	if (err == EMOTP_OK)
		err = emotp_store_user_judged(a->store, &c->user);
	if (err == EMOTP_OK && judgement->recovery &&
	    judgement->verdict == EMOTP_ACCEPTED)
		err = emotp_recovery_use(a, c, now_s);
	if (err == EMOTP_OK && judgement->disabled_now)
		err = queue_disabled(a, &c->user, now_s);
	return err;
}

enum emotp_err
emotp_verify_locked(const struct emotp_authority *a, struct emotp_case *c,
    const char *typed, int64_t now_s, struct emotp_judgement *ret)
{
	enum emotp_err err = emotp_judge(c, a->config, typed, now_s, ret);

	return err == EMOTP_OK ? emotp_verify_write(a, c, ret, now_s) : err;
}

enum emotp_err
emotp_verify_judge(const struct emotp_authority *a,
    const struct emotp_subject *subject, const char *typed, int64_t now_s,
    struct emotp_case *c, struct emotp_judgement *ret)
{
	enum emotp_err err = load_subject(a, subject, c);

	if (err == EMOTP_OK)
		err = emotp_recovery_match(a, c, typed);
	return err == EMOTP_OK ? emotp_judge(c, a->config, typed, now_s, ret) :
				 err;
}

static enum emotp_err
verify_named(const struct emotp_authority *a, const char *name,
    const char *typed, int64_t now_s, struct emotp_judgement *ret)
{
	struct emotp_subject subject;
	struct emotp_case c;
	enum emotp_err err = read_subject(a, name, &subject);

	memset(&c, 0, sizeof(c));
	if (err == EMOTP_OK)
		err = emotp_verify_judge(a, &subject, typed, now_s, &c, ret);
	if (err == EMOTP_OK)
		err = emotp_verify_write(a, &c, ret, now_s);
	emotp_case_wipe(&c);
	return err;
}

static enum emotp_err
verify_once(const struct emotp_authority *a, const char *name,
    const char *typed, int64_t now_s, struct emotp_judgement *ret,
    struct emotp_why *why)
{
	struct emotp_judgement judgement = {0};
	enum emotp_err err = emotp_store_begin(a->store);

	memset(ret, 0, sizeof(*ret));
	if (err == EMOTP_OK)
		err = verify_named(a, name, typed, now_s, &judgement);
	err = emotp_authority_end(a, err, name, why);
	if (err == EMOTP_OK)
		*ret = judgement;
	return err;
}

enum emotp_err
emotp_verify(const struct emotp_authority *a, const char *name,
    const char *typed, int64_t now_s, struct emotp_judgement *ret,
    struct emotp_why *why)
{
	return emotp_retry(why, verify_once(a, name, typed, now_s, ret, why));
}

enum emotp_err
emotp_verify_preview(const struct emotp_authority *a, const char *name,
    const char *typed, int64_t now_s, struct emotp_judgement *ret,
    struct emotp_why *why)
{
	struct emotp_subject subject;
	struct emotp_case c;
	enum emotp_err err = emotp_store_begin_read(a->store);

	memset(&c, 0, sizeof(c));
	if (err == EMOTP_OK)
		err = read_subject(a, name, &subject);
	if (err == EMOTP_OK)
		err = emotp_verify_judge(a, &subject, typed, now_s, &c, ret);
	err = emotp_authority_end(a, err, name, why);
	emotp_case_wipe(&c);
	return err;
}

static enum emotp_err
never_enrolled(const struct emotp_authority *a, const char *name, bool *ret)
{
	struct emotp_user user;
	enum emotp_err err = emotp_store_user_by_name(a->store, name, &user);

	*ret = err == EMOTP_ERR_NO_USER ||
	    (err == EMOTP_OK && user.state == EMOTP_INVITED &&
		user.next_token == 1 && !user.disabled);
	return err == EMOTP_ERR_NO_USER ? EMOTP_OK : err;
}

static enum emotp_err
never_enrolled_once(const struct emotp_authority *a, const char *typed,
    const char *known, int64_t now_s, bool *ret, struct emotp_why *why)
{
	bool both[2] = {false, false};
	enum emotp_err err = now_s < EMOTP_CLOCK_MIN ?
	    EMOTP_ERR_CLOCK :
	    emotp_store_begin(a->store);

	*ret = false;
	if (err == EMOTP_OK)
		err = never_enrolled(a, typed, &both[0]);
	if (err == EMOTP_OK)
		err = never_enrolled(a, known, &both[1]);
	if (err == EMOTP_OK)
		err = emotp_store_note_unknown(a->store, now_s);
	err = emotp_authority_end(a, err, typed, why);
	if (err == EMOTP_OK)
		*ret = both[0] && both[1];
	return err;
}

enum emotp_err
emotp_verify_never_enrolled(const struct emotp_authority *a, const char *typed,
    const char *known, int64_t now_s, bool *ret, struct emotp_why *why)
{
	return emotp_retry(
	    why, never_enrolled_once(a, typed, known, now_s, ret, why));
}
