#include <string.h>

#include "../text.h"
#include "store_rows.h"

#define USER_COLUMNS                                                  \
	"id, name, email, language, state, disabled, next_token, "    \
	"failures, failed, tries, mailed, last_login, last_refusal, " \
	"last_verdict, attempts"

static const char user_by_name[] =
    "SELECT " USER_COLUMNS " FROM users WHERE name_key = ?1";
static const char user_by_email[] =
    "SELECT " USER_COLUMNS " FROM users WHERE email_key = ?1";
static const char user_by_id[] =
    "SELECT " USER_COLUMNS " FROM users WHERE id = ?1";
static const char user_each[] =
    "SELECT " USER_COLUMNS ", (SELECT count(*) FROM tokens "
    "WHERE user_id = users.id) FROM users WHERE state <> 4 "
    "ORDER BY name_key";
static const char user_next_invited[] =
    "SELECT " USER_COLUMNS " FROM users WHERE id > ?1 AND state = 1 "
    "AND disabled = 0 ORDER BY id LIMIT 1";
static const char user_insert[] =
    "INSERT INTO users (name, name_key, email, email_key, language, state, "
    "disabled, next_token, failures, failed, tries, mailed, last_login, "
    "last_refusal, last_verdict, attempts) VALUES (?2, ?3, ?4, ?5, ?6, ?7, "
    "?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";
static const char user_update[] =
    "UPDATE users SET name = ?2, name_key = ?3, email = ?4, email_key = ?5, "
    "language = ?6, state = ?7, disabled = ?8, next_token = ?9, "
    "failures = ?10, failed = ?11, tries = ?12, mailed = ?13, "
    "last_login = ?14, last_refusal = ?15, last_verdict = ?16, "
    "attempts = ?17 "
    "WHERE id = ?1";
static const char user_judged[] =
    "UPDATE users SET state = ?2, disabled = ?3, failures = ?4, failed = ?5, "
    "last_login = ?6, last_refusal = ?7, last_verdict = ?8, attempts = ?9 "
    "WHERE id = ?1";
static const char meta_unknown[] =
    "UPDATE meta SET unknown_at = ?1 WHERE one = 1";

static size_t
pack(const struct emotp_times *times, unsigned char *out)
{
	return emotp_pack_times(times->at, times->count, out);
}

static void
get_times(struct emotp_reader *r, struct emotp_times *times)
{
	times->count = emotp_get_times(r, times->at, EMOTP_TIMES_MAX);
}

/* Bytes of a kept attempt: at, verdict, recovery, token, offset, period. */
#define ATTEMPT_LEN (8 + 1 + 1 + 4 + 2 + 2)

static size_t
pack_attempts(const struct emotp_attempts *attempts, unsigned char *out)
{
	for (size_t i = 0; i < attempts->count; i++) {
		const struct emotp_attempt *attempt = &attempts->list[i];

		out = emotp_put_integer(out, attempt->at, 8);
		out = emotp_put_integer(out, attempt->verdict, 1);
		out = emotp_put_integer(out, attempt->recovery, 1);
		out = emotp_put_integer(out, attempt->token, 4);
		out = emotp_put_integer(out, attempt->offset, 2);
		out = emotp_put_integer(out, attempt->period_s, 2);
	}
	return attempts->count * ATTEMPT_LEN;
}

static void
get_attempts(struct emotp_reader *r, struct emotp_attempts *attempts)
{
	unsigned char bytes[EMOTP_ATTEMPTS_MAX * ATTEMPT_LEN];
	const unsigned char *in = bytes;
	size_t len = emotp_get_blob(r, bytes, sizeof(bytes));

	if (len % ATTEMPT_LEN != 0)
		r->ok = false;
	attempts->count = len / ATTEMPT_LEN;
	for (size_t i = 0; i < attempts->count; i++) {
		struct emotp_attempt *attempt = &attempts->list[i];

		attempt->at = emotp_take_integer(&in, 8);
		attempt->verdict =
		    (enum emotp_verdict)emotp_take_integer(&in, 1);
		attempt->recovery = emotp_take_integer(&in, 1) != 0;
		attempt->token = (int)emotp_take_integer(&in, 4);
		attempt->offset = (int)emotp_take_integer(&in, 2);
		attempt->period_s = (int)emotp_take_integer(&in, 2);
	}
}

struct found_user {
	struct emotp_user *user;
	bool found;
};

