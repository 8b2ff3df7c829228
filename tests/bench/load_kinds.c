/* How each kind of question is asked. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "load.h"

#define NONCE "0123456789abcdef"

/* ---- the local socket ---- */

static void
open_local(struct client *c)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	(void)snprintf(
	    address.sun_path, sizeof(address.sun_path), "%s", target.where);
	c->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (c->fd < 0 ||
	    connect(c->fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		die("connect");
	c->state = CLIENT_WRITING;
}

static void
prepare_local(struct client *c)
{
	char user[32], code[8];

	next_user(user, code);
	c->len = (size_t)snprintf(c->out, sizeof(c->out),
	    "emotp1%cverify%c" NONCE NONCE "%c%s%c%s%csshd%c192.0.2.7", 0, 0, 0,
	    user, 0, code, 0, 0);
	c->len++;
}

static enum step
go_on_local(struct client *c)
{
	ssize_t n;

	if (c->state == CLIENT_WRITING) {
		if (send(c->fd, c->out, c->len, MSG_NOSIGNAL) < 0)
			return STEP_FAILED;
		c->state = CLIENT_READING;
	}
	n = recv(c->fd, c->in, sizeof(c->in) - 1, MSG_DONTWAIT);
	if (n < 0 && errno == EAGAIN)
		return STEP_WAIT_READ;
	c->got = n > 0 ? (size_t)n : 0;
	return STEP_DONE;
}

static bool
good_local(const struct client *c)
{
	static const char word[] = "\0accepted";

	return memmem(c->in, c->got, word, sizeof(word)) != NULL;
}

/* ---- HTTPS ---- */

static void
open_tls(struct client *c)
{
	static SSL_CTX *tls;
	const int on = 1;
	struct sockaddr_in address = {
	    .sin_family = AF_INET,
	    .sin_port = htons((uint16_t)atoi(target.where)),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	if (tls == NULL)
		tls = SSL_CTX_new(TLS_client_method());
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || tls == NULL ||
	    connect(c->fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		die("connect");
	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)fcntl(c->fd, F_SETFL, O_NONBLOCK);
	c->ssl = SSL_new(tls);
	if (c->ssl == NULL || SSL_set_fd(c->ssl, c->fd) != 1)
		die("SSL_new");
	SSL_set_connect_state(c->ssl);
	c->state = CLIENT_CONNECTING;
}

static void
prepare_verification(struct client *c)
{
	char user[32], code[8], body[256];
	int len;

	next_user(user, code);
	len = snprintf(body, sizeof(body),
	    "{\"user\":\"%s\",\"otp\":\"%s\",\"nonce\":\"" NONCE "\","
	    "\"service\":\"sshd\",\"rhost\":\"192.0.2.7\"}",
	    user, code);
	c->len = (size_t)snprintf(c->out, sizeof(c->out),
	    "POST /v1/verifications HTTP/1.1\r\nHost: localhost\r\n"
	    "Authorization: Bearer %s\r\nContent-Type: application/json\r\n"
	    "Content-Length: %d\r\n\r\n%s",
	    target.key, len, body);
}

static void
prepare_get(struct client *c)
{
	c->len = (size_t)snprintf(c->out, sizeof(c->out),
	    "GET /v1/time HTTP/1.1\r\nHost: localhost\r\n\r\n");
}

static enum step
wait_for(const struct client *c, int result)
{
	switch (SSL_get_error(c->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		return STEP_WAIT_READ;
	case SSL_ERROR_WANT_WRITE:
		return STEP_WAIT_WRITE;
	default:
		return STEP_FAILED;
	}
}

/* Whether head and body are there; the answers' head has a length. */
static bool
is_whole(struct client *c)
{
	const char *head, *length;

	c->in[c->got] = '\0';
	head = strstr(c->in, "\r\n\r\n");
	length = strcasestr(c->in, "content-length:");
	return head != NULL && length != NULL &&
	    c->got >= (size_t)(head + 4 - c->in) +
		strtoul(length + strlen("content-length:"), NULL, 10);
}

static enum step
go_on_tls(struct client *c)
{
	int n;

	if (c->state == CLIENT_CONNECTING) {
		n = SSL_do_handshake(c->ssl);
		if (n != 1)
			return wait_for(c, n);
		c->state = CLIENT_WRITING;
	}
	if (c->state == CLIENT_READING && c->got == 0 && c->done == 0)
		c->state = CLIENT_WRITING;
	if (c->state == CLIENT_WRITING) {
		n = SSL_write(c->ssl, c->out, (int)c->len);
		if (n <= 0)
			return wait_for(c, n);
		c->done = c->len;
		c->state = CLIENT_READING;
	}
	do {
		n = SSL_read(
		    c->ssl, c->in + c->got, (int)(sizeof(c->in) - 1 - c->got));
		if (n <= 0)
			return wait_for(c, n);
		c->got += (size_t)n;
	} while (!is_whole(c));
	return STEP_DONE;
}

static bool
good_verification(const struct client *c)
{
	return strstr(c->in, "\"accepted\"") != NULL;
}

static bool
good_get(const struct client *c)
{
	return strncmp(c->in, "HTTP/1.1 200 ", 13) == 0;
}

const struct kind kinds[] = {
    {"local", true, open_local, prepare_local, go_on_local, good_local},
    {"https", false, open_tls, prepare_verification, go_on_tls,
	good_verification},
    {"get", false, open_tls, prepare_get, go_on_tls, good_get},
    {"connect", true, open_tls, prepare_get, go_on_tls, good_get},
    {NULL, false, NULL, NULL, NULL, NULL},
};
