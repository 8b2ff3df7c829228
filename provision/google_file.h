/* The file of libpam-google-authenticator, ~/.google_authenticator. Pure. */
#ifndef PROVISION_GOOGLE_FILE_H
#define PROVISION_GOOGLE_FILE_H

#include "../common/state/adopt.h"

#define GOOGLE_FILE_MAX 65536 /* bytes; that module takes no more either */

/*
 * Reads the whole file: the secret in base 32 on the first line, then options
 * and scratch codes in any order. Fills all of *ret but user and label; wipe
 * it. What bears on the codes is taken over, what limits logins is left (the
 * other rules are emotp's own), and an option that is not known is refused,
 * for it may bear on the codes. EMOTP_ERR_NOT_ALLOWED if the codes are none
 * that emotp has (HOTP, say), EMOTP_ERR_INVALID for what is no such file; *ret
 * is then wiped. why names the line and never holds anything of the text.
 */
enum emotp_err google_file_read(const char *text, size_t len,
    struct emotp_adoption *ret, struct emotp_why *why);

#endif
