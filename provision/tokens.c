/* revoke, reset, unlock: taking tokens away, and letting codes in again. */
#include <stdlib.h>
#include <string.h>

#include "../common/state/directory.h"
#include "command.h"
#include "output.h"
#include "send.h"

/* A token's number as `show` prints it, or 0 if text is none. */
static int
read_number(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 9 || text[digits] != '\0')
		return 0;
	return atoi(text);
}

int
command_revoke(struct session *s, const struct arguments *args)
{
	struct emotp_why why = {""};
	enum emotp_err err;
	int number = 0;

	if (args->second != NULL) {
		number = read_number(args->second);
		if (number == 0)
			return output_fail(EXIT_USAGE,
			    "%.64s: not a token's"
			    " number; `emotp-provision show USER` has them",
			    args->second);
	}
	err = emotp_directory_revoke(
	    &s->authority, args->user, number, s->source, clock_now(), &why);
	if (err != EMOTP_OK)
		return output_error(err, &why);
	if (number != 0)
		say("Token %d of %s was revoked.\n", number, args->user);
	else
		say("All tokens of %s were revoked.\n", args->user);
	send_note_waiting(s, args->user);
	return 0;
}

int
command_reset(struct session *s, const struct arguments *args)
{
	struct emotp_why why = {""};
	enum emotp_err err;

	err = emotp_directory_reset(
	    &s->authority, args->user, s->source, clock_now(), &why);
	if (err != EMOTP_OK)
		return output_error(err, &why);
	say("%s has no token any more and may enrol again.\n", args->user);
	send_note_waiting(s, args->user);
	return 0;
}

int
command_unlock(struct session *s, const struct arguments *args)
{
	struct emotp_why why = {""};
	enum emotp_err err;

	err = emotp_directory_unlock(&s->authority, args->user, &why);
	if (err != EMOTP_OK)
		return output_error(err, &why);
	say("Codes of %s are accepted again; failures were cleared.\n",
	    args->user);
	return 0;
}
