/* Registering with a mailed code, as `enroll` and `register` do. */
#ifndef PROVISION_REGISTER_H
#define PROVISION_REGISTER_H

#include "../common/state/enroll.h"
#include "session.h"

/*
 * emotp_enroll_register() by the clock. 0 with ret->outcome, or an exit code
 * with the error line written.
 */
int register_try(struct session *s, const struct emotp_request *request,
    struct emotp_registered *ret);

/* The error line of an outcome that is no registration. Returns 1. */
int register_refused(
    struct session *s, const struct emotp_registered *registered);

/* Logs at once that there is a new token: what follows may take minutes. */
void register_audit(struct session *s, const char *command, const char *user,
    const struct emotp_registered *registered);

#endif
