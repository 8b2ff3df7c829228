/*
 * What is PostgreSQL's alone: connections that are lost, transactions that
 * meet. Skipped without a server, see storing.h.
 */
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>

#include "enrolling.h"

#include "../../common/state/verify.h"

#define ROUNDS 50

static int
postgres_setup(void **state)
{
	return getenv("EMOTP_TEST_STORE") == NULL ? 0 : enrolling_setup(state);
}

static int
postgres_teardown(void **state)
{
	return *state == NULL ? 0 : place_teardown(state);
}

#define postgres_test(name) \
	cmocka_unit_test_setup_teardown(name, postgres_setup, postgres_teardown)

static struct place *
need_server(void **state)
{
	if (*state == NULL)
		skip();
	return *state;
}

/* Every session of this test's store but the administrator's own. */
static void
cut_off(const struct place *p)
{
	PGconn *conn = PQconnectdb(getenv("EMOTP_TEST_STORE"));
	PGresult *result = PQexec(conn,
	    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
	    "WHERE application_name = 'emotp' AND pid <> pg_backend_pid()");

	(void)p;
	assert_int_equal(PQresultStatus(result), PGRES_TUPLES_OK);
	assert_true(PQntuples(result) > 0);
	PQclear(result);
	PQfinish(conn);
}

static void
a_connection_lost_between_transactions_is_made_anew(void **state)
{
	struct place *p = need_server(state);
	struct emotp_user user;

	for (int i = 0; i < 3; i++) {
		cut_off(p);
		OK(emotp_store_begin(p->store));
		OK(emotp_store_user_by_name(p->store, "alice", &user));
		OK(emotp_store_user_update(p->store, &user));
		OK(emotp_store_commit(p->store));
	}
}

static void
a_connection_lost_within_one_is_an_error_and_nothing_stays(void **state)
{
	struct place *p = need_server(state);
	struct emotp_user user;

	OK(emotp_store_begin(p->store));
	OK(emotp_store_user_by_name(p->store, "alice", &user));
	user.failures = 7;
	OK(emotp_store_user_update(p->store, &user));
	cut_off(p);
	assert_int_equal(emotp_store_commit(p->store), EMOTP_ERR_STORE);
	assert_true(emotp_store_why(p->store)[0] != '\0');
	/* Not even a second one may look like a commit. */
	assert_int_equal(emotp_store_commit(p->store), EMOTP_ERR_STORE);
	emotp_store_rollback(p->store);
	assert_int_equal(place_read_user(p, "alice").failures, 0);
}

/* To a COMMIT after an error PostgreSQL says ROLLBACK, and no error. */
static void
a_transaction_that_failed_cannot_be_committed(void **state)
{
	struct place *p = need_server(state);
	struct emotp_user user = place_user("alice", "other@example.org");

	OK(emotp_store_begin(p->store));
	assert_int_equal(
	    emotp_store_user_insert(p->store, &user), EMOTP_ERR_EXISTS);
	assert_int_equal(emotp_store_commit(p->store), EMOTP_ERR_STORE);
	emotp_store_rollback(p->store);
}

/*
 * So a server says that a commit, which is on its own disk, is not on that of
 * the standby that it was to wait for: somebody cancelled the waiting.
 */
static void
a_commit_with_a_warning_is_none_to_rely_on(void **state)
{
	struct place *p = need_server(state);
	struct emotp_registered r = make_active(p, "alice");
	struct emotp_judgement judgement;
	struct emotp_why why = {""};
	char text[16], sql[512];

	(void)snprintf(sql, sizeof(sql),
	    "SET search_path = %s; "
	    "CREATE FUNCTION warn() RETURNS trigger LANGUAGE plpgsql AS "
	    "'BEGIN RAISE WARNING ''not replicated''; RETURN NULL; END'; "
	    "CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON users "
	    "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
	    "EXECUTE FUNCTION warn()",
	    p->schema);
	place_sql(getenv("EMOTP_TEST_STORE"), sql);
	(void)device_code(&r, NOW_S + 60, text);
	assert_int_equal(emotp_verify(&p->authority, "alice", text, NOW_S + 60,
			     &judgement, &why),
	    EMOTP_ERR_STORE);
	assert_int_equal(judgement.verdict, 0);
	assert_string_equal(why.text, "not replicated");
	(void)snprintf(
	    sql, sizeof(sql), "DROP TRIGGER late ON %s.users", p->schema);
	place_sql(getenv("EMOTP_TEST_STORE"), sql);
	OK(emotp_verify(
	    &p->authority, "alice", text, NOW_S + 60, &judgement, NULL));
	assert_int_equal(judgement.verdict, EMOTP_REPLAYED);
}

