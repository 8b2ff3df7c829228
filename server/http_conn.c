#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <event2/bufferevent_ssl.h>

#include "http_internal.h"

/* What is answered where the library refuses a request by itself. */
static const char refusal[] =
    "HTTP/1.1 400 Bad Request\r\n"
    "Content-Type: application/problem+json\r\n"
    "Cache-Control: no-store\r\n"
    "Content-Length: 73\r\n"
    "Connection: close\r\n"
    "\r\n"
    "{\"type\":\"about:emotp#malformed\","
    "\"title\":\"Malformed request\",\"status\":400}";

static int64_t
monotonic_s(void)
{
	struct timespec now = {0, 0};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* What the kernel calls the socket behind a descriptor; never used twice. */
static uint64_t
cookie_of(int fd)
{
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);

	return getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len) == 0 ?
	    cookie :
	    0;
}

/* The library closes connections without a word. */
static bool
is_open(const struct conn *conn)
{
	return conn->fd >= 0 && cookie_of(conn->fd) == conn->cookie;
}

void
http_conn_end(struct conn *conn)
{
	if (is_open(conn))
		(void)shutdown(conn->fd, SHUT_RDWR);
}

void
http_conn_idle(struct conn *conn, bool idle)
{
	conn->idle = idle;
	conn->ours = false;
	conn->until_s = monotonic_s() + (idle ? HTTP_IDLE_S : HTTP_DEADLINE_S);
	if (idle && conn->http->draining)
		http_conn_end(conn);
}

static void
conn_free(struct conn *conn)
{
	struct http *http = conn->http;

	if (conn->fd >= 0 && (size_t)conn->fd < http->by_fd_len &&
	    http->by_fd[conn->fd] == conn)
		http->by_fd[conn->fd] = NULL;
	TAILQ_REMOVE(&http->conns, conn, entry);
	http->connections--;
	event_free(conn->soon);
	free(conn);
}

void
http_conn_sweep(struct http *http)
{
	int64_t now_s = monotonic_s();
	struct conn *conn, *next;

	for (conn = TAILQ_FIRST(&http->conns); conn != NULL; conn = next) {
		next = TAILQ_NEXT(conn, entry);
		if (!is_open(conn))
			conn_free(conn);
		else if (now_s >= conn->until_s)
			(void)shutdown(conn->fd, SHUT_RDWR);
	}
}

/* ---- by descriptor ---- */

static bool
remember(struct http *http, struct conn *conn)
{
	size_t fd = (size_t)conn->fd;

	if (fd >= http->by_fd_len) {
		size_t len = fd + 64;
		struct conn **grown =
		    reallocarray(http->by_fd, len, sizeof(struct conn *));

		if (grown == NULL)
			return false;
		memset(grown + http->by_fd_len, 0,
		    (len - http->by_fd_len) * sizeof(struct conn *));
		http->by_fd = grown;
		http->by_fd_len = len;
	}
	if (http->by_fd[fd] != NULL)
		conn_free(http->by_fd[fd]); /* was closed, and not yet swept */
	http->by_fd[fd] = conn;
	return true;
}

struct conn *
http_conn_of(const struct http *http, struct evhttp_request *request)
{
	struct evhttp_connection *evcon =
	    evhttp_request_get_connection(request);
	int fd = evcon == NULL ?
	    -1 :
	    bufferevent_getfd(evhttp_connection_get_bufferevent(evcon));

	return fd < 0 || (size_t)fd >= http->by_fd_len ? NULL : http->by_fd[fd];
}

/* ---- limits ---- */

static int
count_source(const struct http *http, const char *source)
{
	const struct conn *conn;
	int count = 0;

	TAILQ_FOREACH(conn, &http->conns, entry)
	count += strcmp(conn->source, source) == 0;
	return count;
}

