#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../common/secret.h"
#include "../common/text.h"
#include "output.h"

#define ERROR_LINE_MAX 1024

static char buffer[BUFSIZ];
static bool json;

void
output_begin(void)
{
	(void)setvbuf(stdout, buffer, isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF,
	    sizeof(buffer));
}

void
output_set_json(void)
{
	json = true;
}

bool
output_is_json(void)
{
	return json;
}

void
say(const char *format, ...)
{
	va_list ap;

	if (json)
		return;
	va_start(ap, format);
	(void)vprintf(format, ap);
	va_end(ap);
}

/*
 * Names and paths come from outside: a line break would make two errors of
 * one, an escape sequence would reach the terminal.
 */
static void
tidy(char *line)
{
	if (emotp_text_valid(line))
		return;
	for (; *line != '\0'; line++)
		if (*line < 0x20 || *line > 0x7e)
			*line = '?';
}

/* In one write, after what went to standard output before. */
__attribute__((format(printf, 2, 0))) static void
error_line(const char *label, const char *format, va_list ap)
{
	char line[ERROR_LINE_MAX];

	(void)fflush(stdout);
	(void)vsnprintf(line, sizeof(line), format, ap);
	tidy(line);
	(void)fprintf(stderr, "emotp-provision: %s%s\n", label, line);
}

int
output_fail(enum exit_code code, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	error_line("", format, ap);
	va_end(ap);
	return code;
}

void
output_warn(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	error_line("warning: ", format, ap);
	va_end(ap);
}

/* What each error of the library means here. */
static const struct meaning {
	enum exit_code code;
	const char *remedy; /* "" where the reason says it all */
} meanings[] = {
    [EMOTP_ERR_MEMORY] = {EXIT_UNAVAILABLE, "; free some memory"},
    [EMOTP_ERR_CLOCK] = {EXIT_UNAVAILABLE, "; set the system clock first"},
    [EMOTP_ERR_RANDOM] = {EXIT_UNAVAILABLE, "; try again"},
    [EMOTP_ERR_CRYPTO] = {EXIT_UNAVAILABLE, "; check OpenSSL's installation"},
    [EMOTP_ERR_CONFIG] = {EXIT_CONFIG, "; see emotp.conf(5)"},
    [EMOTP_ERR_KEY] = {EXIT_CONFIG,
	"; mend that, or put your copy of the key back"},
    [EMOTP_ERR_STORE] = {EXIT_UNAVAILABLE, "; mend that and try again"},
    [EMOTP_ERR_BUSY] = {EXIT_UNAVAILABLE, "; try again"},
    [EMOTP_ERR_CONFLICT] = {EXIT_UNAVAILABLE, "; try again"},
    [EMOTP_ERR_SERVICE] = {EXIT_UNAVAILABLE, "; check emotpd(8)"},
    [EMOTP_ERR_MAIL] = {EXIT_MAIL, "; check the mail settings, try again"},
    [EMOTP_ERR_INVALID] = {EXIT_USAGE, ""},
    [EMOTP_ERR_NO_USER] = {EXIT_MISSING,
	"; `emotp-provision list` shows who is known"},
    [EMOTP_ERR_NO_TOKEN] = {EXIT_MISSING,
	"; `emotp-provision show USER` shows the tokens"},
    [EMOTP_ERR_NO_HOST] = {EXIT_MISSING,
	"; `emotp-provision host list` shows them"},
    [EMOTP_ERR_NOT_ALLOWED] = {EXIT_REFUSED, ""},
    [EMOTP_ERR_EXISTS] = {EXIT_EXISTS,
	"; `emotp-provision list` shows who is known"},
};

int
output_error(enum emotp_err err, const struct emotp_why *why)
{
	const size_t count = sizeof(meanings) / sizeof(meanings[0]);
	const char *text = emotp_strerror(err);

	if (why != NULL && why->text[0] != '\0')
		text = why->text;
	if (err == EMOTP_OK || (size_t)err >= count)
		return output_fail(EXIT_UNAVAILABLE, "%s", text);
	return output_fail(
	    meanings[err].code, "%s%s", text, meanings[err].remedy);
}

int
output_end(int code)
{
	bool lost = fflush(stdout) != 0 || ferror(stdout) != 0;

	if (lost && code == EXIT_DONE)
		code = output_fail(EXIT_UNAVAILABLE,
		    "standard output did not take everything (%s); what was"
		    " done is done, but not all of it was shown",
		    strerror(errno));
	emotp_wipe(buffer, sizeof(buffer));
	return code;
}

const char *
local_time(int64_t at_s, char buf[static LOCAL_TIME_MAX])
{
	time_t at = (time_t)at_s;
	struct tm tm;

	if (localtime_r(&at, &tm) == NULL ||
	    strftime(buf, LOCAL_TIME_MAX, "%Y-%m-%d %H:%M:%S %Z", &tm) == 0)
		(void)snprintf(buf, LOCAL_TIME_MAX, "@%lld", (long long)at_s);
	return buf;
}
