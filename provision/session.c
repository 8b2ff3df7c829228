#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../common/state/owner.h"
#include "../common/text.h"
#include "output.h"
#include "session.h"

#define SQLITE "sqlite:"

const struct emotp_backend *const session_backends[] = {
    &emotp_store_sqlite,
    &emotp_store_postgres,
    NULL,
};

int64_t
clock_now(void)
{
	struct timespec now;

	/* 0 is before any date that emotp accepts: the library refuses. */
	if (clock_gettime(CLOCK_REALTIME, &now) != 0)
		return 0;
	return now.tv_sec;
}

/* "root (sudo: alice)". SUDO_USER counts only where sudo could set it. */
static void
note_caller(char caller[static CALLER_MAX])
{
	const struct passwd *pw = getpwuid(getuid());
	const char *sudo = getuid() == 0 ? getenv("SUDO_USER") : NULL;
	char name[EMOTP_ESCAPED_MAX];
	char behind[EMOTP_ESCAPED_MAX];

	if (pw != NULL)
		(void)emotp_escape(pw->pw_name, true, name);
	else
		(void)snprintf(name, sizeof(name), "uid %ld", (long)getuid());
	if (sudo == NULL || sudo[0] == '\0')
		(void)snprintf(caller, CALLER_MAX, "%s", name);
	else
		(void)snprintf(caller, CALLER_MAX, "%s (sudo: %s)", name,
		    emotp_escape(sudo, true, behind));
}

void
session_begin(struct session *s, const char *config_path)
{
	char host[HOST_NAME_MAX + 1];
	char shown[EMOTP_ESCAPED_MAX];
	char source[EMOTP_ESCAPED_MAX + CALLER_MAX + 32];

	memset(s, 0, sizeof(*s));
	s->config_path = config_path;
	s->exempt = getuid() == 0;
	note_caller(s->caller);
	if (gethostname(host, sizeof(host)) != 0)
		(void)emotp_copy(host, sizeof(host), "this host");
	(void)snprintf(source, sizeof(source), "the command line of %s, by %s",
	    emotp_escape(host, false, shown), s->caller);
	source[EMOTP_SOURCE_MAX] = '\0';
	(void)emotp_copy(s->source, sizeof(s->source), source);
}

const char *
session_path_in(const char *uri)
{
	if (strncmp(uri, SQLITE, strlen(SQLITE)) != 0)
		return NULL;
	return uri + strlen(SQLITE);
}

const char *
session_store_path(const struct session *s)
{
	return session_path_in(s->config.store);
}

int
session_file_error(
    const char *path, int mode, enum emotp_err err, const struct emotp_why *why)
{
	if (geteuid() != 0 && path != NULL && path[0] != '\0' &&
	    faccessat(AT_FDCWD, path, mode, AT_EACCESS) != 0 &&
	    (errno == EACCES || errno == EPERM))
		return output_fail(EXIT_NOT_PERMITTED,
		    "%s: not permitted; run this command as root", path);
	return output_error(err, why);
}

static bool
missing(const char *path)
{
	struct stat st;

	return path != NULL && lstat(path, &st) != 0 && errno == ENOENT;
}

int
session_load_config(struct session *s)
{
	struct emotp_why why = {""};
	enum emotp_err err;

	if (missing(s->config_path)) {
		bool usual = strcmp(s->config_path, EMOTP_CONFIG_PATH) == 0;

		return output_fail(EXIT_CONFIG,
		    "%s: no such file;"
		    " `emotp-provision %s%s%sinit` makes it",
		    s->config_path, usual ? "" : "--config ",
		    usual ? "" : s->config_path, usual ? "" : " ");
	}
	err = emotp_config_load(s->config_path, &s->config, &why);
	if (err != EMOTP_OK)
		return session_file_error(s->config_path, R_OK, err, &why);
	return 0;
}

int
session_load_key(struct session *s)
{
	struct emotp_why why = {""};
	enum emotp_err err;

	if (missing(s->config.key_file) && missing(session_store_path(s)))
		return output_fail(EXIT_CONFIG,
		    "%s: no such key, and no store"
		    " either; `emotp-provision init` makes them",
		    s->config.key_file);
	err = emotp_key_load(s->config.key_file, &s->key, &why);
	if (err != EMOTP_OK)
		return session_file_error(s->config.key_file, R_OK, err, &why);
	return 0;
}

int
session_open_mailer(struct session *s)
{
	struct emotp_why why = {""};
	enum emotp_err err;

	err = emotp_mailer_open(&s->config, &s->mailer, &why);
	if (err != EMOTP_OK)
		return session_file_error(
		    s->config.mail_password_file, R_OK, err, &why);
	return 0;
}

static int
become_owner(const char *path)
{
	struct emotp_why why = {""};

	return emotp_owner_become(path, &why) == EMOTP_OK ?
	    0 :
	    output_fail(EXIT_NOT_PERMITTED, "%s", why.text);
}

int
session_open_store(struct session *s)
{
	struct emotp_why why = {""};
	const char *path = session_store_path(s);
	enum emotp_err err;
	int code = path != NULL ? become_owner(path) : 0;

	if (code != 0)
		return code;
	if (missing(path))
		return output_fail(EXIT_UNAVAILABLE,
		    "%s: no such store; "
		    "`emotp-provision init` makes it",
		    path);
	err = emotp_store_open(
	    session_backends, s->config.store, &s->key, &s->store, &why);
	if (err != EMOTP_OK)
		return session_file_error(path, R_OK | W_OK, err, &why);
	s->authority.config = &s->config;
	s->authority.key = &s->key;
	s->authority.store = s->store;
	return 0;
}

enum emotp_err
session_create_store(struct session *s, struct emotp_why *why)
{
	return emotp_store_create(
	    session_backends, s->config.store, &s->key, why);
}

/* Whose file it is; 0 if it is not there, which is found out later. */
static uid_t
owner_of(const char *path)
{
	struct stat st;

	return path != NULL && lstat(path, &st) == 0 ? st.st_uid : 0;
}

/*
 * Whatever only root can read is read before root's rights are given up; a
 * key that is the store's owner's is read as that user, or not trusted.
 */
int
session_open_owned(struct session *s, const char *other)
{
	const char *store = session_store_path(s);
	int code = 0;

	if (store == NULL)
		store = other;
	if (store == NULL)
		store = s->config.key_file; /* a server has no owner here */
	if (owner_of(s->config.key_file) != 0 &&
	    owner_of(s->config.key_file) == owner_of(store))
		code = become_owner(store);
	if (code == 0)
		code = session_load_key(s);
	if (code == 0 && store != NULL)
		code = become_owner(store);
	if (code == 0)
		code = session_open_store(s);
	return code;
}

int
session_open(struct session *s, bool mails)
{
	int code = session_load_config(s);

	if (code == 0 && mails)
		code = session_open_mailer(s);
	if (code == 0)
		code = session_open_owned(s, NULL);
	return code;
}

void
session_close(struct session *s)
{
	emotp_store_close(s->store);
	if (s->mailer != NULL)
		emotp_mailer_close(s->mailer);
	emotp_key_wipe(&s->key);
}
