/* The parts of the HTTP layer, to one another. */
#ifndef SERVER_HTTP_INTERNAL_H
#define SERVER_HTTP_INTERNAL_H

#include <sys/queue.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <openssl/ssl.h>

#include "http_head.h"

#define HTTP_LISTENERS_MAX 32
#define HTTP_BUCKETS       1024 /* of sources */

/* A listening socket and the library's server for it. */
struct listener {
	struct http *http;
	struct evhttp *evhttp;
	struct evhttp_bound_socket *bound;
	struct event *pause; /* when there are no descriptors left */
	bool tls;
	bool trusted;
};

enum conn_state {
	CONN_IDLE = 0, /* no byte of a request yet */
	CONN_READING,  /* ours: the library sees whole requests only */
	CONN_HANDLED,  /* the library's: not answered yet */
	CONN_SENDING,  /* the library's: the answer leaves */
	CONN_REFUSED,  /* ours to its end: nothing it sends is looked at */
};

/*
 * A connection. Between requests, and until a request has been read to its end
 * and found in order, the callbacks of bev are ours; then the library gets
 * its own back and reads that request in one go.
 */
struct conn {
	LIST_ENTRY(conn) all;
	LIST_ENTRY(conn) alike; /* in the bucket of its source */
	struct http *http;
	const struct listener *listener;
	struct bufferevent *bev;         /* the library's */
	struct evhttp_connection *evcon; /* NULL until we meet it */
	bufferevent_data_cb their_read;
	bufferevent_event_cb their_event;
	struct event *turn;           /* the library is ready for a request */
	struct event *timer;          /* ends it */
	struct http_request *request; /* being read, or not answered yet */
	enum conn_state state;
	bool counted;     /* by its source */
	bool told;        /* to go on and send the body */
	bool telling;     /* and that is still to be written */
	bool ended;       /* by the client: it will not send more */
	size_t behind;    /* bytes that came behind the request */
	size_t discarded; /* bytes, once refused */
	char source[HTTP_SOURCE_MAX];
};

LIST_HEAD(conn_list, conn);

struct http {
	struct event_base *base;
	struct http_handler handler;
	struct http_limits limits;
	struct listener listeners[HTTP_LISTENERS_MAX];
	int listener_count;
	SSL_CTX *tls;
	struct conn_list conns;
	struct conn_list buckets[HTTP_BUCKETS];
	struct conn *handed; /* whose request the library is reading */
	int connections;
	uint64_t refused;
	bool draining;
};

struct http_request {
	struct conn *conn;         /* NULL when the client has gone */
	struct evhttp_request *ev; /* NULL then, and if malformed */
	bool malformed;
	bool trusted;
	size_t head_len;
	struct http_head head;
	char source[HTTP_SOURCE_MAX];
	char *body;
	char bytes[]; /* head and body, each with a NUL behind it */
};

/* ---- connections ---- */

/* evhttp_set_bevcb's and evhttp_set_gencb's; arg is the listener. */
struct bufferevent *http_conn_new(struct event_base *base, void *arg);
void http_conn_take(struct evhttp_request *ev, void *arg);

/* Ends it at once, by which it is freed. */
void http_conn_end(struct conn *conn);

/* Frees one that the library has forgotten. */
void http_conn_free(struct conn *conn);

/* From now on it has so many seconds. */
void http_conn_arm(struct conn *conn, int seconds);

/* Whether there is room for it. */
bool http_conn_admit(struct conn *conn);

/* ---- requests ---- */

/*
 * The request whose head is the first head_len bytes that came; with 0 a
 * malformed one. NULL if memory is out.
 */
struct http_request *http_request_new(struct conn *conn, size_t head_len);
void http_request_free(struct http_request *request);

/* Copies the body, which is there to its end. */
void http_request_take_body(struct http_request *request);

/* ---- TLS ---- */

/* Serves a connection by the certificate as it is now; NULL: no memory. */
struct bufferevent *http_tls_new(struct http *http);

/* Tells the client that nothing more will come. */
void http_tls_bye(struct bufferevent *bev);

/* ---- sources ---- */

void http_source_of(
    const struct sockaddr *address, char source[static HTTP_SOURCE_MAX]);

/* The source that the last address of X-Forwarded-For names, if it does. */
void http_source_forwarded(
    const char *value, char source[static HTTP_SOURCE_MAX]);

#endif
