#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/secret.h"
#include "../common/text.h"
#include "http_internal.h"

#define PATH_MAX_BYTES 256
#define METHODS                                                                \
	(EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT | \
	    EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE |        \
	    EVHTTP_REQ_CONNECT | EVHTTP_REQ_PATCH)

struct http_request {
	struct http *http;
	struct evhttp_request *ev; /* valid until it is answered */
	bool tls;
	bool trusted;
	bool malformed;
	char path[PATH_MAX_BYTES];
	char source[HTTP_SOURCE_MAX];
};

/* ---- what was asked ---- */

static const char *
find_header(struct evhttp_request *ev, const char *name, int *ret_count)
{
	const struct evkeyvalq *headers = evhttp_request_get_input_headers(ev);
	const struct evkeyval *header;
	const char *value = NULL;

	*ret_count = 0;
	TAILQ_FOREACH(header, headers, next)
	if (strcasecmp(header->key, name) == 0) {
		value = header->value;
		++*ret_count;
	}
	return *ret_count == 1 ? value : NULL;
}

static int
count_header(struct evhttp_request *ev, const char *name)
{
	int count;

	(void)find_header(ev, name, &count);
	return count;
}

/* What makes two readers of a stream disagree about where requests end. */
static bool
frames_badly(struct evhttp_request *ev)
{
	int count;
	const char *length = find_header(ev, "Content-Length", &count);

	if (length != NULL && length[strspn(length, "0123456789")] != '\0')
		return true;
	return count > 1 || count_header(ev, "Transfer-Encoding") > 0 ||
	    count_header(ev, "Host") != 1 || ev->major != 1;
}

/* False for what is no path of ours: absolute forms, "*", odd bytes. */
static bool
take_path(struct evhttp_request *ev, char path[static PATH_MAX_BYTES])
{
	const char *uri = evhttp_request_get_uri(ev);
	size_t len = uri == NULL ? 0 : strcspn(uri, "?");

	(void)snprintf(path, PATH_MAX_BYTES, "/");
	if (len == 0 || len >= PATH_MAX_BYTES || uri[0] != '/')
		return false;
	for (size_t i = 0; i < len; i++)
		if (uri[i] <= ' ' || uri[i] > '~' || uri[i] == '#')
			return false;
	(void)snprintf(path, PATH_MAX_BYTES, "%.*s", (int)len, uri);
	return true;
}

const char *
http_method(const struct http_request *request)
{
	static const struct {
		enum evhttp_cmd_type type;
		const char *name;
	} methods[] = {
	    {EVHTTP_REQ_GET, "GET"},
	    {EVHTTP_REQ_HEAD, "HEAD"},
	    {EVHTTP_REQ_POST, "POST"},
	};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (evhttp_request_get_command(request->ev) == methods[i].type)
			return methods[i].name;
	return "OTHER";
}

const char *
http_path(const struct http_request *request)
{
	return request->path;
}

const char *
http_header(const struct http_request *request, const char *name)
{
	int count;

	return find_header(request->ev, name, &count);
}

const char *
http_body(const struct http_request *request, size_t *ret_len)
{
	struct evbuffer *body = evhttp_request_get_input_buffer(request->ev);
	const unsigned char *bytes = evbuffer_pullup(body, -1);

	*ret_len = bytes == NULL ? 0 : evbuffer_get_length(body);
	return bytes == NULL ? "" : (const char *)bytes;
}

bool
http_trusted(const struct http_request *request)
{
	return request->trusted;
}

const char *
http_source(const struct http_request *request)
{
	return request->source;
}

bool
http_malformed(const struct http_request *request)
{
	return request->malformed;
}

static struct http_request *
request_new(
    struct http *http, const struct conn *conn, struct evhttp_request *ev)
{
	struct http_request *request = calloc(1, sizeof(*request));
	const char *forwarded;
	bool path;

	if (request == NULL)
		return NULL;
	request->http = http;
	request->ev = ev;
	request->tls = conn->listener->tls;
	request->trusted = conn->listener->trusted;
	(void)emotp_copy(
	    request->source, sizeof(request->source), conn->source);
	forwarded = http_header(request, "X-Forwarded-For");
	if (request->trusted && forwarded != NULL)
		http_source_forwarded(forwarded, request->source);
	path = take_path(ev, request->path);
	request->malformed = !path || frames_badly(ev);
	return request;
}

static void
answered(struct evhttp_request *ev, void *arg)
{
	struct conn *conn = http_conn_of(arg, ev);

	if (conn != NULL)
		http_conn_idle(conn, true);
}

static void
take(struct evhttp_request *ev, void *arg)
{
	struct http *http = arg;
	struct conn *conn = http_conn_of(http, ev);
	struct http_request *request =
	    conn == NULL ? NULL : request_new(http, conn, ev);

	if (request == NULL) {
		evhttp_send_error(ev, 400, NULL); /* conn's filter rewords it */
		return;
	}
	evhttp_request_set_on_complete_cb(ev, answered, http);
	http->handler.handle(http->handler.arg, request);
}

