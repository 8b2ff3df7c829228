/* A store on PostgreSQL, and questions to the server itself. */
#ifndef EMOTP_CONNECTING_H
#define EMOTP_CONNECTING_H

#include "enrolling.h"

static inline int
postgres_setup(void **state)
{
	return getenv("EMOTP_TEST_STORE") == NULL ? 0 : enrolling_setup(state);
}

static inline int
postgres_teardown(void **state)
{
	return *state == NULL ? 0 : place_teardown(state);
}

#define postgres_test(name) \
	cmocka_unit_test_setup_teardown(name, postgres_setup, postgres_teardown)

static inline struct place *
need_server(void **state)
{
	if (*state == NULL)
		skip();
	return *state;
}

/* The first column of the first row. */
static inline bool
ask(PGconn *conn, const char *question, const char *arg, char answer[static 32])
{
	PGresult *result = PQexecParams(
	    conn, question, arg != NULL, NULL, &arg, NULL, NULL, 0);
	bool ok = PQresultStatus(result) == PGRES_TUPLES_OK;

	(void)snprintf(answer, 32, "%s", ok ? PQgetvalue(result, 0, 0) : "");
	PQclear(result);
	return ok;
}

#endif
