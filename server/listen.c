#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../common/text.h"
#include "listen.h"

#define BACKLOG 1024

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
	struct sockaddr_storage space;
};

static bool
read_port(const char *text, in_port_t *ret)
{
	size_t len = strspn(text, "0123456789");
	long port = len == 0 || len > 5 || text[len] != '\0' ? -1 : atol(text);

	*ret = htons((uint16_t)port);
	return port >= 0 && port <= UINT16_MAX;
}

/* "192.0.2.1:443" or "[2001:db8::1]:443": no names, nothing left out. */
static bool
read_address(const char *text, union address *ret, socklen_t *ret_len)
{
	char host[INET6_ADDRSTRLEN + 2];
	const char *colon = strrchr(text, ':');
	size_t len = colon == NULL ? 0 : (size_t)(colon - text);
	in_port_t port;

	if (len == 0 || len >= sizeof(host) || !read_port(colon + 1, &port))
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	if (host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = '\0';
		ret->in6.sin6_family = AF_INET6;
		ret->in6.sin6_port = port;
		*ret_len = sizeof(ret->in6);
		return inet_pton(AF_INET6, host + 1, &ret->in6.sin6_addr) == 1;
	}
	ret->in.sin_family = AF_INET;
	ret->in.sin_port = port;
	*ret_len = sizeof(ret->in);
	return inet_pton(AF_INET, host, &ret->in.sin_addr) == 1;
}

static bool
is_loopback(const union address *address)
{
	return address->any.sa_family == AF_INET ?
	    ntohl(address->in.sin_addr.s_addr) >> 24 == 127 :
	    IN6_IS_ADDR_LOOPBACK(&address->in6.sin6_addr) != 0;
}

/* A socket that a killed process left behind makes way; no other file does. */
static bool
make_way(const union address *address, socklen_t len)
{
	struct stat st;
	int fd;
	bool answers;

	if (lstat(address->un.sun_path, &st) != 0)
		return errno == ENOENT;
	if (!S_ISSOCK(st.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	answers = fd < 0 || connect(fd, &address->any, len) == 0 ||
	    errno != ECONNREFUSED;
	if (fd >= 0)
		(void)close(fd);
	return !answers && unlink(address->un.sun_path) == 0;
}

static int
bind_to(const union address *address, socklen_t len)
{
	const int on = 1;
	int fd = socket(address->any.sa_family,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, &address->any, len) == 0 &&
	    (address->any.sa_family != AF_UNIX ||
		chmod(address->un.sun_path, 0660) == 0) &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

/* The address as it was bound. */
static void
show(struct listening *listening)
{
	union address address = {.space = {0}};
	socklen_t len = sizeof(address);
	char host[INET6_ADDRSTRLEN] = "", port[8] = "";
	bool six;

	(void)getsockname(listening->fd, &address.any, &len);
	(void)getnameinfo(&address.any, len, host, sizeof(host), port,
	    sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV);
	six = address.any.sa_family == AF_INET6;
	(void)snprintf(listening->shown, sizeof(listening->shown),
	    "%s://%s%s%s:%s", listening->tls ? "https" : "http", six ? "[" : "",
	    host, six ? "]" : "", port);
}

static const char *
open_internet(const char *where, struct listening *ret)
{
	union address address = {.space = {0}};
	socklen_t len = 0;
	const char *text;

	ret->tls = strncmp(where, "https://", 8) == 0;
	text = where + (ret->tls ? 8 : 7);
	if (!ret->tls && strncmp(where, "http://", 7) != 0)
		return "https://ADDRESS:PORT, http://127.0.0.1:PORT or"
		       " unix:/path expected";
	if (!read_address(text, &address, &len))
		return "no numeric address and port";
	ret->trusted = !ret->tls;
	if (!ret->tls && !is_loopback(&address))
		return "http only on a loopback address";
	ret->fd = bind_to(&address, len);
	if (ret->fd < 0)
		return strerror(errno);
	show(ret);
	return NULL;
}

static const char *
open_unix(const char *where, struct listening *ret)
{
	union address address = {.un = {.sun_family = AF_UNIX}};
	socklen_t len = sizeof(address.un);

	ret->trusted = true;
	(void)emotp_copy(ret->shown, sizeof(ret->shown), where);
	if (where[5] != '/' ||
	    !emotp_copy(
		address.un.sun_path, sizeof(address.un.sun_path), where + 5))
		return "not an absolute path, or too long";
	if (!make_way(&address, len))
		return "somebody answers there, or it is no socket";
	ret->fd = bind_to(&address, len);
	return ret->fd >= 0 ? NULL : strerror(errno);
}

enum emotp_err
listen_open(const char *where, struct listening *ret, struct emotp_why *why)
{
	const char *reason;

	memset(ret, 0, sizeof(*ret));
	reason = strncmp(where, "unix:", 5) == 0 ? open_unix(where, ret) :
						   open_internet(where, ret);
	return reason == NULL ?
	    EMOTP_OK :
	    emotp_fail(why, EMOTP_ERR_CONFIG, "listen: %s: %s", where, reason);
}
