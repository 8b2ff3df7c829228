#include <stdlib.h>
#include <string.h>

#include "../text.h"
#include "store.h"
#include "store_backend.h"

#define SCHEMA_VERSION 1

struct emotp_store {
	const struct emotp_backend *backend;
	void *db;
	struct emotp_why why; /* of store.c's own findings */
	bool own_why;
};

#define USER_COLUMNS                                                      \
	"id, name, email, language, state, disabled, next_token, "        \
	"failures, failed, tries, mailed, last_login, last_refusal, "     \
	"last_verdict"
#define TOKEN_COLUMNS                                                     \
	"user_id, number, id, label, algorithm, digits, period, sealed, " \
	"confirmed, last_step, drift, pending_step, pending_at, created, " \
	"last_used"
#define INTENT_COLUMNS "id, user_id, kind, token, label, source, created"

/* Every statement there is. */
static const char meta_insert[] =
    "INSERT INTO meta (one, schema, key_check) VALUES (1, ?1, ?2)";
static const char meta_select[] =
    "SELECT schema, key_check FROM meta WHERE one = 1";
static const char meta_unknown[] =
    "UPDATE meta SET unknown_at = ?1 WHERE one = 1";

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
static const char user_insert[] =
    "INSERT INTO users (name, name_key, email, email_key, language, state, "
    "disabled, next_token, failures, failed, tries, mailed, last_login, "
    "last_refusal, last_verdict) VALUES (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, "
    "?10, ?11, ?12, ?13, ?14, ?15, ?16)";
static const char user_update[] =
    "UPDATE users SET name = ?2, name_key = ?3, email = ?4, email_key = ?5, "
    "language = ?6, state = ?7, disabled = ?8, next_token = ?9, "
    "failures = ?10, failed = ?11, tries = ?12, mailed = ?13, "
    "last_login = ?14, last_refusal = ?15, last_verdict = ?16 "
    "WHERE id = ?1";

static const char token_select[] =
    "SELECT " TOKEN_COLUMNS " FROM tokens WHERE user_id = ?1 "
    "ORDER BY number";
static const char token_insert[] =
    "INSERT INTO tokens (" TOKEN_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, "
    "?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
static const char token_delete[] =
    "DELETE FROM tokens WHERE user_id = ?1 AND number = ?2";
static const char token_update[] =
    "UPDATE tokens SET drift = ?3, pending_step = ?4, pending_at = ?5 "
    "WHERE user_id = ?1 AND number = ?2";
static const char token_accept[] =
    "UPDATE tokens SET drift = ?3, pending_step = ?4, pending_at = ?5, "
    "last_step = ?6, confirmed = ?7, last_used = ?8 "
    "WHERE user_id = ?1 AND number = ?2 AND last_step < ?6";

static const char code_select[] =
    "SELECT id, user_id, state, handed_at, salt, digest FROM codes "
    "WHERE user_id = ?1 ORDER BY id DESC";
static const char code_insert[] =
    "INSERT INTO codes (user_id, state, handed_at, salt, digest) "
    "VALUES (?1, ?2, ?3, ?4, ?5)";
static const char code_update[] =
    "UPDATE codes SET state = ?2, handed_at = ?3 WHERE id = ?1";
static const char codes_end[] =
    "UPDATE codes SET state = ?2 WHERE user_id = ?1 AND state = 1";
static const char code_delete[] = "DELETE FROM codes WHERE id = ?1";

static const char intent_insert[] =
    "INSERT INTO intents (user_id, kind, token, label, source, created) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
static const char intent_of_all[] =
    "SELECT " INTENT_COLUMNS " FROM intents WHERE id > ?1 "
    "AND claimed_at < ?2 ORDER BY id LIMIT 1";
static const char intent_of_user[] =
    "SELECT " INTENT_COLUMNS " FROM intents WHERE id > ?1 "
    "AND claimed_at < ?2 AND user_id = ?3 ORDER BY id LIMIT 1";
static const char intent_claim[] =
    "UPDATE intents SET claimed_at = ?2 WHERE id = ?1";
