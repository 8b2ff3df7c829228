/*
 * What a database must be able to do for store.c. Statements are SQL that
 * every backend understands, with parameters ?1, ?2, ...
 */
#ifndef EMOTP_STORE_BACKEND_H
#define EMOTP_STORE_BACKEND_H

#include "../err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A parameter or a column. data is borrowed: valid during the call. */
struct emotp_value {
	enum emotp_value_type {
		EMOTP_NULL,
		EMOTP_INTEGER,
		EMOTP_TEXT,
		EMOTP_BLOB,
	} type;
	int64_t integer;
	const void *data; /* a NUL follows a text */
	size_t len;
};

#define EMOTP_COLUMNS_MAX 20

/* Takes one row; an error ends the statement and is returned. */
struct emotp_rows {
	enum emotp_err (*take)(void *arg, const struct emotp_value *columns);
	void *arg;
};

struct emotp_statement {
	const char *sql;
	const struct emotp_value *args;
	size_t count;
	const struct emotp_rows *rows; /* NULL: rows are not wanted */
	bool locks; /* a SELECT: its rows stay as they are until the end */
	bool many;  /* there may be more rows than memory should hold */
	bool later; /* see pipelines; of this, rows->arg alone has to stay */
};

enum emotp_begin {
	EMOTP_BEGIN_READ,
	EMOTP_BEGIN_WRITE,

	/* As for writing, and for so much that memory is worth spending. */
	EMOTP_BEGIN_BULK,

	/*
	 * As for writing, and nobody else writes anything in the store until
	 * it ends; every read in it sees the same state.
	 */
	EMOTP_BEGIN_ALONE,
};

struct emotp_backend {
	const char *scheme; /* "sqlite:" */

	/*
	 * Whether several transactions write at a time, each locking the rows
	 * that it read for that; else EMOTP_BEGIN_WRITE locks everything.
	 */
	bool locks_rows;

	/*
	 * Whether what is marked "later", and asks for nothing, may go out
	 * without its result being awaited. Any error of it is then returned
	 * by a later call in the transaction, by settle at the latest, which
	 * commit begins with, and rows are taken there; for a write it is an
	 * error not to have met exactly one row. rollback takes no rows.
	 */
	bool pipelines;
	enum emotp_err (*settle)(void *db); /* NULL without pipelines */

	/*
	 * place is what follows the scheme. create makes the schema, of the
	 * latest version, and runs first, all of it or nothing;
	 * EMOTP_ERR_EXISTS if there is a store.
	 */
	enum emotp_err (*create)(const char *place,
	    const struct emotp_statement *first, struct emotp_why *why);
	enum emotp_err (*open)(
	    const char *place, void **ret, struct emotp_why *why);
	void (*close)(void *db);
	enum emotp_err (*begin)(void *db, enum emotp_begin kind);

	/*
	 * The number, from 1, of the connection that the last begin is on;
	 * NULL where it cannot be another one.
	 */
	uint64_t (*connection)(const void *db);
	enum emotp_err (*commit)(void *db);
	void (*rollback)(void *db);

	/*
	 * Runs one statement. *ret_changes, if asked for, counts the rows
	 * written, *ret_id is the id that an insert was given.
	 * EMOTP_ERR_EXISTS if a uniqueness rule refuses it,
	 * EMOTP_ERR_CONFLICT if the whole transaction, ended by that, may be
	 * tried again; so too for commit.
	 */
	enum emotp_err (*run)(void *db, const struct emotp_statement *stmt,
	    int64_t *ret_changes, int64_t *ret_id);

	/*
	 * Runs, inside a transaction, what leads from version of the schema
	 * to the next.
	 */
	enum emotp_err (*upgrade)(void *db, int64_t version);

	/* See emotp_store_keep; NULL: there is nothing to it. */
	void (*keep)(void *db);
	bool (*untidy)(void *db);
	void (*tidy)(void *db);

	/*
	 * Two statements for run, about the ids that inserts into the table
	 * named ?1 are given. last_id reads one integer: the highest that was
	 * ever given, though its row may be gone, or 0 where nothing tells.
	 * After reserve they are above ?2, and no lower than without it.
	 */
	const char *last_id;
	const char *reserve;

	/* Why the last call failed. */
	const char *(*why)(const void *db);
};

#endif
