#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spool.h"

#define FALLBACK  "/var/tmp/."
#define FIELD_END ','

/* Where the file system has no files without a name, the name goes at once. */
static int
open_unlinked(const char *directory)
{
	char path[PATH_MAX];
	int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	if ((size_t)snprintf(path, sizeof(path), "%s/add-XXXXXX", directory) >=
	    sizeof(path))
		return -1;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		(void)unlink(path);
	return fd;
}

FILE *
spool_open(const char *neighbour)
{
	char directory[PATH_MAX];
	char *slash;
	FILE *spool;
	int fd;

	if ((size_t)snprintf(directory, sizeof(directory), "%s",
		neighbour != NULL ? neighbour : FALLBACK) >= sizeof(directory))
		return NULL;
	slash = strrchr(directory, '/');
	if (slash != NULL)
		slash[slash == directory] = '\0';
	fd = open_unlinked(slash != NULL ? directory : ".");
	if (fd < 0)
		return NULL;
	spool = fdopen(fd, "w+");
	if (spool == NULL)
		(void)close(fd);
	return spool;
}

bool
spool_put(FILE *spool, const struct spooled *spooled)
{
	return fprintf(spool, "%llu,%s,%s,%s\n",
		   (unsigned long long)spooled->line, spooled->name,
		   spooled->email, spooled->language) > 0;
}

/* Reads up to and without end. False if it is not there in size bytes. */
static bool
get_field(FILE *spool, int end, char *buf, size_t size)
{
	size_t len = 0;
	int c;

	while ((c = getc_unlocked(spool)) != end) {
		if (c == EOF || len + 1 == size)
			return false;
		buf[len++] = (char)c;
	}
	buf[len] = '\0';
	return true;
}

bool
spool_get(FILE *spool, struct spooled *ret)
{
	char line[24];

	if (!get_field(spool, FIELD_END, line, sizeof(line)) ||
	    !get_field(spool, FIELD_END, ret->name, sizeof(ret->name)) ||
	    !get_field(spool, FIELD_END, ret->email, sizeof(ret->email)) ||
	    !get_field(spool, '\n', ret->language, sizeof(ret->language)))
		return false;
	ret->line = strtoull(line, NULL, 10);
	return true;
}
