#include <stdlib.h>
#include <string.h>

#include <security/pam_ext.h>

#include "../common/secret.h"
#include "prompt.h"

#define CLOCK_WARN_S 180

/* The password that an earlier module left, or NULL. */
static const char *
earlier_password(pam_handle_t *pamh)
{
	const void *item = NULL;

	if (pam_get_item(pamh, PAM_AUTHTOK, &item) != PAM_SUCCESS)
		return NULL;
	return item;
}

bool
prompt_has_earlier(pam_handle_t *pamh)
{
	return earlier_password(pamh) != NULL;
}

static void
take(const char *text, char typed[static PROMPT_TYPED_MAX])
{
	size_t len = strnlen(text, PROMPT_TYPED_MAX - 1);

	memcpy(typed, text, len);
	typed[len] = '\0';
}

static int
ask(pam_handle_t *pamh, const struct options *options,
    char typed[static PROMPT_TYPED_MAX])
{
	char *reply = NULL;
	int result = pam_prompt(pamh,
	    options->echo ? PAM_PROMPT_ECHO_ON : PAM_PROMPT_ECHO_OFF, &reply,
	    "%s", options->prompt);

	if (result == PAM_SUCCESS && reply == NULL)
		result = PAM_CONV_ERR;
	if (result == PAM_SUCCESS)
		take(reply, typed);
	if (reply != NULL) {
		emotp_wipe(reply, strlen(reply));
		free(reply);
	}
	return result == PAM_SUCCESS || result == PAM_BUF_ERR ? result :
								PAM_CONV_ERR;
}

/* Splits "passwordcode"; whoever comes next finds the password. */
static int
forward(pam_handle_t *pamh, int digits, char typed[static PROMPT_TYPED_MAX])
{
	size_t len = strlen(typed), code = (size_t)digits;
	char copy[PROMPT_TYPED_MAX];
	int result;

	if (code > len)
		code = len;
	memcpy(copy, typed + len - code, code + 1);
	typed[len - code] = '\0';
	result = pam_set_item(pamh, PAM_AUTHTOK, typed);
	emotp_wipe(typed, len);
	memcpy(typed, copy, code + 1);
	emotp_wipe(copy, sizeof(copy));
	return result;
}

int
prompt_code(pam_handle_t *pamh, const struct options *options,
    enum prompt_source source, int digits, char typed[static PROMPT_TYPED_MAX])
{
	const char *password;
	int result = PAM_SUCCESS;

	if (source == PROMPT_USER) {
		result = ask(pamh, options, typed);
	} else {
		password = earlier_password(pamh);
		take(password == NULL ? "" : password, typed);
	}
	if (result == PAM_SUCCESS && options->forward_pass)
		result = forward(pamh, digits, typed);
	return result;
}

void
prompt_denied(pam_handle_t *pamh, const struct texts *texts)
{
	(void)pam_error(pamh, "%s", texts->denied);
}

static void
inform(pam_handle_t *pamh, const struct texts_around *around, int number)
{
	(void)pam_info(pamh, "%s%d%s", around->before, number, around->after);
}

void
prompt_accepted(pam_handle_t *pamh, const struct texts *texts,
    const struct emotp_judgement *judgement)
{
	int seconds = abs(judgement->drift) * judgement->period_s;

	if (judgement->recovery)
		inform(pamh, &texts->left, judgement->recovery_left);
	else if (seconds > CLOCK_WARN_S)
		inform(pamh, judgement->drift < 0 ? &texts->slow : &texts->fast,
		    (seconds + 30) / 60);
}
