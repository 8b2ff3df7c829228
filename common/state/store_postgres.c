#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"
#include "store_postgres.h"

#define SCHEME   "postgresql:"
#define BEGIN    "BEGIN ISOLATION LEVEL"
#define SQL_MAX  1024
#define NAME_MAX 8 /* of a prepared statement */

/* Of pg_type.h: every column has one of these. */
#define INT8_OID  20
#define TEXT_OID  25
#define BYTEA_OID 17

/* Of the version that store.c knows. */
static const char schema[] =
#include "store_postgres.sql.h"
    ;

/* ---- connections ---- */

static void
postgres_close(void *db)
{
	struct emotp_pg *pg = db;

	PQfinish(pg->conn);
	free(pg);
}

static enum emotp_err
connect_to(const char *place, struct emotp_pg **ret, struct emotp_why *why)
{
	struct emotp_pg *pg = calloc(1, sizeof(*pg));
	char *uri = NULL;
	enum emotp_err err = EMOTP_ERR_MEMORY;

	if (pg == NULL || asprintf(&uri, SCHEME "%s", place) < 0) {
		free(pg);
		return emotp_fail(why, err, "out of memory");
	}
	err = emotp_pg_connect(pg, uri);
	free(uri);
	if (err == EMOTP_OK) {
		*ret = pg;
		return EMOTP_OK;
	}
	(void)emotp_fail(why, err, "store: %s", pg->why.text);
	postgres_close(pg);
	return err;
}

static enum emotp_err
postgres_open(const char *place, void **ret, struct emotp_why *why)
{
	struct emotp_pg *pg = NULL;
	enum emotp_err err = connect_to(place, &pg, why);

	if (err == EMOTP_OK)
		*ret = pg;
	return err;
}

/* ---- transactions ---- */

static enum emotp_err
send_sql(struct emotp_pg *pg, const char *sql, const char *tag)
{
	return emotp_pg_sent(pg,
	    PQsendQueryParams(pg->conn, sql, 0, NULL, NULL, NULL, NULL, 1),
	    (struct emotp_pg_due){.tag = tag});
}

/*
 * Nothing was asked yet, so a connection that was lost meanwhile (the server
 * was restarted, another one is the primary now) is no harm. BEGIN goes out
 * with the first statement.
 */
static enum emotp_err
postgres_begin(void *db, enum emotp_begin kind)
{
	static const char *const sql[] = {
	    [EMOTP_BEGIN_READ] = BEGIN " REPEATABLE READ READ ONLY",
	    [EMOTP_BEGIN_WRITE] = BEGIN " READ COMMITTED READ WRITE",
	    [EMOTP_BEGIN_BULK] = BEGIN " READ COMMITTED READ WRITE",
	    [EMOTP_BEGIN_ALONE] = BEGIN " REPEATABLE READ READ WRITE",
	};
	struct emotp_pg *pg = db;
	enum emotp_err err = emotp_pg_revive(pg);

	pg->reading = kind == EMOTP_BEGIN_READ;
	if (err == EMOTP_OK)
		err = send_sql(pg, sql[kind], "BEGIN");
	if (err != EMOTP_OK || kind != EMOTP_BEGIN_ALONE)
		return err;
	/* The first of its snapshot, which is taken with the locks. */
	err = send_sql(pg,
	    "LOCK TABLE meta, users, tokens, codes, recovery, intents, hosts"
	    " IN EXCLUSIVE MODE",
	    "LOCK TABLE");
	return err == EMOTP_OK ? emotp_pg_settle(pg) : err;
}

static enum emotp_err
postgres_settle(void *db)
{
	struct emotp_pg *pg = db;

	return pg->owed > 0 || pg->lost ? emotp_pg_settle(pg) : EMOTP_OK;
}

/*
 * Only what was found to be well is committed. Where somebody cancels the
 * waiting for a synchronous standby the server says COMMIT all the same, and
 * warns that the standby, which may be the next primary, may not have it.
 */
static enum emotp_err
postgres_commit(void *db)
{
	struct emotp_pg *pg = db;
	enum emotp_err err = postgres_settle(pg);

	pg->warned = false;
	if (err == EMOTP_OK)
		err = send_sql(pg, "COMMIT", "COMMIT");
	if (err == EMOTP_OK)
		err = emotp_pg_settle(pg);
	return err == EMOTP_OK && pg->warned ? EMOTP_ERR_STORE : err;
}

static void
postgres_rollback(void *db)
{
	struct emotp_pg *pg = db;
	const struct emotp_why why = pg->why;

	emotp_pg_disown(pg);
	if (pg->owed > 0)
		(void)emotp_pg_settle(pg);
	if (!pg->lost && PQtransactionStatus(pg->conn) != PQTRANS_IDLE &&
	    (send_sql(pg, "ROLLBACK", "ROLLBACK") != EMOTP_OK ||
		emotp_pg_settle(pg) != EMOTP_OK))
		pg->lost = true;
	pg->why = why;
}

