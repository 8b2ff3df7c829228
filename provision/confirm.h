/* The first code of a new token. */
#ifndef PROVISION_CONFIRM_H
#define PROVISION_CONFIRM_H

#include "../common/state/model.h"
#include "session.h"

/*
 * Asks for codes until one of this token is accepted, which confirms it. An
 * exit code, with the error line written where it is not 0: the token is
 * registered all the same.
 */
int confirm_token(
    struct session *s, const char *user, const struct emotp_token *token);

#endif
