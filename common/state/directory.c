#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "../text.h"
#include "directory.h"

static enum emotp_err
queue(const struct emotp_authority *a, const struct emotp_intent *what)
{
	struct emotp_intent intent = *what;

	return emotp_store_intent_insert(a->store, &intent);
}

/* Of what happened to a user as a whole. */
static struct emotp_intent
notice(const struct emotp_user *user, enum emotp_mail_kind kind,
    const char *source, int64_t now_s)
{
	struct emotp_intent intent = {
	    .user_id = user->id,
	    .kind = kind,
	    .created = now_s,
	};

	(void)emotp_copy(intent.source, sizeof(intent.source), source);
	return intent;
}

/* Tokens and recovery codes: all that lets in. */
static enum emotp_err
delete_tokens(const struct emotp_authority *a, const struct emotp_user *user)
{
	struct emotp_token tokens[EMOTP_TOKENS_MAX];
	size_t count;
	enum emotp_err err =
	    emotp_store_tokens(a->store, user->id, tokens, &count);

	for (size_t i = 0; i < count && err == EMOTP_OK; i++)
		err = emotp_store_token_delete(a->store, &tokens[i]);
	return err == EMOTP_OK ? emotp_store_recovery_drop(a->store, user->id) :
				 err;
}

static void
clear_failures(struct emotp_user *user)
{
	user->failures = 0;
	user->failed.count = 0;
	user->disabled = false;
}

/*
 * A new row, or a tombstone's: its number of tokens, failures and mails
 * count on, or removing and adding again would hand out fresh budgets. Mail
 * that still waits for the old address must not go to the new one.
 */
static enum emotp_err
insert_or_revive(const struct emotp_authority *a, const struct emotp_user *new)
{
	struct emotp_user user;
	enum emotp_err err =
	    emotp_store_user_by_name(a->store, new->name, &user);

	if (err == EMOTP_ERR_NO_USER) {
		user = *new;
		return emotp_store_user_insert(a->store, &user);
	}
	if (err != EMOTP_OK)
		return err;
	if (user.state != EMOTP_REMOVED)
		return EMOTP_ERR_EXISTS;
	if (strcasecmp(user.email, new->email) != 0)
		err = emotp_store_intents_drop(a->store, user.id);
	if (err != EMOTP_OK)
		return err;
	(void)emotp_copy(user.name, sizeof(user.name), new->name);
	(void)emotp_copy(user.email, sizeof(user.email), new->email);
	(void)emotp_copy(user.language, sizeof(user.language), new->language);
	user.state = EMOTP_INVITED;
	return emotp_store_user_update(a->store, &user);
}

/* The row of a user to add, checked. */
static enum emotp_err
prepare(const struct emotp_authority *a, const struct emotp_addition *addition,
    struct emotp_user *ret, struct emotp_why *why)
{
	const char *language = addition->language;
	enum emotp_err err = emotp_name_check(addition->name, why);

	if (language == NULL)
		language = a->config->language;
	/* A comment to `add -`. Users who have such a name keep it. */
	if (addition->name[0] == '#')
		err = emotp_fail(why, EMOTP_ERR_INVALID,
		    "a new user's name does not begin with '#'");
	if (err == EMOTP_OK)
		err = emotp_email_check(
		    addition->email, strlen(addition->email), why);
	if (err == EMOTP_OK)
		err = emotp_language_check(language, why);
	if (err != EMOTP_OK)
		return err;
	memset(ret, 0, sizeof(*ret));
	ret->state = EMOTP_INVITED;
	ret->next_token = 1;
	(void)emotp_copy(ret->name, sizeof(ret->name), addition->name);
	(void)emotp_copy(ret->email, sizeof(ret->email), addition->email);
	(void)emotp_copy(ret->language, sizeof(ret->language), language);
	return EMOTP_OK;
}

/* *ret_told: why is filled in already. */
static enum emotp_err
add_one(const struct emotp_authority *a, const struct emotp_addition *addition,
    bool *ret_told, struct emotp_why *why)
{
	struct emotp_user user;
	enum emotp_err err = prepare(a, addition, &user, why);

	*ret_told = err != EMOTP_OK;
	if (err == EMOTP_OK)
		err = insert_or_revive(a, &user);
	if (err != EMOTP_ERR_EXISTS)
		return err;
	*ret_told = true;
	return emotp_fail(why, err,
	    "the user %s or the address %s exists already", addition->name,
	    addition->email);
}

enum emotp_err
emotp_directory_add_all(const struct emotp_authority *a,
    const struct emotp_additions *additions, bool dry_run,
    struct emotp_why *why)
{
	struct emotp_addition addition;
	bool more = true, told = false;
	enum emotp_err err = emotp_store_begin(a->store);

