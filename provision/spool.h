/*
 * The users of `add -`, between being read and being added: standard input
 * may be slow or endless, and nobody may wait for it with the store locked.
 * A file without a name, which is gone with the process.
 */
#ifndef PROVISION_SPOOL_H
#define PROVISION_SPOOL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "../common/state/model.h"

/* A line of the input that names a user. */
struct spooled {
	uint64_t line; /* its number, from 1 */
	char name[EMOTP_NAME_MAX + 1];
	char email[EMOTP_EMAIL_MAX + 1];
	char language[EMOTP_LANGUAGE_MAX + 1]; /* "": none given */
};

/*
 * Makes a spool on the disk of the file at neighbour, which holds the like
 * of it anyway, or in /var/tmp for NULL. NULL with errno set if it cannot.
 * fclose(3) it.
 */
FILE *spool_open(const char *neighbour);

/* False, with errno set, if it does not fit on the disk. */
bool spool_put(FILE *spool, const struct spooled *spooled);

/* False at the end, and on an error that ferror(3) then tells of. */
bool spool_get(FILE *spool, struct spooled *ret);

#endif
