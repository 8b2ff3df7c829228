/* import: the tokens of the two other OTP modules. */
#ifndef PROVISION_IMPORT_H
#define PROVISION_IMPORT_H

#include "../common/state/adopt.h"
#include "command.h"

/* As command_import(), each for its kind of file. */
int import_google(struct session *s, const struct arguments *args);
int import_oath(struct session *s, const struct arguments *args);

/*
 * The exit code for an error at a line of the file, 0 where there is none to
 * name, with the error line written.
 */
int import_error(
    enum emotp_err err, uint64_t line, const struct emotp_why *why);

/* Whether the token's latest code that was used is still to come here. */
bool import_ahead(const struct session *s,
    const struct emotp_adoption *adoption, int64_t now_s);

#endif
