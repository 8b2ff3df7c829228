#include "store_rows.h"

#define RECOVERY_COLUMNS "user_id, number, kind, used_at, salt, digest"

static const char recovery_select[] =
    "SELECT " RECOVERY_COLUMNS " FROM recovery WHERE user_id = ?1 "
    "ORDER BY number";
static const char recovery_insert[] =
    "INSERT INTO recovery (" RECOVERY_COLUMNS ") "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
static const char recovery_use[] =
    "UPDATE recovery SET used_at = ?3 "
    "WHERE user_id = ?1 AND number = ?2 AND used_at = 0";
static const char recovery_left[] =
    "SELECT COUNT(*) FROM recovery WHERE user_id = ?1 AND used_at = 0";
static const char recovery_drop[] = "DELETE FROM recovery WHERE user_id = ?1";

struct recovery_list {
	struct emotp_recovery_code *codes;
	size_t count;
};

static enum emotp_err
take_recovery(void *arg, const struct emotp_value *columns)
{
	struct recovery_list *list = arg;
	struct emotp_recovery_code *code = &list->codes[list->count];
	struct emotp_reader r = {columns, list->count < EMOTP_RECOVERY_MAX};

	if (!r.ok)
		return EMOTP_ERR_STORE;
	code->user_id = emotp_get_integer(&r);
	code->number = emotp_get_int(&r, 1, INT32_MAX);
	code->kind = (enum emotp_recovery_kind)emotp_get_int(
	    &r, EMOTP_RECOVERY_OURS, EMOTP_RECOVERY_SCRATCH);
	code->used_at = emotp_get_integer(&r);
	emotp_get_exactly(&r, code->salt, sizeof(code->salt));
	emotp_get_exactly(&r, code->digest, sizeof(code->digest));
	list->count++;
	return r.ok ? EMOTP_OK : EMOTP_ERR_STORE;
}

enum emotp_err
emotp_store_recovery(struct emotp_store *store, int64_t user_id,
    struct emotp_recovery_code ret[static EMOTP_RECOVERY_MAX],
    size_t *ret_count)
{
	const struct emotp_value arg = emotp_arg_integer(user_id);
	struct recovery_list list = {ret, 0};
	const struct emotp_rows rows = {take_recovery, &list};
	enum emotp_err err =
	    emotp_read_rows(store, recovery_select, &arg, 1, &rows);

	*ret_count = err == EMOTP_OK ? list.count : 0;
	return err;
}

static enum emotp_err
take_left(void *arg, const struct emotp_value *columns)
{
	struct emotp_reader r = {columns, true};

	*(int *)arg = emotp_get_int(&r, 0, EMOTP_RECOVERY_MAX);
	return r.ok ? EMOTP_OK : EMOTP_ERR_STORE;
}

enum emotp_err
emotp_store_recovery_left(struct emotp_store *store, int64_t user_id, int *ret)
{
	const struct emotp_value arg = emotp_arg_integer(user_id);
	const struct emotp_rows rows = {take_left, ret};

	*ret = 0;
	return emotp_read_rows(store, recovery_left, &arg, 1, &rows);
}

enum emotp_err
emotp_store_recovery_insert(
    struct emotp_store *store, const struct emotp_recovery_code *code)
{
	const struct emotp_value args[] = {
	    emotp_arg_integer(code->user_id),
	    emotp_arg_integer(code->number),
	    emotp_arg_integer(code->kind),
	    emotp_arg_integer(code->used_at),
	    emotp_arg_blob(code->salt, sizeof(code->salt)),
	    emotp_arg_blob(code->digest, sizeof(code->digest)),
	};

	return emotp_write_one(store, recovery_insert, args, EMOTP_LEN(args));
}

enum emotp_err
emotp_store_recovery_use(
    struct emotp_store *store, const struct emotp_recovery_code *code)
{
	const struct emotp_value args[] = {
	    emotp_arg_integer(code->user_id),
	    emotp_arg_integer(code->number),
	    emotp_arg_integer(code->used_at),
	};

	return emotp_write_one(store, recovery_use, args, EMOTP_LEN(args));
}

enum emotp_err
emotp_store_recovery_drop(struct emotp_store *store, int64_t user_id)
{
	const struct emotp_value arg = emotp_arg_integer(user_id);

	return emotp_write_any(store, recovery_drop, &arg, 1, NULL);
}
