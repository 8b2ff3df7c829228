#include <errno.h>
#include <string.h>
#include <strings.h>

#include "../common/state/directory.h"
#include "audit.h"
#include "bulk.h"
#include "lines.h"
#include "output.h"
#include "progress.h"

/* What is handed to the directory, one after the other. */
struct feed {
	FILE *spool;
	const char *language; /* of lines without one; NULL: the configured */
	struct spooled now;   /* the one handed out last */
	struct progress progress;
};

static enum emotp_err
next(void *arg, struct emotp_addition *ret, bool *ret_more,
    struct emotp_why *why)
{
	struct feed *feed = arg;

	*ret_more = spool_get(feed->spool, &feed->now);
	if (!*ret_more && ferror(feed->spool))
		return emotp_fail(why, EMOTP_ERR_STORE,
		    "what was read from standard input cannot be read again:"
		    " %s",
		    strerror(errno));
	progress_tick(&feed->progress, 1);
	ret->name = feed->now.name;
	ret->email = feed->now.email;
	ret->language =
	    feed->now.language[0] != '\0' ? feed->now.language : feed->language;
	return EMOTP_OK;
}

/* The first line before the last one that has its user or its address. */
static bool
find_twin(struct feed *feed, struct spooled *ret)
{
	const struct spooled *last = &feed->now;

	rewind(feed->spool);
	while (spool_get(feed->spool, ret) && ret->line < last->line)
		if (strcasecmp(ret->name, last->name) == 0 ||
		    strcasecmp(ret->email, last->email) == 0)
			return true;
	return false;
}

/* Which line, and what of it is there already: in the input, or before. */
static int
tell_exists(struct session *s, struct feed *feed)
{
	const struct spooled *last = &feed->now;
	unsigned long long line = last->line;
	struct emotp_entry entry;
	struct spooled twin;
	bool same_user;

	if (find_twin(feed, &twin)) {
		same_user = strcasecmp(twin.name, last->name) == 0;
		return output_fail(EXIT_EXISTS,
		    "line %llu: the %s %s is on line %llu already; nothing was"
		    " added",
		    line, same_user ? "user" : "address",
		    same_user ? last->name : last->email,
		    (unsigned long long)twin.line);
	}
	same_user = emotp_directory_show(
			&s->authority, last->name, &entry, NULL) == EMOTP_OK;
	return output_fail(EXIT_EXISTS,
	    "line %llu: the %s %s exists already; nothing was added", line,
	    same_user ? "user" : "address",
	    same_user ? last->name : last->email);
}

static int
add_all(struct session *s, const struct arguments *args, FILE *spool,
    uint64_t users)
{
	struct feed feed = {.spool = spool, .language = args->language};
	const struct emotp_additions additions = {next, &feed};
	struct emotp_why why = {""};
	enum emotp_err err;

	rewind(spool);
	progress_begin(
	    &feed.progress, args->dry_run ? "Trying" : "Adding", users);
	err = emotp_directory_add_all(
	    &s->authority, &additions, args->dry_run, &why);
	progress_end(&feed.progress);
	if (err == EMOTP_ERR_EXISTS)
		return tell_exists(s, &feed);
	return err == EMOTP_OK ? 0 : output_error(err, &why);
}

static void
warn_of_strangers(const struct lines *lines)
{
	char names[LINES_NAMED * (EMOTP_NAME_MAX + 2) + 1] = "";
	const char *of = " of them";
	size_t len = 0;

	if (lines->users > LINES_LOOKED_UP)
		of = " of the first 10000";
	for (size_t i = 0; i < LINES_NAMED && i < lines->strangers; i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len,
		    "%s%s", i == 0 ? "" : ", ", lines->named[i]);
	if (lines->strangers == 0)
		return;
	output_warn("this host knows no account for %llu%s: %s%s",
	    (unsigned long long)lines->strangers, of, names,
	    lines->strangers > LINES_NAMED ? ", ..." : "");
}

static void
tell_added(
    struct session *s, const struct arguments *args, const struct lines *lines)
{
	unsigned long long users = lines->users;
	const char *were = users == 1 ? "user was" : "users were";
	char result[64];

	warn_of_strangers(lines);
	if (lines->users > LINES_LOOKED_UP)
		say("Only the first %d were looked up among this host's"
		    " accounts.\n",
		    LINES_LOOKED_UP);
	if (args->dry_run)
		say("%llu %s could be added; nothing was changed.\n", users,
		    users == 1 ? "user" : "users");
	else
		say("%llu %s added. Next: `emotp-provision invite --all`.\n",
		    users, were);
	(void)snprintf(result, sizeof(result), "%llu %s %s", users, were,
	    args->dry_run ? "tried" : "added");
	s->result = result;
	audit(s, "add", args, 0);
	s->result = NULL;
}

int
bulk_add(struct session *s, const struct arguments *args)
{
	FILE *spool;
	struct lines lines;
	int code;

	if (args->language != NULL && !emotp_language_valid(args->language))
		return output_fail(
		    EXIT_USAGE, "--language is one of en, zh-Hant, pt");
	spool = spool_open(session_store_path(s));
	if (spool == NULL)
		return output_fail(EXIT_UNAVAILABLE,
		    "no file for what is read can be made beside the store:"
		    " %s; make room there",
		    strerror(errno));
	code = lines_read(spool, &lines);
	if (code == 0)
		code = add_all(s, args, spool, lines.users);
	(void)fclose(spool);
	if (code == 0)
		tell_added(s, args, &lines);
	return code;
}