static bool
read_user(struct emotp_reader *r, struct emotp_user *user)
{
	user->id = emotp_get_integer(r);
	emotp_get_text(r, user->name, sizeof(user->name));
	emotp_get_text(r, user->email, sizeof(user->email));
	emotp_get_text(r, user->language, sizeof(user->language));
	user->state = (enum emotp_user_state)emotp_get_int(
	    r, EMOTP_INVITED, EMOTP_REMOVED);
	user->disabled = emotp_get_int(r, 0, 1) != 0;
	user->next_token = emotp_get_int(r, 1, INT32_MAX);
	user->failures = emotp_get_int(r, 0, INT32_MAX);
	get_times(r, &user->failed);
	user->tries = emotp_get_int(r, 0, INT32_MAX);
	get_times(r, &user->mailed);
	user->last_login = emotp_get_integer(r);
	user->last_refusal = emotp_get_integer(r);
	user->last_verdict = (enum emotp_verdict)emotp_get_int(r, 0, INT32_MAX);
	get_attempts(r, &user->attempts);
	return r->ok;
}

static enum emotp_err
take_user(void *arg, const struct emotp_value *columns)
{
	struct found_user *found = arg;
	struct emotp_reader r = {columns, true};

	found->found = read_user(&r, found->user);
	return found->found ? EMOTP_OK : EMOTP_ERR_STORE;
}

static enum emotp_err
find_user(struct emotp_store *store, const char *sql,
    const struct emotp_value *arg, struct emotp_user *ret)
{
	struct found_user found = {ret, false};
	const struct emotp_rows rows = {take_user, &found};
	enum emotp_err err = emotp_read_locked(store, sql, arg, 1, &rows);

	if (err == EMOTP_OK && !found.found)
		err = emotp_complain(store, EMOTP_ERR_NO_USER, "no such user");
	return err;
}

/*
 * What is compared folded. A text that no row can have, since it is too long
 * or not UTF-8, becomes one that no row has.
 */
static struct emotp_value
folded(char key[static EMOTP_EMAIL_MAX + 1], const char *what)
{
	if (!emotp_copy(key, EMOTP_EMAIL_MAX + 1, what) ||
	    !emotp_text_valid(key))
		key[0] = '\0';
	emotp_fold(key);
	return emotp_arg_text(key);
}

static enum emotp_err
find_folded(struct emotp_store *store, const char *sql, const char *what,
    struct emotp_user *ret)
{
	char key[EMOTP_EMAIL_MAX + 1];
	const struct emotp_value arg = folded(key, what);

	return find_user(store, sql, &arg, ret);
}

enum emotp_err
emotp_store_user_by_name(
    struct emotp_store *store, const char *name, struct emotp_user *ret)
{
	return find_folded(store, user_by_name, name, ret);
}

enum emotp_err
emotp_store_user_by_email(
    struct emotp_store *store, const char *email, struct emotp_user *ret)
{
	return find_folded(store, user_by_email, email, ret);
}

enum emotp_err
emotp_store_user_by_id(
    struct emotp_store *store, int64_t id, struct emotp_user *ret)
{
	const struct emotp_value arg = emotp_arg_integer(id);

	return find_user(store, user_by_id, &arg, ret);
}

enum emotp_err
emotp_store_user_next_invited(struct emotp_store *store, int64_t after,
    struct emotp_user *ret, bool *ret_found)
{
	const struct emotp_value arg = emotp_arg_integer(after);
	enum emotp_err err = find_user(store, user_next_invited, &arg, ret);

	*ret_found = err == EMOTP_OK;
	return err == EMOTP_ERR_NO_USER ? EMOTP_OK : err;
}

static enum emotp_err
take_subject(void *arg, const struct emotp_value *columns)
{
	struct emotp_subject *subject = arg;
	struct emotp_reader r = {columns, true};

	subject->known = read_user(&r, &subject->user);
	return subject->known ? EMOTP_OK : EMOTP_ERR_STORE;
}

enum emotp_err
emotp_store_subject(
    struct emotp_store *store, const char *name, struct emotp_subject *ret)
{
	char key[EMOTP_EMAIL_MAX + 1];
	const struct emotp_value arg = folded(key, name);
	const struct emotp_rows rows = {take_subject, ret};
	enum emotp_err err;

	memset(ret, 0, sizeof(*ret));
	err = emotp_read_later(store, user_by_name, &arg, &rows, true);
	return err == EMOTP_OK ? emotp_subject_tokens(store, &arg, ret) : err;
}

#define USER_ARGS 17

