/*
 * What is PostgreSQL's alone: connections, commits. Skipped without a
 * server, see storing.h.
 */
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>

#include "connecting.h"

#define ROUNDS 50

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
change_meta(const struct place *p, const char *how)
{
	char sql[256];

	(void)snprintf(
	    sql, sizeof(sql), "UPDATE %s.meta SET %s", p->schema, how);
	place_sql(getenv("EMOTP_TEST_STORE"), sql);
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

/* Another database may answer then, or this one as somebody restored it. */
static void
a_connection_made_anew_is_to_the_same_store_or_none(void **state)
{
	static const struct {
		const char *spoil, *mend;
		enum emotp_err err;
	} rows[] = {
	    {"schema = schema + 1", "schema = schema - 1", EMOTP_ERR_STORE},
	    {"schema = -1003", "schema = 3", EMOTP_ERR_STORE},
	    {"key_check = key_check || '\\x00'",
		"key_check = substr(key_check, 1, 16)", EMOTP_ERR_STORE},
	    {"key_check = substr(key_check, 9) || substr(key_check, 1, 8)",
		"key_check = substr(key_check, 9) || substr(key_check, 1, 8)",
		EMOTP_ERR_KEY},
	};
	struct place *p = need_server(state);
	struct emotp_user user;
	bool none = true;

	for (size_t i = 0; i < LEN(rows); i++) {
		change_meta(p, rows[i].spoil);
		cut_off(p);
		for (int again = 0; again < 2; again++) {
			CHECK_INT(rows[i].spoil,
			    emotp_verify_never_enrolled(&p->authority, "zoe",
				"zoe", NOW_S, &none, NULL),
			    rows[i].err);
			CHECK(rows[i].spoil, !none);
		}
		CHECK_INT(rows[i].spoil, emotp_store_begin_read(p->store),
		    rows[i].err);
		emotp_store_rollback(p->store);
		change_meta(p, rows[i].mend);
		CHECK_INT(rows[i].mend, emotp_store_begin(p->store), EMOTP_OK);
		OK(emotp_store_user_by_name(p->store, "alice", &user));
		emotp_store_rollback(p->store);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    postgres_test(a_connection_lost_between_transactions_is_made_anew),
	    postgres_test(a_connection_made_anew_is_to_the_same_store_or_none),
	    postgres_test(
		a_connection_lost_within_one_is_an_error_and_nothing_stays),
	    postgres_test(a_transaction_that_failed_cannot_be_committed),
	    postgres_test(a_commit_with_a_warning_is_none_to_rely_on),
	    postgres_test(a_commit_is_on_the_disk_whatever_the_server_prefers),
	    cmocka_unit_test(a_password_is_not_shown),
	    cmocka_unit_test(what_is_no_uri_is_refused_without_its_password),
	    cmocka_unit_test(nothing_goes_to_a_network_but_within_tls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