static uint64_t
postgres_connection(const void *db)
{
	const struct emotp_pg *pg = db;

	return pg->connection;
}

/* ---- statements ---- */

/* What a statement's parameters are to libpq. */
struct parameters {
	Oid types[EMOTP_COLUMNS_MAX];
	const char *values[EMOTP_COLUMNS_MAX];
	int lengths[EMOTP_COLUMNS_MAX];
	int formats[EMOTP_COLUMNS_MAX]; /* 1: binary */
	char numbers[EMOTP_COLUMNS_MAX][24];
};

static void
set_parameter(struct parameters *p, size_t i, const struct emotp_value *value)
{
	static const Oid types[] = {
	    [EMOTP_NULL] = TEXT_OID, /* the one kind that may be absent */
	    [EMOTP_INTEGER] = INT8_OID,
	    [EMOTP_TEXT] = TEXT_OID,
	    [EMOTP_BLOB] = BYTEA_OID,
	};

	p->types[i] = types[value->type];
	p->values[i] = value->data;
	/* What is empty need not be anywhere; NULL would be no value at all. */
	if (value->data == NULL && value->type != EMOTP_NULL)
		p->values[i] = "";
	p->lengths[i] = (int)value->len;
	p->formats[i] = value->type == EMOTP_BLOB;
	if (value->type != EMOTP_INTEGER)
		return;
	(void)snprintf(p->numbers[i], sizeof(p->numbers[i]), "%lld",
	    (long long)value->integer);
	p->values[i] = p->numbers[i];
}

/* PostgreSQL's way of writing what every backend understands. */
static bool
translate(const struct emotp_statement *what, bool locking, bool inserting,
    char sql[static SQL_MAX])
{
	int len = snprintf(sql, SQL_MAX, "%s%s%s", what->sql,
	    locking ? " FOR UPDATE" : "", inserting ? " RETURNING id" : "");

	for (char *at = sql; (at = strchr(at, '?')) != NULL;)
		*at = '$';
	return len > 0 && len < SQL_MAX;
}

/* Once for a connection; name is what the server knows it by. */
static enum emotp_err
prepare(struct emotp_pg *pg, const struct emotp_statement *what,
    const struct parameters *p, bool inserting, char name[static NAME_MAX])
{
	bool locking = what->locks && !pg->reading;
	char sql[SQL_MAX];
	enum emotp_err err;
	size_t i = 0;

	while (i < EMOTP_PG_STATEMENTS && pg->prepared[i].sql != NULL &&
	    (pg->prepared[i].sql != what->sql ||
		pg->prepared[i].locking != locking))
		i++;
	(void)snprintf(name, NAME_MAX, "e%zu", i);
	if (i < EMOTP_PG_STATEMENTS && pg->prepared[i].sql != NULL)
		return EMOTP_OK;
	if (i == EMOTP_PG_STATEMENTS ||
	    !translate(what, locking, inserting, sql))
		return emotp_fail(
		    &pg->why, EMOTP_ERR_STORE, "too many statements");
	err = emotp_pg_sent(pg,
	    PQsendPrepare(pg->conn, name, sql, (int)what->count, p->types),
	    (struct emotp_pg_due){.tag = NULL});
	if (err == EMOTP_OK)
		err = emotp_pg_settle(pg);
	if (err == EMOTP_OK) {
		pg->prepared[i].sql = what->sql;
		pg->prepared[i].locking = locking;
	}
	return err;
}

static int64_t
number_of(const char *bytes)
{
	uint64_t value = 0;

	for (size_t i = 0; i < 8; i++)
		value = value << 8 | (unsigned char)bytes[i];
	return (int64_t)value;
}

/* EMOTP_NULL for a type that no column has. */
static struct emotp_value
column(const PGresult *result, int row, int at)
{
	struct emotp_value value = {.type = EMOTP_NULL};

	if (PQgetisnull(result, row, at) == 1)
		return value;
	value.data = PQgetvalue(result, row, at);
	value.len = (size_t)PQgetlength(result, row, at);
	switch (PQftype(result, at)) {
	case INT8_OID:
		value.type = value.len == 8 ? EMOTP_INTEGER : EMOTP_NULL;
		value.integer = value.len == 8 ? number_of(value.data) : 0;
		break;
	case TEXT_OID:
		value.type = EMOTP_TEXT;
		break;
	case BYTEA_OID:
		value.type = EMOTP_BLOB;
		break;
	default:
		break;
	}
	return value;
}

