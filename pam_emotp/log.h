/* What the log is told. No code, secret or password ever comes here. */
#ifndef PAM_EMOTP_LOG_H
#define PAM_EMOTP_LOG_H

#include <security/pam_modules.h>

#include "../common/state/judge.h"

void log_accepted(pam_handle_t *pamh, const char *user,
    const struct emotp_judgement *judgement);

/* pam_unix's wording first, which fail2ban and others know; then why. */
void log_refused(pam_handle_t *pamh, const char *user,
    const struct emotp_judgement *judgement);

/* "could not decide": what the administrator has to mend. */
void log_error(pam_handle_t *pamh, const char *user, enum emotp_err err,
    const struct emotp_why *why);

#endif