static const char intent_delete[] = "DELETE FROM intents WHERE id = ?1";
static const char intent_count[] =
    "SELECT count(*) FROM intents WHERE user_id = ?1";

/* ---- values in and out ---- */

static struct emotp_value
integer(int64_t i)
{
	return (struct emotp_value){.type = EMOTP_INTEGER, .integer = i};
}

static struct emotp_value
text(const char *s)
{
	return (struct emotp_value){.type = EMOTP_TEXT, .data = s,
	    .len = strlen(s)};
}

static struct emotp_value
blob(const void *p, size_t len)
{
	return (struct emotp_value){.type = EMOTP_BLOB, .data = p,
	    .len = len};
}

/* Reads columns one after the other; ok turns false on the first misfit. */
struct reader {
	const struct emotp_value *at;
	bool ok;
};

static const struct emotp_value *
next(struct reader *r, enum emotp_value_type type)
{
	const struct emotp_value *value = r->at++;

	if (value->type != type)
		r->ok = false;
	return value;
}

static int64_t
get_integer(struct reader *r)
{
	return next(r, EMOTP_INTEGER)->integer;
}

static int
get_int(struct reader *r, int min, int max)
{
	int64_t i = get_integer(r);

	if (i < min || i > max)
		r->ok = false;
	return r->ok ? (int)i : min;
}

static void
get_text(struct reader *r, char *out, size_t size)
{
	const struct emotp_value *value = next(r, EMOTP_TEXT);

	out[0] = '\0';
	if (!r->ok || strlen(value->data) != value->len ||
	    !emotp_copy(out, size, value->data))
		r->ok = false;
}

static size_t
get_blob(struct reader *r, void *out, size_t size)
{
	const struct emotp_value *value = next(r, EMOTP_BLOB);

	if (!r->ok || value->len > size) {
		r->ok = false;
		return 0;
	}
	if (value->len > 0)
		memcpy(out, value->data, value->len);
	return value->len;
}

static void
get_exactly(struct reader *r, void *out, size_t len)
{
	if (get_blob(r, out, len) != len)
		r->ok = false;
}

/* Times are kept as eight bytes each, big-endian. */
static size_t
pack(const struct emotp_times *times, unsigned char *out)
{
	for (size_t i = 0; i < times->count * 8; i++)
		out[i] = (unsigned char)((uint64_t)times->at[i / 8] >>
		    (56 - i % 8 * 8));
	return times->count * 8;
}

static void
get_times(struct reader *r, struct emotp_times *times)
{
	unsigned char bytes[EMOTP_TIMES_MAX * 8];
	size_t len = get_blob(r, bytes, sizeof(bytes));

	if (len % 8 != 0)
		r->ok = false;
	times->count = len / 8;
	for (size_t i = 0; i < times->count; i++) {
		uint64_t at = 0;

		for (size_t k = 0; k < 8; k++)
			at = at << 8 | bytes[i * 8 + k];
		times->at[i] = (int64_t)at;
	}
}

/* ---- running statements ---- */

static enum emotp_err
complain(struct emotp_store *store, enum emotp_err err, const char *what)
{
	store->own_why = true;
	return emotp_fail(&store->why, err, "%s", what);
}

static enum emotp_err
run(struct emotp_store *store, const struct emotp_statement *stmt,
    int64_t *ret_changes, int64_t *ret_id)
{
	store->own_why = false;
	return store->backend->run(store->db, stmt, ret_changes, ret_id);
}

/* A write that must meet exactly one row. */
static enum emotp_err
write_one(struct emotp_store *store, const char *sql,
    const struct emotp_value *args, size_t count)
{
	const struct emotp_statement stmt = {sql, args, count, NULL};
	int64_t changes = 0;
	enum emotp_err err = run(store, &stmt, &changes, NULL);

	if (err == EMOTP_OK && changes != 1)
		err = complain(store, EMOTP_ERR_STORE,
		    "the row is not as it was read");
	return err;
}

/* A write of any number of rows. */
static enum emotp_err
write_any(struct emotp_store *store, const char *sql,
    const struct emotp_value *args, size_t count, int64_t *ret_id)
{
	const struct emotp_statement stmt = {sql, args, count, NULL};

	return run(store, &stmt, NULL, ret_id);
}

