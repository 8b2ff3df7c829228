#include <stdio.h>
#include <string.h>

#include "../text.h"
#include "directory.h"
#include "enroll.h"
#include "verify.h"

#define TRIES_MAX   100 /* wrong codes that kill the live ones */
#define LIVE_MAX    5
#define KEPT_S	    (24 * 60 * 60) /* a dead digest, so as to say why */
#define HOUR_S	    (60 * 60)
#define DAY_S	    (24 * 60 * 60)
#define CLOCK_SLACK 300 /* seconds a clock may have been set back */

/* At most count mails in any age_s seconds. */
static const struct mail_limit {
	size_t count;
	int64_t age_s;
} mail_limits[] = {{1, 60}, {5, HOUR_S}, {10, DAY_S}};

/* ---- mailed codes ---- */

static bool
is_live(const struct emotp_code *code, int64_t now_s)
{
	int64_t age = now_s - code->handed_at;

	return code->state == EMOTP_CODE_LIVE && age >= -CLOCK_SLACK &&
	    age < EMOTP_CODE_LIFE_S;
}

/*
 * Makes room for one more code: the oldest of LIVE_MAX live ones is killed,
 * and what is dead for a day, or beyond what is ever read, is deleted.
 */
static enum emotp_err
make_room(const struct emotp_authority *a, int64_t user_id, int64_t now_s)
{
	struct emotp_code codes[EMOTP_CODES_MAX];
	size_t count, live = 0;
	enum emotp_err err = emotp_store_codes(a->store, user_id, codes,
	    &count);

	for (size_t i = 0; i < count && err == EMOTP_OK; i++) {
		struct emotp_code *code = &codes[i];

		if (now_s - code->handed_at >= HOUR_S + KEPT_S ||
		    i + 1 == EMOTP_CODES_MAX) {
			err = emotp_store_code_delete(a->store, code->id);
		} else if (is_live(code, now_s) && ++live >= LIVE_MAX) {
			code->state = EMOTP_CODE_KILLED;
			err = emotp_store_code_update(a->store, code);
		}
	}
	return err;
}

/* When the next mail is allowed: now_s or earlier if at once. */
static int64_t
mail_allowed_at(struct emotp_user *user, int64_t now_s)
{
	const struct emotp_times *mailed = &user->mailed;
	int64_t at = now_s;

	emotp_times_trim(&user->mailed, now_s, DAY_S);
	for (size_t i = 0; i < 3; i++) {
		size_t n = mail_limits[i].count;
		int64_t free;

		if (mailed->count < n)
			continue;
		free = mailed->at[mailed->count - n] + mail_limits[i].age_s;
		if (free > at)
			at = free;
	}
	return at;
}

static enum emotp_issue
may_mail(struct emotp_user *user, bool exempt, int64_t now_s,
    int64_t *ret_retry_at)
{
	if (user->disabled)
		return EMOTP_ISSUE_DISABLED;
	if (user->state == EMOTP_REVOKED_USER)
		return EMOTP_ISSUE_REVOKED;
	*ret_retry_at = mail_allowed_at(user, now_s);
	return exempt || *ret_retry_at <= now_s ? EMOTP_ISSUE_DONE :
	    EMOTP_ISSUE_LIMIT;
}

static enum emotp_err
make_code(const struct emotp_authority *a, int64_t now_s,
    struct emotp_ticket *ticket)
{
	struct emotp_code code = {
	    .user_id = ticket->user.id,
	    .state = EMOTP_CODE_LIVE,
	    .handed_at = now_s,
	};
	unsigned char random[7];
	enum emotp_err err = emotp_random(random, sizeof(random));

	if (err == EMOTP_OK)
		err = emotp_random(code.salt, sizeof(code.salt));
	if (err != EMOTP_OK)
		return err;
	emotp_crockford_show(random, ticket->code);
	emotp_wipe(random, sizeof(random));
	err = emotp_code_digest(a->key, &ticket->user, ticket->code,
	    code.salt, code.digest);
	if (err == EMOTP_OK)
		err = make_room(a, ticket->user.id, now_s);
	if (err == EMOTP_OK)
		err = emotp_store_code_insert(a->store, &code);
	ticket->code_id = code.id;
	return err;
}

static enum emotp_err
explain(const struct emotp_authority *a, enum emotp_err err, const char *name,
    struct emotp_why *why)
{
	const char *reason = emotp_store_why(a->store);
	char shown[EMOTP_ESCAPED_MAX];

