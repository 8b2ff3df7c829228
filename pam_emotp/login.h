/* One login: open, ask, verify, close. */
#ifndef PAM_EMOTP_LOGIN_H
#define PAM_EMOTP_LOGIN_H

#include <stdbool.h>

#include <security/pam_modules.h>

#include "options.h"

/* A PAM result; PAM_SUCCESS only after a durable acceptance. */
int login(pam_handle_t *pamh, const struct options *options, bool silent);

#endif
