/* add -: all users that standard input names, or none. */
#ifndef PROVISION_BULK_H
#define PROVISION_BULK_H

#include "command.h"

/* As command_add(), where "-" stands in the place of a user. */
int bulk_add(struct session *s, const struct arguments *args);

#endif
