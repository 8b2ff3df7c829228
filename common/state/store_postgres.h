/* The parts of the PostgreSQL backend, to one another. */
#ifndef EMOTP_STORE_POSTGRES_H
#define EMOTP_STORE_POSTGRES_H

#include <postgresql/libpq-fe.h>

#include "store_backend.h"

#define EMOTP_PG_STATEMENTS 64  /* of different texts in one connection */
#define EMOTP_PG_OWED       256 /* sent, with the result not yet read */

struct emotp_pg;

/* What the results of a statement must be, and what is done with them. */
struct emotp_pg_due {
	const char *tag; /* what the server calls it; NULL: no matter */
	bool one;        /* exactly one row changed */
	bool one_by_one; /* rows come as results of their own */

	/* Takes each result that is a good one; NULL: nobody wants it. */
	enum emotp_err (*take)(struct emotp_pg *pg, PGresult *result,
	    const struct emotp_pg_due *due);
	struct emotp_rows rows; /* their take may be NULL */
	int64_t *ret_changes;   /* borrowed until then, like rows.arg */
	int64_t *ret_id;
};

/* A connection, in libpq's pipeline mode, that is made anew when it is lost. */
struct emotp_pg {
	PGconn *conn;
	uint64_t connection; /* how many there have been */
	bool lost;           /* nothing more can be learned from it */
	bool reading;        /* the transaction only reads */
	bool warned; /* by the server; why says of what, until another error */
	size_t owed;
	struct emotp_pg_due due[EMOTP_PG_OWED];
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

/* If it is lost: the same again, to whichever of the hosts takes writes. */
enum emotp_err emotp_pg_revive(struct emotp_pg *pg);

/* Runs SQL texts outside the pipeline and awaits their end. */
enum emotp_err emotp_pg_simple(struct emotp_pg *pg, const char *sql);

/*
 * Takes note of a statement that was sent: sent is what libpq's PQsend...
 * returned. No more than EMOTP_PG_OWED between two settlements.
 */
enum emotp_err emotp_pg_sent(
    struct emotp_pg *pg, int sent, struct emotp_pg_due due);

/*
 * Awaits, judges and takes whatever is owed. The first error is returned: what
 * was sent after it has not been done.
 */
enum emotp_err emotp_pg_settle(struct emotp_pg *pg);

/* Lets nobody take what is owed: those who wanted it may be gone. */
void emotp_pg_disown(struct emotp_pg *pg);

#endif
