#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../common/text.h"
#include "local.h"

#define BACKLOG 128

/* Whoever may write there could put a socket of their own in its place. */
static const char *
distrust(const char *path)
{
	char copy[sizeof(((struct sockaddr_un *)0)->sun_path)];
	struct stat st;

	(void)emotp_copy(copy, sizeof(copy), path);
	if (stat(dirname(copy), &st) != 0)
		return strerror(errno);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return "its directory belongs to somebody else";
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return "others may write to its directory";
	return NULL;
}

/* A socket that a killed process left behind makes way; no other file does. */
static bool
make_way(const struct sockaddr_un *address)
{
	struct stat st;
	int fd;
	bool answers;

	if (lstat(address->sun_path, &st) != 0)
		return errno == ENOENT;
	if (!S_ISSOCK(st.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	answers = fd < 0 ||
	    connect(fd, (const void *)address, sizeof(*address)) == 0 ||
	    errno != ECONNREFUSED;
	if (fd >= 0)
		(void)close(fd);
	return !answers && unlink(address->sun_path) == 0;
}

static int
bind_to(const struct sockaddr_un *address)
{
	int fd =
	    socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (bind(fd, (const void *)address, sizeof(*address)) == 0 &&
	    chmod(address->sun_path, 0666) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

enum emotp_err
local_bind(const char *path, int *ret_fd, struct emotp_why *why)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *reason;

	if (!emotp_copy(address.sun_path, sizeof(address.sun_path), path))
		return emotp_fail(
		    why, EMOTP_ERR_CONFIG, "socket: %s: too long", path);
	reason = distrust(path);
	if (reason == NULL && !make_way(&address))
		reason = "somebody answers there, or it is no socket";
	if (reason != NULL)
		return emotp_fail(
		    why, EMOTP_ERR_CONFIG, "socket: %s: %s", path, reason);
	*ret_fd = bind_to(&address);
	return *ret_fd >= 0 ? EMOTP_OK :
			      emotp_fail(why, EMOTP_ERR_CONFIG,
				  "socket: %s: %s", path, strerror(errno));
}
