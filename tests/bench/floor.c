/* The least that a safe login costs: the libraries, and one record synced. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>

__attribute__((visibility("default"))) int
pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	char record[64] = "", *reply = NULL;
	int fd, synced;

	(void)flags;
	if (argc != 1 ||
	    pam_prompt(pamh, PAM_PROMPT_ECHO_OFF, &reply, "Code: ") !=
		PAM_SUCCESS)
		return PAM_AUTH_ERR;
	(void)strncpy(record, reply == NULL ? "" : reply, sizeof(record) - 1);
	free(reply);
	fd = open(argv[0], O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return PAM_AUTHINFO_UNAVAIL;
	synced = pwrite(fd, record, sizeof(record), 0) == sizeof(record) &&
	    fdatasync(fd) == 0;
	(void)close(fd);
	return synced ? PAM_SUCCESS : PAM_AUTHINFO_UNAVAIL;
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