/* The end of the WAL that was written, or of that which is on the disk. */
static bool
ask(PGconn *conn, const char *question, const char *arg, char answer[static 32])
{
	PGresult *result = PQexecParams(
	    conn, question, arg != NULL, NULL, &arg, NULL, NULL, 0);
	bool ok = PQresultStatus(result) == PGRES_TUPLES_OK;

	(void)snprintf(answer, 32, "%s", ok ? PQgetvalue(result, 0, 0) : "");
	PQclear(result);
	return ok;
}

static void
a_commit_is_on_the_disk_whatever_the_server_prefers(void **state)
{
	struct place *p = need_server(state);
	PGconn *conn = PQconnectdb(getenv("EMOTP_TEST_STORE"));
	struct emotp_store *store = NULL;
	char uri[sizeof(p->uri) + 64], written[32], flushed[32];

	(void)snprintf(
	    uri, sizeof(uri), "%s%%20-csynchronous_commit%%3Doff", p->uri);
	OK(emotp_store_open(storing_backends, uri, &p->key, &store, NULL));
	for (int64_t i = 0; i < ROUNDS; i++) {
		OK(emotp_store_begin(store));
		OK(emotp_store_note_unknown(store, NOW_S + i));
		assert_true(ask(
		    conn, "SELECT pg_current_wal_insert_lsn()", NULL, written));
		OK(emotp_store_commit(store));
		assert_true(
		    ask(conn, "SELECT pg_current_wal_flush_lsn() > $1::pg_lsn",
			written, flushed));
		assert_string_equal(flushed, "t");
	}
	emotp_store_close(store);
	PQfinish(conn);
}

static void
a_password_is_not_shown(void **state)
{
	static const struct {
		const char *uri, *shown;
	} rows[] = {
	    {"postgresql://emotp:se%40cret@db1,db2:5433/emotp?passfile=/x",
		"postgresql://db1,db2:5433/emotp"},
	    {"postgresql://db1/emotp?password=secret",
		"postgresql://db1/emotp"},
	    {"postgresql://emotp:se?cret@db1/emotp?user=a@b",
		"postgresql://db1/emotp"},
	    {"postgresql://emotp:secret?host=x@db1", "postgresql://db1"},
	    {"postgresql:", "postgresql://"},
	    {"sqlite:/srv/a@b/emotp.db", "sqlite:/srv/a@b/emotp.db"},
	};
	char buf[EMOTP_STORE_SHOWN];

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++)
		CHECK_TEXT(rows[i].uri, emotp_store_shown(rows[i].uri, buf),
		    rows[i].shown);
}

static void
what_is_no_uri_is_refused_without_its_password(void **state)
{
	static const char *const uris[] = {"postgresql://a:se%zzcret@h/db",
	    "postgresql://a:secret@h/db?nosuch=1",
	    "postgresql://a:secret@[::1/db", "postgresql://a:secret/@h/db",
	    "postgresql://a:5secret/@h,h/db"};
	struct emotp_key key = {.check = {0}};
	struct emotp_store *store = NULL;
	struct emotp_why why = {""};

	(void)state;
	for (size_t i = 0; i < LEN(uris); i++) {
		CHECK_INT(uris[i],
		    emotp_store_open(
			storing_backends, uris[i], &key, &store, &why),
		    EMOTP_ERR_CONFIG);
		CHECK(uris[i], strstr(why.text, "cret") == NULL);
	}
}

/* A server that has no TLS, and notes what it is asked first. */
struct plain_server {
	int fd;
	uint16_t port;
	int asked, asked_for_tls;
};

static void *
serve_plainly(void *arg)
{
	static const unsigned char tls[] = {0, 0, 0, 8, 4, 210, 22, 47};
	struct plain_server *server = arg;
	unsigned char first[8];
	int fd;

	while ((fd = accept(server->fd, NULL, NULL)) >= 0) {
		if (recv(fd, first, sizeof(first), MSG_WAITALL) ==
		    (ssize_t)sizeof(first)) {
			server->asked++;
			server->asked_for_tls +=
			    memcmp(first, tls, sizeof(tls)) == 0;
			(void)send(fd, "N", 1, MSG_NOSIGNAL);
			(void)recv(fd, first, 1, 0);
		}
		(void)close(fd);
	}
	return NULL;
}

