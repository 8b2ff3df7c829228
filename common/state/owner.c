#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "owner.h"

/* Groups first: without root they could no longer be given up. */
static bool
drop(uid_t uid, gid_t gid, const char *name)
{
	if ((name != NULL ? initgroups(name, gid) : setgroups(0, NULL)) != 0)
		return false;
	return setresgid(gid, gid, gid) == 0 && setresuid(uid, uid, uid) == 0;
}

enum emotp_err
emotp_owner_become(const char *path, struct emotp_why *why)
{
	struct stat st;
	const struct passwd *pw;

	if (geteuid() != 0 || lstat(path, &st) != 0 || st.st_uid == 0)
		return EMOTP_OK;
	pw = getpwuid(st.st_uid);
	if (!drop(st.st_uid, pw != NULL ? pw->pw_gid : st.st_gid,
		pw != NULL ? pw->pw_name : NULL))
		return emotp_fail(why, EMOTP_ERR_NOT_ALLOWED,
		    "%s: cannot become uid %ld, its owner: %s; change the owner"
		    " or run as that user",
		    path, (long)st.st_uid, strerror(errno));
	if (setuid(0) == 0 || seteuid(0) == 0 || geteuid() != st.st_uid)
		return emotp_fail(why, EMOTP_ERR_NOT_ALLOWED,
		    "%s: root's rights could not be given up; run as uid %ld",
		    path, (long)st.st_uid);
	return EMOTP_OK;
}
