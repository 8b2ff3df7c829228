/* A service in a process of its own, for clients. */
#ifndef EMOTP_SERVING_H
#define EMOTP_SERVING_H

#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define ASKED_MAX 8192
#define DRIP_US   20000

/*
 * A service that gives every connection the same answer; NULL: a byte at a
 * time, without end.
 */
struct server {
	pid_t pid;
	int asked; /* the end of a pipe that carries what was asked */
	char url[64];
};

/* Reads one request: its head, and the body that Content-Length tells of. */
static inline size_t
serving_read_request(int fd, char *buf)
{
	size_t len = 0;

	for (;;) {
		ssize_t n = read(fd, buf + len, ASKED_MAX - 1 - len);
		const char *body, *length;

		if (n <= 0)
			return len;
		len += (size_t)n;
		buf[len] = '\0';
		body = strstr(buf, "\r\n\r\n");
		length = strcasestr(buf, "content-length:");
		if (body != NULL &&
		    strlen(body + 4) >=
			(length == NULL ? 0 : strtoul(length + 15, NULL, 10)))
			return len;
	}
}

static inline void
serving_loop(int listener, int asked, const char *answer)
{
	const char *begin = answer != NULL ? answer : "HTTP/1.1 200 OK\r\nX: ";
	char buf[ASKED_MAX];

	for (;;) {
		int fd = accept(listener, NULL, NULL);
		size_t len = serving_read_request(fd, buf);

		if (write(asked, buf, len) != (ssize_t)len)
			_exit(1);
		if (write(fd, begin, strlen(begin)) < 0)
			_exit(1);
		while (answer == NULL && write(fd, "x", 1) == 1)
			(void)usleep(DRIP_US);
		(void)close(fd);
	}
}

static inline void
serving_start(struct server *s, const char *answer)
{
	struct sockaddr_in at = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0), ends[2];

	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
	assert_int_equal(pipe(ends), 0);
	s->pid = fork();
	if (s->pid == 0)
		serving_loop(fd, ends[1], answer);
	(void)close(fd);
	(void)close(ends[1]);
	s->asked = ends[0];
	(void)snprintf(
	    s->url, sizeof(s->url), "http://127.0.0.1:%d", ntohs(at.sin_port));
}

/* What was asked in all. */
static inline void
serving_stop(struct server *s, char asked[static ASKED_MAX])
{
	size_t len = 0;
	ssize_t n;

	(void)kill(s->pid, SIGKILL);
	(void)waitpid(s->pid, NULL, 0);
	while ((n = read(s->asked, asked + len, ASKED_MAX - 1 - len)) > 0)
		len += (size_t)n;
	asked[len] = '\0';
	(void)close(s->asked);
}

#endif
