#include <string.h>

#include "../common/totp.h"
#include "import.h"
#include "output.h"

static const struct kind {
	const char *name;
	bool takes_user;
	int (*run)(struct session *s, const struct arguments *args);
} kinds[] = {
    {"google-authenticator", true, import_google},
    {"users.oath", false, import_oath},
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

int
command_import(struct session *s, const struct arguments *args)
{
	for (size_t i = 0; i < KINDS; i++)
		if (strcmp(kinds[i].name, args->words[0]) == 0 &&
		    kinds[i].takes_user == (args->third != NULL))
			return kinds[i].run(s, args);
	return output_fail(EXIT_USAGE,
	    "import: what and from where? `import google-authenticator FILE"
	    " USER` or `import users.oath FILE`");
}

/* Whether the error is one of the file: neither of the store nor of the host.
 */
static bool
of_the_file(enum emotp_err err)
{
	return err == EMOTP_ERR_INVALID || err == EMOTP_ERR_NOT_ALLOWED ||
	    err == EMOTP_ERR_NO_USER || err == EMOTP_ERR_EXISTS;
}

int
import_error(enum emotp_err err, uint64_t line, const struct emotp_why *why)
{
	const char *reason =
	    why->text[0] != '\0' ? why->text : emotp_strerror(err);
	struct emotp_why where = {""};

	if (line == 0 || !of_the_file(err))
		(void)memcpy(where.text, reason, strlen(reason) + 1);
	else
		emotp_explain(
		    &where, "line %llu: %s", (unsigned long long)line, reason);
	if (err == EMOTP_ERR_NO_USER)
		return output_fail(EXIT_MISSING,
		    "%s; `emotp-provision add` comes first, and nothing was"
		    " imported",
		    where.text);
	if (err == EMOTP_ERR_EXISTS)
		return output_fail(
		    EXIT_EXISTS, "%s; nothing was imported", where.text);
	return output_error(err, &where);
}

bool
import_ahead(const struct session *s, const struct emotp_adoption *adoption,
    int64_t now_s)
{
	return adoption->last_step >
	    emotp_totp_step(now_s, adoption->params.period_s) +
	    s->config.resync + s->config.skew;
}
