#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http_internal.h"

#define DISCARD_MAX (16 << 20) /* bytes of who does not stop sending */

enum progress { MORE, WHOLE, WRONG };

void
http_conn_arm(struct conn *conn, int seconds)
{
	const struct timeval after = {seconds, 0};

	(void)event_add(conn->timer, &after);
}

void
http_conn_free(struct conn *conn)
{
	struct http *http = conn->http;

	if (http->handed == conn)
		http->handed = NULL;
	if (conn->evcon == NULL)
		(void)bufferevent_decref(conn->bev);
	if (conn->counted)
		LIST_REMOVE(conn, alike);
	LIST_REMOVE(conn, all);
	http->connections--;
	event_free(conn->turn);
	event_free(conn->timer);
	free(conn);
}

void
http_conn_end(struct conn *conn)
{
	evhttp_connection_free(conn->evcon);
}

/* The library forgets a request with its connection, except one that failed. */
static void
detach(struct http_request *request)
{
	if (request->ev != NULL &&
	    evhttp_request_get_connection(request->ev) == NULL)
		evhttp_request_free(request->ev);
	request->ev = NULL;
	request->conn = NULL;
}

/* evhttp_connection_set_closecb's. */
static void
closed(struct evhttp_connection *evcon, void *arg)
{
	struct conn *conn = arg;

	(void)evcon;
	if (conn->request != NULL) {
		detach(conn->request);
		if (conn->state == CONN_READING)
			http_request_free(conn->request);
	}
	if (conn->listener->tls)
		http_tls_bye(conn->bev);
	http_conn_free(conn);
}

static void
time_is_up(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	http_conn_end(arg);
}

/*
 * Where bytes stood behind a request, the library calls our callback for
 * reading with its own argument.
 */
static struct conn *
conn_of(struct bufferevent *bev)
{
	void *conn;

	bufferevent_getcb(bev, NULL, NULL, NULL, &conn);
	return conn;
}

/* ---- what is refused ---- */

static void
discard(struct bufferevent *bev, void *arg)
{
	struct evbuffer *input = bufferevent_get_input(bev);
	struct conn *conn = conn_of(bev);

	(void)arg;
	conn->discarded += evbuffer_get_length(input);
	(void)evbuffer_drain(input, evbuffer_get_length(input));
	if (conn->discarded > DISCARD_MAX)
		http_conn_end(conn);
}

/* To close at once would take the answer away from who is still sending. */
static void
refused(struct conn *conn)
{
	if (conn->ended) {
		http_conn_end(conn);
		return;
	}
	if (conn->listener->tls)
		http_tls_bye(conn->bev);
	(void)shutdown(bufferevent_getfd(conn->bev), SHUT_WR);
}

static void wrote(struct bufferevent *bev, void *arg);
static void event_came(struct bufferevent *bev, short what, void *arg);

static void
refuse(struct conn *conn)
{
	struct evbuffer *output = bufferevent_get_output(conn->bev);
	struct http *http = conn->http;

	http_request_free(conn->request);
	conn->request = http_request_new(conn, 0);
	if (conn->request == NULL) {
		http_conn_end(conn);
		return;
	}
	conn->state = CONN_REFUSED;
	http_conn_arm(conn, HTTP_DEADLINE_S);
	bufferevent_setcb(conn->bev, discard, wrote, event_came, conn);
	(void)evbuffer_drain(output, evbuffer_get_length(output));
	(void)bufferevent_enable(conn->bev, EV_READ);
	http->handler.handle(http->handler.arg, conn->request);
}

/* ---- reading a request ---- */

static void
tell(struct conn *conn)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";

	conn->told = conn->telling = true;
	(void)bufferevent_write(conn->bev, go_on, sizeof(go_on) - 1);
	(void)bufferevent_enable(conn->bev, EV_WRITE);
}

static enum progress
look_at_head(struct conn *conn)
{
	struct evbuffer *input = bufferevent_get_input(conn->bev);
	struct evbuffer_ptr end = evbuffer_search(input, "\r\n\r\n", 4, NULL);

	if (end.pos > HTTP_HEAD_MAX ||
	    (end.pos < 0 && evbuffer_get_length(input) > HTTP_HEAD_MAX))
		return WRONG;
	if (end.pos < 0)
		return MORE;
	conn->request = http_request_new(conn, (size_t)end.pos + 4);
	return conn->request == NULL || conn->request->malformed ? WRONG :
								   WHOLE;
}

static enum progress
look(struct conn *conn)
{
	struct evbuffer *input = bufferevent_get_input(conn->bev);
	enum progress progress =
	    conn->request != NULL ? WHOLE : look_at_head(conn);
	size_t len;

	if (progress != WHOLE)
		return progress;
	len = conn->request->head_len + conn->request->head.body_len;
	if (conn->telling)
		return MORE;
	if (evbuffer_get_length(input) < len) {
		if (conn->request->head.expects && !conn->told &&
		    evbuffer_get_length(input) == conn->request->head_len)
			tell(conn);
		return MORE;
	}
	conn->behind = evbuffer_get_length(input) - len;
	return WHOLE;
}

