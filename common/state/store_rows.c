#include <string.h>

#include "../text.h"
#include "store_rows.h"

struct emotp_value
emotp_arg_integer(int64_t i)
{
	return (struct emotp_value){.type = EMOTP_INTEGER, .integer = i};
}

struct emotp_value
emotp_arg_text(const char *s)
{
	return (struct emotp_value){
	    .type = EMOTP_TEXT, .data = s, .len = strlen(s)};
}

struct emotp_value
emotp_arg_blob(const void *p, size_t len)
{
	return (struct emotp_value){.type = EMOTP_BLOB, .data = p, .len = len};
}

static const struct emotp_value *
next(struct emotp_reader *r, enum emotp_value_type type)
{
	const struct emotp_value *value = r->at++;

	if (value->type != type)
		r->ok = false;
	return value;
}

int64_t
emotp_get_integer(struct emotp_reader *r)
{
	return next(r, EMOTP_INTEGER)->integer;
}

int
emotp_get_int(struct emotp_reader *r, int min, int max)
{
	int64_t i = emotp_get_integer(r);

	if (i < min || i > max)
		r->ok = false;
	return r->ok ? (int)i : min;
}

void
emotp_get_text(struct emotp_reader *r, char *out, size_t size)
{
	const struct emotp_value *value = next(r, EMOTP_TEXT);

	out[0] = '\0';
	if (!r->ok || strlen(value->data) != value->len ||
	    !emotp_copy(out, size, value->data))
		r->ok = false;
}

size_t
emotp_get_blob(struct emotp_reader *r, void *out, size_t size)
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

void
emotp_get_exactly(struct emotp_reader *r, void *out, size_t len)
{
	if (emotp_get_blob(r, out, len) != len)
		r->ok = false;
}

/* Big-endian, in two's complement. */
unsigned char *
emotp_put_integer(unsigned char *out, int64_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		out[i] =
		    (unsigned char)((uint64_t)value >> (8 * (bytes - 1 - i)));
	return out + bytes;
}

int64_t
emotp_take_integer(const unsigned char **in, size_t bytes)
{
	uint64_t value = (**in & 0x80) != 0 ? UINT64_MAX : 0;

	for (size_t i = 0; i < bytes; i++)
		value = value << 8 | (*in)[i];
	*in += bytes;
	return (int64_t)value;
}

size_t
emotp_pack_times(const int64_t *at, size_t count, unsigned char *out)
{
	for (size_t i = 0; i < count; i++)
		out = emotp_put_integer(out, at[i], 8);
	return count * 8;
}

size_t
emotp_get_times(struct emotp_reader *r, int64_t *at, size_t max)
{
	const struct emotp_value *value = next(r, EMOTP_BLOB);
	const unsigned char *in = value->data;

	if (!r->ok || value->len % 8 != 0 || value->len / 8 > max) {
		r->ok = false;
		return 0;
	}
	for (size_t i = 0; i < value->len / 8; i++)
		at[i] = emotp_take_integer(&in, 8);
	return value->len / 8;
}

enum emotp_err
emotp_complain(struct emotp_store *store, enum emotp_err err, const char *what)
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
enum emotp_err
emotp_write_one(struct emotp_store *store, const char *sql,
    const struct emotp_value *args, size_t count)
{
	const struct emotp_statement stmt = {
	    .sql = sql, .args = args, .count = count};
	int64_t changes = 0;
	enum emotp_err err = run(store, &stmt, &changes, NULL);

	if (err == EMOTP_OK && changes != 1)
		err = emotp_complain(
		    store, EMOTP_ERR_STORE, "the row is not as it was read");
	return err;
}

enum emotp_err
emotp_write_later(struct emotp_store *store, const char *sql,
    const struct emotp_value *args, size_t count)
{
	const struct emotp_statement stmt = {
	    .sql = sql, .args = args, .count = count, .later = true};

	return store->backend->pipelines ?
	    run(store, &stmt, NULL, NULL) :
	    emotp_write_one(store, sql, args, count);
}

/* A write of any number of rows. */
enum emotp_err
emotp_write_any(struct emotp_store *store, const char *sql,
    const struct emotp_value *args, size_t count, int64_t *ret_id)
{
	const struct emotp_statement stmt = {
	    .sql = sql, .args = args, .count = count};

	return run(store, &stmt, NULL, ret_id);
}

enum emotp_err
emotp_read_rows(struct emotp_store *store, const char *sql,
    const struct emotp_value *args, size_t count, const struct emotp_rows *rows)
{
	const struct emotp_statement stmt = {
	    .sql = sql, .args = args, .count = count, .rows = rows};

	return run(store, &stmt, NULL, NULL);
}

enum emotp_err
emotp_read_locked(struct emotp_store *store, const char *sql,
    const struct emotp_value *args, size_t count, const struct emotp_rows *rows)
{
	const struct emotp_statement stmt = {
	    .sql = sql,
	    .args = args,
	    .count = count,
	    .rows = rows,
	    .locks = true,
	};

	return run(store, &stmt, NULL, NULL);
}

enum emotp_err
emotp_read_many(
    struct emotp_store *store, const char *sql, const struct emotp_rows *rows)
{
	const struct emotp_statement stmt = {
	    .sql = sql, .rows = rows, .many = true};

	return run(store, &stmt, NULL, NULL);
}

enum emotp_err
emotp_read_later(struct emotp_store *store, const char *sql,
    const struct emotp_value *arg, const struct emotp_rows *rows, bool locked)
{
	const struct emotp_statement stmt = {
	    .sql = sql,
	    .args = arg,
	    .count = 1,
	    .rows = rows,
	    .locks = locked,
	    .later = true,
	};

	return run(store, &stmt, NULL, NULL);
}