static bool
too_many(struct http *http, const struct conn *conn)
{
	if (http->connections > http->limits.connections)
		http_conn_sweep(http);
	return http->connections > http->limits.connections ||
	    (!conn->listener->trusted &&
		count_source(http, conn->source) > http->limits.per_source);
}

/* Its descriptor is known only after it was made: see who it is. */
static void
adopt(struct conn *conn)
{
	struct http *http = conn->http;
	union {
		struct sockaddr any;
		struct sockaddr_storage space;
	} peer = {.space = {0}};
	socklen_t len = sizeof(peer);

	conn->fd = bufferevent_getfd(conn->bev);
	conn->cookie = cookie_of(conn->fd);
	(void)getpeername(conn->fd, &peer.any, &len);
	http_source_of(&peer.any, conn->source);
	http_conn_idle(conn, false);
	if (remember(http, conn) && !too_many(http, conn))
		return;
	http->refused++;
	http_conn_end(conn);
}

/* ---- what comes and goes ---- */

static void
bytes_came(
    struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *arg)
{
	struct conn *conn = arg;

	(void)buffer;
	if (info->n_added > 0 && conn->idle)
		http_conn_idle(conn, false);
}

/* Where the library refuses by itself it speaks HTML: look at it soon. */
static void
bytes_go(
    struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *arg)
{
	struct conn *conn = arg;

	(void)buffer;
	if (info->n_added > 0 && !conn->ours)
		event_active(conn->soon, EV_TIMEOUT, 0);
}

static void
reword(struct conn *conn)
{
	static const char interim[] = "HTTP/1.1 100 ";
	struct evbuffer *output = bufferevent_get_output(conn->bev);
	char head[sizeof(interim)] = "";

	(void)evbuffer_copyout(output, head, sizeof(interim) - 1);
	if (strcmp(head, interim) == 0)
		return;
	conn->ours = true;
	(void)evbuffer_drain(output, evbuffer_get_length(output));
	(void)evbuffer_add(output, refusal, sizeof(refusal) - 1);
}

/*
 * Runs before any other event, for none has its priority: so the connection
 * is still there after it was made, and what was written is complete and
 * has not left.
 */
static void
see_soon(evutil_socket_t fd, short what, void *arg)
{
	struct conn *conn = arg;

	(void)fd;
	(void)what;
	if (conn->fd < 0)
		adopt(conn);
	else if (is_open(conn) && !conn->ours)
		reword(conn);
}

/* ---- making one ---- */

static struct bufferevent *
make_bytes(struct event_base *base, const struct listener *listener)
{
	struct bufferevent *bev;
	SSL *ssl;

	if (!listener->tls)
		return bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	ssl = SSL_new(listener->http->tls);
	if (ssl == NULL)
		return NULL;
	bev = bufferevent_openssl_socket_new(
	    base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	if (bev == NULL)
		SSL_free(ssl);
	else
		bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
	return bev;
}

/* With NULL the library would serve the socket bare, in clear: never that. */
struct bufferevent *
http_conn_new(struct event_base *base, void *arg)
{
	const struct listener *listener = arg;
	struct http *http = listener->http;
	struct conn *conn = calloc(1, sizeof(*conn));

	if (conn == NULL)
		abort();
	conn->http = http;
	conn->listener = listener;
	conn->fd = -1;
	conn->soon = evtimer_new(base, see_soon, conn);
	conn->bev = make_bytes(base, listener);
	if (conn->soon == NULL || conn->bev == NULL ||
	    event_priority_set(conn->soon, 0) != 0)
		abort();
	TAILQ_INSERT_TAIL(&http->conns, conn, entry);
	http->connections++;
	(void)evbuffer_add_cb(
	    bufferevent_get_input(conn->bev), bytes_came, conn);
	(void)evbuffer_add_cb(
	    bufferevent_get_output(conn->bev), bytes_go, conn);
	event_active(conn->soon, EV_TIMEOUT, 0);
	return conn->bev;
}