/* What the arguments of a user's row point to. */
struct user_buffers {
	char name[EMOTP_NAME_MAX + 1];
	char email[EMOTP_EMAIL_MAX + 1];
	unsigned char failed[EMOTP_TIMES_MAX * 8];
	unsigned char mailed[EMOTP_TIMES_MAX * 8];
	unsigned char attempts[EMOTP_ATTEMPTS_MAX * ATTEMPT_LEN];
};

static void
user_args(const struct emotp_user *user, struct user_buffers *b,
    struct emotp_value args[static USER_ARGS])
{
	const struct emotp_value null = {.type = EMOTP_NULL};

	(void)emotp_copy(b->name, sizeof(b->name), user->name);
	emotp_fold(b->name);
	(void)emotp_copy(b->email, sizeof(b->email), user->email);
	emotp_fold(b->email);
	args[0] = emotp_arg_integer(user->id);
	args[1] = emotp_arg_text(user->name);
	args[2] = emotp_arg_text(b->name);
	args[3] = emotp_arg_text(user->email);
	args[4] =
	    user->state == EMOTP_REMOVED ? null : emotp_arg_text(b->email);
	args[5] = emotp_arg_text(user->language);
	args[6] = emotp_arg_integer(user->state);
	args[7] = emotp_arg_integer(user->disabled);
	args[8] = emotp_arg_integer(user->next_token);
	args[9] = emotp_arg_integer(user->failures);
	args[10] = emotp_arg_blob(b->failed, pack(&user->failed, b->failed));
	args[11] = emotp_arg_integer(user->tries);
	args[12] = emotp_arg_blob(b->mailed, pack(&user->mailed, b->mailed));
	args[13] = emotp_arg_integer(user->last_login);
	args[14] = emotp_arg_integer(user->last_refusal);
	args[15] = emotp_arg_integer(user->last_verdict);
	args[16] = emotp_arg_blob(
	    b->attempts, pack_attempts(&user->attempts, b->attempts));
}

enum emotp_err
emotp_store_user_insert(struct emotp_store *store, struct emotp_user *user)
{
	struct user_buffers buffers;
	struct emotp_value args[USER_ARGS];

	user_args(user, &buffers, args);
	return emotp_write_any(
	    store, user_insert, args, EMOTP_LEN(args), &user->id);
}

enum emotp_err
emotp_store_user_update(
    struct emotp_store *store, const struct emotp_user *user)
{
	struct user_buffers buffers;
	struct emotp_value args[USER_ARGS];

	user_args(user, &buffers, args);
	return emotp_write_one(store, user_update, args, EMOTP_LEN(args));
}

enum emotp_err
emotp_store_user_judged(
    struct emotp_store *store, const struct emotp_user *user)
{
	unsigned char failed[EMOTP_TIMES_MAX * 8];
	unsigned char attempts[EMOTP_ATTEMPTS_MAX * ATTEMPT_LEN];
	const struct emotp_value args[] = {
	    emotp_arg_integer(user->id),
	    emotp_arg_integer(user->state),
	    emotp_arg_integer(user->disabled),
	    emotp_arg_integer(user->failures),
	    emotp_arg_blob(failed, pack(&user->failed, failed)),
	    emotp_arg_integer(user->last_login),
	    emotp_arg_integer(user->last_refusal),
	    emotp_arg_integer(user->last_verdict),
	    emotp_arg_blob(attempts, pack_attempts(&user->attempts, attempts)),
	};

	return emotp_write_later(store, user_judged, args, EMOTP_LEN(args));
}

struct each_user {
	enum emotp_err (*each)(
	    void *arg, const struct emotp_user *user, size_t tokens);
	void *arg;
};

static enum emotp_err
take_each(void *arg, const struct emotp_value *columns)
{
	const struct each_user *each = arg;
	struct emotp_user user;
	struct emotp_reader r = {columns, true};
	int tokens;

	(void)read_user(&r, &user);
	tokens = emotp_get_int(&r, 0, INT32_MAX);
	return r.ok ? each->each(each->arg, &user, (size_t)tokens) :
		      EMOTP_ERR_STORE;
}

enum emotp_err
emotp_store_user_each(struct emotp_store *store,
    enum emotp_err (*each)(
	void *arg, const struct emotp_user *user, size_t tokens),
    void *arg)
{
	struct each_user context = {each, arg};
	const struct emotp_rows rows = {take_each, &context};

	return emotp_read_many(store, user_each, &rows);
}

enum emotp_err
emotp_store_note_unknown(struct emotp_store *store, int64_t now_s)
{
	const struct emotp_value arg = emotp_arg_integer(now_s);

	return emotp_write_one(store, meta_unknown, &arg, 1);
}
