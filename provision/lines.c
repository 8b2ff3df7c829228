#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "../common/state/directory.h"
#include "../common/text.h"
#include "lines.h"
#include "output.h"
#include "progress.h"

#define TEXT_MAX   1024 /* bytes, with the NUL; the longest user needs 400 */
#define FIELDS_MAX 3
#define FORM       "a line is user,email[,language]"

/*
 * Without a bound, input that never ends would fill the disk on which the
 * store lies, and with it nobody could log in.
 */
#define USERS_MAX 10000000

/* What is between two line ends. */
struct line {
	uint64_t number; /* from 1 */
	char text[TEXT_MAX];
	const char *problem; /* it cannot be a line at all; or NULL */
	int error;           /* errno, if the input ended with an error */
};

/* False at the end of the input. A problem ends the line where it stands. */
static bool
next_line(struct line *line)
{
	size_t len = 0;
	int c;

	line->number++;
	line->problem = NULL;
	while ((c = getc_unlocked(stdin)) != '\n' && c != EOF) {
		if (c == '\0')
			line->problem = "holds a NUL byte: not a text file";
		else if (len + 1 == sizeof(line->text))
			line->problem = "is too long; " FORM;
		if (line->problem != NULL)
			return true;
		line->text[len++] = (char)c;
	}
	line->text[len] = '\0';
	if (c == EOF && ferror(stdin))
		line->error = errno;
	return c != EOF || (len > 0 && line->error == 0);
}

/* Editors on Windows put a byte order mark before the first line. */
static char *
after_mark(struct line *line)
{
	static const char mark[] = "\xef\xbb\xbf";
	size_t len = sizeof(mark) - 1;

	if (line->number == 1 && strncmp(line->text, mark, len) == 0)
		return line->text + len;
	return line->text;
}

/* Without the blanks around it; a carriage return is one. */
static char *
trimmed(char *text)
{
	static const char blanks[] = " \t\r";
	char *end;

	text += strspn(text, blanks);
	end = text + strlen(text);
	while (end > text && strchr(blanks, end[-1]) != NULL)
		end--;
	*end = '\0';
	return text;
}

/* At most FIELDS_MAX fields of text, in place; "" for those missing. */
static enum emotp_err
split(char *text, char *fields[static FIELDS_MAX], struct emotp_why *why)
{
	static char none[] = "";
	size_t count = 0;
	char *field;

	for (size_t i = 0; i < FIELDS_MAX; i++)
		fields[i] = none;
	while ((field = strsep(&text, ",")) != NULL) {
		if (count == FIELDS_MAX)
			return emotp_fail(why, EMOTP_ERR_INVALID,
			    "has more than three fields; " FORM);
		fields[count] = trimmed(field);
		if (!emotp_text_valid(fields[count++]))
			return emotp_fail(why, EMOTP_ERR_INVALID,
			    "is not UTF-8, or has a control character");
	}
	if (fields[1][0] != '\0')
		return EMOTP_OK;
	return emotp_fail(why, EMOTP_ERR_INVALID, "has no address; " FORM);
}

static enum emotp_err
parse(char *text, struct spooled *ret, struct emotp_why *why)
{
	char *fields[FIELDS_MAX];
	enum emotp_err err = split(text, fields, why);

	if (err == EMOTP_OK)
		err = emotp_name_check(fields[0], why);
	if (err == EMOTP_OK)
		err = emotp_email_check(fields[1], strlen(fields[1]), why);
	if (err != EMOTP_OK)
		return err;
	if (fields[2][0] != '\0' && !emotp_language_valid(fields[2]))
		return emotp_fail(why, EMOTP_ERR_INVALID,
		    "the language is one of en, zh-Hant, pt");
	(void)emotp_copy(ret->name, sizeof(ret->name), fields[0]);
	(void)emotp_copy(ret->email, sizeof(ret->email), fields[1]);
	(void)emotp_copy(ret->language, sizeof(ret->language), fields[2]);
	return EMOTP_OK;
}

static void
look_up(struct lines *lines, const char *name)
{
	if (lines->users > LINES_LOOKED_UP || getpwnam(name) != NULL)
		return;
	if (lines->strangers < LINES_NAMED)
		(void)emotp_copy(lines->named[lines->strangers],
		    sizeof(lines->named[0]), name);
	lines->strangers++;
}

/* One line, which may be empty or a comment. */
static enum emotp_err
take_line(
    struct line *line, FILE *spool, struct lines *lines, struct emotp_why *why)
{
	struct spooled spooled = {.line = line->number};
	enum emotp_err err;
	char *text;

	if (line->problem != NULL)
		return emotp_fail(why, EMOTP_ERR_INVALID, "%s", line->problem);
	text = trimmed(after_mark(line));
	if (text[0] == '\0' || text[0] == '#')
		return EMOTP_OK;
	err = parse(text, &spooled, why);
	if (err != EMOTP_OK)
		return err;
	if (++lines->users > USERS_MAX)
		return emotp_fail(why, EMOTP_ERR_INVALID,
		    "more than %d users; add them in parts", USERS_MAX);
	if (!spool_put(spool, &spooled))
		return emotp_fail(why, EMOTP_ERR_STORE,
		    "no room for what was read: %s", strerror(errno));
	look_up(lines, spooled.name);
	return EMOTP_OK;
}

static enum emotp_err
take_all(
    struct line *line, FILE *spool, struct lines *lines, struct emotp_why *why)
{
	bool person = isatty(STDIN_FILENO);
	struct progress progress = {0};
	enum emotp_err err = EMOTP_OK;

	if (person)
		say("Type user,email[,language] lines, then Ctrl-D.\n");
	else
		progress_begin(&progress, "Reading", 0);
	while (err == EMOTP_OK && next_line(line)) {
		progress_tick(&progress, 1);
		err = take_line(line, spool, lines, why);
	}
	progress_end(&progress);
	return err;
}

int
lines_read(FILE *spool, struct lines *ret)
{
	struct line line = {.number = 0};
	struct emotp_why why = {""}, where = {""};
	enum emotp_err err;

	memset(ret, 0, sizeof(*ret));
	err = take_all(&line, spool, ret, &why);
	if (err != EMOTP_OK) {
		emotp_explain(&where, "line %llu: %s",
		    (unsigned long long)line.number, why.text);
		return output_error(err, &where);
	}
	if (line.error != 0)
		return output_fail(EXIT_UNAVAILABLE,
		    "standard input ends with an error (%s); nothing was added",
		    strerror(line.error));
	if (ret->users == 0)
		return output_fail(
		    EXIT_USAGE, "nothing to add on standard input; " FORM);
	return 0;
}
