/* A store with something in every table and column, and copies of it. */
#ifndef EMOTP_COPYING_H
#define EMOTP_COPYING_H

#include <sqlite3.h>

#include "storing.h"

#include "../../common/state/store_backend.h"
#include "../../common/state/store_copy.h"

static const char everything[] =
    "UPDATE meta SET unknown_at = 77;"
    "INSERT INTO users VALUES (7, 'Alice', 'alice', 'A@x', 'a@x', 'pt', 2, 1,"
    " 5, 3, x'0000000000000009', 4, x'0000000000000008', 11, 12, 2,"
    " zeroblob(18));"
    "INSERT INTO users VALUES (9, 'bob', 'bob', '', NULL, 'en', 4, 0, 1, 0,"
    " x'', 0, x'', 0, 0, 0, x'');"
    "INSERT INTO tokens VALUES (7, 2, 'ab12', 'phone', 2, 8, 30, x'0102', 1,"
    " 30, -3, 31, 32, 33, 34, 6);"
    "INSERT INTO tokens VALUES (7, 4, 'cd34', '', 1, 6, 60, x'03', 0, -1, 0,"
    " -1, 0, 35, 0, 0);"
    "INSERT INTO codes VALUES (5, 7, 2, 41, randomblob(16), randomblob(32));"
    "INSERT INTO codes VALUES (8, 9, 1, 42, randomblob(16), randomblob(32));"
    "INSERT INTO intents VALUES (3, 7, 2, 4, 'phone', 'here', 51, 52);"
    "INSERT INTO recovery VALUES (7, 1, 2, 61, randomblob(16),"
    " randomblob(32));"
    "INSERT INTO recovery VALUES (7, 2, 1, 0, randomblob(16),"
    " randomblob(32));"
    "INSERT INTO hosts VALUES (6, 'Web', 'web', randomblob(32), 'a*', 71,"
    " x'0000000000000007');"
    /* Ids that were given once, to rows that are gone. */
    "INSERT INTO codes VALUES (20, 7, 3, 0, x'', x'');"
    "DELETE FROM codes WHERE id = 20;"
    "INSERT INTO intents VALUES (30, 7, 1, 0, '', '', 0, 0);"
    "DELETE FROM intents WHERE id = 30;";

#define ROWS 10