static enum emotp_err
read_rows(struct emotp_store *store, const char *sql,
    const struct emotp_value *args, size_t count,
    const struct emotp_rows *rows)
{
	const struct emotp_statement stmt = {sql, args, count, rows};

	return run(store, &stmt, NULL, NULL);
}

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

/* ---- opening ---- */

static const char *
place_in(const struct emotp_backend *backend, const char *uri)
{
	size_t len = strlen(backend->scheme);

	return strncmp(uri, backend->scheme, len) == 0 ? uri + len : NULL;
}

static enum emotp_err
connect_to(const struct emotp_backend *const *backends, const char *uri,
    bool create, struct emotp_store **ret, struct emotp_why *why)
{
	struct emotp_store *store;
	enum emotp_err err;

	while (*backends != NULL && place_in(*backends, uri) == NULL)
		backends++;
	if (*backends == NULL)
		return emotp_fail(why, EMOTP_ERR_CONFIG,
		    "store: sqlite:/path expected");
	store = calloc(1, sizeof(*store));
	if (store == NULL)
		return emotp_fail(why, EMOTP_ERR_MEMORY, "out of memory");
	store->backend = *backends;
	err = store->backend->open(place_in(*backends, uri), create,
	    &store->db, why);
	if (err != EMOTP_OK)
		free(store);
	else
		*ret = store;
	return err;
}

struct meta {
	int64_t schema;
	bool found;
	unsigned char check[EMOTP_KEY_CHECK];
};

static enum emotp_err
take_meta(void *arg, const struct emotp_value *columns)
{
	struct meta *meta = arg;
	struct reader r = {columns, true};

	meta->schema = get_integer(&r);
	get_exactly(&r, meta->check, sizeof(meta->check));
	meta->found = r.ok;
	return r.ok ? EMOTP_OK : EMOTP_ERR_STORE;
}

static enum emotp_err
check_meta(struct emotp_store *store, const struct emotp_key *key)
{
	struct meta meta = {.found = false};
	const struct emotp_rows rows = {take_meta, &meta};
	enum emotp_err err = read_rows(store, meta_select, NULL, 0, &rows);

	if (err != EMOTP_OK)
		return err;
	if (!meta.found || meta.schema != SCHEMA_VERSION)
		return complain(store, EMOTP_ERR_STORE, meta.found ?
		    "made by another version of emotp" : "is not complete");
	if (!emotp_equal(meta.check, key->check, sizeof(meta.check)))
		return complain(store, EMOTP_ERR_KEY,
		    "was made for another key than key_file has");
	return EMOTP_OK;
}

enum emotp_err
emotp_store_create(const struct emotp_backend *const *backends,
    const char *uri, const struct emotp_key *key, struct emotp_why *why)
{
	const struct emotp_value args[] = {integer(SCHEMA_VERSION),
	    blob(key->check, sizeof(key->check))};
	struct emotp_store *store = NULL;
	enum emotp_err err = connect_to(backends, uri, true, &store, why);

	if (err != EMOTP_OK)
		return err;
	err = emotp_store_begin(store);
	if (err == EMOTP_OK)
		err = write_any(store, meta_insert, args, LEN(args), NULL);
	if (err == EMOTP_OK)
		err = emotp_store_commit(store);
	if (err != EMOTP_OK)
		(void)emotp_fail(why, err, "%s: %s", uri,
		    emotp_store_why(store));
	emotp_store_close(store);
	return err;
}

enum emotp_err
emotp_store_open(const struct emotp_backend *const *backends, const char *uri,
    const struct emotp_key *key, struct emotp_store **ret,
    struct emotp_why *why)
{
	struct emotp_store *store = NULL;
	enum emotp_err err = connect_to(backends, uri, false, &store, why);

	if (err != EMOTP_OK)
		return err;
	err = check_meta(store, key);
	if (err != EMOTP_OK) {
		(void)emotp_fail(why, err, "%s: %s", uri,
		    emotp_store_why(store));
		emotp_store_close(store);
		return err;
	}
	*ret = store;
	return EMOTP_OK;
}