	if (err == EMOTP_ERR_NO_USER)
		return emotp_fail(why, err, "no user %s",
		    emotp_escape(name, false, shown));
	if (err == EMOTP_ERR_RANDOM || err == EMOTP_ERR_CRYPTO ||
	    err == EMOTP_ERR_CLOCK || err == EMOTP_ERR_KEY ||
	    reason[0] == '\0')
		reason = emotp_strerror(err);
	return emotp_fail(why, err, "%s", reason);
}

static enum emotp_err
find_user(const struct emotp_authority *a, const char *name, int64_t now_s,
    struct emotp_user *user)
{
	enum emotp_err err = now_s < EMOTP_CLOCK_MIN ? EMOTP_ERR_CLOCK :
	    emotp_store_begin(a->store);

	if (err == EMOTP_OK)
		err = emotp_store_user_by_name(a->store, name, user);
	if (err == EMOTP_OK && user->state == EMOTP_REMOVED)
		err = EMOTP_ERR_NO_USER;
	return err;
}

enum emotp_err
emotp_enroll_issue(const struct emotp_authority *a, const char *name,
    bool exempt, int64_t now_s, struct emotp_ticket *ret,
    struct emotp_why *why)
{
	enum emotp_err err;

	memset(ret, 0, sizeof(*ret));
	err = find_user(a, name, now_s, &ret->user);
	if (err != EMOTP_OK)
		goto out;
	ret->issued_at = now_s;
	ret->issue = may_mail(&ret->user, exempt, now_s, &ret->retry_at);
	if (ret->issue != EMOTP_ISSUE_DONE)
		goto out;
	if (exempt)
		ret->user.tries = 0;
	emotp_times_add(&ret->user.mailed, now_s);
	err = make_code(a, now_s, ret);
	if (err == EMOTP_OK)
		err = emotp_store_user_update(a->store, &ret->user);
	if (err == EMOTP_OK)
		err = emotp_store_commit(a->store);
out:
	if (err != EMOTP_OK) {
		(void)explain(a, err, name, why);
		emotp_wipe(ret->code, sizeof(ret->code));
	}
	emotp_store_rollback(a->store);
	return err;
}

/* The code of a ticket, if it is still there. */
static enum emotp_err
find_code(const struct emotp_authority *a, const struct emotp_ticket *ticket,
    struct emotp_code *ret, bool *ret_found)
{
	struct emotp_code codes[EMOTP_CODES_MAX];
	size_t count;
	enum emotp_err err = emotp_store_codes(a->store, ticket->user.id,
	    codes, &count);

	*ret_found = false;
	for (size_t i = 0; i < count && err == EMOTP_OK; i++)
		if (codes[i].id == ticket->code_id) {
			*ret = codes[i];
			*ret_found = true;
		}
	return err;
}

enum emotp_err
emotp_enroll_handed(const struct emotp_authority *a,
    const struct emotp_ticket *ticket, int64_t now_s, struct emotp_why *why)
{
	struct emotp_code code;
	bool found = false;
	enum emotp_err err = emotp_store_begin(a->store);

	if (err == EMOTP_OK)
		err = find_code(a, ticket, &code, &found);
	if (err == EMOTP_OK && found) {
		code.handed_at = now_s;
		err = emotp_store_code_update(a->store, &code);
	}
	if (err == EMOTP_OK)
		err = emotp_store_commit(a->store);
	if (err != EMOTP_OK)
		(void)explain(a, err, ticket->user.name, why);
	emotp_store_rollback(a->store);
	return err;
}

/* Takes the mail of issued_at out of the budget. */
static void
give_back(struct emotp_times *mailed, int64_t issued_at)
{
	for (size_t i = mailed->count; i > 0; i--)
		if (mailed->at[i - 1] == issued_at) {
			mailed->count--;
			memmove(&mailed->at[i - 1], &mailed->at[i],
			    (mailed->count - (i - 1)) *
				sizeof(mailed->at[0]));
			return;
		}
}

enum emotp_err
emotp_enroll_withdraw(const struct emotp_authority *a,
    const struct emotp_ticket *ticket, struct emotp_why *why)
{
	struct emotp_user user;
	struct emotp_code code;
	bool found = false;
	enum emotp_err err = emotp_store_begin(a->store);

	if (err == EMOTP_OK)
		err = find_code(a, ticket, &code, &found);
	if (err == EMOTP_OK && found)
		err = emotp_store_code_delete(a->store, code.id);
	if (err == EMOTP_OK)
		err = emotp_store_user_by_id(a->store, ticket->user.id,
		    &user);
	if (err == EMOTP_OK) {
		give_back(&user.mailed, ticket->issued_at);
		err = emotp_store_user_update(a->store, &user);
	}
	if (err == EMOTP_OK)
		err = emotp_store_commit(a->store);
	if (err != EMOTP_OK)
		(void)explain(a, err, ticket->user.name, why);
	emotp_store_rollback(a->store);
	return err;
}

