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
};

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

/* Only that, and nothing where the transaction has all rows locked. */
enum emotp_err emotp_lock_rows(struct emotp_store *store, const char *sql,
    const struct emotp_value *args, size_t count);

/* Records what for emotp_store_why and returns err. */
enum emotp_err emotp_complain(
    struct emotp_store *store, enum emotp_err err, const char *what);

#endif
