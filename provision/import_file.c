#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "../common/file.h"
#include "../common/secret.h"
#include "import_file.h"
#include "output.h"

/* ---- opening ---- */

/* Why the open file will not do, or NULL. */
static const char *
distrust(const struct stat *opened, const char *user)
{
	const struct passwd *pw = user != NULL ? getpwnam(user) : NULL;
	struct stat st = *opened;

	/* A user may hand over a secret of their own, as root may any. */
	if (pw != NULL && pw->pw_uid == st.st_uid)
		st.st_uid = 0;
	return emotp_file_distrust(&st, EMOTP_FILE_PUBLIC);
}

static int
cannot_open(const char *path, int error)
{
	if (error == EACCES || error == EPERM)
		return output_fail(EXIT_NOT_PERMITTED,
		    "%s: not permitted; run this command as root", path);
	if (error == ELOOP)
		return output_fail(EXIT_REFUSED,
		    "%s is a symbolic link; name the file itself", path);
	return output_fail(EXIT_USAGE, "%s: %s; name a file that is there",
	    path, strerror(error));
}

int
import_file_open(struct import_file *file, const char *path, const char *user)
{
	const char *reason;

	memset(file, 0, sizeof(*file));
	file->fd = open(
	    path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (file->fd < 0)
		return cannot_open(path, errno);
	reason = fstat(file->fd, &file->opened) != 0 ?
	    strerror(errno) :
	    distrust(&file->opened, user);
	if (reason == NULL)
		return 0;
	import_file_close(file);
	return output_fail(EXIT_REFUSED,
	    "%s %s; import a copy that only root can write", path, reason);
}

void
import_file_close(struct import_file *file)
{
	if (file->fd >= 0)
		(void)close(file->fd);
	file->fd = -1;
	emotp_wipe(file->buffer, sizeof(file->buffer));
}

/* ---- reading ---- */

/* More bytes behind those there are. *ret_len is 0 at the end. */
static enum emotp_err
fill(struct import_file *file, size_t *ret_len, struct emotp_why *why)
{
	ssize_t n;

	do
		n = read(file->fd, file->buffer + file->len,
		    sizeof(file->buffer) - file->len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return emotp_fail(why, EMOTP_ERR_STORE,
		    "the file cannot be read: %s", strerror(errno));
	file->len += (size_t)n;
	*ret_len = (size_t)n;
	return EMOTP_OK;
}

/* Half of an old and half of a new file would be none that anybody wrote. */
static enum emotp_err
unchanged(const struct import_file *file, struct emotp_why *why)
{
	struct stat st;

	if (fstat(file->fd, &st) == 0 && st.st_size == file->opened.st_size &&
	    st.st_mtim.tv_sec == file->opened.st_mtim.tv_sec &&
	    st.st_mtim.tv_nsec == file->opened.st_mtim.tv_nsec)
		return EMOTP_OK;
	return emotp_fail(
	    why, EMOTP_ERR_STORE, "the file was changed while it was read");
}

enum emotp_err
import_file_read(struct import_file *file, struct emotp_why *why)
{
	enum emotp_err err = EMOTP_OK;
	size_t len = 1;

	while (err == EMOTP_OK && len > 0 && file->len < sizeof(file->buffer))
		err = fill(file, &len, why);
	if (err == EMOTP_OK && file->len == sizeof(file->buffer))
		err = emotp_fail(why, EMOTP_ERR_INVALID,
		    "too long: %d bytes or more", IMPORT_BUFFER);
	return err == EMOTP_OK ? unchanged(file, why) : err;
}

/* Fills the buffer if it is empty. *ret_end is true at the file's end. */
static enum emotp_err
refill(struct import_file *file, bool *ret_end, struct emotp_why *why)
{
	enum emotp_err err;
	size_t len = 0;

	*ret_end = false;
	if (file->at < file->len)
		return EMOTP_OK;
	file->at = file->len = 0;
	err = fill(file, &len, why);
	*ret_end = len == 0;
	return err == EMOTP_OK && *ret_end ? unchanged(file, why) : err;
}

/* Takes what the buffer has of a line into buf, behind the *len there. */
static enum emotp_err
take(struct import_file *file, char *buf, size_t size, size_t *len,
    struct emotp_why *why)
{
	const char *from = file->buffer + file->at;
	size_t rest = file->len - file->at;
	const char *end = memchr(from, '\n', rest);
	size_t n = end != NULL ? (size_t)(end - from) : rest;

	if (n >= size - *len)
		return emotp_fail(why, EMOTP_ERR_INVALID, "is too long");
	if (memchr(from, '\0', n) != NULL)
		return emotp_fail(why, EMOTP_ERR_INVALID,
		    "holds a NUL byte: not a text file");
	memcpy(buf + *len, from, n);
	*len += n;
	buf[*len] = '\0';
	file->at += n; /* the line end stays */
	return EMOTP_OK;
}

enum emotp_err
import_file_line(struct import_file *file, char *buf, size_t size,
    bool *ret_more, struct emotp_why *why)
{
	enum emotp_err err = EMOTP_OK;
	bool ended = false;
	size_t len = 0;

	*ret_more = false;
	buf[0] = '\0';
	file->line++;
	while (err == EMOTP_OK) {
		err = refill(file, &ended, why);
		if (err != EMOTP_OK || ended)
			break;
		*ret_more = true;
		err = take(file, buf, size, &len, why);
		if (err == EMOTP_OK && file->at < file->len) {
			file->at++;
			break;
		}
	}
	return err;
}

enum emotp_err
import_file_rewind(struct import_file *file, struct emotp_why *why)
{
	file->line = 0;
	file->at = file->len = 0;
	if (lseek(file->fd, 0, SEEK_SET) == 0)
		return EMOTP_OK;
	return emotp_fail(why, EMOTP_ERR_STORE,
	    "the file cannot be read again: %s", strerror(errno));
}
