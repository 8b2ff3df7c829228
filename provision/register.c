/* register: for scripts and for tokens that speak to no server. */
#include <stdio.h>
#include <unistd.h>

#include "../common/secret.h"
#include "../common/state/directory.h"
#include "audit.h"
#include "command.h"
#include "explain.h"
#include "input.h"
#include "output.h"
#include "present.h"
#include "register.h"
#include "send.h"

int
register_try(struct session *s, const struct emotp_request *request,
    struct emotp_registered *ret)
{
	struct emotp_why why = {""};
	enum emotp_err err;

	err = emotp_enroll_register(
	    &s->authority, request, clock_now(), ret, &why);
	return err == EMOTP_OK ? 0 : output_error(err, &why);
}

int
register_refused(struct session *s, const struct emotp_registered *registered)
{
	const char *word = explain_registration_word(registered->outcome);
	const char *advice = explain_registration(registered->outcome);
	enum emotp_verdict verdict = registered->judgement.verdict;

	s->result = word;
	if (registered->outcome != EMOTP_REGISTER_OTP_REFUSED)
		return output_fail(EXIT_REFUSED, "%s: %s", word, advice);
	return output_fail(EXIT_REFUSED, "%s: %s (%s): %s", word, advice,
	    emotp_verdict_name(verdict), explain_verdict(verdict));
}

void
register_audit(struct session *s, const char *command, const char *user,
    const struct emotp_registered *registered)
{
	const struct arguments args = {.user = user};
	char result[48];

	(void)snprintf(result, sizeof(result), "registered token %d",
	    registered->token.number);
	s->result = result;
	audit(s, command, &args, 0);
	s->result = NULL;
}

/*
 * The code first; only where it is right and not enough the second line is
 * read, so that nobody has to know the user's state beforehand.
 */
static int
read_and_try(struct session *s, struct emotp_request *request,
    char code_line[static INPUT_MAX], char otp_line[static INPUT_MAX],
    struct emotp_registered *ret)
{
	bool person = isatty(STDIN_FILENO);
	int code;

	if (!input_line(person ? "Registration code: " : NULL, code_line))
		return output_fail(EXIT_REFUSED,
		    "wrong-code: no registration"
		    " code was given; it belongs on the first line of standard"
		    " input");
	request->code = code_line;
	code = register_try(s, request, ret);
	if (code != 0 || ret->outcome != EMOTP_REGISTER_OTP_REQUIRED ||
	    !input_line(person ? "Verification code: " : NULL, otp_line))
		return code;
	request->otp = otp_line;
	return register_try(s, request, ret);
}

int
command_register(struct session *s, const struct arguments *args)
{
	struct emotp_registered registered = {0};
	struct emotp_entry entry;
	struct emotp_why why = {""};
	struct emotp_request request = {
	    .name = args->user,
	    .label = args->label,
	    .source = s->source,
	};
	char lines[2][INPUT_MAX];
	enum emotp_err err;
	int code;

	err = emotp_directory_show(&s->authority, args->user, &entry, &why);
	if (err != EMOTP_OK)
		return output_error(err, &why);
	code = read_and_try(s, &request, lines[0], lines[1], &registered);
	emotp_wipe(lines, sizeof(lines));
	if (code == 0 && registered.outcome != EMOTP_REGISTERED)
		code = register_refused(s, &registered);
	else if (code == 0) {
		register_audit(s, "register", entry.user.name, &registered);
		code = present_token(s, entry.user.name, &registered, false);
		send_note_waiting(s, entry.user.name);
	}
	emotp_secret_wipe(&registered.secret);
	return code;
}
