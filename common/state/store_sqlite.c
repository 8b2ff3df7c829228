#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../config.h"
#include "store.h"
#include "store_files.h"
#include "store_sqlite.h"

#define WAIT_MAX_MS    5000
#define STATEMENTS_MAX 64 /* of different texts in one process */

/* Of pages of random places, that else are written again and again. */
#define BULK_CACHE "PRAGMA cache_size=-65536;" /* KiB */

/* [0] makes version 1 of the schema; [n] leads from version n to n + 1. */
static const char *const schema[] = {
#include "store_sqlite.sql.h"
    ,
#include "store_sqlite_2.sql.h"
    ,
#include "store_sqlite_3.sql.h"
};

#define SCHEMA_VERSIONS (sizeof(schema) / sizeof(schema[0]))

struct prepared {
	const char *sql; /* known by its address: all are constants */
	sqlite3_stmt *stmt;
};

struct sqlite_store {
	struct emotp_sqlite_vfs vfs;
	sqlite3 *db;
	struct prepared statements[STATEMENTS_MAX];
	int waited_ms; /* for locks, since the last transaction */
	struct emotp_sqlite_wal wal;
	struct emotp_why why;
};

/* Records and translates what SQLite says. */
static enum emotp_err
failed(struct sqlite_store *s, int rc)
{
	enum emotp_err err = EMOTP_ERR_STORE;

	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		err = EMOTP_ERR_BUSY;
		break;
	case SQLITE_NOMEM:
		err = EMOTP_ERR_MEMORY;
		break;
	case SQLITE_CONSTRAINT:
		if (rc == SQLITE_CONSTRAINT_UNIQUE ||
		    rc == SQLITE_CONSTRAINT_PRIMARYKEY)
			err = EMOTP_ERR_EXISTS;
		break;
	default:
		break;
	}
	return emotp_fail(&s->why, err, "%s",
	    s->db == NULL ? sqlite3_errstr(rc) : sqlite3_errmsg(s->db));
}

/*
 * Short sleeps, since a login holds the lock for a millisecond; bounded in
 * all, since a login must not hang. Counts instead of reading a clock.
 */
static int
wait_for_lock(void *arg, int tries)
{
	struct sqlite_store *s = arg;
	int ms = tries < 20 ? 1 : tries < 100 ? 5 : 20;

	if (s->waited_ms + ms > WAIT_MAX_MS)
		return 0;
	s->waited_ms += sqlite3_sleep(ms);
	return 1;
}

static int
pragmas(sqlite3 *db)
{
	return sqlite3_exec(db,
	    "PRAGMA cell_size_check=ON;"
	    "PRAGMA temp_store=MEMORY;"
	    "PRAGMA synchronous=FULL;",
	    NULL, NULL, NULL);
}

/*
 * The last one to close would checkpoint and delete the WAL, at the price
 * of four syncs for each login; instead it stays, and commit() starts it over
 * once it has grown.
 */