void
emotp_store_close(struct emotp_store *store)
{
	if (store == NULL)
		return;
	store->backend->rollback(store->db);
	store->backend->close(store->db);
	free(store);
}

const char *
emotp_store_why(const struct emotp_store *store)
{
	return store->own_why ? store->why.text :
	    store->backend->why(store->db);
}

enum emotp_err
emotp_store_begin(struct emotp_store *store)
{
	store->own_why = false;
	return store->backend->begin(store->db, EMOTP_BEGIN_WRITE);
}

enum emotp_err
emotp_store_begin_read(struct emotp_store *store)
{
	store->own_why = false;
	return store->backend->begin(store->db, EMOTP_BEGIN_READ);
}

enum emotp_err
emotp_store_commit(struct emotp_store *store)
{
	store->own_why = false;
	return store->backend->commit(store->db);
}

void
emotp_store_rollback(struct emotp_store *store)
{
	store->backend->rollback(store->db);
}

/* ---- users ---- */

struct found_user {
	struct emotp_user *user;
	bool found;
};

static bool
read_user(struct reader *r, struct emotp_user *user)
{
	user->id = get_integer(r);
	get_text(r, user->name, sizeof(user->name));
	get_text(r, user->email, sizeof(user->email));
	get_text(r, user->language, sizeof(user->language));
	user->state = (enum emotp_user_state)get_int(r, EMOTP_INVITED,
	    EMOTP_REMOVED);
	user->disabled = get_int(r, 0, 1) != 0;
	user->next_token = get_int(r, 1, INT32_MAX);
	user->failures = get_int(r, 0, INT32_MAX);
	get_times(r, &user->failed);
	user->tries = get_int(r, 0, INT32_MAX);
	get_times(r, &user->mailed);
	user->last_login = get_integer(r);
	user->last_refusal = get_integer(r);
	user->last_verdict = (enum emotp_verdict)get_int(r, 0, INT32_MAX);
	return r->ok;
}

static enum emotp_err
take_user(void *arg, const struct emotp_value *columns)
{
	struct found_user *found = arg;
	struct reader r = {columns, true};

	found->found = read_user(&r, found->user);
	return found->found ? EMOTP_OK : EMOTP_ERR_STORE;
}

static enum emotp_err
find_user(struct emotp_store *store, const char *sql,
    const struct emotp_value *arg, struct emotp_user *ret)
{
	struct found_user found = {ret, false};
	const struct emotp_rows rows = {take_user, &found};
	enum emotp_err err = read_rows(store, sql, arg, 1, &rows);

	if (err == EMOTP_OK && !found.found)
		err = complain(store, EMOTP_ERR_NO_USER, "no such user");
	return err;
}

/* By a text that is compared folded. One too long for a row is in none. */
static enum emotp_err
find_folded(struct emotp_store *store, const char *sql, const char *what,
    struct emotp_user *ret)
{
	char key[EMOTP_EMAIL_MAX + 1];
	struct emotp_value arg;

	(void)emotp_copy(key, sizeof(key), what);
	emotp_fold(key);
	arg = text(key);
	return find_user(store, sql, &arg, ret);
}

enum emotp_err
emotp_store_user_by_name(struct emotp_store *store, const char *name,
    struct emotp_user *ret)
{
	return find_folded(store, user_by_name, name, ret);
}

enum emotp_err
emotp_store_user_by_email(struct emotp_store *store, const char *email,
    struct emotp_user *ret)
{
	return find_folded(store, user_by_email, email, ret);
}

enum emotp_err
emotp_store_user_by_id(struct emotp_store *store, int64_t id,
    struct emotp_user *ret)
{
	const struct emotp_value arg = integer(id);

	return find_user(store, user_by_id, &arg, ret);
}

#define USER_ARGS 16

