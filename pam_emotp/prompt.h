/* What is said to and asked of the user. */
#ifndef PAM_EMOTP_PROMPT_H
#define PAM_EMOTP_PROMPT_H

#include <security/pam_modules.h>

#include "../common/state/judge.h"
#include "options.h"
#include "texts.h"

#define PROMPT_TYPED_MAX 512 /* bytes, with the NUL */

enum prompt_source {
	PROMPT_EARLIER, /* PAM_AUTHTOK, as an earlier module left it */
	PROMPT_USER,
};

/* Whether an earlier module left a password. */
bool prompt_has_earlier(pam_handle_t *pamh);

/*
 * Gets what is to be judged. With forward_pass that is the last digits
 * characters, and the rest becomes PAM_AUTHTOK, whatever the verdict will
 * be. Where nothing is there, typed is "", and too long input arrives cut:
 * both are refused like any other nonsense. PAM_SUCCESS, PAM_CONV_ERR or
 * PAM_BUF_ERR. Wipe typed.
 */
int prompt_code(pam_handle_t *pamh, const struct options *options,
    enum prompt_source source, int digits, char typed[static PROMPT_TYPED_MAX]);

/* Best effort: a message that cannot be shown changes no verdict. */
void prompt_denied(pam_handle_t *pamh, const struct texts *texts);
void prompt_accepted(pam_handle_t *pamh, const struct texts *texts,
    const struct emotp_judgement *judgement);

#endif
