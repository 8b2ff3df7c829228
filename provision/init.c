/* init: what is missing is made, what is there is only looked at. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "output.h"

static const char minimal[] =
    "# emotp: see emotp.conf(5) for every setting and its default.\n"
    "\n"
    "# How mail to the users goes out.\n"
    "# mail = smtp://mail.example.org:587\n"
    "# mail_from = emotp@example.org\n"
    "# mail_user = emotp\n"
    "# mail_password_file = /etc/emotp/mail.password\n"
    "\n"
    "# What tokens show beside the user's name. Default: this host's name.\n"
    "# issuer = Example\n";

static bool
exists(const char *path)
{
	struct stat st;

	return path != NULL && lstat(path, &st) == 0;
}

/* The last directory above path, 0755. One that is there stays as it is. */
static void
make_parent(const char *path)
{
	char parent[PATH_MAX];
	char *slash;

	if ((size_t)snprintf(parent, sizeof(parent), "%s", path) >=
	    sizeof(parent))
		return;
	slash = strrchr(parent, '/');
	if (slash == NULL || slash == parent)
		return;
	*slash = '\0';
	if (mkdir(parent, 0755) == 0)
		(void)chmod(parent, 0755); /* whatever the umask */
}

static bool
write_durably(int fd, const char *text, size_t len)
{
	return write(fd, text, len) == (ssize_t)len && fchmod(fd, 0644) == 0 &&
	    fsync(fd) == 0;
}

/*
 * The exit code of an init that could not make path: judged by the nearest
 * directory above it that exists.
 */
static int
making_failed(const char *path, enum emotp_err err, const struct emotp_why *why)
{
	char above[PATH_MAX];
	char *slash;

	(void)snprintf(above, sizeof(above), "%s", path);
	do {
		slash = strrchr(above, '/');
		if (slash == NULL || slash == above)
			return session_file_error("/", W_OK, err, why);
		*slash = '\0';
	} while (!exists(above));
	return session_file_error(above, W_OK | X_OK, err, why);
}

static int
config_failed(const char *path, int error)
{
	struct emotp_why why = {""};

	(void)emotp_fail(&why, EMOTP_ERR_CONFIG, "%s: cannot be made: %s", path,
	    strerror(error));
	return making_failed(path, EMOTP_ERR_CONFIG, &why);
}

static int
make_config(const char *path)
{
	int error = 0;
	int fd;

	make_parent(path);
	fd = open(
	    path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno == EEXIST ? 0 : config_failed(path, errno);
	if (!write_durably(fd, minimal, sizeof(minimal) - 1))
		error = errno;
	(void)close(fd);
	if (error == 0)
		return 0;
	(void)unlink(path);
	return config_failed(path, error);
}

static void
report(const char *what, const char *where, bool made)
{
	say("%-14s %s: %s\n", what, where, made ? "made" : "exists already");
}

static int
init_config(struct session *s)
{
	bool made = !exists(s->config_path);
	int code = made ? make_config(s->config_path) : 0;

	if (code == 0)
		code = session_load_config(s);
	if (code == 0)
		report("configuration", s->config_path, made);
	return code;
}

static int
init_key(struct session *s, bool *ret_made)
{
	const char *path = s->config.key_file;
	struct emotp_why why = {""};
	bool made = !exists(path);
	enum emotp_err err;
	int code;

	if (made && exists(session_store_path(s)))
		return output_fail(EXIT_CONFIG,
		    "%s: missing, but the store is"
		    " there and opens with no other key; put your copy of the"
		    " key back",
		    path);
	if (made) {
		make_parent(path);
		err = emotp_key_create(path, &why);
		if (err == EMOTP_ERR_EXISTS)
			made = false; /* another init was faster */
		else if (err != EMOTP_OK)
			return making_failed(path, err, &why);
	}
	code = session_load_key(s);
	if (code == 0)
		report("key", path, made);
	*ret_made = made;
	return code;
}

static int
init_store(struct session *s)
{
	const char *path = session_store_path(s);
	struct emotp_why why = {""};
	char shown[EMOTP_STORE_SHOWN];
	bool made = !exists(path);
	enum emotp_err err = EMOTP_OK;
	int code;

	if (made)
		err = session_create_store(s, &why);
	if (err == EMOTP_ERR_EXISTS) {
		made = false; /* another init was faster */
		err = EMOTP_OK;
	}
	if (err != EMOTP_OK)
		return path == NULL ? output_error(err, &why) :
				      making_failed(path, err, &why);
	code = session_open_store(s);
	if (code == 0)
		report(
		    "store", emotp_store_shown(s->config.store, shown), made);
	return code;
}

int
command_init(struct session *s, const struct arguments *args)
{
	int code = init_config(s);
	bool made = false;

	(void)args;
	if (code == 0)
		code = init_key(s, &made);
	if (code == 0)
		code = init_store(s);
	/* Whether a server has a store is only known once there is a key. */
	if (code == EXIT_CONFIG && made)
		(void)unlink(s->config.key_file);
	if (code == 0)
		say("\nKeep a copy of the key (%s) apart from\n"
		    "the backups of the store: without it no token opens;"
		    " together they make\neverybody's codes.\n",
		    s->config.key_file);
	return code;
}