static enum emotp_err
configure(struct sqlite_store *s)
{
	int rc;

	(void)sqlite3_extended_result_codes(s->db, 1);
	(void)sqlite3_busy_handler(s->db, wait_for_lock, s);
	(void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	(void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
	(void)sqlite3_db_config(
	    s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	emotp_sqlite_wal_watch(&s->wal, s->db);
	rc = pragmas(s->db);
	return rc == SQLITE_OK ? EMOTP_OK : failed(s, rc);
}

static void
sqlite_keep(void *db)
{
	struct sqlite_store *s = db;

	s->wal.kept = true;
	(void)sqlite3_exec(s->db, "PRAGMA cache_size=-16384", NULL, NULL, NULL);
}

static bool
sqlite_untidy(void *db)
{
	struct sqlite_store *s = db;

	return emotp_sqlite_wal_untidy(&s->wal);
}

static void
sqlite_tidy(void *db)
{
	struct sqlite_store *s = db;

	emotp_sqlite_wal_tidy(s->db);
}

static void
sqlite_close(void *db)
{
	struct sqlite_store *s = db;

	emotp_sqlite_wal_leave(&s->wal, s->db);
	for (size_t i = 0; i < STATEMENTS_MAX; i++)
		(void)sqlite3_finalize(s->statements[i].stmt);
	(void)sqlite3_close(s->db);
	free(s);
}

/* Opens a file that was found trustworthy. */
static enum emotp_err
open_file(const char *path, struct sqlite_store **ret, struct emotp_why *why)
{
	struct sqlite_store *s = calloc(1, sizeof(*s));
	enum emotp_err err;
	int rc;

	if (s == NULL)
		return emotp_fail(why, EMOTP_ERR_MEMORY, "out of memory");
	rc = emotp_sqlite_vfs_open(&s->vfs, path, &s->db);
	err = rc == SQLITE_OK ? configure(s) : failed(s, rc);
	if (err == EMOTP_OK) {
		*ret = s;
		return EMOTP_OK;
	}
	(void)emotp_fail(why, err, "%s: %s", path, s->why.text);
	sqlite_close(s);
	return err;
}

static int
note_wal(void *arg, int count, char **values, char **names)
{
	bool *wal = arg;

	(void)names;
	*wal = count == 1 && values[0] != NULL && strcmp(values[0], "wal") == 0;
	return 0;
}

/*
 * A copy made by some tools has a rollback journal instead, which may come
 * back after a crash and take an acceptance back with it.
 */
static enum emotp_err
check_wal(struct sqlite_store *s, const char *path, struct emotp_why *why)
{
	bool wal = false;
	int rc =
	    sqlite3_exec(s->db, "PRAGMA journal_mode", note_wal, &wal, NULL);
	enum emotp_err err = rc == SQLITE_OK ? EMOTP_OK : failed(s, rc);

	if (err != EMOTP_OK)
		return emotp_fail(why, err, "%s: %s", path, s->why.text);
	return wal ? EMOTP_OK :
		     emotp_fail(why, EMOTP_ERR_STORE,
			 "%s: not in WAL mode: is it a copy?", path);
}

static enum emotp_err
sqlite_open(const char *path, void **ret, struct emotp_why *why)
{
	struct sqlite_store *s = NULL;
	enum emotp_err err = emotp_store_files_check(path, why);

	if (err == EMOTP_OK)
		err = open_file(path, &s, why);
	if (err != EMOTP_OK)
		return err;
	err = check_wal(s, path, why);
	if (err == EMOTP_OK)
		*ret = s;
	else
		sqlite_close(s);
	return err;
}

static enum emotp_err
sqlite_exec(struct sqlite_store *s, const char *sql)
{
	int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? EMOTP_OK : failed(s, rc);
}

static enum emotp_err
sqlite_begin(void *db, enum emotp_begin kind)
{
	static const char *const sql[] = {
	    [EMOTP_BEGIN_READ] = "BEGIN",
	    [EMOTP_BEGIN_WRITE] = "BEGIN IMMEDIATE",
	    [EMOTP_BEGIN_BULK] = BULK_CACHE "BEGIN IMMEDIATE",
	    [EMOTP_BEGIN_ALONE] = "BEGIN IMMEDIATE",
	};

	return sqlite_exec(db, sql[kind]);
}

/*
 * What is committed is durable already, so a checkpoint that fails (another
 * process reads, the disk is full) is tried again after the next commit.
 */
static enum emotp_err
sqlite_commit(void *db)
{
	struct sqlite_store *s = db;
	enum emotp_err err = sqlite_exec(s, "COMMIT");

	if (err == EMOTP_OK)
		s->waited_ms = 0;
	if (err == EMOTP_OK && emotp_sqlite_wal_due(&s->wal)) {
		(void)sqlite3_busy_handler(s->db, NULL, NULL);
		emotp_sqlite_wal_start_over(&s->wal, s->db);
		(void)sqlite3_busy_handler(s->db, wait_for_lock, s);
	}
	return err;
}

static void
sqlite_rollback(void *db)
{
	struct sqlite_store *s = db;

	s->waited_ms = 0;
	if (sqlite3_get_autocommit(s->db) == 0)
		(void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}

static enum emotp_err
take_row(sqlite3_stmt *stmt, const struct emotp_rows *rows)
{
	struct emotp_value columns[EMOTP_COLUMNS_MAX] = {{0}};
	int count = sqlite3_column_count(stmt);

	for (int i = 0; i < count && i < EMOTP_COLUMNS_MAX; i++)
		columns[i] = emotp_sqlite_column(stmt, i);
	return rows->take(rows->arg, columns);
}

static enum emotp_err
step_through(
    struct sqlite_store *s, sqlite3_stmt *stmt, const struct emotp_rows *rows)
{
	enum emotp_err err = EMOTP_OK;
	int rc;

	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW && err == EMOTP_OK)
		if (rows != NULL)
			err = take_row(stmt, rows);
	if (err != EMOTP_OK)
		return emotp_fail(&s->why, err, "a row is damaged");
	return rc == SQLITE_DONE ? EMOTP_OK : failed(s, rc);
}

/* Prepared once: an import runs the same few statements a million times. */
static int
prepare(struct sqlite_store *s, const char *sql, sqlite3_stmt **ret)
{
	struct prepared *p = s->statements;
	int rc = SQLITE_OK;

	while (p->sql != NULL && p->sql != sql)
		if (++p == s->statements + STATEMENTS_MAX)
			return SQLITE_FULL;
	p->sql = sql;
	if (p->stmt == NULL)
		rc = sqlite3_prepare_v2(s->db, sql, -1, &p->stmt, NULL);
	*ret = p->stmt;
	return rc;
}

/* The arguments are the caller's, and secrets among them. */
static void
release(sqlite3_stmt *stmt)
{
	if (stmt == NULL)
		return;
	(void)sqlite3_reset(stmt);
	(void)sqlite3_clear_bindings(stmt);
}

static enum emotp_err
sqlite_run(void *db, const struct emotp_statement *what, int64_t *ret_changes,
    int64_t *ret_id)
{
	struct sqlite_store *s = db;
	sqlite3_stmt *stmt = NULL;
	enum emotp_err err = EMOTP_OK;
	int rc = prepare(s, what->sql, &stmt);

	for (size_t i = 0; i < what->count && rc == SQLITE_OK; i++)
		rc = emotp_sqlite_bind(stmt, (int)i + 1, &what->args[i]);
	if (rc != SQLITE_OK)
		err = failed(s, rc);
	if (err == EMOTP_OK)
		err = step_through(s, stmt, what->rows);
	release(stmt);
	if (err == EMOTP_OK && ret_changes != NULL)
		*ret_changes = sqlite3_changes64(s->db);
	if (err == EMOTP_OK && ret_id != NULL)
		*ret_id = sqlite3_last_insert_rowid(s->db);
	return err;
}

static enum emotp_err
sqlite_upgrade(void *db, int64_t version)
{
	return version >= 1 && version < (int64_t)SCHEMA_VERSIONS ?
	    sqlite_exec(db, schema[version]) :
	    EMOTP_ERR_STORE;
}

static const char *
sqlite_why(const void *db)
{
	const struct sqlite_store *s = db;

	return s->why.text;
}

/* ---- making a store ---- */

/* The schema and the first row, in WAL mode, all of it in the file itself. */
static enum emotp_err
fill(struct sqlite_store *s, const struct emotp_statement *first)
{
	enum emotp_err err = sqlite_exec(s, "PRAGMA journal_mode=WAL");

	if (err == EMOTP_OK)
		err = sqlite_begin(s, EMOTP_BEGIN_WRITE);
	for (size_t i = 0; i < SCHEMA_VERSIONS && err == EMOTP_OK; i++)
		err = sqlite_exec(s, schema[i]);
	if (err == EMOTP_OK)
		err = sqlite_run(s, first, NULL, NULL);
	if (err == EMOTP_OK)
		err = sqlite_commit(s);
	if (err == EMOTP_OK)
		err = sqlite_exec(s, "PRAGMA wal_checkpoint(TRUNCATE)");
	(void)sqlite3_db_config(
	    s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
	return err;
}

static enum emotp_err
fill_file(const char *aside, const struct emotp_statement *first,
    struct emotp_why *why)
{
	struct sqlite_store *s = NULL;
	enum emotp_err err = open_file(aside, &s, why);

	if (err != EMOTP_OK)
		return err;
	err = fill(s, first);
	if (err != EMOTP_OK)
		(void)emotp_fail(why, err, "%s: %s", aside, s->why.text);
	sqlite_close(s);
	return err;
}

/* Built aside, so that a store that is there is complete. */
static enum emotp_err
sqlite_create(const char *path, const struct emotp_statement *first,
    struct emotp_why *why)
{
	char aside[EMOTP_CONFIG_VALUE + 8];
	int lock;
	enum emotp_err err =
	    emotp_store_files_prepare(path, aside, sizeof(aside), &lock, why);

	if (err == EMOTP_OK)
		err = fill_file(aside, first, why);
	if (err == EMOTP_OK)
		err = emotp_store_files_publish(aside, path, lock, why);
	if (lock >= 0) {
		emotp_store_files_remove(aside);
		(void)close(lock);
	}
	return err;
}

/* AUTOINCREMENT goes by this table, which has no key: a row is replaced. */
static const char last_id[] =
    "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = ?1";
static const char reserve[] =
    "INSERT OR REPLACE INTO sqlite_sequence (rowid, name, seq) "
    "SELECT max(rowid), ?1, max(?2, coalesce(max(seq), 0)) "
    "FROM sqlite_sequence WHERE name = ?1";

const struct emotp_backend emotp_store_sqlite = {
    .scheme = "sqlite:",
    .create = sqlite_create,
    .open = sqlite_open,
    .close = sqlite_close,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .run = sqlite_run,
    .upgrade = sqlite_upgrade,
    .last_id = last_id,
    .reserve = reserve,
    .keep = sqlite_keep,
    .untidy = sqlite_untidy,
    .tidy = sqlite_tidy,
    .why = sqlite_why,
};
