#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "activate.h"

#define FIRST_FD 3

/* Loopback, or a Unix socket: nobody else hears what goes in clear. */
static bool
is_near(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_storage space;
	} address = {.space = {0}};
	socklen_t len = sizeof(address);

	if (getsockname(fd, &address.any, &len) != 0)
		return false;
	switch (address.any.sa_family) {
	case AF_UNIX:
		return true;
	case AF_INET:
		return ntohl(address.in.sin_addr.s_addr) >> 24 == 127;
	case AF_INET6:
		return IN6_IS_ADDR_LOOPBACK(&address.in6.sin6_addr);
	default:
		return false;
	}
}

/* 0 if a socket is of no kind that is served. */
static enum activated_kind
kind_of(int fd, const char *name)
{
	int type = 0;
	socklen_t len = sizeof(type);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0)
		return 0;
	if (type == SOCK_SEQPACKET)
		return ACTIVATED_LOCAL;
	if (type != SOCK_STREAM)
		return 0;
	if (strcmp(name, "https") == 0)
		return ACTIVATED_TLS;
	return is_near(fd) ? ACTIVATED_PLAIN : 0;
}

/* How many there are for this process, or 0. */
static int
announced(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");

	if (pid == NULL || fds == NULL || atol(pid) != (long)getpid())
		return 0;
	return atoi(fds);
}

int
activate_sockets(struct activated list[static ACTIVATED_MAX])
{
	const char *names = getenv("LISTEN_FDNAMES");
	char name[32];
	int count = announced();

	if (count < 0 || count > ACTIVATED_MAX)
		return -1;
	for (int i = 0; i < count; i++) {
		size_t len = names == NULL ? 0 : strcspn(names, ":");
		int fd = FIRST_FD + i;

		(void)snprintf(name, sizeof(name), "%.*s", (int)len,
		    names == NULL ? "" : names);
		list[i] = (struct activated){fd, kind_of(fd, name)};
		if (list[i].kind == 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
		    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) != 0)
			return -1;
		if (names != NULL)
			names += len + (names[len] == ':');
	}
	(void)unsetenv("LISTEN_PID");
	(void)unsetenv("LISTEN_FDS");
	(void)unsetenv("LISTEN_FDNAMES");
	return count;
}

void
activate_credential(const char *name, char path[static EMOTP_CONFIG_VALUE])
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	char there[EMOTP_CONFIG_VALUE];
	int len = snprintf(there, sizeof(there), "%s/%s",
	    directory != NULL ? directory : "", name);

	if (directory != NULL && len > 0 && (size_t)len < sizeof(there) &&
	    access(there, F_OK) == 0)
		memcpy(path, there, sizeof(there));
}

void
activate_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = path == NULL ? 0 : strlen(path);
	int fd;

	if (len == 0 || len >= sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, path, len);
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)sendto(fd, state, strlen(state), MSG_NOSIGNAL,
	    (const void *)&address,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	(void)close(fd);
}
