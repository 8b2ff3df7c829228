/* enroll: the whole flow at the terminal. */
#include "../common/secret.h"
#include "../common/state/directory.h"
#include "command.h"
#include "confirm.h"
#include "explain.h"
#include "input.h"
#include "output.h"
#include "present.h"
#include "register.h"
#include "remote.h"
#include "send.h"

#define CODE_TRIES 3
#define OTP_TRIES  5

static int
no_input(void)
{
	return output_fail(EXIT_REFUSED,
	    "no code was entered and nothing was"
	    " registered; begin again with `emotp-provision enroll USER`");
}

/* The user has a token already: its current code is asked for too. */
static int
ask_otp(struct session *s, struct emotp_request *request,
    struct emotp_registered *ret)
{
	char otp[INPUT_MAX];
	int code = 0;

	for (int tries = 0; tries < OTP_TRIES && code == 0; tries++) {
		if (ret->outcome == EMOTP_REGISTER_OTP_REFUSED)
			say("Not accepted (%s): %s.\n",
			    emotp_verdict_name(ret->judgement.verdict),
			    explain_verdict(ret->judgement.verdict));
		if (!input_line("Verification code: ", otp)) {
			code = no_input();
			break;
		}
		request->otp = otp;
		code = register_try(s, request, ret);
		if (ret->outcome != EMOTP_REGISTER_OTP_REFUSED)
			break;
	}
	request->otp = NULL;
	emotp_wipe(otp, sizeof(otp));
	return code;
}

/* One registration code, with a code of the old token where it needs one. */
static int
ask_once(struct session *s, const char *user, struct emotp_registered *ret)
{
	char typed[INPUT_MAX];
	struct emotp_request request = {
	    .name = user,
	    .code = typed,
	    .source = s->source,
	};
	int code;

	if (!input_line("Registration code: ", typed))
		return no_input();
	code = register_try(s, &request, ret);
	if (code == 0 && ret->outcome == EMOTP_REGISTER_OTP_REQUIRED)
		code = ask_otp(s, &request, ret);
	emotp_wipe(typed, sizeof(typed));
	return code;
}

/* Whether another registration code may do better. */
static bool
may_retry(enum emotp_registration outcome)
{
	return outcome == EMOTP_REGISTER_WRONG_CODE ||
	    outcome == EMOTP_REGISTER_EXPIRED || outcome == EMOTP_REGISTER_USED;
}

static int
ask_registration(
    struct session *s, const char *user, struct emotp_registered *ret)
{
	for (int tries = 1;; tries++) {
		int code = ask_once(s, user, ret);

		if (code != 0 || ret->outcome == EMOTP_REGISTERED)
			return code;
		if (!may_retry(ret->outcome) || tries == CODE_TRIES)
			return register_refused(s, ret);
		say("Not accepted (%s): type the code of the latest mail, as"
		    " XXXXX-XXXXX.\n",
		    explain_registration_word(ret->outcome));
	}
}

/* The token works by now, so a mail that fails is no failure of ours. */
static void
mail_success(struct session *s, const struct emotp_user *user)
{
	struct emotp_flushed flushed = {0, 0};
	struct emotp_why why = {""};
	enum emotp_err err = send_waiting(s, user->id, &flushed, &why);

	if (err != EMOTP_OK || flushed.kept > 0)
		output_warn("the success mail waits in the outbox (%s);"
			    " `emotp-provision flush` sends it",
		    why.text[0] != '\0' ? why.text : emotp_strerror(err));
	else if (flushed.sent > 0)
		say("A success mail was sent to %s.\n", user->email);
}

/* When the device shows the code after the one that was just used up. */
static void
say_first_login(struct session *s, const char *user, int number)
{
	struct emotp_entry entry;
	char at[LOCAL_TIME_MAX];
	int64_t now_s = clock_now();

	if (emotp_directory_show(&s->authority, user, &entry, NULL) != EMOTP_OK)
		return;
	for (size_t i = 0; i < entry.count; i++) {
		const struct emotp_token *token = &entry.tokens[i];
		int64_t start_s = (token->last_step + 1 - token->drift) *
		    token->params.period_s;

		if (token->number != number)
			continue;
		if (start_s > now_s)
			say("The first login is possible with the next code,\n"
			    "from %s (in %lld s).\n",
			    local_time(start_s, at),
			    (long long)(start_s - now_s));
		else
			say("The first login is possible now, with the code"
			    " after the one you typed.\n");
	}
}

static int
finish(struct session *s, const struct emotp_user *user,
    const struct emotp_registered *registered)
{
	int number = registered->token.number;
	int code = present_token(s, user->name, registered, true);

	if (code == 0)
		code = confirm_token(s, user->name, &registered->token);
	mail_success(s, user);
	if (code == 0)
		say_first_login(s, user->name, number);
	return code;
}

int
command_enroll(struct session *s, const struct arguments *args)
{
	struct emotp_registered registered = {0};
	struct emotp_ticket ticket = {0};
	int code;

	if (s->server != NULL)
		return remote_enroll(s, args->user);
	code = send_code(s, args->user, &ticket);
	if (code == 0)
		code = ask_registration(s, ticket.user.name, &registered);
	if (code == 0) {
		register_audit(s, "enroll", ticket.user.name, &registered);
		code = finish(s, &ticket.user, &registered);
	}
	emotp_secret_wipe(&registered.secret);
	emotp_wipe(ticket.code, sizeof(ticket.code));
	return code;
}
