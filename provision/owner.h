/* Becoming the user who owns the store. */
#ifndef PROVISION_OWNER_H
#define PROVISION_OWNER_H

/*
 * If this process is root and the file at path belongs to somebody else,
 * becomes that user, for good; else does nothing. 0, or an exit code with
 * the error line written.
 */
int owner_become(const char *path);

#endif
