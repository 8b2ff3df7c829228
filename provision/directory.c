/* add, set, remove: who may have tokens. */
#include <pwd.h>
#include <string.h>

#include "../common/state/directory.h"
#include "bulk.h"
#include "command.h"
#include "output.h"
#include "send.h"

int
command_add(struct session *s, const struct arguments *args)
{
	struct emotp_why why = {""};
	enum emotp_err err;

	if (strcmp(args->user, "-") == 0)
		return bulk_add(s, args);
	err = emotp_directory_add(
	    &s->authority, args->user, args->second, args->language, &why);
	if (err != EMOTP_OK)
		return output_error(err, &why);
	if (getpwnam(args->user) == NULL)
		output_warn("this host knows no account %s; added all the same",
		    args->user);
	say("%s was added. Next: `emotp-provision enroll %s` beside you,\n"
	    "or `emotp-provision invite %s`.\n",
	    args->user, args->user, args->user);
	return 0;
}

int
command_set(struct session *s, const struct arguments *args)
{
	struct emotp_why why = {""};
	enum emotp_err err;

	if (args->email == NULL && args->language == NULL)
		return output_fail(EXIT_USAGE,
		    "set: nothing to change; give --email E or --language L");
	err = emotp_directory_set(
	    &s->authority, args->user, args->email, args->language, &why);
	if (err != EMOTP_OK)
		return output_error(err, &why);
	say("%s was changed.%s\n", args->user,
	    args->email == NULL ? "" :
				  "\nRegistration codes mailed to another "
				  "address no longer work.");
	return 0;
}

int
command_remove(struct session *s, const struct arguments *args)
{
	struct emotp_why why = {""};
	enum emotp_err err;

	err = emotp_directory_remove(
	    &s->authority, args->user, s->source, clock_now(), &why);
	if (err != EMOTP_OK)
		return output_error(err, &why);
	say("%s was removed.\n", args->user);
	send_note_waiting(s, args->user);
	return 0;
}