static void
start_plain_server(struct plain_server *server)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t len = sizeof(at);

	memset(server, 0, sizeof(*server));
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server->fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(server->fd, 8), 0);
	assert_int_equal(
	    getsockname(server->fd, (struct sockaddr *)&at, &len), 0);
	server->port = ntohs(at.sin_port);
}

static void
nothing_goes_to_a_network_but_within_tls(void **state)
{
	static const struct {
		const char *hosts, *parameters;
	} rows[] = {
	    {"127.0.0.1", ""},
	    {"127.0.0.1", "&sslmode=disable"},
	    {"127.0.0.1", "&sslmode=prefer&gssencmode=prefer"},
	    {"127.0.0.1", "&gssencmode=require"},
	    {"db.example.org", "&hostaddr=127.0.0.1&sslmode=allow"},
	    {"", "&host=127.0.0.9,127.0.0.1&sslmode=disable"},
	    {"", "&host=/nowhere,127.0.0.1&sslmode=disable"},
	};
	struct emotp_key key = {.check = {0}};
	struct emotp_store *store = NULL;

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct plain_server server;
		pthread_t thread;
		char uri[256];

		start_plain_server(&server);
		(void)snprintf(uri, sizeof(uri),
		    "postgresql://emotp@%s/emotp?port=%u%s", rows[i].hosts,
		    server.port, rows[i].parameters);
		assert_int_equal(
		    pthread_create(&thread, NULL, serve_plainly, &server), 0);
		CHECK_INT(uri,
		    emotp_store_open(storing_backends, uri, &key, &store, NULL),
		    EMOTP_ERR_STORE);
		(void)shutdown(server.fd, SHUT_RDWR);
		(void)pthread_join(thread, NULL);
		(void)close(server.fd);
		CHECK_INT(uri, server.asked_for_tls, 1);
		CHECK_INT(uri, server.asked, 1);
	}
}

/* ---- two at a time ---- */

struct racer {
	struct place *p;
	struct emotp_store *store;
	const char *typed;
	int64_t now_s;
	pthread_barrier_t *start;
	enum emotp_err err;
	enum emotp_verdict verdict;
};

static void *
race(void *arg)
{
	struct racer *r = arg;
	const struct emotp_authority a = {&r->p->config, &r->p->key, r->store};
	struct emotp_judgement judgement;

	(void)pthread_barrier_wait(r->start);
	r->err =
	    emotp_verify(&a, "alice", r->typed, r->now_s, &judgement, NULL);
	r->verdict = judgement.verdict;
	return NULL;
}

static void
of_two_at_once_one_code_lets_in_one(void **state)
{
	struct place *p = need_server(state);
	struct emotp_registered r = make_active(p, "alice");
	struct racer racers[4];
	pthread_barrier_t start;
	pthread_t threads[LEN(racers)];
	char text[16];

	assert_int_equal(pthread_barrier_init(&start, NULL, LEN(racers)), 0);
	for (size_t i = 0; i < LEN(racers); i++)
		racers[i] = (struct racer){
		    .p = p, .store = place_open(p), .start = &start};
	for (int64_t round = 1; round <= ROUNDS; round++) {
		int accepted = 0, replayed = 0;
		int64_t now_s = NOW_S + round * 60;

		(void)device_code(&r, now_s, text);
		for (size_t i = 0; i < LEN(racers); i++) {
			racers[i].typed = text;
			racers[i].now_s = now_s;
			assert_int_equal(
			    pthread_create(&threads[i], NULL, race, &racers[i]),
			    0);
		}
		for (size_t i = 0; i < LEN(racers); i++) {
			(void)pthread_join(threads[i], NULL);
			assert_int_equal(racers[i].err, EMOTP_OK);
			accepted += racers[i].verdict == EMOTP_ACCEPTED;
			replayed += racers[i].verdict == EMOTP_REPLAYED;
		}
		assert_int_equal(accepted, 1);
		assert_int_equal(replayed, (int)LEN(racers) - 1);
	}
	for (size_t i = 0; i < LEN(racers); i++)
		emotp_store_close(racers[i].store);
	(void)pthread_barrier_destroy(&start);
}