/* What the arguments of a user's row point to. */
struct user_buffers {
	char name[EMOTP_NAME_MAX + 1];
	char email[EMOTP_EMAIL_MAX + 1];
	unsigned char failed[EMOTP_TIMES_MAX * 8];
	unsigned char mailed[EMOTP_TIMES_MAX * 8];
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
	args[0] = integer(user->id);
	args[1] = text(user->name);
	args[2] = text(b->name);
	args[3] = text(user->email);
	args[4] = user->state == EMOTP_REMOVED ? null : text(b->email);
	args[5] = text(user->language);
	args[6] = integer(user->state);
	args[7] = integer(user->disabled);
	args[8] = integer(user->next_token);
	args[9] = integer(user->failures);
	args[10] = blob(b->failed, pack(&user->failed, b->failed));
	args[11] = integer(user->tries);
	args[12] = blob(b->mailed, pack(&user->mailed, b->mailed));
	args[13] = integer(user->last_login);
	args[14] = integer(user->last_refusal);
	args[15] = integer(user->last_verdict);
}

enum emotp_err
emotp_store_user_insert(struct emotp_store *store, struct emotp_user *user)
{
	struct user_buffers buffers;
	struct emotp_value args[USER_ARGS];

	user_args(user, &buffers, args);
	return write_any(store, user_insert, args, LEN(args), &user->id);
}

enum emotp_err
emotp_store_user_update(struct emotp_store *store,
    const struct emotp_user *user)
{
	struct user_buffers buffers;
	struct emotp_value args[USER_ARGS];

	user_args(user, &buffers, args);
	return write_one(store, user_update, args, LEN(args));
}

struct each_user {
	enum emotp_err (*each)(void *arg, const struct emotp_user *user,
	    size_t tokens);
	void *arg;
};

static enum emotp_err
take_each(void *arg, const struct emotp_value *columns)
{
	const struct each_user *each = arg;
	struct emotp_user user;
	struct reader r = {columns, true};
	int tokens;

	(void)read_user(&r, &user);
	tokens = get_int(&r, 0, INT32_MAX);
	return r.ok ? each->each(each->arg, &user, (size_t)tokens) :
	    EMOTP_ERR_STORE;
}

enum emotp_err
emotp_store_user_each(struct emotp_store *store,
    enum emotp_err (*each)(void *arg, const struct emotp_user *user,
	size_t tokens),
    void *arg)
{
	struct each_user context = {each, arg};
	const struct emotp_rows rows = {take_each, &context};

	return read_rows(store, user_each, NULL, 0, &rows);
}

enum emotp_err
emotp_store_note_unknown(struct emotp_store *store, int64_t now_s)
{
	const struct emotp_value arg = integer(now_s);

	return write_one(store, meta_unknown, &arg, 1);
}

/* ---- tokens ---- */

struct token_list {
	struct emotp_token *tokens;
	size_t count;
};

static enum emotp_err
take_token(void *arg, const struct emotp_value *columns)
{
	struct token_list *list = arg;
	struct emotp_token *token = &list->tokens[list->count];
	struct reader r = {columns, list->count < EMOTP_TOKENS_MAX};

	if (!r.ok)
		return EMOTP_ERR_STORE;
	token->user_id = get_integer(&r);
	token->number = get_int(&r, 1, INT32_MAX);
	get_text(&r, token->id, sizeof(token->id));
	get_text(&r, token->label, sizeof(token->label));
	token->params.algorithm = (enum emotp_algorithm)get_int(&r,
	    EMOTP_SHA1, EMOTP_SHA512);
	token->params.digits = get_int(&r, 6, 8);
	token->params.period_s = get_int(&r, EMOTP_PERIOD_MIN,
	    EMOTP_PERIOD_MAX);
	token->sealed_len = get_blob(&r, token->sealed,
	    sizeof(token->sealed));
	token->confirmed = get_int(&r, 0, 1) != 0;
	token->last_step = get_integer(&r);
	token->drift = get_int(&r, -EMOTP_RESYNC_MAX, EMOTP_RESYNC_MAX);
	token->pending_step = get_integer(&r);
	token->pending_at = get_integer(&r);
	token->created = get_integer(&r);
	token->last_used = get_integer(&r);
	list->count++;
	return r.ok ? EMOTP_OK : EMOTP_ERR_STORE;
}