	while (err == EMOTP_OK && more) {
		err = additions->next(additions->arg, &addition, &more, why);
		told = err != EMOTP_OK;
		if (err == EMOTP_OK && more)
			err = add_one(a, &addition, &told, why);
	}
	if (err == EMOTP_OK && dry_run)
		emotp_store_rollback(a->store);
	else
		err = emotp_authority_end(a, err, "", told ? NULL : why);
	return emotp_authority_settle(err, why);
}

/* One user, as a list of one. */
struct single {
	struct emotp_addition addition;
	bool taken;
};

static enum emotp_err
next_single(void *arg, struct emotp_addition *ret, bool *ret_more,
    struct emotp_why *why)
{
	struct single *single = arg;

	(void)why;
	*ret = single->addition;
	*ret_more = !single->taken;
	single->taken = true;
	return EMOTP_OK;
}

enum emotp_err
emotp_directory_add(const struct emotp_authority *a, const char *name,
    const char *email, const char *language, struct emotp_why *why)
{
	struct single single = {{name, email, language}, false};
	const struct emotp_additions additions = {next_single, &single};

	return emotp_directory_add_all(a, &additions, false, why);
}

static enum emotp_err
change_email(
    const struct emotp_authority *a, struct emotp_user *user, const char *email)
{
	(void)emotp_copy(user->email, sizeof(user->email), email);
	return emotp_store_codes_end(a->store, user->id, EMOTP_CODE_KILLED);
}

static enum emotp_err
set_once(const struct emotp_authority *a, const char *name, const char *email,
    const char *language, struct emotp_why *why)
{
	struct emotp_user user;
	enum emotp_err err = EMOTP_OK;

	if (email != NULL)
		err = emotp_email_check(email, strlen(email), why);
	if (err == EMOTP_OK && language != NULL)
		err = emotp_language_check(language, why);
	if (err != EMOTP_OK)
		return err;
	err = emotp_authority_begin(a, name, &user);
	if (err == EMOTP_OK && email != NULL)
		err = change_email(a, &user, email);
	if (err == EMOTP_OK && language != NULL)
		(void)emotp_copy(
		    user.language, sizeof(user.language), language);
	if (err == EMOTP_OK)
		err = emotp_store_user_update(a->store, &user);
	err = emotp_authority_end(a, err, name, why);
	return err != EMOTP_ERR_EXISTS ?
	    err :
	    emotp_fail(why, err, "the address %s is another user's", email);
}

enum emotp_err
emotp_directory_set(const struct emotp_authority *a, const char *name,
    const char *email, const char *language, struct emotp_why *why)
{
	return emotp_retry(why, set_once(a, name, email, language, why));
}

static enum emotp_err
remove_user_once(const struct emotp_authority *a, const char *name,
    const char *source, int64_t now_s, struct emotp_why *why)
{
	struct emotp_user user;
	struct emotp_intent intent;
	enum emotp_err err = emotp_authority_begin(a, name, &user);

	if (err == EMOTP_OK)
		err = delete_tokens(a, &user);
	if (err == EMOTP_OK)
		err =
		    emotp_store_codes_end(a->store, user.id, EMOTP_CODE_KILLED);
	if (err == EMOTP_OK) {
		user.state = EMOTP_REMOVED;
		user.attempts.count = 0;
		err = emotp_store_user_update(a->store, &user);
	}
	if (err == EMOTP_OK) {
		intent = notice(&user, EMOTP_MAIL_REMOVED, source, now_s);
		err = queue(a, &intent);
	}
	return emotp_authority_end(a, err, name, why);
}

enum emotp_err
emotp_directory_remove(const struct emotp_authority *a, const char *name,
    const char *source, int64_t now_s, struct emotp_why *why)
{
	return emotp_retry(why, remove_user_once(a, name, source, now_s, why));
}

/* Takes one token away and tells of it. */
static enum emotp_err
revoke_token(const struct emotp_authority *a, const struct emotp_user *user,
    const struct emotp_token *token, const char *source, int64_t now_s)
{
	struct emotp_intent intent =
	    notice(user, EMOTP_MAIL_REVOKED, source, now_s);
	enum emotp_err err = emotp_store_token_delete(a->store, token);

	intent.token = token->number;
	(void)emotp_copy(intent.label, sizeof(intent.label), token->label);
	return err == EMOTP_OK ? queue(a, &intent) : err;
}

static enum emotp_err
revoke_matching(const struct emotp_authority *a, struct emotp_user *user,
    int number, const char *source, int64_t now_s)
{
	struct emotp_token tokens[EMOTP_TOKENS_MAX];
	size_t count, revoked = 0;
	enum emotp_err err =
	    emotp_store_tokens(a->store, user->id, tokens, &count);

	for (size_t i = 0; i < count && err == EMOTP_OK; i++) {
		if (number != 0 && tokens[i].number != number)
			continue;
		err = revoke_token(a, user, &tokens[i], source, now_s);
		revoked++;
	}
	if (err == EMOTP_OK && revoked == 0)
		err = EMOTP_ERR_NO_TOKEN;
	if (err == EMOTP_OK && revoked == count) {
		user->state = EMOTP_REVOKED_USER;
		err = emotp_store_user_update(a->store, user);
	}
	return err;
}

