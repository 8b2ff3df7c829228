/* The first code of a token that a service elsewhere has registered. */
#ifndef PROVISION_REMOTE_CONFIRM_H
#define PROVISION_REMOTE_CONFIRM_H

#include "../common/client.h"
#include "input.h"

/*
 * Asks for the code that the app shows and, if it is right, confirms the
 * token. An exit code, with the error line written where it is not 0: the
 * token is registered all the same.
 */
int remote_confirm(
    struct emotp_client *client, const struct emotp_client_token *token);

/* For both files: input_line(), but "?" for what cannot be sent. */
bool remote_ask(const char *prompt, char line[static INPUT_MAX]);

/* The error line of a call that failed, or was refused; an exit code. */
int remote_error(enum emotp_err err, const struct emotp_why *why);
int remote_refused(enum emotp_problem problem);

#endif