/* ---- answers ---- */

static void
add_headers(const struct http_request *request, const struct http_reply *reply)
{
	struct evkeyvalq *headers =
	    evhttp_request_get_output_headers(request->ev);
	const struct http_field *field = reply->fields;
	char len[24];

	(void)snprintf(len, sizeof(len), "%zu", reply->len);
	for (; field != NULL && field->name != NULL; field++)
		(void)evhttp_add_header(headers, field->name, field->value);
	if (reply->status != 304)
		(void)evhttp_add_header(headers, "Content-Length", len);
	if (request->tls)
		(void)evhttp_add_header(
		    headers, "Strict-Transport-Security", "max-age=31536000");
	if (request->malformed || request->http->draining)
		(void)evhttp_add_header(headers, "Connection", "close");
}

void
http_reply(struct http_request *request, const struct http_reply *reply)
{
	struct evbuffer *body = evhttp_request_get_output_buffer(request->ev);
	struct conn *conn = http_conn_of(request->http, request->ev);

	if (conn != NULL)
		conn->ours = true;
	add_headers(request, reply);
	if (reply->len > 0 &&
	    evhttp_request_get_command(request->ev) != EVHTTP_REQ_HEAD)
		(void)evbuffer_add(body, reply->body, reply->len);
	evhttp_send_reply(request->ev, reply->status, NULL, NULL);
	free(request);
}

/* ---- listeners ---- */

static void
sweep(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	http_conn_sweep(arg);
}

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
	TAILQ_INIT(&http->conns);
	http->sweeper = event_new(base, -1, EV_PERSIST, sweep, http);
	*ret = http;
	return http->sweeper != NULL &&
		event_add(http->sweeper, &(const struct timeval){1, 0}) == 0 ?
	    EMOTP_OK :
	    emotp_fail(why, EMOTP_ERR_MEMORY, "out of memory");
}

static struct evhttp *
make_server(struct http *http, struct listener *listener)
{
	struct evhttp *evhttp = evhttp_new(http->base);

	if (evhttp == NULL)
		return NULL;
	evhttp_set_allowed_methods(evhttp, METHODS);
	evhttp_set_max_body_size(evhttp, HTTP_BODY_MAX);
	evhttp_set_max_headers_size(evhttp, HTTP_HEAD_MAX);
	evhttp_set_timeout(evhttp, HTTP_IDLE_S + HTTP_DEADLINE_S);
	/* Who sends too much hears so, and is not read into memory. */
	(void)evhttp_set_flags(evhttp, EVHTTP_SERVER_LINGERING_CLOSE);
	evhttp_set_bevcb(evhttp, http_conn_new, listener);
	evhttp_set_gencb(evhttp, take, http);
	return evhttp;
}

/* Accepted sockets inherit it: else answers wait for an acknowledgement. */
static void
set_nodelay(int fd)
{
	const int on = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

enum emotp_err
http_listen(
    struct http *http, int fd, bool tls, bool trusted, struct emotp_why *why)
{
	struct listener *listener = &http->listeners[http->listener_count];

	if (http->listener_count == HTTP_LISTENERS_MAX)
		return emotp_fail(
		    why, EMOTP_ERR_CONFIG, "listen: too many addresses");
	*listener = (struct listener){.http = http,
	    .tls = tls,
	    .trusted = trusted,
	    .evhttp = make_server(http, listener)};
	if (listener->evhttp == NULL)
		return emotp_fail(why, EMOTP_ERR_MEMORY, "out of memory");
	http->listener_count++;
	set_nodelay(fd);
	listener->bound =
	    evhttp_accept_socket_with_handle(listener->evhttp, fd);
	return listener->bound != NULL ?
	    EMOTP_OK :
	    emotp_fail(why, EMOTP_ERR_MEMORY, "out of memory");
}

void
http_drain(struct http *http)
{
	struct conn *conn;

	http->draining = true;
	for (int i = 0; i < http->listener_count; i++) {
		struct listener *listener = &http->listeners[i];

		if (listener->bound != NULL)
			evhttp_del_accept_socket(
			    listener->evhttp, listener->bound);
		listener->bound = NULL;
	}
	TAILQ_FOREACH(conn, &http->conns, entry)
	if (conn->idle)
		http_conn_end(conn);
}

bool
http_idle(struct http *http)
{
	http_conn_sweep(http);
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
	for (int i = 0; i < http->listener_count; i++)
		if (http->listeners[i].evhttp != NULL)
			evhttp_free(http->listeners[i].evhttp);
	http_conn_sweep(http); /* all are closed now */
	if (http->sweeper != NULL)
		event_free(http->sweeper);
	SSL_CTX_free(http->tls);
	free(http->by_fd);
	free(http);
}
