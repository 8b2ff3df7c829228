/* import google-authenticator: one user's token, with its scratch codes. */
#include <stdlib.h>
#include <string.h>

#include "../common/secret.h"
#include "../common/text.h"
#include "google_file.h"
#include "import.h"
#include "import_file.h"
#include "output.h"

/* Hands out the one token there is. */
struct feed {
	const struct emotp_adoption *token; /* NULL once it is out */
};

static enum emotp_err
next(void *arg, struct emotp_adoption *ret, bool *ret_more,
    struct emotp_why *why)
{
	struct feed *feed = arg;

	(void)why;
	*ret_more = feed->token != NULL;
	if (*ret_more)
		*ret = *feed->token;
	feed->token = NULL;
	return EMOTP_OK;
}

/* With the rights that the caller has; the store's owner may not read it. */
static int
read_token(const struct arguments *args, struct emotp_adoption *ret)
{
	struct import_file file;
	struct emotp_why why = {""}, where = {""};
	enum emotp_err err;
	int code = import_file_open(&file, args->second, args->third);

	if (code != 0)
		return code;
	err = import_file_read(&file, &why);
	if (err == EMOTP_OK)
		err = google_file_read(file.buffer, file.len, ret, &why);
	import_file_close(&file);
	if (err == EMOTP_OK)
		return 0;
	emotp_explain(&where, "%.200s: %s", args->second, why.text);
	return output_error(err, &where);
}

static void
tell(struct session *s, const struct arguments *args,
    const struct emotp_adoption *token, int64_t now_s)
{
	const char *user = args->third;
	bool dry_run = args->dry_run;

	if (abs(token->drift) > s->config.resync)
		output_warn("the clock of %s's device is %d steps off, and no"
			    " more than %d are tolerated; set it",
		    user, token->drift, s->config.resync);
	if (import_ahead(s, token, now_s))
		output_warn("a code of the future was used;"
			    " `emotp-provision show %s` says until when codes"
			    " are refused",
		    user);
	if (dry_run)
		say("The token of %s could be imported, and %zu scratch codes;"
		    " nothing was changed.\n",
		    user, token->scratch_count);
	else
		say("%s has the token now, and %zu scratch codes as recovery"
		    " codes.\nThe next code that the device shows is good.\n",
		    user, token->scratch_count);
}

int
import_google(struct session *s, const struct arguments *args)
{
	struct emotp_adoption token;
	struct feed feed = {&token};
	const struct emotp_adoptions adoptions = {next, &feed};
	struct emotp_why why = {""};
	int64_t now_s = 0;
	enum emotp_err err;
	int code = read_token(args, &token);

	if (code != 0)
		return code;
	if (!emotp_copy(token.user, sizeof(token.user), args->third))
		code =
		    output_fail(EXIT_MISSING, "no user has a name that long");
	(void)emotp_copy(
	    token.label, sizeof(token.label), "google-authenticator");
	if (code == 0)
		code = session_open(s, false);
	if (code == 0) {
		now_s = clock_now();
		err = emotp_adopt_all(
		    &s->authority, &adoptions, now_s, args->dry_run, &why);
		if (err != EMOTP_OK)
			code = import_error(err, 0, &why);
	}
	if (code == 0)
		tell(s, args, &token, now_s);
	emotp_wipe(&token, sizeof(token));
	return code;
}