/*
 * The library reads what was found in order. It calls http_conn_take; if it
 * does not, it thinks otherwise, and nobody is to know how.
 */
static void
hand_over(struct conn *conn)
{
	struct http *http = conn->http;

	http_request_take_body(conn->request);
	bufferevent_setcb(
	    conn->bev, conn->their_read, NULL, conn->their_event, conn->evcon);
	http->handed = conn;
	conn->their_read(conn->bev, conn->evcon);
	if (http->handed != conn)
		return; /* freed */
	http->handed = NULL;
	if (conn->state == CONN_READING)
		refuse(conn);
}

static void
bytes_came(struct bufferevent *bev, void *arg)
{
	struct conn *conn = conn_of(bev);

	(void)arg;
	if (conn->state == CONN_IDLE) {
		conn->state = CONN_READING;
		http_conn_arm(conn, HTTP_DEADLINE_S);
	}
	switch (look(conn)) {
	case MORE:
		return;
	case WHOLE:
		hand_over(conn);
		return;
	case WRONG:
		refuse(conn);
		return;
	}
}

static void
wrote(struct bufferevent *bev, void *arg)
{
	struct conn *conn = arg;

	if (conn->state == CONN_REFUSED && conn->request == NULL)
		refused(conn);
	if (conn->telling) {
		conn->telling = false;
		bytes_came(bev, conn);
	}
}

static void
event_came(struct bufferevent *bev, short what, void *arg)
{
	struct conn *conn = arg;
	bool writing = evbuffer_get_length(bufferevent_get_output(bev)) > 0;

	if ((what & BEV_EVENT_CONNECTED) != 0)
		http_conn_arm(conn, HTTP_IDLE_S);
	else if ((what & BEV_EVENT_EOF) != 0 && writing &&
	    conn->state == CONN_REFUSED)
		conn->ended = true;
	else
		http_conn_end(conn);
}

/* ---- between the library and us ---- */

/* Its answer has left. The library makes itself ready for the next request. */
static void
answered(struct evhttp_request *ev, void *arg)
{
	struct conn *conn = arg;

	(void)ev;
	http_conn_arm(conn, HTTP_IDLE_S);
	event_active(conn->turn, EV_TIMEOUT, 0);
}

void
http_conn_take(struct evhttp_request *ev, void *arg)
{
	const struct listener *listener = arg;
	struct http *http = listener->http;
	struct conn *conn = http->handed;

	if (conn == NULL || evhttp_request_get_connection(ev) != conn->evcon ||
	    evbuffer_get_length(bufferevent_get_input(conn->bev)) !=
		conn->behind)
		return; /* it read another request than we did: hand_over */
	conn->state = CONN_HANDLED;
	conn->request->ev = ev;
	evhttp_request_set_on_complete_cb(ev, answered, conn);
	http->handler.handle(http->handler.arg, conn->request);
}

/*
 * A request may come: the first, or one after an answer. Runs before anything
 * is read for it: it became active first, and until the loop waits again the
 * socket cannot have been found readable, since nothing was read meanwhile.
 */
static void
take_turn(evutil_socket_t fd, short what, void *arg)
{
	struct conn *conn = arg;
	void *evcon;

	(void)fd;
	(void)what;
	bufferevent_getcb(
	    conn->bev, &conn->their_read, NULL, &conn->their_event, &evcon);
	if (conn->evcon == NULL) {
		if (evcon == NULL) {
			http_conn_free(conn);
			return;
		}
		conn->evcon = evcon;
		(void)bufferevent_decref(conn->bev);
		evhttp_connection_set_closecb(conn->evcon, closed, conn);
		if (!http_conn_admit(conn)) {
			http_conn_end(conn);
			return;
		}
	}
	conn->state = CONN_IDLE;
	conn->told = false;
	bufferevent_setcb(conn->bev, bytes_came, wrote, event_came, conn);
	if (conn->http->draining &&
	    evbuffer_get_length(bufferevent_get_input(conn->bev)) == 0)
		http_conn_end(conn);
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
	conn->turn = evtimer_new(base, take_turn, conn);
	conn->timer = evtimer_new(base, time_is_up, conn);
	conn->bev = listener->tls ?
	    http_tls_new(http) :
	    bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	if (conn->turn == NULL || conn->timer == NULL || conn->bev == NULL)
		abort();
	LIST_INSERT_HEAD(&http->conns, conn, all);
	http->connections++;
	bufferevent_incref(conn->bev); /* until its turn: who else has it? */
	event_active(conn->turn, EV_TIMEOUT, 0);
	return conn->bev;
}
