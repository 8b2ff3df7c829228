/*
 * A PAM module for tests: "set=TEXT" leaves TEXT as the password, as a module
 * earlier in the stack does; "ask" asks for it as pam_unix does; "show" says
 * what the password now is; "disturb" changes the process, as no module may.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>

PAM_EXTERN int
pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	const void *token = NULL;
	const char *typed = NULL;
	int r = PAM_SUCCESS;

	(void)flags;
	for (int i = 0; i < argc && r == PAM_SUCCESS; i++) {
		if (strncmp(argv[i], "set=", 4) == 0) {
			r = pam_set_item(pamh, PAM_AUTHTOK, argv[i] + 4);
		} else if (strcmp(argv[i], "ask") == 0) {
			r = pam_get_authtok(pamh, PAM_AUTHTOK, &typed, NULL);
		} else if (strcmp(argv[i], "disturb") == 0) {
			umask(077);
			if (open("/dev/null", O_RDONLY) < 0)
				r = PAM_SYSTEM_ERR;
		} else if (strcmp(argv[i], "show") == 0) {
			r = pam_get_item(pamh, PAM_AUTHTOK, &token);
			if (r == PAM_SUCCESS)
				r = pam_info(pamh, "authtok=%s",
				    token == NULL ? "(none)" :
						    (const char *)token);
		}
	}
	return r;
}

PAM_EXTERN int
pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_SUCCESS;
}
