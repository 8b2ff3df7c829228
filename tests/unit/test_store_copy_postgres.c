/* A copy into PostgreSQL, and one out of it. Skipped without a server. */
#include <sys/wait.h>

#include "copying.h"

#include "../../common/state/store_rows.h"

struct route {
	struct places *files; /* SQLite, from and to */
	struct place *middle; /* PostgreSQL, with no store yet */
};

/* storing.h asks the environment where a store is to be. */
static int
route_setup(void **state)
{
	const char *server = getenv("EMOTP_TEST_STORE");
	struct route *r;
	void *files = NULL, *middle = NULL;

	if (server == NULL)
		return 0;
	r = calloc(1, sizeof(*r));
	if (r == NULL || place_setup(&middle) != 0)
		return -1;
	server = strdup(server);
	(void)unsetenv("EMOTP_TEST_STORE");
	assert_int_equal(places_setup(&files), 0);
	(void)setenv("EMOTP_TEST_STORE", server, 1);
	*r = (struct route){files, middle};
	emotp_store_close(r->middle->store);
	r->middle->store = NULL;
	place_schema(r->middle, "DROP");
	place_schema(r->middle, "CREATE");
	r->middle->key = r->files->from->key;
	*state = r;
	return 0;
}

static int
route_teardown(void **state)
{
	struct route *r = *state;
	void *files = NULL, *middle = NULL;

	if (r == NULL)
		return 0;
	files = r->files;
	middle = r->middle;
	free(r);
	return places_teardown(&files) + place_teardown(&middle);
}

static struct route *
need_server(void **state)
{
	if (*state == NULL)
		skip();
	return *state;
}

static void
there_and_back_nothing_is_lost(void **state)
{
	struct route *r = need_server(state);
	struct places there = {r->files->from, r->middle};
	struct places back = {r->middle, r->files->to};

	OK(copy(&there));
	r->middle->store = place_open(r->middle);
	OK(copy(&back));
	is_equal(r->files);
}

static void
ids_go_on_where_they_were(void **state)
{
	struct route *r = need_server(state);
	struct places there = {r->files->from, r->middle};
	struct emotp_user user = place_user("carol", "c@x");
	struct emotp_code code = {.user_id = 7, .state = EMOTP_CODE_LIVE};
	struct emotp_store *to;

	OK(copy(&there));
	to = r->middle->store = place_open(r->middle);
	OK(emotp_store_begin(to));
	OK(emotp_store_user_insert(to, &user));
	OK(emotp_store_code_insert(to, &code));
	OK(emotp_store_commit(to));
	assert_true(user.id > 9);
	assert_true(code.id > 20);
}

static void
one_that_was_killed_is_no_store_and_can_be_repeated(void **state)
{
	struct route *r = need_server(state);
	struct places there = {r->files->from, r->middle};

	for (int tick_to_die = 1; tick_to_die <= 8; tick_to_die++) {
		struct emotp_store *store = NULL;
		pid_t child = fork();
		int status;

		assert_true(child >= 0);
		if (child == 0) {
			struct seen seen = {.last_tick = tick_to_die};

			/* The parent's handle is the parent's. */
			there.from->store = place_open(there.from);
			(void)copy_by(storing_backends, &there, &seen, NULL);
			_exit(1);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(WEXITSTATUS(status), 0);
		assert_int_equal(
		    emotp_store_open(storing_backends, r->middle->uri,
			&r->middle->key, &store, NULL),
		    EMOTP_ERR_STORE);
	}
	OK(copy(&there));
	r->middle->store = place_open(r->middle);
}

/* Who is copied from decides nothing meanwhile. */
static void
nobody_else_writes_while_it_is_copied_from(void **state)
{
	struct route *r = need_server(state);
	struct places there = {r->files->from, r->middle};
	struct emotp_store *other;
	struct emotp_user user;

	OK(copy(&there));
	r->middle->store = place_open(r->middle);
	other = place_open(r->middle);
	OK(r->middle->store->backend->begin(
	    r->middle->store->db, EMOTP_BEGIN_ALONE));
	OK(emotp_store_begin(other));
	assert_int_equal(
	    emotp_store_user_by_name(other, "alice", &user), EMOTP_ERR_BUSY);
	emotp_store_rollback(other);
	emotp_store_rollback(r->middle->store);
	OK(emotp_store_begin(other));
	OK(emotp_store_user_by_name(other, "alice", &user));
	emotp_store_close(other);
}

/* Every table has a page with rows, and one without. */
#define TICKS (2 * EMOTP_COPIED_TABLES)

static void
tick_and_cut(void *arg, uint64_t rows)
{
	struct seen *seen = arg;
	PGconn *conn;
	PGresult *result;

	(void)rows;
	if (++seen->ticks != TICKS)
		return;
	conn = PQconnectdb(getenv("EMOTP_TEST_STORE"));
	result = PQexec(conn,
	    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
	    "WHERE application_name = 'emotp'");
	assert_true(PQntuples(result) > 0);
	PQclear(result);
	PQfinish(conn);
}

/* After the last row is read there is still time to write others. */
static void
a_source_that_was_let_go_before_the_end_was_not_copied(void **state)
{
	struct route *r = need_server(state);
	struct places there = {r->files->from, r->middle};
	struct places back = {r->middle, r->files->to};
	struct seen seen = {0};
	struct emotp_copied copied;
	struct emotp_why why = {""};
	struct emotp_copy_job job = {
	    .backends = storing_backends,
	    .key = &back.from->key,
	    .to = back.to->uri,
	    .begin = begin,
	    .tick = tick_and_cut,
	    .arg = &seen,
	};

	OK(copy(&there));
	job.from = r->middle->store = place_open(r->middle);
	assert_int_equal(
	    emotp_store_copy(&job, &copied, &why), EMOTP_ERR_STORE);
	assert_int_equal(seen.ticks, TICKS);
	assert_non_null(strstr(why.text, "the store that is copied"));
	assert_int_equal(open_destination(&back), EMOTP_ERR_STORE);
}

#define route_test(name) \
	cmocka_unit_test_setup_teardown(name, route_setup, route_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    route_test(there_and_back_nothing_is_lost),
	    route_test(ids_go_on_where_they_were),
	    route_test(one_that_was_killed_is_no_store_and_can_be_repeated),
	    route_test(nobody_else_writes_while_it_is_copied_from),
	    route_test(a_source_that_was_let_go_before_the_end_was_not_copied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