/* Two services, each with the same users in another order. */
struct batch {
	struct place *p;
	struct emotp_store *store;
	const char *names[2];
	pthread_barrier_t *start;
};

static void *
run_batches(void *arg)
{
	struct batch *b = arg;
	const struct emotp_authority a = {&b->p->config, &b->p->key, b->store};
	struct emotp_verification list[2];
	struct emotp_why why = {""};

	for (int round = 0; round < ROUNDS; round++) {
		memset(list, 0, sizeof(list));
		for (size_t i = 0; i < LEN(list); i++) {
			list[i].name = b->names[i];
			list[i].typed = "000000";
			list[i].now_s = NOW_S;
		}
		(void)pthread_barrier_wait(b->start);
		emotp_verify_many(&a, list, LEN(list), &why);
		for (size_t i = 0; i < LEN(list); i++)
			if (list[i].err != EMOTP_OK)
				return "a verification was not decided";
	}
	return NULL;
}

static struct emotp_verification
wrong_code_of(const char *name)
{
	struct emotp_verification v;

	memset(&v, 0, sizeof(v));
	v.name = name;
	v.typed = "000000";
	v.now_s = NOW_S;
	return v;
}

static void
who_cannot_be_written_is_no_harm_to_the_others(void **state)
{
	struct place *p = need_server(state);
	struct emotp_verification list[] = {
	    wrong_code_of("alice"), wrong_code_of("bob")};
	struct emotp_why why = {""};
	char sql[512];

	(void)make_active(p, "alice");
	(void)make_active(p, "bob");
	(void)snprintf(sql, sizeof(sql),
	    "SET search_path = %s; "
	    "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
	    "'BEGIN RAISE ''no space left''; END'; "
	    "CREATE TRIGGER full_disk BEFORE UPDATE ON users FOR EACH ROW "
	    "WHEN (NEW.name = 'bob') EXECUTE FUNCTION refuse()",
	    p->schema);
	place_sql(getenv("EMOTP_TEST_STORE"), sql);
	emotp_verify_many(&p->authority, list, LEN(list), &why);
	assert_int_equal(list[0].err, EMOTP_OK);
	assert_int_equal(list[0].judgement.verdict, EMOTP_WRONG);
	assert_int_equal(list[1].err, EMOTP_ERR_STORE);
	assert_int_equal(list[1].judgement.verdict, 0);
	assert_string_equal(why.text, "no space left");
	assert_int_equal(place_read_user(p, "alice").failures, 1);
}

/*
 * Who locks alice takes their time. Whoever stands behind her has waited for
 * two locks then, and is not there any more to be told.
 */
static void
who_waits_behind_a_lock_too_long_is_not_decided_late(void **state)
{
	struct place *p = need_server(state);
	struct emotp_store *other = place_open(p);
	struct emotp_verification list[] = {
	    wrong_code_of("bob"), wrong_code_of("alice"), wrong_code_of("bob")};
	struct emotp_why why = {""};
	struct emotp_user user;

	(void)make_active(p, "alice");
	(void)make_active(p, "bob");
	OK(emotp_store_begin(other));
	OK(emotp_store_user_by_name(other, "alice", &user));
	emotp_verify_many(&p->authority, list, LEN(list), &why);
	emotp_store_close(other);
	assert_int_equal(list[0].err, EMOTP_OK);
	assert_int_equal(list[0].judgement.verdict, EMOTP_WRONG);
	assert_int_equal(list[1].err, EMOTP_ERR_BUSY);
	assert_int_equal(list[2].err, EMOTP_ERR_BUSY);
	assert_int_equal(place_read_user(p, "alice").failures, 0);
	assert_int_equal(place_read_user(p, "bob").failures, 1);
}

static const char deadlocks[] = "SELECT deadlocks FROM pg_stat_database "
				"WHERE datname = current_database()";

