/* The parts of the PostgreSQL backend, to one another. */
#ifndef EMOTP_STORE_POSTGRES_H
#define EMOTP_STORE_POSTGRES_H

#include <postgresql/libpq-fe.h>

#include "store_backend.h"

#define EMOTP_PG_STATEMENTS 64 /* of different texts in one connection */

/* A connection that is made anew when it was lost. */
struct emotp_pg {
	PGconn *conn;
	bool lost;    /* nothing more can be learned from it */
	bool reading; /* the transaction only reads */
	struct {
		const char *sql; /* known by its address: all are constants */
		bool locking;
	} prepared[EMOTP_PG_STATEMENTS];
	struct emotp_why why;
};

/*
 * Connects to uri (libpq's, with several hosts where there are) and makes
 * sure that a commit is durable before it is told. Over a network the
 * server's certificate and name are verified whatever uri says.
 * EMOTP_ERR_CONFIG for a uri that is none.
 */
enum emotp_err emotp_pg_connect(struct emotp_pg *pg, const char *uri);

/* The same again, to whichever of the hosts now takes writes. */
enum emotp_err emotp_pg_reconnect(struct emotp_pg *pg);

/*
 * Waits for the next result of what was sent; NULL when there is none left.
 * Whatever does not come in time makes the connection a lost one.
 */
PGresult *emotp_pg_next(struct emotp_pg *pg);

/* Reads to the end of what was sent; an err that is one already stays. */
enum emotp_err emotp_pg_end(struct emotp_pg *pg, enum emotp_err err);

/*
 * Runs one statement without parameters. EMOTP_ERR_STORE unless the server
 * calls what it did by this tag: to COMMIT it may well answer ROLLBACK.
 */
enum emotp_err emotp_pg_simple(
    struct emotp_pg *pg, const char *sql, const char *tag);

/* Whether a result is a good one. NULL, and nothing more to learn, is not. */
enum emotp_err emotp_pg_check(struct emotp_pg *pg, const PGresult *result);

/* Records and translates one that is not. */
enum emotp_err emotp_pg_failed(struct emotp_pg *pg, const PGresult *result);

#endif
