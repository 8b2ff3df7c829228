#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../config.h"
#include "../file.h"
#include "../text.h"
#include "store_files.h"

static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};

#define SUFFIXES (sizeof(suffixes) / sizeof(suffixes[0]))

static bool
is_absolute(const char *path)
{
	return path[0] == '/' && strlen(path) < EMOTP_CONFIG_VALUE;
}

static enum emotp_err
not_absolute(struct emotp_why *why)
{
	return emotp_fail(
	    why, EMOTP_ERR_CONFIG, "store: sqlite:/absolute/path expected");
}

/* Why path's directory or files beside it may not be trusted, or NULL. */
static const char *
neighbours_distrusted(const char *path)
{
	char copy[EMOTP_CONFIG_VALUE + 8];
	struct stat st;

	(void)emotp_copy(copy, sizeof(copy), path);
	if (stat(dirname(copy), &st) != 0)
		return strerror(errno);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return "its directory belongs to another user";
	if ((st.st_mode & 022) != 0)
		return "its directory can be written by others";
	for (size_t i = 1; i < SUFFIXES; i++) {
		(void)snprintf(copy, sizeof(copy), "%s%s", path, suffixes[i]);
		if (lstat(copy, &st) != 0)
			continue;
		if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
			return "a file beside it is a link";
	}
	return NULL;
}

/*
 * By lstat and not on an open descriptor: closing one would drop the locks
 * that another connection of this process holds on the file. Nobody but the
 * owner can swap names in the directory, which is checked first.
 */
enum emotp_err
emotp_store_files_check(const char *path, struct emotp_why *why)
{
	const char *reason;
	struct stat st;

	if (!is_absolute(path))
		return not_absolute(why);
	reason = neighbours_distrusted(path);
	if (reason == NULL)
		reason = lstat(path, &st) != 0 ?
		    strerror(errno) :
		    emotp_file_distrust(&st, EMOTP_FILE_PUBLIC);
	return reason == NULL ?
	    EMOTP_OK :
	    emotp_fail(why, EMOTP_ERR_STORE, "%s: %s", path, reason);
}

/* Waits for whoever else makes a store here. -1 with errno. */
static int
lock_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 && flock(fd, LOCK_EX) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static const char *
prepare(const char *path, char *aside, size_t size, int *ret_lock)
{
	char copy[EMOTP_CONFIG_VALUE];
	const char *reason;
	int fd;

	(void)emotp_copy(copy, sizeof(copy), path);
	(void)snprintf(aside, size, "%s.new", path);
	if (mkdir(dirname(copy), 0700) != 0 && errno != EEXIST)
		return strerror(errno);
	*ret_lock = lock_directory(copy);
	if (*ret_lock < 0)
		return strerror(errno);
	reason = neighbours_distrusted(path);
	if (reason != NULL)
		return reason;
	emotp_store_files_remove(aside);
	fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return strerror(errno);
	(void)close(fd);
	return NULL;
}

/* SQLite would take what is in it for a part of the new one. */
static bool
is_log_left(const char *path)
{
	char name[EMOTP_CONFIG_VALUE + 8];
	struct stat st;

	(void)snprintf(name, sizeof(name), "%s-wal", path);
	return lstat(name, &st) == 0 && st.st_size > 0;
}

enum emotp_err
emotp_store_files_prepare(const char *path, char *aside, size_t size,
    int *ret_lock, struct emotp_why *why)
{
	const char *reason;
	struct stat st;

	*ret_lock = -1;
	if (!is_absolute(path))
		return not_absolute(why);
	reason = prepare(path, aside, size, ret_lock);
	if (reason != NULL)
		return emotp_fail(why, EMOTP_ERR_STORE, "%s: %s", path, reason);
	if (lstat(path, &st) == 0)
		return emotp_fail(
		    why, EMOTP_ERR_EXISTS, "%s: exists already", path);
	if (is_log_left(path))
		return emotp_fail(why, EMOTP_ERR_STORE,
		    "%s-wal: is left of another store, which is not there: put"
		    " that back, or remove this too",
		    path);
	return EMOTP_OK;
}

enum emotp_err
emotp_store_files_publish(
    const char *aside, const char *path, int lock, struct emotp_why *why)
{
	if (renameat2(AT_FDCWD, aside, AT_FDCWD, path, RENAME_NOREPLACE) == 0 &&
	    fsync(lock) == 0)
		return EMOTP_OK;
	return emotp_fail(why,
	    errno == EEXIST ? EMOTP_ERR_EXISTS : EMOTP_ERR_STORE, "%s: %s",
	    path, strerror(errno));
}

int
emotp_store_files_sync(const char *path)
{
	char copy[EMOTP_CONFIG_VALUE + 16];
	int fd, rc;

	if (!emotp_copy(copy, sizeof(copy), path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	rc = fsync(fd);
	(void)close(fd);
	return rc;
}

void
emotp_store_files_remove(const char *path)
{
	char name[EMOTP_CONFIG_VALUE + 16];

	for (size_t i = 0; i < SUFFIXES; i++) {
		(void)snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
		(void)unlink(name);
	}
}
