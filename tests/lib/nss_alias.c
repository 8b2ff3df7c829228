/*
 * A name service for tests, as directories are that know a user by several
 * names: "alias-NAME" is NAME, and of "broken-NAME" it cannot tell.
 */
#include <errno.h>
#include <nss.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

enum nss_status _nss_alias_getpwnam_r(
    const char *name, struct passwd *pw, char *buf, size_t size, int *error);

enum nss_status
_nss_alias_getpwnam_r(
    const char *name, struct passwd *pw, char *buf, size_t size, int *error)
{
	if (strncmp(name, "broken-", 7) == 0) {
		*error = EIO;
		return NSS_STATUS_UNAVAIL;
	}
	if (strncmp(name, "alias-", 6) != 0)
		return NSS_STATUS_NOTFOUND;
	if (snprintf(buf, size, "%s", name + 6) >= (int)size) {
		*error = ERANGE;
		return NSS_STATUS_TRYAGAIN;
	}
	*pw = (struct passwd){.pw_name = buf,
	    .pw_passwd = "x",
	    .pw_uid = 2001,
	    .pw_gid = 2001,
	    .pw_gecos = "",
	    .pw_dir = "/",
	    .pw_shell = "/bin/sh"};
	return NSS_STATUS_SUCCESS;
}
