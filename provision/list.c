/* list, show: what is known, and never a secret. */
#include <stdio.h>
#include <string.h>

#include "../common/state/directory.h"
#include "../common/state/judge.h"
#include "../common/totp.h"
#include "command.h"
#include "explain.h"
#include "json.h"
#include "output.h"

#define DAY_S (24 * 60 * 60)

struct widths {
	int user;
	int email;
};

static void
widen(int *width, const char *text)
{
	int len = (int)strlen(text);

	if (len > *width)
		*width = len;
}

static enum emotp_err
measure(void *arg, const struct emotp_user *user, size_t tokens)
{
	struct widths *widths = arg;

	(void)tokens;
	widen(&widths->user, user->name);
	widen(&widths->email, user->email);
	return EMOTP_OK;
}

static enum emotp_err
print_row(void *arg, const struct emotp_user *user, size_t tokens)
{
	const struct widths *widths = arg;

	say("%-*s  %-*s  %-7s  %-8s  %zu\n", widths->user, user->name,
	    widths->email, user->email, emotp_user_state_name(user->state),
	    user->disabled ? "yes" : "no", tokens);
	return EMOTP_OK;
}

/* Read twice rather than kept: there may be a million. */
static int
list_table(struct session *s)
{
	struct widths widths = {sizeof("USER") - 1, sizeof("E-MAIL") - 1};
	struct emotp_why why = {""};
	enum emotp_err err;

	err = emotp_directory_each(&s->authority, measure, &widths, &why);
	if (err != EMOTP_OK)
		return output_error(err, &why);
	say("%-*s  %-*s  %-7s  %-8s  %s\n", widths.user, "USER", widths.email,
	    "E-MAIL", "STATE", "DISABLED", "TOKENS");
	err = emotp_directory_each(&s->authority, print_row, &widths, &why);
	return err == EMOTP_OK ? 0 : output_error(err, &why);
}

static enum emotp_err
print_json(void *arg, const struct emotp_user *user, size_t tokens)
{
	bool *first = arg;

	(void)fputs(*first ? "\n" : ",\n", stdout);
	*first = false;
	return json_user(user, tokens);
}

static int
list_json(struct session *s)
{
	struct emotp_why why = {""};
	bool first = true;
	enum emotp_err err;

	(void)fputs("[", stdout);
	err = emotp_directory_each(&s->authority, print_json, &first, &why);
	(void)fputs("\n]\n", stdout);
	return err == EMOTP_OK ? 0 : output_error(err, &why);
}

int
command_list(struct session *s, const struct arguments *args)
{
	(void)args;
	return output_is_json() ? list_json(s) : list_table(s);
}

/* A time, or "never". */
static const char *
when(int64_t at_s, char buf[static LOCAL_TIME_MAX])
{
	return at_s == 0 ? "never" : local_time(at_s, buf);
}

static void
show_user(struct emotp_user *user, int recovery, int64_t now_s)
{
	char login[LOCAL_TIME_MAX];
	char refusal[LOCAL_TIME_MAX];

	say("User:          %s\n", user->name);
	say("E-mail:        %s\n", user->email);
	say("Language:      %s\n", user->language);
	say("State:         %s\n", emotp_user_state_name(user->state));
	if (user->disabled)
		say("               disabled: `emotp-provision unlock %s` lets"
		    " codes in again\n",
		    user->name);
	say("Failures:      %d in a row, %zu in the last 24 hours\n",
	    user->failures, user->failed.count);
	if (emotp_judge_strict(user, now_s))
		say("               strict: two codes in a row are needed\n");
	if (recovery > 0)
		say("Recovery:      %d code%s left\n", recovery,
		    recovery == 1 ? "" : "s");
	say("Last login:    %s\n", when(user->last_login, login));
	say("Last refusal:  %s\n", when(user->last_refusal, refusal));
	if (user->last_refusal != 0)
		say("               %s: %s\n",
		    emotp_verdict_name(user->last_verdict),
		    explain_verdict(user->last_verdict));
}

/* Codes are refused once the clock was right again after being ahead. */
static void
show_ahead(
    const struct emotp_token *token, const struct session *s, int64_t now_s)
{
	int period_s = token->params.period_s;
	char until[LOCAL_TIME_MAX];

	if (token->last_step <= emotp_totp_step(now_s, period_s) +
		s->config.resync + s->config.skew)
		return;
	say("    ahead: the clock was once wrong; codes are refused until %s,"
	    " `reset` is the cure\n",
	    local_time(
		(token->last_step + 1 - token->drift) * period_s, until));
}

static void
show_token(
    const struct emotp_token *token, const struct session *s, int64_t now_s)
{
	const struct emotp_params *params = &token->params;
	char created[LOCAL_TIME_MAX];
	char used[LOCAL_TIME_MAX];
	char clock[CLOCK_TEXT_MAX];

	say("Token %d%s%s\n", token->number,
	    token->label[0] != '\0' ? ": " : "", token->label);
	say("    %s, %d digits, %d seconds; %s\n",
	    emotp_algorithm_name(params->algorithm), params->digits,
	    params->period_s,
	    token->confirmed ? "confirmed" :
			       "not confirmed: no code of it was accepted yet");
	say("    drift %+d: the device's clock is %s\n", token->drift,
	    explain_clock(token->drift, params->period_s, clock));
	say("    created %s, last used %s\n", when(token->created, created),
	    when(token->last_used, used));
	show_ahead(token, s, now_s);
}

int
command_show(struct session *s, const struct arguments *args)
{
	struct emotp_entry entry;
	struct emotp_why why = {""};
	int64_t now_s = clock_now();
	enum emotp_err err;

	err = emotp_directory_show(&s->authority, args->user, &entry, &why);
	if (err != EMOTP_OK)
		return output_error(err, &why);
	emotp_times_trim(&entry.user.failed, now_s, DAY_S);
	if (output_is_json())
		return json_entry(&entry);
	show_user(&entry.user, entry.recovery, now_s);
	for (size_t i = 0; i < entry.count; i++)
		show_token(&entry.tokens[i], s, now_s);
	return 0;
}