static enum emotp_err
take_row(struct emotp_pg *pg, const PGresult *result, int row,
    const struct emotp_rows *rows)
{
	struct emotp_value columns[EMOTP_COLUMNS_MAX] = {{0}};
	int count = PQnfields(result);
	enum emotp_err err;

	for (int i = 0; i < count && i < EMOTP_COLUMNS_MAX; i++)
		columns[i] = column(result, row, i);
	err = rows->take(rows->arg, columns);
	return err == EMOTP_OK ? err :
				 emotp_fail(&pg->why, err, "a row is damaged");
}

static enum emotp_err
take(struct emotp_pg *pg, PGresult *result, const struct emotp_pg_due *due)
{
	int count = PQntuples(result);
	enum emotp_err err = EMOTP_OK;

	if (due->ret_changes != NULL)
		*due->ret_changes = strtoll(PQcmdTuples(result), NULL, 10);
	if (due->ret_id != NULL && count == 1)
		*due->ret_id = column(result, 0, 0).integer;
	for (int i = 0; i < count && err == EMOTP_OK && due->rows.take != NULL;
	     i++)
		err = take_row(pg, result, i, &due->rows);
	return err;
}

static enum emotp_err
send(struct emotp_pg *pg, const struct emotp_statement *what,
    const struct emotp_pg_due *due)
{
	struct parameters p;
	char name[NAME_MAX];
	enum emotp_err err;

	for (size_t i = 0; i < what->count; i++)
		set_parameter(&p, i, &what->args[i]);
	err = prepare(pg, what, &p, due->ret_id != NULL, name);
	if (err != EMOTP_OK)
		return err;
	return emotp_pg_sent(pg,
	    PQsendQueryPrepared(pg->conn, name, (int)what->count, p.values,
		p.lengths, p.formats, 1),
	    *due);
}

static enum emotp_err
postgres_run(void *db, const struct emotp_statement *what, int64_t *ret_changes,
    int64_t *ret_id)
{
	struct emotp_pg_due due = {
	    .one = what->later && what->rows == NULL,
	    .one_by_one = what->many,
	    .take = take,
	    .ret_changes = ret_changes,
	    .ret_id = ret_id,
	};
	struct emotp_pg *pg = db;
	enum emotp_err err = EMOTP_OK;

	if (what->rows != NULL)
		due.rows = *what->rows;

	/* A statement may come with its own PREPARE. */
	if (what->many || pg->owed + 2 > EMOTP_PG_OWED)
		err = emotp_pg_settle(pg);
	if (err == EMOTP_OK)
		err = send(pg, what, &due);
	if (err == EMOTP_OK && !what->later)
		err = emotp_pg_settle(pg);
	return err;
}

static enum emotp_err
postgres_upgrade(void *db, int64_t version)
{
	struct emotp_pg *pg = db;

	/* There has never been an earlier one. */
	return emotp_fail(&pg->why, EMOTP_ERR_STORE,
	    "has a version of the schema (%lld) that never was",
	    (long long)version);
}

static const char *
postgres_why(const void *db)
{
	const struct emotp_pg *pg = db;

	return pg->why.text;
}

/* ---- making a store ---- */

static enum emotp_err
fill(struct emotp_pg *pg, const struct emotp_statement *first)
{
	enum emotp_err err = postgres_begin(pg, EMOTP_BEGIN_WRITE);

	if (err == EMOTP_OK)
		err = emotp_pg_settle(pg);
	if (err == EMOTP_OK)
		err = emotp_pg_simple(pg, schema);
	if (err == EMOTP_OK)
		err = postgres_run(pg, first, NULL, NULL);
	return err == EMOTP_OK ? postgres_commit(pg) : err;
}

static enum emotp_err
postgres_create(const char *place, const struct emotp_statement *first,
    struct emotp_why *why)
{
	struct emotp_pg *pg = NULL;
	enum emotp_err err = connect_to(place, &pg, why);

	if (err != EMOTP_OK)
		return err;
	err = fill(pg, first);
	if (err != EMOTP_OK)
		(void)emotp_fail(why, err, "store: %s", pg->why.text);
	postgres_close(pg);
	return err;
}

const struct emotp_backend emotp_store_postgres = {
    .scheme = SCHEME,
    .locks_rows = true,
    .pipelines = true,
    .settle = postgres_settle,
    .create = postgres_create,
    .open = postgres_open,
    .close = postgres_close,
    .begin = postgres_begin,
    .connection = postgres_connection,
    .commit = postgres_commit,
    .rollback = postgres_rollback,
    .run = postgres_run,
    .upgrade = postgres_upgrade,
    .last_id = "SELECT COALESCE(max(last_value), 0) FROM pg_sequences WHERE "
	       "schemaname = current_schema() AND "
	       "sequencename = ?1 || '_id_seq'",
    .reserve = "SELECT setval(?1 || '_id_seq', "
	       "GREATEST(?2, nextval(?1 || '_id_seq')))",
    .why = postgres_why,
};
