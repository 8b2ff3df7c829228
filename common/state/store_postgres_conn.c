#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "store_postgres.h"

/*
 * The server gives up waiting for a lock after 5 seconds and says so; one
 * that says nothing at all is given up a little later. A report of everybody
 * may take its time before the first row comes.
 */
#define WRITE_WAIT_MS 7000
#define READ_WAIT_MS  60000

#define DEFAULT_CA    "/etc/ssl/certs/ca-certificates.crt"

/*
 * For every new session. A server that waits for more than its own disk
 * (remote_apply) may go on doing so; one that waits for less may not. A
 * process that is stopped within a transaction must not lock others out.
 */
static const char settings[] =
    "SELECT set_config('lock_timeout', '5s', false), "
    "set_config('idle_in_transaction_session_timeout', '60s', false), "
    "set_config('synchronous_commit', "
    "CASE current_setting('synchronous_commit') "
    "WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false)";

/* ---- errors ---- */

/* libpq's messages have several lines. */
static void
note(struct emotp_pg *pg, const char *message)
{
	char *at = pg->why.text;

	emotp_explain(&pg->why, "%s", message);
	for (size_t i = 0; pg->why.text[i] != '\0'; i++) {
		char c = pg->why.text[i];

		if (c != '\n' && c != '\t')
			*at++ = c;
		else if (at > pg->why.text && at[-1] != ' ')
			*at++ = ' ';
	}
	while (at > pg->why.text && at[-1] == ' ')
		at--;
	*at = '\0';
}

/* The SQLSTATEs of PostgreSQL's appendix A that mean something here. */
static const struct {
	char state[6];
	enum emotp_err err;
} states[] = {
    {"23505", EMOTP_ERR_EXISTS},   /* unique_violation */
    {"40001", EMOTP_ERR_CONFLICT}, /* serialization_failure */
    {"40P01", EMOTP_ERR_CONFLICT}, /* deadlock_detected */
    {"42P07", EMOTP_ERR_EXISTS},   /* duplicate_table */
    {"55P03", EMOTP_ERR_BUSY},     /* lock_not_available */
};

enum emotp_err
emotp_pg_failed(struct emotp_pg *pg, const PGresult *result)
{
	const char *message =
	    PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	if (message == NULL || state == NULL) {
		pg->lost = true;
		message = PQerrorMessage(pg->conn);
		note(pg, message[0] != '\0' ? message : "connection lost");
		return EMOTP_ERR_STORE;
	}
	note(pg, message);
	/* read_only_sql_transaction: another server is the primary now. */
	if (strcmp(state, "25006") == 0)
		pg->lost = true;
	/* undefined_table */
	if (strcmp(state, "42P01") == 0)
		note(pg, "holds no store");
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(state, states[i].state) == 0)
			return states[i].err;
	return EMOTP_ERR_STORE;
}

enum emotp_err
emotp_pg_check(struct emotp_pg *pg, const PGresult *result)
{
	switch (PQresultStatus(result)) {
	case PGRES_COMMAND_OK:
	case PGRES_TUPLES_OK:
	case PGRES_SINGLE_TUPLE:
		return EMOTP_OK;
	default:
		return emotp_pg_failed(pg, result);
	}
}

/* ---- waiting ---- */

/* Sends what is left to send and reads what there is; false: in vain. */
static bool
exchange(struct emotp_pg *pg, int wait_ms)
{
	struct pollfd ready = {.fd = PQsocket(pg->conn), .events = POLLIN};
	int unsent = PQflush(pg->conn), count;

	if (unsent < 0)
		return false;
	if (unsent > 0)
		ready.events |= POLLOUT;
	count = poll(&ready, 1, wait_ms);
	if (count < 0)
		return errno == EINTR;
	if (count == 0)
		return false;
	return (ready.revents & ~POLLOUT) == 0 || PQconsumeInput(pg->conn) == 1;
}

PGresult *
emotp_pg_next(struct emotp_pg *pg)
{
	int wait_ms = pg->reading ? READ_WAIT_MS : WRITE_WAIT_MS;

	while (!pg->lost && PQisBusy(pg->conn) == 1)
		pg->lost = !exchange(pg, wait_ms);
	return pg->lost ? NULL : PQgetResult(pg->conn);
}

enum emotp_err
emotp_pg_end(struct emotp_pg *pg, enum emotp_err err)
{
	PGresult *result;

	while ((result = emotp_pg_next(pg)) != NULL) {
		if (err == EMOTP_OK)
			err = emotp_pg_check(pg, result);
		PQclear(result);
	}
	if (PQstatus(pg->conn) != CONNECTION_OK)
		pg->lost = true;
	return pg->lost && err == EMOTP_OK ? emotp_pg_failed(pg, NULL) : err;
}

enum emotp_err
emotp_pg_simple(struct emotp_pg *pg, const char *sql, const char *tag)
{
	enum emotp_err err;
	PGresult *result;

	if (pg->lost || PQsendQuery(pg->conn, sql) != 1)
		return emotp_pg_failed(pg, NULL);
	result = emotp_pg_next(pg);
	err = emotp_pg_check(pg, result);
	if (err == EMOTP_OK && strcmp(PQcmdStatus(result), tag) != 0)
		err = emotp_fail(&pg->why, EMOTP_ERR_STORE,
		    "the server answered %s to %s", PQcmdStatus(result), sql);
	PQclear(result);
	return emotp_pg_end(pg, err);
}

/* ---- connecting ---- */

/*
 * What stands before the URI is a default, what stands after it is not the
 * URI's to say; nothing of this is left to the environment.
 */
static PGconn *
dial(const char *uri)
{
	static const char *const names[] = {"connect_timeout",
	    "target_session_attrs", "sslrootcert", "application_name",
	    "tcp_user_timeout", "dbname", "sslmode", "client_encoding", NULL};
	const char *const values[] = {"2", "read-write", DEFAULT_CA, "emotp",
	    "7000", uri, "verify-full", "UTF8", NULL};

	return PQconnectdbParams(names, values, 1);
}

static void
ignore(void *arg, const PGresult *result)
{
	(void)arg;
	(void)result;
}

/* A session that is not set up must not be used. */
static enum emotp_err
set_up(struct emotp_pg *pg)
{
	enum emotp_err err;

	memset(pg->prepared, 0, sizeof(pg->prepared));
	pg->lost = PQstatus(pg->conn) != CONNECTION_OK;
	if (pg->lost)
		return emotp_pg_failed(pg, NULL);
	(void)PQsetNoticeReceiver(pg->conn, ignore, NULL);
	if (PQsetnonblocking(pg->conn, 1) != 0)
		return emotp_pg_failed(pg, NULL);
	err = emotp_pg_simple(pg, settings, "SELECT 1");
	if (err != EMOTP_OK)
		pg->lost = true;
	return err;
}

enum emotp_err
emotp_pg_connect(struct emotp_pg *pg, const char *uri)
{
	PQconninfoOption *options = PQconninfoParse(uri, NULL);

	/* libpq would say why, and show a password with it. */
	if (options == NULL)
		return emotp_fail(&pg->why, EMOTP_ERR_CONFIG,
		    "postgresql://USER@HOST/DATABASE expected");
	PQconninfoFree(options);
	pg->conn = dial(uri);
	if (pg->conn == NULL)
		return emotp_fail(&pg->why, EMOTP_ERR_MEMORY, "out of memory");
	return set_up(pg);
}

enum emotp_err
emotp_pg_reconnect(struct emotp_pg *pg)
{
	PQreset(pg->conn);
	return set_up(pg);
}