enum emotp_err
emotp_store_tokens(struct emotp_store *store, int64_t user_id,
    struct emotp_token ret[static EMOTP_TOKENS_MAX], size_t *ret_count)
{
	const struct emotp_value arg = integer(user_id);
	struct token_list list = {ret, 0};
	const struct emotp_rows rows = {take_token, &list};
	enum emotp_err err = read_rows(store, token_select, &arg, 1, &rows);

	*ret_count = err == EMOTP_OK ? list.count : 0;
	return err;
}

enum emotp_err
emotp_store_token_insert(struct emotp_store *store,
    const struct emotp_token *token)
{
	const struct emotp_value args[] = {
	    integer(token->user_id),
	    integer(token->number),
	    text(token->id),
	    text(token->label),
	    integer(token->params.algorithm),
	    integer(token->params.digits),
	    integer(token->params.period_s),
	    blob(token->sealed, token->sealed_len),
	    integer(token->confirmed),
	    integer(token->last_step),
	    integer(token->drift),
	    integer(token->pending_step),
	    integer(token->pending_at),
	    integer(token->created),
	    integer(token->last_used),
	};

	return write_any(store, token_insert, args, LEN(args), NULL);
}

enum emotp_err
emotp_store_token_delete(struct emotp_store *store,
    const struct emotp_token *token)
{
	const struct emotp_value args[] = {integer(token->user_id),
	    integer(token->number)};

	return write_one(store, token_delete, args, LEN(args));
}

#define TOKEN_KEY_AND_STATE(token)                                       \
	integer((token)->user_id), integer((token)->number),             \
	    integer((token)->drift), integer((token)->pending_step),     \
	    integer((token)->pending_at)

enum emotp_err
emotp_store_token_update(struct emotp_store *store,
    const struct emotp_token *token)
{
	const struct emotp_value args[] = {TOKEN_KEY_AND_STATE(token)};

	return write_one(store, token_update, args, LEN(args));
}

enum emotp_err
emotp_store_token_accept(struct emotp_store *store,
    const struct emotp_token *token)
{
	const struct emotp_value args[] = {
	    TOKEN_KEY_AND_STATE(token),
	    integer(token->last_step),
	    integer(token->confirmed),
	    integer(token->last_used),
	};

	return write_one(store, token_accept, args, LEN(args));
}

/* ---- registration codes ---- */

struct code_list {
	struct emotp_code *codes;
	size_t count;
};

/* Newest first; what is beyond the list is long dead. */
static enum emotp_err
take_code(void *arg, const struct emotp_value *columns)
{
	struct code_list *list = arg;
	struct emotp_code *code = &list->codes[list->count];
	struct reader r = {columns, true};

	if (list->count == EMOTP_CODES_MAX)
		return EMOTP_OK;
	code->id = get_integer(&r);
	code->user_id = get_integer(&r);
	code->state = (enum emotp_code_state)get_int(&r, EMOTP_CODE_LIVE,
	    EMOTP_CODE_KILLED);
	code->handed_at = get_integer(&r);
	get_exactly(&r, code->salt, sizeof(code->salt));
	get_exactly(&r, code->digest, sizeof(code->digest));
	list->count++;
	return r.ok ? EMOTP_OK : EMOTP_ERR_STORE;
}

enum emotp_err
emotp_store_codes(struct emotp_store *store, int64_t user_id,
    struct emotp_code ret[static EMOTP_CODES_MAX], size_t *ret_count)
{
	const struct emotp_value arg = integer(user_id);
	struct code_list list = {ret, 0};
	const struct emotp_rows rows = {take_code, &list};
	enum emotp_err err = read_rows(store, code_select, &arg, 1, &rows);

	*ret_count = err == EMOTP_OK ? list.count : 0;
	return err;
}

enum emotp_err
emotp_store_code_insert(struct emotp_store *store, struct emotp_code *code)
{
	const struct emotp_value args[] = {
	    integer(code->user_id),
	    integer(code->state),
	    integer(code->handed_at),
	    blob(code->salt, sizeof(code->salt)),
	    blob(code->digest, sizeof(code->digest)),
	};

	return write_any(store, code_insert, args, LEN(args), &code->id);
}

