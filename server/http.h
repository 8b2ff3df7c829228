/*
 * HTTP on the event loop. The only part that knows the HTTP library; all of
 * it runs in the loop's thread.
 */
#ifndef SERVER_HTTP_H
#define SERVER_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../common/err.h"

struct event_base;
struct http;         /* opaque: listeners and their connections */
struct http_request; /* opaque: one request, until it is answered */

#define HTTP_BODY_MAX   4096 /* bytes of a request's body */
#define HTTP_HEAD_MAX   8192 /* bytes of its headers */
#define HTTP_DEADLINE_S 10   /* from a request's first byte to its answer */
#define HTTP_IDLE_S     60
#define HTTP_SOURCE_MAX 46 /* text of a source, with the NUL */

/* Called once for each request; answers it, then or later. */
struct http_handler {
	void (*handle)(void *arg, struct http_request *request);
	void *arg;
};

struct http_limits {
	int connections; /* in all */
	int per_source;  /* connections of one source; not on trusted ones */
};

/* handler and base are borrowed. Close *ret. */
enum emotp_err http_open(struct event_base *base,
    const struct http_handler *handler, const struct http_limits *limits,
    struct http **ret, struct emotp_why *why);

/* Ends every connection. Requests not yet answered stay valid until they are.
 */
void http_close(struct http *http);

/*
 * Certificate chain and key, PEM, for listeners with TLS: TLS 1.2 and later.
 * Called again, it changes what new connections are shown, or, on an error,
 * nothing. The files are read at once.
 */
enum emotp_err http_set_certificate(struct http *http, const char *chain,
    const char *key, struct emotp_why *why);

/*
 * Serves a bound, listening, non-blocking socket, which it takes over. trusted:
 * loopback or a Unix socket, where X-Forwarded-For is believed.
 */
enum emotp_err http_listen(
    struct http *http, int fd, bool tls, bool trusted, struct emotp_why *why);

/*
 * No new connections are taken, idle ones end, others after their answer.
 * http_idle: whether none is left.
 */
void http_drain(struct http *http);
bool http_idle(struct http *http);

/* How many connections there are, and how many were turned away so far. */
int http_connections(const struct http *http);
uint64_t http_refused(const struct http *http);

/*
 * What was asked. All is borrowed until http_reply. The path is as it was
 * sent, without the query; never NULL, begins with '/'. http_header is NULL for
 * a header that is missing, and for one that came more than once.
 */
const char *http_method(const struct http_request *request);
const char *http_path(const struct http_request *request);
const char *http_header(const struct http_request *request, const char *name);
const char *http_body(const struct http_request *request, size_t *ret_len);

/* On loopback or a Unix socket, and not passed on by a proxy there. */
bool http_near(const struct http_request *request);

/* The source (PROTOCOL.md, 1) as text: "192.0.2.7" or "2001:db8:0:1::/64". */
const char *http_source(const struct http_request *request);

/*
 * Whether the request breaks the rules for framing (PROTOCOL.md, 1) or its
 * body is too long to be read: answer 400. Its connection then ends.
 */
bool http_malformed(const struct http_request *request);

struct http_field {
	const char *name;
	const char *value;
};

struct http_reply {
	int status;
	const struct http_field *fields; /* ends with a name of NULL; or NULL */
	const void *body;
	size_t len; /* sent as Content-Length; the body itself not for HEAD */
};

/*
 * Answers and releases the request. Everything of *reply is copied. Does no
 * harm if the client has gone meanwhile.
 */
void http_reply(struct http_request *request, const struct http_reply *reply);

#endif