static enum emotp_err
revoke_once(const struct emotp_authority *a, const char *name, int number,
    const char *source, int64_t now_s, struct emotp_why *why)
{
	struct emotp_user user;
	enum emotp_err err = emotp_authority_begin(a, name, &user);

	if (err == EMOTP_OK)
		err = revoke_matching(a, &user, number, source, now_s);
	err = emotp_authority_end(a, err, name, why);
	if (err == EMOTP_ERR_NO_TOKEN && number == 0)
		return emotp_fail(why, err, "%s has no token", name);
	if (err == EMOTP_ERR_NO_TOKEN)
		return emotp_fail(why, err, "%s has no token %d", name, number);
	return err;
}

enum emotp_err
emotp_directory_revoke(const struct emotp_authority *a, const char *name,
    int number, const char *source, int64_t now_s, struct emotp_why *why)
{
	return emotp_retry(
	    why, revoke_once(a, name, number, source, now_s, why));
}

static enum emotp_err
reset_once(const struct emotp_authority *a, const char *name,
    const char *source, int64_t now_s, struct emotp_why *why)
{
	struct emotp_user user;
	struct emotp_intent intent;
	enum emotp_err err = emotp_authority_begin(a, name, &user);

	if (err == EMOTP_OK)
		err = delete_tokens(a, &user);
	if (err == EMOTP_OK)
		err =
		    emotp_store_codes_end(a->store, user.id, EMOTP_CODE_KILLED);
	if (err == EMOTP_OK) {
		clear_failures(&user);
		user.tries = 0;
		user.state = EMOTP_INVITED;
		err = emotp_store_user_update(a->store, &user);
	}
	if (err == EMOTP_OK) {
		intent = notice(&user, EMOTP_MAIL_RESET, source, now_s);
		err = queue(a, &intent);
	}
	return emotp_authority_end(a, err, name, why);
}

enum emotp_err
emotp_directory_reset(const struct emotp_authority *a, const char *name,
    const char *source, int64_t now_s, struct emotp_why *why)
{
	return emotp_retry(why, reset_once(a, name, source, now_s, why));
}

static enum emotp_err
unlock_once(
    const struct emotp_authority *a, const char *name, struct emotp_why *why)
{
	struct emotp_user user;
	enum emotp_err err = emotp_authority_begin(a, name, &user);

	if (err == EMOTP_OK) {
		clear_failures(&user);
		err = emotp_store_user_update(a->store, &user);
	}
	return emotp_authority_end(a, err, name, why);
}

enum emotp_err
emotp_directory_unlock(
    const struct emotp_authority *a, const char *name, struct emotp_why *why)
{
	return emotp_retry(why, unlock_once(a, name, why));
}

enum emotp_err
emotp_directory_show(const struct emotp_authority *a, const char *name,
    struct emotp_entry *ret, struct emotp_why *why)
{
	enum emotp_err err = emotp_store_begin_read(a->store);

	if (err == EMOTP_OK)
		err = emotp_store_user_by_name(a->store, name, &ret->user);
	if (err == EMOTP_OK && ret->user.state == EMOTP_REMOVED)
		err = EMOTP_ERR_NO_USER;
	if (err == EMOTP_OK)
		err = emotp_store_tokens(
		    a->store, ret->user.id, ret->tokens, &ret->count);
	if (err == EMOTP_OK)
		err = emotp_store_recovery_left(
		    a->store, ret->user.id, &ret->recovery);
	return emotp_authority_end(a, err, name, why);
}

enum emotp_err
emotp_directory_each(const struct emotp_authority *a,
    enum emotp_err (*each)(
	void *arg, const struct emotp_user *user, size_t tokens),
    void *arg, struct emotp_why *why)
{
	enum emotp_err err = emotp_store_begin_read(a->store);

	if (err == EMOTP_OK)
		err = emotp_store_user_each(a->store, each, arg);
	return emotp_authority_end(a, err, "", why);
}

enum emotp_err
emotp_directory_next_invited(const struct emotp_authority *a, int64_t after,
    struct emotp_user *ret, bool *ret_found, struct emotp_why *why)
{
	enum emotp_err err = emotp_store_begin_read(a->store);

	*ret_found = false;
	if (err == EMOTP_OK)
		err = emotp_store_user_next_invited(
		    a->store, after, ret, ret_found);
	return emotp_authority_end(a, err, "", why);
}
