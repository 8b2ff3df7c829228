#include "store_rows.h"

#define TOKEN_COLUMNS                                                      \
	"user_id, number, id, label, algorithm, digits, period, sealed, "  \
	"confirmed, last_step, drift, pending_step, pending_at, created, " \
	"last_used, tries"

static const char token_select[] =
    "SELECT " TOKEN_COLUMNS " FROM tokens WHERE user_id = ?1 "
    "ORDER BY number";
static const char token_of_name[] =
    "SELECT " TOKEN_COLUMNS " FROM tokens WHERE user_id = "
    "(SELECT id FROM users WHERE name_key = ?1) ORDER BY number";
static const char token_by_id[] =
    "SELECT " TOKEN_COLUMNS " FROM tokens WHERE id = ?1";
static const char token_tried[] =
    "UPDATE tokens SET tries = ?3 WHERE user_id = ?1 AND number = ?2";
static const char token_each[] =
    "SELECT " TOKEN_COLUMNS ", (SELECT name FROM users WHERE id = user_id) "
    "FROM tokens ORDER BY user_id, number";
static const char token_insert[] =
    "INSERT INTO tokens (" TOKEN_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, "
    "?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";
static const char token_delete[] =
    "DELETE FROM tokens WHERE user_id = ?1 AND number = ?2";
static const char token_update[] =
    "UPDATE tokens SET drift = ?3, pending_step = ?4, pending_at = ?5 "
    "WHERE user_id = ?1 AND number = ?2";
static const char token_accept[] =
    "UPDATE tokens SET drift = ?3, pending_step = ?4, pending_at = ?5, "
    "last_step = ?6, confirmed = ?7, last_used = ?8 "
    "WHERE user_id = ?1 AND number = ?2 AND last_step < ?6";

struct token_list {
	struct emotp_token *tokens;
	size_t count;
};

/* A step or -1, and none so big that arithmetic on it could overflow. */
static int64_t
get_step(struct emotp_reader *r)
{
	int64_t step = emotp_get_integer(r);

	if (step < -1 || step > (int64_t)1 << 40)
		r->ok = false;
	return r->ok ? step : -1;
}

static bool
read_token(struct emotp_reader *r, struct emotp_token *token)
{
	token->user_id = emotp_get_integer(r);
	token->number = emotp_get_int(r, 1, INT32_MAX);
	emotp_get_text(r, token->id, sizeof(token->id));
	emotp_get_text(r, token->label, sizeof(token->label));
	token->params.algorithm =
	    (enum emotp_algorithm)emotp_get_int(r, EMOTP_SHA1, EMOTP_SHA512);
	token->params.digits = emotp_get_int(r, 6, 8);
	token->params.period_s =
	    emotp_get_int(r, EMOTP_PERIOD_MIN, EMOTP_PERIOD_MAX);
	token->sealed_len =
	    emotp_get_blob(r, token->sealed, sizeof(token->sealed));
	token->confirmed = emotp_get_int(r, 0, 1) != 0;
	token->last_step = get_step(r);
	token->drift = emotp_get_int(r, -EMOTP_RESYNC_MAX, EMOTP_RESYNC_MAX);
	token->pending_step = get_step(r);
	token->pending_at = emotp_get_integer(r);
	token->created = emotp_get_integer(r);
	token->last_used = emotp_get_integer(r);
	token->tries = emotp_get_int(r, 0, INT32_MAX);
	return r->ok;
}

static enum emotp_err
take_token(void *arg, const struct emotp_value *columns)
{
	struct token_list *list = arg;
	struct emotp_reader r = {columns, list->count < EMOTP_TOKENS_MAX};

	if (!r.ok || !read_token(&r, &list->tokens[list->count]))
		return EMOTP_ERR_STORE;
	list->count++;
	return EMOTP_OK;
}

enum emotp_err
emotp_store_tokens(struct emotp_store *store, int64_t user_id,
    struct emotp_token ret[static EMOTP_TOKENS_MAX], size_t *ret_count)
{
	const struct emotp_value arg = emotp_arg_integer(user_id);
	struct token_list list = {ret, 0};
	const struct emotp_rows rows = {take_token, &list};
	enum emotp_err err =
	    emotp_read_rows(store, token_select, &arg, 1, &rows);

	*ret_count = err == EMOTP_OK ? list.count : 0;
	return err;
}

static enum emotp_err
take_of_subject(void *arg, const struct emotp_value *columns)
{
	struct emotp_subject *subject = arg;
	struct token_list list = {subject->tokens, subject->count};
	enum emotp_err err = take_token(&list, columns);

	subject->count = list.count;
	return err;
}

enum emotp_err
emotp_subject_tokens(struct emotp_store *store, const struct emotp_value *key,
    struct emotp_subject *ret)
{
	const struct emotp_rows rows = {take_of_subject, ret};

