/*
 * The entry points: auth only, so that a misplaced account, session or
 * password line fails closed in libpam.
 */
#include <security/pam_modules.h>

#include "login.h"
#include "options.h"

__attribute__((visibility("default"))) int
pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct options options;
	int result = PAM_SYSTEM_ERR;

	result = options_parse(pamh, argc, argv, &options);
	if (result == PAM_SUCCESS)
		result =
		    login(pamh, &options, ((unsigned)flags & PAM_SILENT) != 0);
	return result;
}

__attribute__((visibility("default"))) int
pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_SUCCESS;
}
