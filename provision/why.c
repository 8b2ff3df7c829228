/* why: the last attempts of a user, in plain words, with the remedy. */
#include <stdio.h>

#include "../common/state/directory.h"
#include "../common/state/judge.h"
#include "command.h"
#include "explain.h"
#include "json.h"
#include "output.h"

static void
say_attempt(const struct emotp_attempt *attempt)
{
	char at[LOCAL_TIME_MAX];
	char text[ATTEMPT_TEXT_MAX];

	say("%s  %s\n    %s\n", local_time(attempt->at, at),
	    emotp_verdict_name(attempt->verdict),
	    explain_attempt(attempt, text));
}

/* What holds whatever is typed next. */
static void
say_state(struct emotp_user *user, int64_t now_s)
{
	if (user->disabled)
		say("Now: %s\n", explain_verdict(EMOTP_DISABLED));
	else if (user->state == EMOTP_REVOKED_USER)
		say("Now: %s\n", explain_verdict(EMOTP_REVOKED));
	else if (user->state == EMOTP_INVITED)
		say("Now: %s\n",
		    user->next_token == 1 ?
			explain_verdict(EMOTP_NOT_ENROLLED) :
			"registered, but no code was accepted yet");
	else if (emotp_judge_strict(user, now_s))
		say("Now: strict after many wrong codes: two codes in a row"
		    " are needed, then one is enough again\n");
	else
		say("Now: nothing stands in the way of a right code\n");
}

int
command_why(struct session *s, const struct arguments *args)
{
	struct emotp_entry entry;
	struct emotp_why why = {""};
	enum emotp_err err;

	err = emotp_directory_show(&s->authority, args->user, &entry, &why);
	if (err != EMOTP_OK)
		return output_error(err, &why);
	if (output_is_json())
		return json_attempts(&entry.user);
	if (entry.user.attempts.count == 0)
		say("No attempt of %s to log in is on record.\n",
		    entry.user.name);
	for (size_t i = 0; i < entry.user.attempts.count; i++)
		say_attempt(&entry.user.attempts.list[i]);
	say_state(&entry.user, clock_now());
	return 0;
}
