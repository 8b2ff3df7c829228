/*
 * What the store's files share: arguments in, columns out, statements run.
 */
#ifndef EMOTP_STORE_ROWS_H
#define EMOTP_STORE_ROWS_H

#include "store.h"
#include "store_backend.h"

struct emotp_store {
	const struct emotp_backend *backend;
	void *db;
	struct emotp_why why; /* of a finding that is not the backend's */
	bool own_why;

	/* What it was opened for, and over which connection it was found. */
	unsigned char check[EMOTP_KEY_CHECK];
	uint64_t connection; /* 0: nothing to find again */
};

/*
 * What open and create do, in parts, for a copy: its destination has a meta
 * row, but for as long as it is not complete no version of the schema. What
 * is there instead is below 1, and so no store to any emotp.
 */
#define EMOTP_SCHEMA_VERSION 3

struct emotp_meta {
	int64_t schema;
	unsigned char check[EMOTP_KEY_CHECK];
};

/* emotp_store_create() with this schema in the meta row. */
enum emotp_err emotp_store_create_as(
    const struct emotp_backend *const *backends, const char *uri,
    const struct emotp_key *key, int64_t schema, struct emotp_why *why);

/* emotp_store_open() of whatever is there. */
enum emotp_err emotp_store_connect(const struct emotp_backend *const *backends,
    const char *uri, struct emotp_store **ret, struct emotp_why *why);

/* EMOTP_ERR_STORE unless there is such a row, EMOTP_ERR_KEY for another key. */
enum emotp_err emotp_meta_read(struct emotp_store *store,
    const unsigned char check[static EMOTP_KEY_CHECK], struct emotp_meta *ret);

/* emotp_store_begin() and its like, of any kind. */
enum emotp_err emotp_begin_as(struct emotp_store *store, enum emotp_begin kind);

#define EMOTP_LEN(array) (sizeof(array) / sizeof((array)[0]))

/* Arguments; what they point to is borrowed. */
struct emotp_value emotp_arg_integer(int64_t i);
struct emotp_value emotp_arg_text(const char *s);
struct emotp_value emotp_arg_blob(const void *p, size_t len);

/*
 * Reads columns one after the other. ok turns false, and stays it, on the
 * first one of another type, size or range; what is returned is then
 * harmless.
 */
struct emotp_reader {
	const struct emotp_value *at;
	bool ok;
};

int64_t emotp_get_integer(struct emotp_reader *r);
int emotp_get_int(struct emotp_reader *r, int min, int max);
void emotp_get_text(struct emotp_reader *r, char *out, size_t size);
size_t emotp_get_blob(struct emotp_reader *r, void *out, size_t size);
void emotp_get_exactly(struct emotp_reader *r, void *out, size_t len);

/* Within a blob: big-endian, in two's complement. Both move on. */
unsigned char *emotp_put_integer(
    unsigned char *out, int64_t value, size_t bytes);
int64_t emotp_take_integer(const unsigned char **in, size_t bytes);

/* Times, eight bytes each; out holds count * 8. Both return a length. */
size_t emotp_pack_times(const int64_t *at, size_t count, unsigned char *out);
size_t emotp_get_times(struct emotp_reader *r, int64_t *at, size_t max);

/* A write that must meet exactly one row, or EMOTP_ERR_STORE. */
enum emotp_err emotp_write_one(struct emotp_store *store, const char *sql,
    const struct emotp_value *args, size_t count);

/*
 * The same of what a judgement writes, of which there is much: an error may
 * come out with a later call, by emotp_store_commit at the latest.
 */
enum emotp_err emotp_write_later(struct emotp_store *store, const char *sql,
    const struct emotp_value *args, size_t count);

/* A write of any number of rows. ret_id, of an insert, may be NULL. */
enum emotp_err emotp_write_any(struct emotp_store *store, const char *sql,
    const struct emotp_value *args, size_t count, int64_t *ret_id);

enum emotp_err emotp_read_rows(struct emotp_store *store, const char *sql,
    const struct emotp_value *args, size_t count,
    const struct emotp_rows *rows);

/*
 * The same; in a transaction that writes, the rows stay locked until it ends.
 * A SELECT of one table to which FOR UPDATE can be added.
 */
enum emotp_err emotp_read_locked(struct emotp_store *store, const char *sql,
    const struct emotp_value *args, size_t count,
    const struct emotp_rows *rows);

/* The same for everybody: rows are handed on as they come. */
enum emotp_err emotp_read_many(
    struct emotp_store *store, const char *sql, const struct emotp_rows *rows);

/*
 * Either of these two, but the rows may be taken by a later call, by
 * emotp_store_settle at the latest: rows->arg is borrowed till then.
 */
enum emotp_err emotp_read_later(struct emotp_store *store, const char *sql,
    const struct emotp_value *arg, const struct emotp_rows *rows, bool locked);

/* The part of emotp_store_subject that reads the tokens; key is the name's. */
enum emotp_err emotp_subject_tokens(struct emotp_store *store,
    const struct emotp_value *key, struct emotp_subject *ret);

/* Records what for emotp_store_why and returns err. */
enum emotp_err emotp_complain(
    struct emotp_store *store, enum emotp_err err, const char *what);

#endif
