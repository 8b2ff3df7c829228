/* Becoming the user who owns the store. */
#ifndef EMOTP_OWNER_H
#define EMOTP_OWNER_H

#include "../err.h"

/*
 * If this process is root and the file at path belongs to somebody else,
 * becomes that user, for good; else does nothing. EMOTP_ERR_NOT_ALLOWED if
 * root's rights could not be given up: end the process.
 */
enum emotp_err emotp_owner_become(const char *path, struct emotp_why *why);

#endif