	return emotp_read_later(store, token_of_name, key, &rows, false);
}

struct found_token {
	struct emotp_token *token;
	bool found;
};

static enum emotp_err
take_only(void *arg, const struct emotp_value *columns)
{
	struct found_token *found = arg;
	struct emotp_reader r = {columns, true};

	found->found = read_token(&r, found->token);
	return found->found ? EMOTP_OK : EMOTP_ERR_STORE;
}

enum emotp_err
emotp_store_token_by_id(
    struct emotp_store *store, const char *id, struct emotp_token *ret)
{
	const struct emotp_value arg = emotp_arg_text(id);
	struct found_token found = {ret, false};
	const struct emotp_rows rows = {take_only, &found};
	enum emotp_err err =
	    emotp_read_rows(store, token_by_id, &arg, 1, &rows);

	if (err == EMOTP_OK && !found.found)
		err =
		    emotp_complain(store, EMOTP_ERR_NO_TOKEN, "no such token");
	return err;
}

struct each_token {
	enum emotp_err (*each)(
	    void *arg, const char *user, const struct emotp_token *token);
	void *arg;
};

static enum emotp_err
take_each(void *arg, const struct emotp_value *columns)
{
	const struct each_token *each = arg;
	struct emotp_reader r = {columns, true};
	struct emotp_token token;
	char user[EMOTP_NAME_MAX + 1];

	(void)read_token(&r, &token);
	emotp_get_text(&r, user, sizeof(user));
	return r.ok ? each->each(each->arg, user, &token) : EMOTP_ERR_STORE;
}

enum emotp_err
emotp_store_token_each(struct emotp_store *store,
    enum emotp_err (*each)(
	void *arg, const char *user, const struct emotp_token *token),
    void *arg)
{
	struct each_token context = {each, arg};
	const struct emotp_rows rows = {take_each, &context};

	return emotp_read_many(store, token_each, &rows);
}

enum emotp_err
emotp_store_token_insert(
    struct emotp_store *store, const struct emotp_token *token)
{
	const struct emotp_value args[] = {
	    emotp_arg_integer(token->user_id),
	    emotp_arg_integer(token->number),
	    emotp_arg_text(token->id),
	    emotp_arg_text(token->label),
	    emotp_arg_integer(token->params.algorithm),
	    emotp_arg_integer(token->params.digits),
	    emotp_arg_integer(token->params.period_s),
	    emotp_arg_blob(token->sealed, token->sealed_len),
	    emotp_arg_integer(token->confirmed),
	    emotp_arg_integer(token->last_step),
	    emotp_arg_integer(token->drift),
	    emotp_arg_integer(token->pending_step),
	    emotp_arg_integer(token->pending_at),
	    emotp_arg_integer(token->created),
	    emotp_arg_integer(token->last_used),
	    emotp_arg_integer(token->tries),
	};

	return emotp_write_any(
	    store, token_insert, args, EMOTP_LEN(args), NULL);
}

enum emotp_err
emotp_store_token_delete(
    struct emotp_store *store, const struct emotp_token *token)
{
	const struct emotp_value args[] = {emotp_arg_integer(token->user_id),
	    emotp_arg_integer(token->number)};

	return emotp_write_one(store, token_delete, args, EMOTP_LEN(args));
}

enum emotp_err
emotp_store_token_tried(
    struct emotp_store *store, const struct emotp_token *token)
{
	const struct emotp_value args[] = {emotp_arg_integer(token->user_id),
	    emotp_arg_integer(token->number), emotp_arg_integer(token->tries)};

	return emotp_write_one(store, token_tried, args, EMOTP_LEN(args));
}

#define TOKEN_KEY_AND_STATE(token)                    \
	emotp_arg_integer((token)->user_id),          \
	    emotp_arg_integer((token)->number),       \
	    emotp_arg_integer((token)->drift),        \
	    emotp_arg_integer((token)->pending_step), \
	    emotp_arg_integer((token)->pending_at)

enum emotp_err
emotp_store_token_update(
    struct emotp_store *store, const struct emotp_token *token)
{
	const struct emotp_value args[] = {TOKEN_KEY_AND_STATE(token)};

	return emotp_write_later(store, token_update, args, EMOTP_LEN(args));
}

enum emotp_err
emotp_store_token_accept(
    struct emotp_store *store, const struct emotp_token *token)
{
	const struct emotp_value args[] = {
	    TOKEN_KEY_AND_STATE(token),
	    emotp_arg_integer(token->last_step),
	    emotp_arg_integer(token->confirmed),
	    emotp_arg_integer(token->last_used),
	};

	return emotp_write_later(store, token_accept, args, EMOTP_LEN(args));
}