enum emotp_err
emotp_store_code_update(struct emotp_store *store,
    const struct emotp_code *code)
{
	const struct emotp_value args[] = {integer(code->id),
	    integer(code->state), integer(code->handed_at)};

	return write_one(store, code_update, args, LEN(args));
}

enum emotp_err
emotp_store_code_delete(struct emotp_store *store, int64_t id)
{
	const struct emotp_value arg = integer(id);

	return write_one(store, code_delete, &arg, 1);
}

enum emotp_err
emotp_store_codes_end(struct emotp_store *store, int64_t user_id,
    enum emotp_code_state state)
{
	const struct emotp_value args[] = {integer(user_id), integer(state)};

	return write_any(store, codes_end, args, LEN(args), NULL);
}

/* ---- intents ---- */

enum emotp_err
emotp_store_intent_insert(struct emotp_store *store,
    struct emotp_intent *intent)
{
	const struct emotp_value args[] = {
	    integer(intent->user_id),
	    integer(intent->kind),
	    integer(intent->token),
	    text(intent->label),
	    text(intent->source),
	    integer(intent->created),
	};

	return write_any(store, intent_insert, args, LEN(args), &intent->id);
}

struct found_intent {
	struct emotp_intent *intent;
	bool *found;
};

static enum emotp_err
take_intent(void *arg, const struct emotp_value *columns)
{
	const struct found_intent *found = arg;
	struct emotp_intent *intent = found->intent;
	struct reader r = {columns, true};

	intent->id = get_integer(&r);
	intent->user_id = get_integer(&r);
	intent->kind = (enum emotp_mail_kind)get_int(&r, EMOTP_MAIL_CODE,
	    EMOTP_MAIL_DISABLED);
	intent->token = get_int(&r, 0, INT32_MAX);
	get_text(&r, intent->label, sizeof(intent->label));
	get_text(&r, intent->source, sizeof(intent->source));
	intent->created = get_integer(&r);
	*found->found = r.ok;
	return r.ok ? EMOTP_OK : EMOTP_ERR_STORE;
}

static enum emotp_err
set_claim(struct emotp_store *store, int64_t id, int64_t at)
{
	const struct emotp_value args[] = {integer(id), integer(at)};

	return write_one(store, intent_claim, args, LEN(args));
}

enum emotp_err
emotp_store_intent_claim(struct emotp_store *store, int64_t user_id,
    int64_t after, int64_t now_s, int64_t stale_s, struct emotp_intent *ret,
    bool *ret_found)
{
	const struct emotp_value args[] = {integer(after),
	    integer(now_s - stale_s), integer(user_id)};
	struct found_intent context = {ret, ret_found};
	const struct emotp_rows rows = {take_intent, &context};
	enum emotp_err err;

	*ret_found = false;
	err = user_id == 0 ? read_rows(store, intent_of_all, args, 2, &rows) :
	    read_rows(store, intent_of_user, args, 3, &rows);
	if (err == EMOTP_OK && *ret_found)
		err = set_claim(store, ret->id, now_s);
	return err;
}

enum emotp_err
emotp_store_intent_release(struct emotp_store *store, int64_t id)
{
	return set_claim(store, id, 0);
}

enum emotp_err
emotp_store_intent_delete(struct emotp_store *store, int64_t id)
{
	const struct emotp_value arg = integer(id);

	return write_one(store, intent_delete, &arg, 1);
}

static enum emotp_err
take_count(void *arg, const struct emotp_value *columns)
{
	int64_t *count = arg;
	struct reader r = {columns, true};

	*count = get_integer(&r);
	return r.ok ? EMOTP_OK : EMOTP_ERR_STORE;
}

enum emotp_err
emotp_store_intent_count(struct emotp_store *store, int64_t user_id,
    int64_t *ret)
{
	const struct emotp_value arg = integer(user_id);
	const struct emotp_rows rows = {take_count, ret};

	return read_rows(store, intent_count, &arg, 1, &rows);
}