static void
batches_in_another_order_do_not_wait_for_each_other(void **state)
{
	struct place *p = need_server(state);
	pthread_barrier_t start;
	struct batch batches[] = {
	    {p, place_open(p), {"alice", "bob"}, &start},
	    {p, place_open(p), {"bob", "alice"}, &start},
	};
	pthread_t threads[LEN(batches)];
	PGconn *conn = PQconnectdb(getenv("EMOTP_TEST_STORE"));
	char before[32], after[32];

	assert_true(ask(conn, deadlocks, NULL, before));
	(void)make_active(p, "alice");
	(void)make_active(p, "bob");
	assert_int_equal(pthread_barrier_init(&start, NULL, LEN(batches)), 0);
	for (size_t i = 0; i < LEN(batches); i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, run_batches, &batches[i]),
		    0);
	for (size_t i = 0; i < LEN(batches); i++) {
		void *complaint;

		(void)pthread_join(threads[i], &complaint);
		assert_null(complaint);
		emotp_store_close(batches[i].store);
	}
	(void)pthread_barrier_destroy(&start);
	/* Each was counted once: what met was neither lost nor done twice. */
	assert_int_equal(place_read_user(p, "alice").failures, 2 * ROUNDS);
	assert_true(ask(conn, deadlocks, NULL, after));
	assert_string_equal(after, before);
	PQfinish(conn);
}

/* Each holds what the other wants; the server ends one of the two. */
struct knot {
	struct place *p;
	struct emotp_store *store;
	const char *first, *second;
	pthread_barrier_t *start;
	enum emotp_err err;
};

static void *
tie(void *arg)
{
	struct knot *k = arg;
	struct emotp_user user;

	k->err = emotp_store_begin(k->store);
	if (k->err == EMOTP_OK)
		k->err = emotp_store_user_by_name(k->store, k->first, &user);
	(void)pthread_barrier_wait(k->start);
	if (k->err == EMOTP_OK)
		k->err = emotp_store_user_by_name(k->store, k->second, &user);
	emotp_store_rollback(k->store);
	return NULL;
}

static void
a_deadlock_is_a_conflict_for_one_of_the_two(void **state)
{
	struct place *p = need_server(state);
	pthread_barrier_t start;
	struct knot knots[] = {
	    {p, place_open(p), "alice", "bob", &start, EMOTP_OK},
	    {p, place_open(p), "bob", "alice", &start, EMOTP_OK},
	};
	pthread_t threads[LEN(knots)];
	int conflicts = 0;

	assert_int_equal(pthread_barrier_init(&start, NULL, LEN(knots)), 0);
	for (size_t i = 0; i < LEN(knots); i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, tie, &knots[i]), 0);
	for (size_t i = 0; i < LEN(knots); i++) {
		(void)pthread_join(threads[i], NULL);
		conflicts += knots[i].err == EMOTP_ERR_CONFLICT;
		assert_true(knots[i].err == EMOTP_OK ||
		    knots[i].err == EMOTP_ERR_CONFLICT);
		emotp_store_close(knots[i].store);
	}
	assert_int_equal(conflicts, 1);
	(void)pthread_barrier_destroy(&start);
}

static enum emotp_err
conflict_until(int *left)
{
	return --*left >= 0 ? EMOTP_ERR_CONFLICT : EMOTP_OK;
}

static void
a_conflict_is_tried_again_and_not_for_ever(void **state)
{
	struct emotp_why why = {"as it was"};
	int left = EMOTP_TRIES - 1;

	(void)state;
	assert_int_equal(emotp_retry(&why, conflict_until(&left)), EMOTP_OK);
	assert_string_equal(why.text, "as it was");
	left = EMOTP_TRIES;
	assert_int_equal(
	    emotp_retry(&why, conflict_until(&left)), EMOTP_ERR_BUSY);
	assert_int_equal(left, 0);
	assert_non_null(strstr(why.text, "in the way"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    postgres_test(a_connection_lost_between_transactions_is_made_anew),
	    postgres_test(
		a_connection_lost_within_one_is_an_error_and_nothing_stays),
	    postgres_test(a_transaction_that_failed_cannot_be_committed),
	    postgres_test(a_commit_with_a_warning_is_none_to_rely_on),
	    postgres_test(a_commit_is_on_the_disk_whatever_the_server_prefers),
	    cmocka_unit_test(a_password_is_not_shown),
	    cmocka_unit_test(what_is_no_uri_is_refused_without_its_password),
	    cmocka_unit_test(nothing_goes_to_a_network_but_within_tls),
	    postgres_test(of_two_at_once_one_code_lets_in_one),
	    postgres_test(batches_in_another_order_do_not_wait_for_each_other),
	    postgres_test(who_cannot_be_written_is_no_harm_to_the_others),
	    postgres_test(who_waits_behind_a_lock_too_long_is_not_decided_late),
	    postgres_test(a_deadlock_is_a_conflict_for_one_of_the_two),
	    cmocka_unit_test(a_conflict_is_tried_again_and_not_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
