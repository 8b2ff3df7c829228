/* verify: what a login would say now. Writes nothing, burns nothing. */
#include "../common/secret.h"
#include "../common/state/directory.h"
#include "../common/state/verify.h"
#include "command.h"
#include "explain.h"
#include "input.h"
#include "json.h"
#include "output.h"

static void
tell_accepted(const struct emotp_judgement *judgement)
{
	char buf[CLOCK_TEXT_MAX];

	if (judgement->recovery) {
		say("accepted: a recovery code; %d would be left\n",
		    judgement->recovery_left);
		return;
	}
	say("accepted: the code of token %d; the device's clock is %s\n",
	    judgement->token,
	    explain_clock(judgement->drift, judgement->period_s, buf));
}

static int
tell(const char *user, const struct emotp_judgement *judgement)
{
	int code = output_is_json() ? json_verdict(judgement) : 0;
	char text[ATTEMPT_TEXT_MAX];

	if (code != 0)
		return code;
	if (judgement->verdict == EMOTP_ACCEPTED) {
		tell_accepted(judgement);
		return 0;
	}
	say("%s\n", DENIAL);
	return output_fail(EXIT_REFUSED, "%s refused: %s: %s", user,
	    emotp_verdict_name(judgement->verdict),
	    explain_attempt(&judgement->attempt, text));
}

int
command_verify(struct session *s, const struct arguments *args)
{
	struct emotp_judgement judgement;
	struct emotp_entry entry;
	struct emotp_why why = {""};
	char typed[INPUT_MAX];
	enum emotp_err err;

	err = emotp_directory_show(&s->authority, args->user, &entry, &why);
	if (err != EMOTP_OK)
		return output_error(err, &why);
	if (!input_line("Verification code: ", typed))
		return output_fail(EXIT_REFUSED,
		    "no code was entered; type it, or give it on the first"
		    " line of standard input");
	err = emotp_verify_preview(
	    &s->authority, args->user, typed, clock_now(), &judgement, &why);
	emotp_wipe(typed, sizeof(typed));
	if (err != EMOTP_OK)
		return output_error(err, &why);
	return tell(entry.user.name, &judgement);
}
