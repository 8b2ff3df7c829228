/* Standard input as `add -` takes it: user,email[,language] lines. */
#ifndef PROVISION_LINES_H
#define PROVISION_LINES_H

#include "spool.h"

#define LINES_LOOKED_UP 10000 /* users asked of NSS, which may be a network */
#define LINES_NAMED     3     /* of those unknown to it */

struct lines {
	uint64_t users;
	uint64_t strangers; /* of the first LINES_LOOKED_UP: no account here */
	char named[LINES_NAMED][EMOTP_NAME_MAX + 1];
};

/*
 * Reads all of standard input into spool, each line's form checked. 0, or an
 * exit code with the error line written.
 */
int lines_read(FILE *spool, struct lines *ret);

#endif
