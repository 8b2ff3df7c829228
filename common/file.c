#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "secret.h"

const char *
emotp_file_distrust(const struct stat *st, enum emotp_file_rule rule)
{
	if (S_ISLNK(st->st_mode))
		return "is a symbolic link";
	if (!S_ISREG(st->st_mode))
		return "is not a regular file";
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return "belongs to another user";
	if (st->st_nlink != 1)
		return "has other links";
	if ((st->st_mode & 022) != 0)
		return "can be written by others";
	if (rule == EMOTP_FILE_PRIVATE && (st->st_mode & 077) != 0)
		return "can be read by others";
	return NULL;
}

static const char *
open_error(int error)
{
	return error == ELOOP ? "is a symbolic link" : strerror(error);
}

/* Reads up to size bytes. -1, with errno, if that fails. */
static ssize_t
read_all(int fd, char *buf, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = read(fd, buf + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

/* Why the open file will not do, or NULL with buf and *ret_len filled. */
static const char *
read_trusted(
    int fd, enum emotp_file_rule rule, char *buf, size_t size, size_t *ret_len)
{
	struct stat st;
	const char *reason;
	ssize_t len;

	if (fstat(fd, &st) != 0)
		return strerror(errno);
	reason = emotp_file_distrust(&st, rule);
	if (reason != NULL)
		return reason;
	len = read_all(fd, buf, size);
	if (len < 0)
		return strerror(errno);
	if ((size_t)len == size)
		return "is too long";
	if (memchr(buf, '\0', (size_t)len) != NULL)
		return "holds a NUL byte";
	buf[len] = '\0';
	*ret_len = (size_t)len;
	return NULL;
}

enum emotp_err
emotp_file_read(const char *path, enum emotp_file_rule rule, enum emotp_err err,
    char *buf, size_t size, size_t *ret_len, struct emotp_why *why)
{
	int fd = open(
	    path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	const char *reason;

	if (fd < 0) {
		reason = open_error(errno);
	} else {
		reason = read_trusted(fd, rule, buf, size, ret_len);
		(void)close(fd);
	}
	if (reason == NULL)
		return EMOTP_OK;
	emotp_wipe(buf, size);
	return emotp_fail(why, err, "%s: %s", path, reason);
}
