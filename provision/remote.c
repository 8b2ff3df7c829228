#include <string.h>

#include "../common/client.h"
#include "../common/secret.h"
#include "../common/text.h"
#include "audit.h"
#include "command.h"
#include "input.h"
#include "output.h"
#include "present.h"
#include "remote.h"
#include "remote_confirm.h"

#define CODE_TRIES 3
#define OTP_TRIES  5
#define MAILS      3 /* in one session */

struct enrolment {
	struct emotp_client *client;
	const char *email;
	int mails;
	enum emotp_problem problem; /* of the last request */
	struct emotp_client_token token;
};

int
remote_error(enum emotp_err err, const struct emotp_why *why)
{
	if (err == EMOTP_ERR_SERVICE)
		return output_fail(EXIT_UNAVAILABLE,
		    "%s; --server is the service's address, and --ca the"
		    " file of a CA that this host does not know",
		    why->text);
	if (err == EMOTP_ERR_INVALID)
		return output_fail(EXIT_USAGE, "%s", why->text);
	return output_error(err, why);
}

/* What a service tells no more of than this. */
static const struct {
	enum emotp_problem problem;
	const char *advice;
} refusals[] = {
    {EMOTP_PROBLEM_WRONG_CODE,
	"no code that lives was mailed to this address and reads so; begin"
	" again for another, and ask the administrator if none comes"},
    {EMOTP_PROBLEM_EXPIRED,
	"the registration code is older than its hour; begin again for"
	" another"},
    {EMOTP_PROBLEM_USED,
	"the registration code was used, or replaced by what came later;"
	" begin again for another"},
    {EMOTP_PROBLEM_OTP_REQUIRED,
	"you have a token, and its current code was not accepted"},
};

int
remote_refused(enum emotp_problem problem)
{
	const char *type = emotp_problem_type(problem);

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (refusals[i].problem == problem)
			return output_fail(
			    EXIT_REFUSED, "%s: %s", type, refusals[i].advice);
	if (problem == EMOTP_PROBLEM_UNAVAILABLE)
		return output_fail(EXIT_UNAVAILABLE,
		    "%s: the service cannot decide now; try again later", type);
	return output_fail(EXIT_UNAVAILABLE,
	    "%s: the service does not take this request; see that it is as"
	    " new as this program",
	    type);
}

bool
remote_ask(const char *prompt, char line[static INPUT_MAX])
{
	if (!input_line(prompt, line))
		return false;
	/* No code either, and nothing that the protocol has room for. */
	if (strlen(line) > EMOTP_CLIENT_TYPED || !emotp_utf8_valid(line))
		(void)emotp_copy(line, INPUT_MAX, "?");
	return true;
}

static int
no_input(void)
{
	return output_fail(EXIT_REFUSED,
	    "no code was entered and nothing was registered; begin again with"
	    " the same command");
}

static int
request_mail(struct enrolment *e)
{
	struct emotp_why why = {""};
	enum emotp_err err =
	    emotp_client_ask(e->client, e->email, &e->problem, &why);

	if (err != EMOTP_OK)
		return remote_error(err, &why);
	if (e->problem != EMOTP_PROBLEM_NONE)
		return remote_refused(e->problem);
	e->mails++;
	say("If %s is registered, a code is on its way.\n"
	    "It is good for one hour. If none comes within a minute, press"
	    " Enter for another.\n",
	    e->email);
	return 0;
}

static int
try_register(struct enrolment *e, const char *code, const char *otp)
{
	const struct emotp_client_request request = {e->email, code, "", otp};
	struct emotp_why why = {""};
	enum emotp_err err = emotp_client_register(
	    e->client, &request, &e->token, &e->problem, &why);

	return err == EMOTP_OK ? 0 : remote_error(err, &why);
}

/* The user has a token already: its current code is asked for too. */
static int
ask_otp(struct enrolment *e, const char *registration_code)
{
	char otp[INPUT_MAX];
	int code = 0;

	for (int tries = 0; tries < OTP_TRIES && code == 0 &&
	     e->problem == EMOTP_PROBLEM_OTP_REQUIRED;
	     tries++) {
		say("%s\n",
		    tries == 0 ? "You have a token already: its current code"
				 " is needed too." :
				 "Not accepted. Wait for the next code and"
				 " enter that one.");
		if (!remote_ask("Verification code: ", otp))
			code = no_input();
		else if (otp[0] != '\0')
			code = try_register(e, registration_code, otp);
	}
	emotp_wipe(otp, sizeof(otp));
	return code;
}

/* An empty line asks for another mail. */
static int
ask_code(struct enrolment *e, char typed[static INPUT_MAX])
{
	int code = 0;

	while (code == 0) {
		if (!remote_ask("Registration code: ", typed))
			return no_input();
		if (typed[0] != '\0')
			return 0;
		code = e->mails < MAILS ? request_mail(e) : no_input();
	}
	return code;
}

static int
register_once(struct enrolment *e)
{
	char typed[INPUT_MAX];
	int code = ask_code(e, typed);

	if (code == 0)
		code = try_register(e, typed, NULL);
	if (code == 0 && e->problem == EMOTP_PROBLEM_OTP_REQUIRED)
		code = ask_otp(e, typed);
	emotp_wipe(typed, sizeof(typed));
	return code;
}

/* Whether another registration code may do better. */
static bool
may_retry(enum emotp_problem problem)
{
	return problem == EMOTP_PROBLEM_WRONG_CODE ||
	    problem == EMOTP_PROBLEM_EXPIRED || problem == EMOTP_PROBLEM_USED;
}

static int
register_token(struct enrolment *e)
{
	for (int tries = 1;; tries++) {
		int code = register_once(e);

		if (code != 0 || e->problem == EMOTP_PROBLEM_NONE)
			return code;
		if (!may_retry(e->problem) || tries == CODE_TRIES)
			return remote_refused(e->problem);
		say("Not accepted (%s): type the code of the latest mail, as"
		    " XXXXX-XXXXX.\n",
		    emotp_problem_type(e->problem));
	}
}

/* What follows may take minutes, so the log learns of it at once. */
static int
finish(struct session *s, struct enrolment *e)
{
	const struct arguments args = {.user = e->email};
	const struct emotp_client_token *token = &e->token;
	int code;

	s->result = "registered a token at a service";
	audit(s, "enroll", &args, 0);
	code = present_otpauth(token->id, &token->otpauth, token->time_s, true);
	if (code == 0)
		code = remote_confirm(e->client, token);
	return code;
}

static int
run(struct session *s, struct enrolment *e)
{
	int code = request_mail(e);

	if (code == 0)
		code = register_token(e);
	if (code == 0)
		code = finish(s, e);
	return code;
}

int
remote_enroll(struct session *s, const char *email)
{
	const struct emotp_client_settings settings = {
	    .url = s->server,
	    .ca = s->server_ca,
	};
	struct enrolment e = {.email = email};
	struct emotp_why why = {""};
	enum emotp_err err;
	int code;

	if (strchr(email, '@') == NULL || !emotp_text_valid(email))
		return output_fail(EXIT_USAGE,
		    "with --server the user is given by the address that the"
		    " service's directory has, like alice@example.org");
	err = emotp_client_open(&settings, &e.client, &why);
	if (err != EMOTP_OK)
		return remote_error(err, &why);
	code = run(s, &e);
	emotp_client_close(e.client);
	emotp_wipe(&e, sizeof(e));
	return code;
}
