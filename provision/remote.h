/* enroll at a service that runs elsewhere: --server. */
#ifndef PROVISION_REMOTE_H
#define PROVISION_REMOTE_H

#include "session.h"

/*
 * The whole flow for the user whom the service's directory has under email,
 * over s->server; opens nothing of this host. An exit code, with the error
 * line written where it is not 0.
 */
int remote_enroll(struct session *s, const char *email);

#endif
