#include "store_rows.h"

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
	struct emotp_reader r = {columns, true};

	if (list->count == EMOTP_CODES_MAX)
		return EMOTP_OK;
	code->id = emotp_get_integer(&r);
	code->user_id = emotp_get_integer(&r);
	code->state = (enum emotp_code_state)emotp_get_int(
	    &r, EMOTP_CODE_LIVE, EMOTP_CODE_KILLED);
	code->handed_at = emotp_get_integer(&r);
	emotp_get_exactly(&r, code->salt, sizeof(code->salt));
	emotp_get_exactly(&r, code->digest, sizeof(code->digest));
	list->count++;
	return r.ok ? EMOTP_OK : EMOTP_ERR_STORE;
}

enum emotp_err
emotp_store_codes(struct emotp_store *store, int64_t user_id,
    struct emotp_code ret[static EMOTP_CODES_MAX], size_t *ret_count)
{
	const struct emotp_value arg = emotp_arg_integer(user_id);
	struct code_list list = {ret, 0};
	const struct emotp_rows rows = {take_code, &list};
	enum emotp_err err =
	    emotp_read_rows(store, code_select, &arg, 1, &rows);

	*ret_count = err == EMOTP_OK ? list.count : 0;
	return err;
}

enum emotp_err
emotp_store_code_insert(struct emotp_store *store, struct emotp_code *code)
{
	const struct emotp_value args[] = {
	    emotp_arg_integer(code->user_id),
	    emotp_arg_integer(code->state),
	    emotp_arg_integer(code->handed_at),
	    emotp_arg_blob(code->salt, sizeof(code->salt)),
	    emotp_arg_blob(code->digest, sizeof(code->digest)),
	};

	return emotp_write_any(
	    store, code_insert, args, EMOTP_LEN(args), &code->id);
}

enum emotp_err
emotp_store_code_update(
    struct emotp_store *store, const struct emotp_code *code)
{
	const struct emotp_value args[] = {emotp_arg_integer(code->id),
	    emotp_arg_integer(code->state), emotp_arg_integer(code->handed_at)};

	return emotp_write_one(store, code_update, args, EMOTP_LEN(args));
}

enum emotp_err
emotp_store_code_delete(struct emotp_store *store, int64_t id)
{
	const struct emotp_value arg = emotp_arg_integer(id);

	return emotp_write_one(store, code_delete, &arg, 1);
}

enum emotp_err
emotp_store_codes_end(
    struct emotp_store *store, int64_t user_id, enum emotp_code_state state)
{
	const struct emotp_value args[] = {
	    emotp_arg_integer(user_id), emotp_arg_integer(state)};

	return emotp_write_any(store, codes_end, args, EMOTP_LEN(args), NULL);
}
