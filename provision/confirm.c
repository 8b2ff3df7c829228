#include <string.h>

#include "../common/secret.h"
#include "../common/state/verify.h"
#include "confirm.h"
#include "explain.h"
#include "input.h"
#include "output.h"

#define FIRST_TRIES 5

/* Leaves only the new token: an older one may well have 30 seconds. */
static void
keep_only(struct emotp_case *c, int number)
{
	for (size_t i = 0; i < c->count; i++) {
		if (c->tokens[i].number != number)
			continue;
		c->tokens[0] = c->tokens[i];
		c->secrets[0] = c->secrets[i];
		c->count = 1;
		return;
	}
	c->count = 0;
}

/* Advice only, so "cannot tell" is a no. */
static bool
is_other_period(
    struct session *s, const char *user, int number, const char *typed)
{
	struct emotp_user row;
	struct emotp_case c;
	bool other = false;
	enum emotp_err err = emotp_store_begin_read(s->store);

	memset(&c, 0, sizeof(c));
	if (err == EMOTP_OK)
		err = emotp_store_user_by_name(s->store, user, &row);
	if (err == EMOTP_OK)
		err = emotp_verify_load(&s->authority, &row, &c);
	emotp_store_rollback(s->store);
	if (err == EMOTP_OK) {
		keep_only(&c, number);
		err = emotp_judge_other_period(
		    &c, &s->config, typed, clock_now(), &other);
	}
	emotp_case_wipe(&c);
	return err == EMOTP_OK && other;
}

static void
say_refused(struct session *s, const char *user,
    const struct emotp_token *token, const char *typed,
    enum emotp_verdict verdict)
{
	if (verdict == EMOTP_WRONG &&
	    is_other_period(s, user, token->number, typed))
		say("your app ignores the %d-second period; use the emotp"
		    " token, or an app that honours it\n",
		    token->params.period_s);
	else if (verdict == EMOTP_PENDING || verdict == EMOTP_STRICT)
		say("Right so far. When the next code appears, enter that one"
		    " too.\n");
	else
		say("Not accepted (%s): %s.\n", emotp_verdict_name(verdict),
		    explain_verdict(verdict));
}

/* Judges one code as a login would. *ret_done: the token is confirmed. */
static int
try_code(struct session *s, const char *user, const struct emotp_token *token,
    const char *typed, bool *ret_done)
{
	struct emotp_judgement judgement;
	struct emotp_why why = {""};
	char buf[CLOCK_TEXT_MAX];
	enum emotp_err err;

	err = emotp_verify(
	    &s->authority, user, typed, clock_now(), &judgement, &why);
	if (err != EMOTP_OK)
		return output_error(err, &why);
	*ret_done = judgement.verdict == EMOTP_ACCEPTED &&
	    judgement.token == token->number;
	if (*ret_done)
		say("Accepted: token %d is confirmed; the device's clock is"
		    " %s.\n",
		    token->number,
		    explain_clock(judgement.drift, judgement.period_s, buf));
	else if (judgement.verdict == EMOTP_ACCEPTED)
		say("That was the code of token %d. Enter one of the new"
		    " token.\n",
		    judgement.token);
	else
		say_refused(s, user, token, typed, judgement.verdict);
	return 0;
}

int
confirm_token(
    struct session *s, const char *user, const struct emotp_token *token)
{
	char typed[INPUT_MAX];
	bool done = false;
	int code = 0;

	for (int i = 0; i < FIRST_TRIES && code == 0 && !done; i++) {
		if (!input_line("First code: ", typed))
			break;
		code = try_code(s, user, token, typed, &done);
	}
	emotp_wipe(typed, sizeof(typed));
	if (code != 0 || done)
		return code;
	return output_fail(EXIT_REFUSED,
	    "token %d of %s is registered but not"
	    " confirmed; its first accepted code confirms it, and"
	    " `emotp-provision verify %s` says why one is not",
	    token->number, user, user);
}
