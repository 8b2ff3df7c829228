/* import users.oath: everybody's tokens, all or none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../common/secret.h"
#include "../common/text.h"
#include "../common/totp.h"
#include "audit.h"
#include "import.h"
#include "import_file.h"
#include "oath_line.h"
#include "output.h"
#include "progress.h"

#define NAMED 3 /* users in a warning */

/* How far from our clock a code is looked for that pam_oath accepted. */
#define WINDOW 100

/* The file on its way into the store. */
struct feed {
	const struct session *s;
	int64_t now_s;
	struct import_file file;
	struct progress progress;
	uint64_t tokens; /* in the whole file */
	uint64_t ahead;  /* of these, used in what is the future here */
	uint64_t pins;
	char named[NAMED][EMOTP_NAME_MAX + 1]; /* the first with a PIN */
};

/* The next line that has a token. The caller wipes *ret. */
static enum emotp_err
next_line(struct feed *feed, struct oath_line *ret, bool *ret_more,
    struct emotp_why *why)
{
	char line[OATH_LINE_SIZE];
	enum emotp_err err;

	memset(ret, 0, sizeof(*ret));
	do {
		err = import_file_line(
		    &feed->file, line, sizeof(line), ret_more, why);
		if (err == EMOTP_OK && *ret_more)
			err = oath_line_read(line, ret, why);
	} while (err == EMOTP_OK && *ret_more && ret->empty);
	emotp_wipe(line, sizeof(line));
	return err;
}

/* ---- once without the store: nobody waits for a file that is no good ---- */

static enum emotp_err
survey(struct feed *feed, struct emotp_why *why)
{
	struct oath_line line;
	bool more = true;
	enum emotp_err err = EMOTP_OK;

	progress_begin(&feed->progress, "Reading", 0);
	while (err == EMOTP_OK && more) {
		err = next_line(feed, &line, &more, why);
		if (err != EMOTP_OK || !more)
			continue;
		progress_tick(&feed->progress, 1);
		feed->tokens++;
		if (line.pin && feed->pins++ < NAMED)
			(void)emotp_copy(feed->named[feed->pins - 1],
			    sizeof(feed->named[0]), line.token.user);
	}
	progress_end(&feed->progress);
	emotp_wipe(&line, sizeof(line));
	return err;
}

static int
read_all(struct feed *feed)
{
	struct emotp_why why = {""};
	enum emotp_err err = survey(feed, &why);

	if (err != EMOTP_OK)
		return import_error(err, feed->file.line, &why);
	if (feed->tokens == 0)
		return output_fail(EXIT_USAGE,
		    "no line has a token: not a file of users.oath");
	err = import_file_rewind(&feed->file, &why);
	return err == EMOTP_OK ? 0 : import_error(err, 0, &why);
}

/* ---- and once into it ---- */

/*
 * The step of the last code. pam_oath takes codes of a device that is fast,
 * and writes down when it took them, not what step they are of: without a look
 * at the code, it would be good here once more. Only steps to come matter; up
 * to now none is good in any case.
 */
static enum emotp_err
step_used(const struct feed *feed, struct oath_line *line, int64_t *ret)
{
	const struct emotp_adoption *token = &line->token;
	int period_s = token->params.period_s;
	int64_t step = emotp_totp_step(mktime(&line->used_at), period_s);
	int64_t now = emotp_totp_step(feed->now_s, period_s);
	int64_t first = (step > now ? step : now) + 1;
	uint32_t codes[WINDOW], wanted;
	size_t count;
	enum emotp_err err;

	*ret = step < -1 ? -1 : step;
	if (step < 0 || first > step + WINDOW)
		return EMOTP_OK;
	count = (size_t)(step + WINDOW - first + 1);
	err = emotp_totp_codes(
	    &token->secret, &token->params, first, count, codes);
	wanted = (uint32_t)strtoul(line->otp, NULL, 10);
	while (err == EMOTP_OK && count > 0 && codes[count - 1] != wanted)
		count--;
	if (count > 0)
		*ret = first + (int64_t)count - 1;
	emotp_wipe(codes, sizeof(codes));
	return err;
}

static enum emotp_err
next(void *arg, struct emotp_adoption *ret, bool *ret_more,
    struct emotp_why *why)
{
	struct feed *feed = arg;
	struct oath_line line;
	enum emotp_err err = next_line(feed, &line, ret_more, why);

	if (err == EMOTP_OK && *ret_more && line.used)
		err = step_used(feed, &line, &line.token.last_step);
	if (err == EMOTP_OK && *ret_more) {
		progress_tick(&feed->progress, 1);
		feed->ahead += import_ahead(feed->s, &line.token, feed->now_s);
		*ret = line.token;
		(void)emotp_copy(ret->label, sizeof(ret->label), "users.oath");
	}
	emotp_wipe(&line, sizeof(line));
	return err;
}

static int
adopt(struct session *s, struct feed *feed, bool dry_run)
{
	const struct emotp_adoptions adoptions = {next, feed};
	struct emotp_why why = {""};
	enum emotp_err err;

	feed->now_s = clock_now();
	progress_begin(
	    &feed->progress, dry_run ? "Trying" : "Importing", feed->tokens);
	err = emotp_adopt_all(
	    &s->authority, &adoptions, feed->now_s, dry_run, &why);
	progress_end(&feed->progress);
	return err == EMOTP_OK ? 0 : import_error(err, feed->file.line, &why);
}

/* ---- and what is said about it ---- */

static void
warn(const struct feed *feed)
{
	char names[NAMED * (EMOTP_NAME_MAX + 2) + 1] = "";
	size_t len = 0;

	for (size_t i = 0; i < NAMED && i < feed->pins; i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len,
		    "%s%s", i == 0 ? "" : ", ", feed->named[i]);
	if (feed->pins > 0)
		output_warn("a PIN is not carried over, and %llu had one: %s%s",
		    (unsigned long long)feed->pins, names,
		    feed->pins > NAMED ? ", ..." : "");
	if (feed->ahead > 0)
		output_warn("%llu had used a code of the future;"
			    " `emotp-provision show USER` says until when codes"
			    " are refused",
		    (unsigned long long)feed->ahead);
}

static void
tell(struct session *s, const struct arguments *args, const struct feed *feed)
{
	unsigned long long tokens = feed->tokens;
	const char *were = tokens == 1 ? "token was" : "tokens were";
	char result[64];

	warn(feed);
	if (args->dry_run)
		say("%llu %s could be imported; nothing was changed.\n", tokens,
		    tokens == 1 ? "token" : "tokens");
	else
		say("%llu %s imported. The next code that each device shows is"
		    " good.\n",
		    tokens, were);
	(void)snprintf(result, sizeof(result), "%llu %s %s", tokens, were,
	    args->dry_run ? "tried" : "imported");
	s->result = result;
	audit(s, "import", args, 0);
	s->result = NULL;
}

int
import_oath(struct session *s, const struct arguments *args)
{
	struct feed feed = {.s = s};
	int code = import_file_open(&feed.file, args->second, NULL);

	if (code != 0)
		return code;
	/* Services, which wrote the times, have no TZ of their own. */
	(void)unsetenv("TZ");
	code = read_all(&feed);
	if (code == 0)
		code = session_open(s, false);
	if (code == 0)
		code = adopt(s, &feed, args->dry_run);
	if (code == 0)
		tell(s, args, &feed);
	import_file_close(&feed.file);
	return code;
}