static inline sqlite3 *
raw(const char *file)
{
	sqlite3 *db;

	assert_int_equal(
	    sqlite3_open_v2(file, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	return db;
}

static inline void
execute(const char *file, const char *sql)
{
	sqlite3 *db = raw(file);
	char *message = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s", message);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* A number that sql, in the manner of printf, asks for. */
__attribute__((format(printf, 2, 3))) static inline int64_t
ask(sqlite3 *db, const char *sql, ...)
{
	sqlite3_stmt *stmt;
	char text[512];
	int64_t number;
	va_list ap;

	va_start(ap, sql);
	(void)vsnprintf(text, sizeof(text), sql, ap);
	va_end(ap);
	if (sqlite3_prepare_v2(db, text, -1, &stmt, NULL) != SQLITE_OK ||
	    sqlite3_step(stmt) != SQLITE_ROW)
		fail_msg("%s: %s", text, sqlite3_errmsg(db));
	number = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_finalize(stmt);
	return number;
}

struct places {
	struct place *from;
	struct place *to; /* with no store yet */
};

static inline int
places_setup(void **state)
{
	struct places *two = calloc(1, sizeof(*two));
	void *from, *to;

	if (two == NULL || place_setup(&from) != 0 || place_setup(&to) != 0)
		return -1;
	*two = (struct places){from, to};
	emotp_store_close(two->to->store);
	two->to->store = NULL;
	assert_int_equal(remove(two->to->file), 0);
	execute(two->from->file, everything);
	*state = two;
	return 0;
}

static inline int
places_teardown(void **state)
{
	struct places *two = *state;
	void *from = two->from, *to = two->to;

	free(two);
	return place_teardown(&from) + place_teardown(&to);
}

/* ---- copying ---- */

struct seen {
	uint64_t total, ticked;
	int ticks, last_tick; /* the process ends at this one, if it is not 0 */
};

static inline void
begin(void *arg, uint64_t rows)
{
	struct seen *seen = arg;

	seen->total = rows;
}

static inline void
tick(void *arg, uint64_t rows)
{
	struct seen *seen = arg;

	seen->ticked += rows;
	if (++seen->ticks == seen->last_tick)
		_exit(0);
}

static inline enum emotp_err
copy_by(const struct emotp_backend *const *backends, const struct places *two,
    struct seen *seen, struct emotp_why *why)
{
	const struct emotp_copy_job job = {
	    .backends = backends,
	    .key = &two->from->key,
	    .from = two->from->store,
	    .to = two->to->uri,
	    .begin = begin,
	    .tick = tick,
	    .arg = seen,
	};
	struct emotp_copied copied = {{0}};
	enum emotp_err err = emotp_store_copy(&job, &copied, why);
	uint64_t rows = 0;

	for (size_t i = 0; i < EMOTP_COPIED_TABLES; i++)
		rows += copied.rows[i];
	assert_int_equal(rows, err == EMOTP_OK ? seen->total : 0);
	if (err != EMOTP_OK && why != NULL)
		assert_true(why->text[0] != '\0');
	return err;
}

static inline enum emotp_err
copy(const struct places *two)
{
	struct seen seen = {0};
	struct emotp_why why = {""};
	enum emotp_err err = copy_by(storing_backends, two, &seen, &why);

	if (err == EMOTP_OK)
		assert_int_equal(seen.ticked, seen.total);
	else
		print_message("%s\n", why.text);
	return err;
}

static inline enum emotp_err
open_destination(const struct places *two)
{
	struct emotp_store *store = NULL;
	enum emotp_err err = emotp_store_open(
	    storing_backends, two->to->uri, &two->from->key, &store, NULL);

	emotp_store_close(store);
	return err;
}

/*
 * By the schema and not by a list: an empty table, or a column with nothing
 * but what a row has by default, would prove nothing, and so fails.
 */
static inline void
check_filled(sqlite3 *db, const char *table)
{
	sqlite3_stmt *stmt;
	char sql[128];
	int columns = 0;

	(void)snprintf(sql, sizeof(sql),
	    "SELECT name FROM pragma_table_info('%s')", table);
	assert_int_equal(
	    sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	for (; sqlite3_step(stmt) == SQLITE_ROW; columns++) {
		const char *name = (const char *)sqlite3_column_text(stmt, 0);

		CHECK(name,
		    ask(db,
			"SELECT count(*) FROM main.%s WHERE length(%s) > 0 AND"
			" %s <> 0 AND CAST(%s AS TEXT) IS NOT (SELECT"
			" dflt_value FROM pragma_table_info('%s')"
			" WHERE name = '%s')",
			table, name, name, name, table, name) > 0);
	}
	(void)sqlite3_finalize(stmt);
	CHECK(table, columns >= 4);
}

static inline void
compare_table(sqlite3 *db, const char *table)
{
	int64_t rows = ask(db, "SELECT count(*) FROM main.%s", table);

	CHECK_INT(table, ask(db, "SELECT count(*) FROM other.%s", table), rows);
	CHECK_INT(table,
	    ask(db,
		"SELECT count(*) FROM (SELECT * FROM main.%s INTERSECT"
		" SELECT * FROM other.%s)",
		table, table),
	    rows);
}

/* Every row, but for the claim of an intent, which is given up. */
static inline void
is_equal(const struct places *two)
{
	sqlite3 *db = raw(two->from->file);
	sqlite3_stmt *stmt;
	char sql[UNIT_PATH + 96];
	int tables = 0;

	(void)snprintf(sql, sizeof(sql), "ATTACH '%s' AS other", two->to->file);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(
	    sqlite3_prepare_v2(db,
		"SELECT name FROM main.sqlite_schema WHERE type = 'table'"
		" AND name NOT LIKE 'sqlite_%'",
		-1, &stmt, NULL),
	    SQLITE_OK);
	for (; sqlite3_step(stmt) == SQLITE_ROW; tables++) {
		const char *table = (const char *)sqlite3_column_text(stmt, 0);

		check_filled(db, table);
		assert_int_equal(
		    sqlite3_exec(db,
			"SAVEPOINT s; UPDATE main.intents SET claimed_at = 0",
			NULL, NULL, NULL),
		    SQLITE_OK);
		compare_table(db, table);
		assert_int_equal(sqlite3_exec(db, "ROLLBACK TO s; RELEASE s",
				     NULL, NULL, NULL),
		    SQLITE_OK);
	}
	(void)sqlite3_finalize(stmt);
	assert_true(tables >= 7);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static inline void
remove_store(const struct place *p)
{
	static const char *const ends[] = {"", "-wal", "-shm"};
	char name[UNIT_PATH + 16];

	for (size_t i = 0; i < LEN(ends); i++) {
		(void)snprintf(name, sizeof(name), "%s%s", p->file, ends[i]);
		(void)remove(name);
	}
}

#define copy_test(name) \
	cmocka_unit_test_setup_teardown(name, places_setup, places_teardown)

#endif
