#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "http_internal.h"

#define PAUSE_MS 100

/* ---- limits ---- */

static struct conn_list *
bucket_of(struct http *http, const char *source)
{
	size_t hash = 5381;

	for (; *source != '\0'; source++)
		hash = hash * 33 + (unsigned char)*source;
	return &http->buckets[hash % HTTP_BUCKETS];
}

static int
count_alike(struct conn *conn, struct conn_list *bucket)
{
	const struct conn *other;
	int count = 0;

	LIST_FOREACH(other, bucket, alike)
	count += strcmp(other->source, conn->source) == 0;
	return count;
}

static bool
has_room(struct conn *conn)
{
	struct http *http = conn->http;
	struct conn_list *bucket = bucket_of(http, conn->source);

	if (http->connections > http->limits.connections)
		return false;
	if (conn->listener->trusted)
		return true;
	if (count_alike(conn, bucket) >= http->limits.per_source)
		return false;
	LIST_INSERT_HEAD(bucket, conn, alike);
	conn->counted = true;
	return true;
}

bool
http_conn_admit(struct conn *conn)
{
	union {
		struct sockaddr any;
		struct sockaddr_storage space;
	} peer = {.space = {0}};
	socklen_t len = sizeof(peer);

	(void)getpeername(bufferevent_getfd(conn->bev), &peer.any, &len);
	http_source_of(&peer.any, conn->source);
	if (!has_room(conn)) {
		conn->http->refused++;
		return false;
	}
	http_conn_arm(
	    conn, conn->listener->tls ? HTTP_DEADLINE_S : HTTP_IDLE_S);
	return true;
}

/* ---- listeners ---- */

static void
go_on(evutil_socket_t fd, short what, void *arg)
{
	struct listener *listener = arg;

	(void)fd;
	(void)what;
	if (listener->bound != NULL)
		(void)evconnlistener_enable(
		    evhttp_bound_socket_get_listener(listener->bound));
}

/* No descriptors are left. To try again at once would take the whole CPU. */
static void
pause_it(struct evconnlistener *evlistener, void *arg)
{
	const struct timeval after = {0, PAUSE_MS * 1000};
	const struct listener *listener = arg;

	(void)evconnlistener_disable(evlistener);
	(void)event_add(listener->pause, &after);
}

/* Every method is answered by the handler; longer bodies never get there. */
static struct evhttp *
make_server(struct listener *listener)
{
	struct evhttp *evhttp = evhttp_new(listener->http->base);

	if (evhttp == NULL)
		return NULL;
	evhttp_set_allowed_methods(evhttp, UINT16_MAX);
	evhttp_set_max_body_size(evhttp, HTTP_BODY_MAX);
	evhttp_set_max_headers_size(evhttp, HTTP_HEAD_MAX);
	evhttp_set_default_content_type(evhttp, NULL);
	evhttp_set_bevcb(evhttp, http_conn_new, listener);
	evhttp_set_gencb(evhttp, http_conn_take, listener);
	return evhttp;
}

static bool
start(struct listener *listener, int fd)
{
	struct event_base *base = listener->http->base;
	struct evconnlistener *evlistener;

	listener->pause = evtimer_new(base, go_on, listener);
	listener->evhttp = make_server(listener);
	if (listener->pause == NULL || listener->evhttp == NULL)
		return false;
	evlistener = evconnlistener_new(base, NULL, NULL,
	    LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_CLOSE_ON_FREE, 0, fd);
	if (evlistener == NULL)
		return false;
	listener->bound = evhttp_bind_listener(listener->evhttp, evlistener);
	if (listener->bound == NULL) {
		evconnlistener_free(evlistener);
		return false;
	}
	evconnlistener_set_error_cb(evlistener, pause_it);
	return true;
}

enum emotp_err
http_listen(
    struct http *http, int fd, bool tls, bool trusted, struct emotp_why *why)
{
	struct listener *listener = &http->listeners[http->listener_count];
	const int on = 1;

	if (http->listener_count == HTTP_LISTENERS_MAX)
		return emotp_fail(
		    why, EMOTP_ERR_CONFIG, "listen: too many addresses");
	if (tls && http->tls == NULL)
		return emotp_fail(why, EMOTP_ERR_CONFIG, "no certificate");
	*listener =
	    (struct listener){.http = http, .tls = tls, .trusted = trusted};
	http->listener_count++;
	/* Inherited by what it accepts: else answers wait for the client. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return start(listener, fd) ?
	    EMOTP_OK :
	    emotp_fail(why, EMOTP_ERR_MEMORY, "out of memory");
}

/* ---- from opening to closing ---- */

enum emotp_err
http_open(struct event_base *base, const struct http_handler *handler,
    const struct http_limits *limits, struct http **ret, struct emotp_why *why)
{
	struct http *http = calloc(1, sizeof(*http));

	if (http == NULL)
		return emotp_fail(why, EMOTP_ERR_MEMORY, "out of memory");
	http->base = base;
	http->handler = *handler;
	http->limits = *limits;
	LIST_INIT(&http->conns);
	*ret = http;
	return EMOTP_OK;
}

static void
stop(struct listener *listener)
{
	if (listener->bound != NULL)
		evhttp_del_accept_socket(listener->evhttp, listener->bound);
	listener->bound = NULL;
}

void
http_drain(struct http *http)
{
	struct conn *conn, *next;

	http->draining = true;
	for (int i = 0; i < http->listener_count; i++)
		stop(&http->listeners[i]);
	for (conn = LIST_FIRST(&http->conns); conn != NULL; conn = next) {
		next = LIST_NEXT(conn, all);
		if (conn->state == CONN_IDLE && conn->evcon != NULL)
			http_conn_end(conn);
	}
}

bool
http_idle(struct http *http)
{
	return http->connections == 0;
}

int
http_connections(const struct http *http)
{
	return http->connections;
}

uint64_t
http_refused(const struct http *http)
{
	return http->refused;
}

void
http_close(struct http *http)
{
	if (http == NULL)
		return;
	for (int i = 0; i < http->listener_count; i++) {
		struct listener *listener = &http->listeners[i];

		stop(listener);
		if (listener->evhttp != NULL)
			evhttp_free(listener->evhttp);
		if (listener->pause != NULL)
			event_free(listener->pause);
	}
	while (!LIST_EMPTY(&http->conns))
		http_conn_free(LIST_FIRST(&http->conns));
	SSL_CTX_free(http->tls);
	free(http);
}
