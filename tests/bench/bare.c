/*
 * The least that has to be done: the HTTP library with an answer that never
 * changes, and SQLite with one conditional UPDATE.
 *
 *	bare evhttp CERTIFICATE KEY	prints its port, serves until it is
 *killed bare sqlite FILE ROWS SECONDS BATCH	prints updates and seconds
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/http.h>
#include <openssl/ssl.h>
#include <sqlite3.h>

#define SCATTER 611953 /* rows in no order: a prime */

static const char said[] =
    "{\"verdict\":\"accepted\",\"nonce\":\"0123456789abcdef\","
    "\"user\":\"u123456\",\"host\":\"bench\"}";

static void
die(const char *what)
{
	(void)fprintf(stderr, "bare: %s\n", what);
	exit(1);
}

/* ---- evhttp ---- */

static struct bufferevent *
serve(struct event_base *base, void *tls)
{
	return bufferevent_openssl_socket_new(base, -1, SSL_new(tls),
	    BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
}

static void
answer(struct evhttp_request *request, void *arg)
{
	(void)arg;
	(void)evhttp_add_header(evhttp_request_get_output_headers(request),
	    "Content-Type", "application/json");
	(void)evbuffer_add(
	    evhttp_request_get_output_buffer(request), said, sizeof(said) - 1);
	evhttp_send_reply(request, 200, NULL, NULL);
}

static int
listen_somewhere(void)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(address);
	const int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
	    listen(fd, 1024) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) != 0)
		die("listen");
	(void)printf("%d\n", ntohs(address.sin_port));
	(void)fflush(stdout);
	return fd;
}

static void
run_evhttp(const char *certificate, const char *key)
{
	struct event_base *base = event_base_new();
	struct evhttp *http = evhttp_new(base);
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

	if (http == NULL || tls == NULL ||
	    SSL_CTX_use_certificate_chain_file(tls, certificate) != 1 ||
	    SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1)
		die("certificate");
	(void)signal(SIGPIPE, SIG_IGN);
	(void)SSL_CTX_set_num_tickets(tls, 0);
	(void)SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
	evhttp_set_bevcb(http, serve, tls);
	evhttp_set_gencb(http, answer, NULL);
	if (evhttp_accept_socket(http, listen_somewhere()) != 0)
		die("evhttp");
	(void)event_base_dispatch(base);
}

/* ---- SQLite ---- */

static double
seconds(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
sql(sqlite3 *db, const char *text)
{
	if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
		die(sqlite3_errmsg(db));
}

static void
fill(sqlite3 *db, long rows)
{
	char text[256];

	sql(db,
	    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
	    "PRAGMA wal_autocheckpoint=1000; CREATE TABLE t(id INTEGER"
	    " PRIMARY KEY, last_step INTEGER, sealed BLOB)");
	(void)snprintf(text, sizeof(text),
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
	    " WHERE i < %ld) INSERT INTO t SELECT i, 0, randomblob(48)"
	    " FROM n",
	    rows);
	sql(db, text);
}

static void
update(sqlite3 *db, sqlite3_stmt *one, long id)
{
	(void)sqlite3_bind_int64(one, 1, id);
	if (sqlite3_step(one) != SQLITE_DONE || sqlite3_changes(db) != 1)
		die(sqlite3_errmsg(db));
	(void)sqlite3_reset(one);
}

static void
run_sqlite(const char *file, long rows, double period_s, long batch)
{
	sqlite3 *db;
	sqlite3_stmt *one;
	double start;
	long count = 0;
	bool new = access(file, F_OK) != 0;

	if (sqlite3_open(file, &db) != SQLITE_OK)
		die("open");
	if (new)
		fill(db, rows);
	sql(db, "PRAGMA synchronous=FULL");
	if (sqlite3_prepare_v2(db,
		"UPDATE t SET last_step = last_step + 1"
		" WHERE id = ? AND last_step < 1000000000",
		-1, &one, NULL) != SQLITE_OK)
		die(sqlite3_errmsg(db));
	start = seconds();
	while (seconds() - start < period_s) {
		sql(db, "BEGIN IMMEDIATE");
		for (long i = 0; i < batch; i++)
			update(db, one, count++ * SCATTER % rows + 1);
		sql(db, "COMMIT");
	}
	(void)printf("%ld %.3f\n", count, seconds() - start);
	(void)sqlite3_finalize(one);
	(void)sqlite3_close(db);
}

int
main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "evhttp") == 0)
		run_evhttp(argv[2], argv[3]);
	else if (argc == 6 && strcmp(argv[1], "sqlite") == 0)
		run_sqlite(
		    argv[2], atol(argv[3]), atof(argv[4]), atol(argv[5]));
	else
		die("see the head of bare.c");
	return 0;
}
