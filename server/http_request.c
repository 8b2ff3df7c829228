#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/secret.h"
#include "../common/text.h"
#include "http_internal.h"

#define DATE_MAX 64

/* ---- what was asked ---- */

static void
read_head(struct http_request *request)
{
	struct evbuffer *input = bufferevent_get_input(request->conn->bev);
	const char *forwarded;

	(void)evbuffer_copyout(input, request->bytes, request->head_len);
	request->malformed = strlen(request->bytes) != request->head_len ||
	    !http_head_read(request->bytes, &request->head);
	if (request->malformed || !request->trusted)
		return;
	forwarded = http_head_last(&request->head, "X-Forwarded-For");
	if (forwarded != NULL)
		http_source_forwarded(forwarded, request->source);
}

struct http_request *
http_request_new(struct conn *conn, size_t head_len)
{
	size_t size =
	    sizeof(struct http_request) + head_len + 1 + HTTP_BODY_MAX + 1;
	struct http_request *request = calloc(1, size);

	if (request == NULL)
		return NULL;
	request->conn = conn;
	request->trusted = conn->listener->trusted;
	request->head_len = head_len;
	request->body = request->bytes + head_len + 1;
	(void)emotp_copy(
	    request->source, sizeof(request->source), conn->source);
	request->malformed = head_len == 0;
	if (!request->malformed)
		read_head(request);
	if (request->malformed)
		request->head = (struct http_head){.method = "", .path = "/"};
	return request;
}

void
http_request_take_body(struct http_request *request)
{
	struct evbuffer *input = bufferevent_get_input(request->conn->bev);
	struct evbuffer_ptr start;

	(void)evbuffer_ptr_set(
	    input, &start, request->head_len, EVBUFFER_PTR_SET);
	(void)evbuffer_copyout_from(
	    input, &start, request->body, request->head.body_len);
}

/* It held keys and codes. */
void
http_request_free(struct http_request *request)
{
	if (request == NULL)
		return;
	emotp_wipe(
	    request->bytes, request->head_len + 1 + request->head.body_len + 1);
	free(request);
}

const char *
http_method(const struct http_request *request)
{
	return request->head.method;
}

const char *
http_path(const struct http_request *request)
{
	return request->head.path;
}

const char *
http_header(const struct http_request *request, const char *name)
{
	return http_head_field(&request->head, name);
}

const char *
http_body(const struct http_request *request, size_t *ret_len)
{
	*ret_len = request->head.body_len;
	return request->body;
}

bool
http_near(const struct http_request *request)
{
	return request->trusted &&
	    http_head_last(&request->head, "X-Forwarded-For") == NULL;
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

/* ---- answers ---- */

/*
 * Each piece would be a TLS record, and a write, of its own. What is longer
 * than an answer of the API is not worth the copying.
 */
static void
make_one_piece(struct evbuffer *output)
{
	if (evbuffer_get_length(output) <= HTTP_BODY_MAX)
		(void)evbuffer_pullup(output, -1);
}

/* By the library. */
static void
send_answer(const struct http_request *request, const struct http_reply *reply)
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
	if (request->conn->listener->tls)
		(void)evhttp_add_header(
		    headers, "Strict-Transport-Security", "max-age=31536000");
	if (request->conn->http->draining)
		(void)evhttp_add_header(headers, "Connection", "close");
	if (strcmp(request->head.method, "HEAD") != 0)
		(void)evbuffer_add(
		    evhttp_request_get_output_buffer(request->ev), reply->body,
		    reply->len);
	evhttp_send_reply(request->ev, reply->status, NULL, NULL);
	make_one_piece(bufferevent_get_output(request->conn->bev));
}

/* What was refused is no request for the library: it cannot answer it. */
static void
send_refusal(struct evbuffer *output, const struct http_reply *reply)
{
	const struct http_field *field = reply->fields;
	char date[DATE_MAX];

	(void)evutil_date_rfc1123(date, sizeof(date), NULL);
	(void)evbuffer_add_printf(output,
	    "HTTP/1.1 %d Bad Request\r\nDate: %s\r\nContent-Length: %zu\r\n"
	    "Connection: close\r\n",
	    reply->status, date, reply->len);
	for (; field != NULL && field->name != NULL; field++)
		(void)evbuffer_add_printf(
		    output, "%s: %s\r\n", field->name, field->value);
	(void)evbuffer_add(output, "\r\n", 2);
	(void)evbuffer_add(output, reply->body, reply->len);
}

/* While an answer leaves nothing is read, or it could be without end. */
void
http_reply(struct http_request *request, const struct http_reply *reply)
{
	struct conn *conn = request->conn;

	if (conn != NULL && request->malformed) {
		send_refusal(bufferevent_get_output(conn->bev), reply);
		(void)bufferevent_enable(conn->bev, EV_WRITE);
	} else if (conn != NULL) {
		conn->state = CONN_SENDING;
		http_conn_arm(conn, HTTP_IDLE_S);
		send_answer(request, reply);
		(void)bufferevent_disable(conn->bev, EV_READ);
	}
	if (conn != NULL)
		conn->request = NULL;
	http_request_free(request);
}
