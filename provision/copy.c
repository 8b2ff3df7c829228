/* copy: a whole store into a new one, of this kind or another. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../common/state/store_copy.h"
#include "../common/text.h"
#include "audit.h"
#include "command.h"
#include "json.h"
#include "output.h"
#include "progress.h"

/* ---- what stands on the command line ---- */

/* As libpq takes an address apart: name:password@ before any slash. */
static bool
has_password(const char *uri)
{
	const char *authority = strstr(uri, "://");
	size_t len;

	if (authority == NULL)
		return false;
	authority += strlen("://");
	len = strcspn(authority, "@/");
	if (authority[len] == '@' && memchr(authority, ':', len) != NULL)
		return true;
	return strstr(authority, "password=") != NULL;
}

static int
check_uri(const char *uri)
{
	const char *path = session_path_in(uri);

	if (has_password(uri))
		return output_fail(EXIT_USAGE,
		    "a password among the arguments can be read by everybody;"
		    " name a file that has it instead: ?passfile=/FILE");
	if (!emotp_store_known(session_backends, uri) ||
	    (path != NULL && path[0] != '/'))
		return output_fail(EXIT_USAGE,
		    "%.100s: no store that emotp knows; usage: emotp-provision"
		    " [--config FILE] copy FROM TO, each sqlite:/PATH or"
		    " postgresql://...",
		    uri);
	if (strlen(uri) >= EMOTP_CONFIG_VALUE)
		return output_fail(EXIT_USAGE,
		    "%.40s...: too long; the configuration takes %d bytes", uri,
		    EMOTP_CONFIG_VALUE - 1);
	return 0;
}

/* What two stores that are files cannot be. from is there. */
static int
check_files(const char *from, const char *to)
{
	struct stat a, b;

	if (stat(from, &a) != 0 || to == NULL || stat(to, &b) != 0)
		return 0; /* found out when they are opened */
	if (a.st_dev == b.st_dev && a.st_ino == b.st_ino)
		return output_fail(EXIT_USAGE,
		    "FROM and TO are the same store; nothing to do");
	if (geteuid() == 0 && a.st_uid != b.st_uid)
		return output_fail(EXIT_NOT_PERMITTED,
		    "FROM belongs to uid %ld and TO to uid %ld; remove TO, or"
		    " give it to the owner of FROM",
		    (long)a.st_uid, (long)b.st_uid);
	return 0;
}

static int
check_pair(const struct arguments *args)
{
	const char *from = session_path_in(args->words[0]);
	struct stat st;
	int code = check_uri(args->words[0]);

	if (code == 0)
		code = check_uri(args->words[1]);
	if (code != 0)
		return code;
	if (strcmp(args->words[0], args->words[1]) == 0)
		return output_fail(EXIT_USAGE,
		    "FROM and TO are the same store; nothing to do");
	if (from == NULL)
		return 0;
	if (lstat(from, &st) != 0 && errno == ENOENT)
		return output_fail(EXIT_UNAVAILABLE,
		    "%s: no such store; name the one that is there", from);
	return check_files(from, session_path_in(args->words[1]));
}

/* ---- the copy ---- */

static void
begin(void *arg, uint64_t rows)
{
	progress_begin(arg, "Copying", rows);
}

static void
tick(void *arg, uint64_t rows)
{
	progress_tick(arg, rows);
}

static int
copy_failed(const char *to, enum emotp_err err, const struct emotp_why *why)
{
	if (err == EMOTP_ERR_EXISTS)
		return output_fail(EXIT_EXISTS,
		    "%s; nothing was changed; name a new one", why->text);
	return session_file_error(session_path_in(to), R_OK | W_OK, err, why);
}

static int
tell(struct session *s, const struct arguments *args,
    const struct emotp_copied *copied)
{
	const uint64_t *rows = copied->rows;

	if (output_is_json())
		return json_copied(copied);
	say("Copied: users %" PRIu64 ", tokens %" PRIu64 ", hosts %" PRIu64
	    ", other rows %" PRIu64 ".\n",
	    rows[EMOTP_COPIED_USERS], rows[EMOTP_COPIED_TOKENS],
	    rows[EMOTP_COPIED_HOSTS],
	    rows[EMOTP_COPIED_CODES] + rows[EMOTP_COPIED_RECOVERY] +
		rows[EMOTP_COPIED_INTENTS]);
	say("\nNext: in %s set\n\n    store = %s\n\n", s->config_path,
	    args->words[1]);
	say("and restart emotpd. Keep the old store away from logins: a code"
	    " that is used\nfrom now on in one of the two is still good in the"
	    " other.\n");
	return 0;
}

static int
copy_store(struct session *s, const struct arguments *args)
{
	struct progress progress = {.shown = false};
	const struct emotp_copy_job copy = {
	    .backends = session_backends,
	    .key = &s->key,
	    .from = s->store,
	    .to = args->words[1],
	    .begin = begin,
	    .tick = tick,
	    .arg = &progress,
	};
	struct emotp_copied copied;
	struct emotp_why why = {""};
	enum emotp_err err = emotp_store_copy(&copy, &copied, &why);

	progress_end(&progress);
	return err == EMOTP_OK ? tell(s, args, &copied) :
				 copy_failed(args->words[1], err, &why);
}

/* FROM is opened as if the configuration had it. */
static int
open_and_copy(struct session *s, const struct arguments *args)
{
	int code = session_load_config(s);

	if (code == 0)
		code = check_pair(args);
	if (code != 0)
		return code;
	(void)emotp_copy(
	    s->config.store, sizeof(s->config.store), args->words[0]);
	code = session_open_owned(s, session_path_in(args->words[1]));
	return code == 0 ? copy_store(s, args) : code;
}

int
command_copy(struct session *s, const struct arguments *args)
{
	struct arguments shown = *args;
	int code = open_and_copy(s, args);

	for (size_t i = 0; i < 2; i++)
		if (has_password(args->words[i]))
			shown.words[i] = "(with a password)";
	audit(s, "copy", &shown, code);
	return code;
}
