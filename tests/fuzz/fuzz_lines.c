/*
 * Standard input of `add -`. What goes on to the store are users that the
 * store may have, one for each line that names one, in its order; what is
 * refused is refused in one line.
 */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../common/state/directory.h"
#include "../../provision/lines.h"
#include "fuzz.h"

static FILE *spool;

/* NSS is none of it, and slow. */
struct passwd *
getpwnam(const char *name)
{
	static struct passwd somebody;

	return name[0] % 2 == 0 ? &somebody : NULL;
}

/* Standard input is not to be a terminal, which would be greeted. */
static void
set_up(void)
{
	HOLDS(freopen("/dev/null", "r", stdin) != NULL);
	spool = tmpfile();
	HOLDS(spool != NULL);
}

/* Lines that are not empty and no comment, blanks aside. */
static uint64_t
count_users(const char *text, size_t size)
{
	const char *end = text + size;
	uint64_t users = 0;

	if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3;
	for (; text < end; text++) {
		text += strspn(text, " \t\r");
		users += *text != '\n' && *text != '#' && text < end;
		while (text < end && *text != '\n')
			text++;
	}
	return users;
}

static void
check_user(const struct spooled *user, const char *text)
{
	struct emotp_why why;

	HOLDS(emotp_name_check(user->name, &why) == EMOTP_OK);
	HOLDS(emotp_email_check(user->email, strlen(user->email), &why) ==
	    EMOTP_OK);
	HOLDS(
	    user->language[0] == '\0' || emotp_language_valid(user->language));
	HOLDS(strstr(text, user->name) != NULL);
	HOLDS(strstr(text, user->email) != NULL);
}

static void
check_spool(const struct lines *lines, const char *text, size_t size)
{
	struct spooled user;
	uint64_t users = 0, line = 0;

	rewind(spool);
	for (; spool_get(spool, &user); users++) {
		HOLDS(user.line > line);
		line = user.line;
		check_user(&user, text);
	}
	HOLDS(users == lines->users && users > 0);
	HOLDS(users == count_users(text, size));
	HOLDS(lines->strangers <= users);
	HOLDS(memchr(text, '\0', size) == NULL);
}

static void
check_error(const char *said)
{
	const char *end = strchr(said, '\n');

	HOLDS(strncmp(said, "emotp-provision: ", 17) == 0);
	HOLDS(end != NULL && end[1] == '\0');
	for (; said < end; said++)
		HOLDS((unsigned char)*said >= 0x20);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FILE *in = stdin, *err = stderr;
	char *text = fuzz_text(data, size);
	char said[4096] = "";
	struct lines lines;
	int rc;

	if (spool == NULL) {
		set_up();
		in = stdin;
	}
	rewind(spool);
	HOLDS(ftruncate(fileno(spool), 0) == 0);
	stdin = size > 0 ? fmemopen(text, size, "r") : in;
	stderr = fmemopen(said, sizeof(said), "w");
	rc = lines_read(spool, &lines);
	(void)fclose(stderr);
	if (size > 0)
		(void)fclose(stdin);
	stdin = in;
	stderr = err;
	if (rc == 0)
		check_spool(&lines, text, size);
	else
		check_error(said);
	free(text);
	return 0;
}
