#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mail_transport.h"

/* Open directories of one delivery, -1 where not open. */
struct maildir {
	int top, tmp, new;
};

/* Opens name below dir, made first if it is missing. -1 with errno. */
static int
open_dir(int dir, const char *name)
{
	int fd;

	if (mkdirat(dir, name, 0700) == 0) {
		if (dir != AT_FDCWD)
			(void)fsync(dir);
	} else if (errno != EEXIST) {
		return -1;
	}
	do
		fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	while (fd < 0 && errno == EINTR);
	return fd;
}

static int
open_maildir(const char *path, struct maildir *box)
{
	box->top = open_dir(AT_FDCWD, path);
	if (box->top < 0)
		return -1;
	box->tmp = open_dir(box->top, "tmp");
	if (box->tmp < 0)
		return -1;
	box->new = open_dir(box->top, "new");
	return box->new < 0 ? -1 : 0;
}

static void
close_maildir(struct maildir *box)
{
	const int fds[] = {box->new, box->tmp, box->top};

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
}

/* TIME.RANDOM.HOST, where '/' and ':' may not stand as themselves. */
static void
make_name(const struct emotp_envelope *envelope, char name[static NAME_MAX])
{
	int len = snprintf(name, NAME_MAX, "%lld.R%s.",
	    (long long)envelope->date_s, envelope->id);
	size_t n = len < 0 ? 0 : (size_t)len;

	for (const char *c = envelope->host; *c != '\0'; c++) {
		if (n + 4 >= NAME_MAX)
			break;
		if (*c == '/' || *c == ':')
			n += (size_t)sprintf(
			    name + n, "\\%03o", (unsigned char)*c);
		else
			name[n++] = *c;
	}
	name[n] = '\0';
}

static int
write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
write_file(int dir, const char *name, const struct emotp_message *message)
{
	int fd = openat(dir, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int rc, error;

	if (fd < 0)
		return -1;
	rc = write_all(fd, message->bytes, message->len);
	if (rc == 0)
		rc = fsync(fd);
	error = errno;
	if (close(fd) != 0 && rc == 0)
		return -1;
	errno = error;
	return rc;
}

/* All or nothing: what readers see in new/ is complete and on the disk. */
static int
deliver(const struct maildir *box, const struct emotp_envelope *envelope)
{
	char name[NAME_MAX];
	int rc, error;

	make_name(envelope, name);
	rc = write_file(box->tmp, name, envelope->message);
	if (rc == 0)
		rc = renameat(box->tmp, name, box->new, name);
	error = errno;
	if (rc != 0)
		(void)unlinkat(box->tmp, name, 0);
	errno = error;
	return rc == 0 ? fsync(box->new) : rc;
}

enum emotp_err
emotp_maildir_send(const char *path, const struct emotp_envelope *envelope,
    struct emotp_why *why)
{
	struct maildir box = {-1, -1, -1};
	enum emotp_err err = EMOTP_OK;

	if (open_maildir(path, &box) != 0 || deliver(&box, envelope) != 0)
		err = emotp_fail(why, EMOTP_ERR_MAIL, "maildir %s: %s", path,
		    strerror(errno));
	close_maildir(&box);
	return err;
}
