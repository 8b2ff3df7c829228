/* The parts of the HTTP layer, to one another. */
#ifndef SERVER_HTTP_INTERNAL_H
#define SERVER_HTTP_INTERNAL_H

#include <sys/queue.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <openssl/ssl.h>

#include "http.h"

#define HTTP_LISTENERS_MAX 32

/* A listening socket and the library's server for it. */
struct listener {
	struct http *http;
	struct evhttp *evhttp;
	struct evhttp_bound_socket *bound;
	bool tls;
	bool trusted;
};

/*
 * A connection. The library owns bev and frees it without a word; its socket's
 * cookie tells whether it has.
 */
struct conn {
	TAILQ_ENTRY(conn) entry;
	struct http *http;
	const struct listener *listener;
	struct bufferevent *bev;
	struct event *soon; /* runs before whatever else is due */
	int fd;             /* -1 until it was adopted */
	uint64_t cookie;    /* SO_COOKIE of fd */
	int64_t until_s;    /* of the monotonic clock; then it ends */
	bool idle;          /* between two requests */
	bool ours;          /* what is written is http_reply's */
	char source[HTTP_SOURCE_MAX];
};

struct http {
	struct event_base *base;
	struct http_handler handler;
	struct http_limits limits;
	struct listener listeners[HTTP_LISTENERS_MAX];
	int listener_count;
	SSL_CTX *tls;
	TAILQ_HEAD(conn_list, conn) conns;
	struct conn **by_fd;
	size_t by_fd_len;
	int connections;
	uint64_t refused;
	struct event *sweeper; /* once a second */
	bool draining;
};

/* evhttp_set_bevcb's; arg is the listener. */
struct bufferevent *http_conn_new(struct event_base *base, void *arg);

/* The connection of a request; NULL if it is gone. */
struct conn *http_conn_of(
    const struct http *http, struct evhttp_request *request);

/* It waits for its next request, or has begun one. */
void http_conn_idle(struct conn *conn, bool idle);

/* Ends it as soon as the library notices. */
void http_conn_end(struct conn *conn);

/* Forgets the connections that are closed, ends those whose time is over. */
void http_conn_sweep(struct http *http);

/* Whether address, of the given length, is text for a source. */
void http_source_of(
    const struct sockaddr *address, char source[static HTTP_SOURCE_MAX]);

/* The source that the last address of X-Forwarded-For names, if it does. */
void http_source_forwarded(
    const char *value, char source[static HTTP_SOURCE_MAX]);

#endif