/* ---- registration ---- */

/*
 * Looks for a code among all that are kept: every digest is computed and
 * compared in constant time. *ret_found is false if it matches none.
 */
static enum emotp_err
match_code(const struct emotp_authority *a, const struct emotp_user *user,
    const char *typed, struct emotp_code *ret, bool *ret_found)
{
	struct emotp_code codes[EMOTP_CODES_MAX];
	char text[EMOTP_CODE_SHOWN] = "";
	unsigned char digest[32];
	size_t count;
	enum emotp_err err = emotp_store_codes(a->store, user->id, codes,
	    &count);
	bool readable = emotp_crockford_read(typed, text) == EMOTP_OK;

	*ret_found = false;
	for (size_t i = 0; i < count && err == EMOTP_OK; i++) {
		err = emotp_code_digest(a->key, user, text, codes[i].salt,
		    digest);
		if (err == EMOTP_OK && readable &&
		    emotp_equal(digest, codes[i].digest, sizeof(digest))) {
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
		err = emotp_store_codes_end(a->store, user->id,
		    EMOTP_CODE_KILLED);
	}
	return err == EMOTP_OK ? emotp_store_user_update(a->store, user) :
	    err;
}

/* What a code that matches a digest still allows; 0: to register. */
static enum emotp_registration
code_allows(const struct emotp_code *code, const struct emotp_user *user,
    int64_t now_s)
{
	if (code->state == EMOTP_CODE_USED)
		return EMOTP_REGISTER_USED;
	if (!is_live(code, now_s))
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
			err = emotp_store_token_delete(a->store,
			    &c->tokens[i]);
	}
	return err;
}

static enum emotp_err
make_id(char id[static 33])
{
	unsigned char bytes[16];
	enum emotp_err err = emotp_random(bytes, sizeof(bytes));

	for (size_t i = 0; i < sizeof(bytes) && err == EMOTP_OK; i++)
		(void)sprintf(id + 2 * i, "%02x", bytes[i]);
	return err;
}

/* A token with a fresh secret, sealed, not yet in the store. */
static enum emotp_err
make_token(const struct emotp_authority *a, const struct emotp_user *user,
    const char *label, int64_t now_s, struct emotp_registered *ret)
{
	struct emotp_token *token = &ret->token;
	enum emotp_err err;

	*token = (struct emotp_token){
	    .user_id = user->id,
	    .number = user->next_token,
	    .params = a->config->params,
	    .last_step = -1,
	    .pending_step = -1,
	    .created = now_s,
	};
	(void)emotp_copy(token->label, sizeof(token->label),
	    label == NULL ? "" : label);
	ret->secret.len = emotp_algorithm_secret_len(token->params.algorithm);
	err = make_id(token->id);
	if (err == EMOTP_OK)
		err = emotp_random(ret->secret.bytes, ret->secret.len);
	if (err == EMOTP_OK)
		err = emotp_seal(a->key, &ret->secret, token);
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
	(void)emotp_copy(intent.source, sizeof(intent.source),
	    request->source);
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
		err = emotp_store_codes_end(a->store, user->id,
		    EMOTP_CODE_USED);
	if (err == EMOTP_OK) {
		user->next_token++;
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

static enum emotp_err
register_locked(const struct emotp_authority *a,
    const struct emotp_request *request, int64_t now_s, struct emotp_case *c,
    struct emotp_registered *ret)
{
	struct emotp_user user;
	struct emotp_code code;
	bool found = false;
	enum emotp_err err = find_user(a, request->name, now_s, &user);

	if (err == EMOTP_OK)
		err = match_code(a, &user, request->code, &code, &found);
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
	return err == EMOTP_OK ? register_with(a, c, request, now_s, ret) :
	    err;
}

enum emotp_err
emotp_enroll_register(const struct emotp_authority *a,
    const struct emotp_request *request, int64_t now_s,
    struct emotp_registered *ret, struct emotp_why *why)
{
	struct emotp_case c;
	enum emotp_err err = EMOTP_OK;

	memset(&c, 0, sizeof(c));
	memset(ret, 0, sizeof(*ret));
	if (request->label != NULL)
		err = emotp_label_check(request->label, why);
	if (err != EMOTP_OK)
		return err;
	err = register_locked(a, request, now_s, &c, ret);
	if (err == EMOTP_OK)
		err = emotp_store_commit(a->store);
	if (err != EMOTP_OK) {
		emotp_wipe(ret, sizeof(*ret));
		(void)explain(a, err, request->name, why);
	}
	emotp_store_rollback(a->store);
	emotp_case_wipe(&c);
	return err;
}
