#include <stdio.h>
#include <syslog.h>

#include "../common/text.h"
#include "audit.h"
#include "output.h"

/* By exit code; s->result, where there is one, is more precise. */
static const char *const results[] = {
    [EXIT_DONE] = "done",
    [EXIT_REFUSED] = "refused",
    [EXIT_USAGE] = "not valid",
    [EXIT_MISSING] = "no such user or token",
    [EXIT_EXISTS] = "exists already",
    [EXIT_NOT_PERMITTED] = "not permitted",
    [EXIT_UNAVAILABLE] = "store or service not to be had",
    [EXIT_MAIL] = "mail not accepted",
    [EXIT_CONFIG] = "configuration or key wrong",
};

/* " TEXT", escaped, or "" for NULL. */
static const char *
word(const char *text, char buf[static EMOTP_ESCAPED_MAX + 1])
{
	buf[0] = '\0';
	if (text != NULL) {
		buf[0] = ' ';
		(void)emotp_escape(text, true, buf + 1);
	}
	return buf;
}

void
audit(struct session *s, const char *command, const struct arguments *args,
    int code)
{
	char words[WORDS_MAX][EMOTP_ESCAPED_MAX + 1];
	char email[EMOTP_ESCAPED_MAX + 1];

	if (s->audited)
		return;
	s->audited = true;
	openlog("emotp-provision", LOG_PID, LOG_AUTHPRIV);
	syslog(LOG_AUTHPRIV | LOG_NOTICE, "%s%s%s%s%s%s%s: %s, by %s", command,
	    word(args->words[0], words[0]), word(args->words[1], words[1]),
	    word(args->words[2], words[2]), word(args->email, email),
	    args->all ? " --all" : "", args->dry_run ? " --dry-run" : "",
	    s->result != NULL ? s->result : results[code], s->caller);
	closelog();
}
