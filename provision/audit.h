/* The line in the system's authentication log. */
#ifndef PROVISION_AUDIT_H
#define PROVISION_AUDIT_H

#include "command.h"
#include "session.h"

/* Logs what a command came to, once for each session. */
void audit(struct session *s, const char *command, const struct arguments *args,
    int code);

#endif
