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

#define WORDS_MAX     8 /* read from an idle connection */

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

/* Records and translates a result that is no good; NULL: nothing came. */
static enum emotp_err
failed(struct emotp_pg *pg, const PGresult *result)
{
	const char *message =
	    PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	if (message == NULL || state == NULL) {
		pg->lost = true;
		message = PQerrorMessage(pg->conn);
		note(pg, message[0] != '\0' ? message : "no answer in time");
		return EMOTP_ERR_STORE;
	}
	note(pg, message);
	/* read_only_sql_transaction: another server is the primary now. */
	if (strcmp(state, "25006") == 0)
		pg->lost = true;
	/* undefined_table */
	if (strcmp(state, "42P01") == 0)
		note(pg, "holds no store, which `emotp-provision init` makes");
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(state, states[i].state) == 0)
			return states[i].err;
	return EMOTP_ERR_STORE;
}

static enum emotp_err
check(struct emotp_pg *pg, const PGresult *result)
{
	switch (PQresultStatus(result)) {
	case PGRES_COMMAND_OK:
	case PGRES_TUPLES_OK:
	case PGRES_SINGLE_TUPLE:
		return EMOTP_OK;
	default:
		return failed(pg, result);
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

/*
 * The next result of what was sent, or NULL at the end of a statement's.
 * Whatever does not come in time makes the connection a lost one.
 */
static PGresult *
next(struct emotp_pg *pg)
{
	int wait_ms = pg->reading ? READ_WAIT_MS : WRITE_WAIT_MS;

	while (!pg->lost && PQisBusy(pg->conn) == 1)
		pg->lost = !exchange(pg, wait_ms);
	return pg->lost ? NULL : PQgetResult(pg->conn);
}

/* ---- statements ---- */

enum emotp_err
emotp_pg_simple(struct emotp_pg *pg, const char *sql)
{
	enum emotp_err err = EMOTP_OK;
	PGresult *result;

	if (pg->lost || PQexitPipelineMode(pg->conn) != 1 ||
	    PQsendQuery(pg->conn, sql) != 1)
		return failed(pg, NULL);
	while ((result = next(pg)) != NULL) {
		if (err == EMOTP_OK)
			err = check(pg, result);
		PQclear(result);
	}
	if (pg->lost || PQenterPipelineMode(pg->conn) != 1)
		return failed(pg, NULL);
	return err;
}

enum emotp_err
emotp_pg_sent(struct emotp_pg *pg, int sent, struct emotp_pg_due due)
{
	if (sent != 1)
		return failed(pg, NULL);
	pg->due[pg->owed++] = due;
	return EMOTP_OK;
}

/* The tag is looked at since to COMMIT the server may answer ROLLBACK. */
static enum emotp_err
judge(struct emotp_pg *pg, PGresult *result, const struct emotp_pg_due *due)
{
	enum emotp_err err = check(pg, result);

	if (err != EMOTP_OK)
		return err;
	if (due->tag != NULL && strcmp(PQcmdStatus(result), due->tag) != 0)
		return emotp_fail(&pg->why, EMOTP_ERR_STORE,
		    "the server answered %s to %s", PQcmdStatus(result),
		    due->tag);
	if (due->one && strcmp(PQcmdTuples(result), "1") != 0)
		return emotp_fail(
		    &pg->why, EMOTP_ERR_STORE, "the row is not as it was read");
	return EMOTP_OK;
}

/* One statement's results. What follows an error is of no interest. */
static enum emotp_err
receive(struct emotp_pg *pg, const struct emotp_pg_due *due, enum emotp_err err)
{
	PGresult *result;

	if (due->one_by_one)
		(void)PQsetSingleRowMode(pg->conn);
	while ((result = next(pg)) != NULL) {
		if (err == EMOTP_OK)
			err = judge(pg, result, due);
		if (err == EMOTP_OK && due->take != NULL)
			err = due->take(pg, result, due);
		PQclear(result);
	}
	return err;
}

enum emotp_err
emotp_pg_settle(struct emotp_pg *pg)
{
	enum emotp_err err = EMOTP_OK;
	size_t count = pg->owed;
	PGresult *result;

	pg->owed = 0;
	if (pg->lost || PQpipelineSync(pg->conn) != 1)
		return failed(pg, NULL);
	for (size_t i = 0; i < count && !pg->lost; i++)
		err = receive(pg, &pg->due[i], err);
	result = next(pg);
	if (PQresultStatus(result) != PGRES_PIPELINE_SYNC && err == EMOTP_OK)
		err = failed(pg, result);
	PQclear(result);
	if (PQstatus(pg->conn) != CONNECTION_OK)
		pg->lost = true;
	return pg->lost && err == EMOTP_OK ? failed(pg, NULL) : err;
}

void
emotp_pg_disown(struct emotp_pg *pg)
{
	for (size_t i = 0; i < pg->owed; i++)
		pg->due[i].take = NULL;
}

/* ---- connecting ---- */

/*
 * What stands before the URI is a default, what stands after it is not the
 * URI's to say; nothing of this is left to the environment. Kerberos would
 * take the place of TLS wherever a ticket lies about.
 */
static PGconn *
dial(const char *uri)
{
	static const char *const names[] = {"connect_timeout",
	    "target_session_attrs", "sslrootcert", "application_name",
	    "tcp_user_timeout", "dbname", "sslmode", "gssencmode",
	    "client_encoding", NULL};
	const char *const values[] = {"2", "read-write", DEFAULT_CA, "emotp",
	    "7000", uri, "verify-full", "disable", "UTF8", NULL};

	return PQconnectdbParams(names, values, 1);
}

/* What is no more than a notice is of no interest. */
static void
heed(void *arg, const PGresult *result)
{
	struct emotp_pg *pg = arg;
	const char *severity =
	    PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
	const char *message =
	    PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	if (severity == NULL || strcmp(severity, "WARNING") != 0)
		return;
	pg->warned = true;
	note(pg, message != NULL ? message : "a warning");
}

/* A session that is not set up must not be used. */
static enum emotp_err
set_up(struct emotp_pg *pg)
{
	enum emotp_err err;

	memset(pg->prepared, 0, sizeof(pg->prepared));
	pg->connection++;
	pg->reading = false;
	pg->owed = 0;
	pg->lost = PQstatus(pg->conn) != CONNECTION_OK ||
	    PQsetnonblocking(pg->conn, 1) != 0;
	if (pg->lost)
		return failed(pg, NULL);
	(void)PQsetNoticeReceiver(pg->conn, heed, pg);
	err = emotp_pg_simple(pg, settings);
	if (err != EMOTP_OK)
		pg->lost = true;
	return err;
}

/*
 * Of what is none libpq would say why, and show a password with it: one with
 * a '/' makes what stands before that a port.
 */
static bool
is_uri(const char *uri)
{
	PQconninfoOption *options = PQconninfoParse(uri, NULL);
	bool ok = options != NULL;

	for (size_t i = 0; ok && options[i].keyword != NULL; i++)
		if (strcmp(options[i].keyword, "port") == 0 &&
		    options[i].val != NULL)
			ok = options[i]
				 .val[strspn(options[i].val, "0123456789,")] ==
			    '\0';
	PQconninfoFree(options);
	return ok;
}

enum emotp_err
emotp_pg_connect(struct emotp_pg *pg, const char *uri)
{
	if (!is_uri(uri))
		return emotp_fail(&pg->why, EMOTP_ERR_CONFIG,
		    "postgresql://USER@HOST/DATABASE expected");
	pg->conn = dial(uri);
	if (pg->conn == NULL)
		return emotp_fail(&pg->why, EMOTP_ERR_MEMORY, "out of memory");
	return set_up(pg);
}

/* What a server that ended meanwhile has said, its last word included. */
static bool
hung_up(struct emotp_pg *pg)
{
	struct pollfd ready = {.fd = PQsocket(pg->conn), .events = POLLIN};

	for (int i = 0; i < WORDS_MAX && poll(&ready, 1, 0) > 0; i++)
		if (PQconsumeInput(pg->conn) != 1)
			return true;
	return PQstatus(pg->conn) != CONNECTION_OK;
}

enum emotp_err
emotp_pg_revive(struct emotp_pg *pg)
{
	if (!pg->lost && !hung_up(pg))
		return EMOTP_OK;
	PQreset(pg->conn);
	return set_up(pg);
}
