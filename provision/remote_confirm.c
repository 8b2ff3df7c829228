#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/secret.h"
#include "../common/totp.h"
#include "explain.h"
#include "output.h"
#include "remote_confirm.h"

#define FIRST_TRIES  5
#define AROUND       10 /* steps each way: the usual resync */
#define OTHER_PERIOD 30 /* of apps that ignore the period */
#define OTP_MAX      16

/* Digits, with spaces or dashes between them; -1 if there are not count. */
static int64_t
read_digits(const char *typed, int count)
{
	int64_t number = 0;

	for (; *typed != '\0'; typed++) {
		if (*typed == ' ' || *typed == '-')
			continue;
		if (*typed < '0' || *typed > '9' || count-- == 0)
			return -1;
		number = number * 10 + (*typed - '0');
	}
	return count == 0 ? number : -1;
}

/* *ret: how many steps the code that was typed is ahead of now_s. */
static enum emotp_err
find_step(const struct emotp_otpauth *otpauth, int period_s, const char *typed,
    int64_t now_s, int *ret)
{
	const struct emotp_params params = {
	    otpauth->params.algorithm, otpauth->params.digits, period_s};
	int64_t code = read_digits(typed, params.digits);
	uint32_t codes[2 * AROUND + 1];
	enum emotp_err err = emotp_totp_codes(&otpauth->secret, &params,
	    emotp_totp_step(now_s, period_s) - AROUND, 2 * AROUND + 1, codes);

	*ret = AROUND + 1;
	for (int i = -AROUND; err == EMOTP_OK && i <= AROUND; i++)
		if (codes[i + AROUND] == code && abs(i) < abs(*ret))
			*ret = i;
	emotp_wipe(codes, sizeof(codes));
	return err;
}

struct confirmation {
	struct emotp_client *client;
	const struct emotp_client_token *token;
	bool done;
	int drift; /* with done, in steps */
};

/*
 * The app has shown that it makes the right codes, and how its clock goes.
 * The service is shown the code before the one that was typed, so that this
 * one stays good for the first login.
 */
static enum emotp_err
send_proof(struct confirmation *c, int64_t device_s,
    enum emotp_problem *ret_problem, struct emotp_why *why)
{
	const struct emotp_otpauth *otpauth = &c->token->otpauth;
	char otp[OTP_MAX + 1];
	const struct emotp_client_proof proof = {c->token->id, otp, device_s};
	uint32_t code = 0;
	enum emotp_err err = emotp_totp_codes(&otpauth->secret,
	    &otpauth->params,
	    emotp_totp_step(device_s, otpauth->params.period_s) - 1, 1, &code);

	if (err != EMOTP_OK)
		return err;
	(void)snprintf(otp, sizeof(otp), "%0*u", otpauth->params.digits, code);
	err = emotp_client_confirm(
	    c->client, &proof, &c->drift, ret_problem, why);
	emotp_wipe(otp, sizeof(otp));
	return err;
}

static int
prove(struct confirmation *c, int64_t device_s)
{
	enum emotp_problem problem = EMOTP_PROBLEM_NONE;
	struct emotp_why why = {""};
	enum emotp_err err = send_proof(c, device_s, &problem, &why);

	if (err != EMOTP_OK)
		return remote_error(err, &why);
	if (problem == EMOTP_PROBLEM_WRONG_OTP) {
		say("Right, but the device's clock is too far off; let it take"
		    " its time from the network.\n");
		return 0;
	}
	/* By a login, meanwhile. */
	if (problem != EMOTP_PROBLEM_NONE && problem != EMOTP_PROBLEM_CONFIRMED)
		return remote_refused(problem);
	c->done = true;
	return 0;
}

static void
say_wrong(const struct emotp_otpauth *otpauth, const char *typed, int64_t now_s)
{
	enum emotp_verdict verdict =
	    read_digits(typed, otpauth->params.digits) < 0 ? EMOTP_MALFORMED :
							     EMOTP_WRONG;
	int ahead = 0;

	if (find_step(otpauth, OTHER_PERIOD, typed, now_s, &ahead) ==
		EMOTP_OK &&
	    abs(ahead) <= AROUND)
		say("your app ignores the %d-second period; use the emotp"
		    " token, or an app that honours it\n",
		    otpauth->params.period_s);
	else
		say("Not accepted (%s): %s.\n", emotp_verdict_name(verdict),
		    explain_verdict(verdict));
}

static int
try_code(struct confirmation *c, const char *typed)
{
	const struct emotp_otpauth *otpauth = &c->token->otpauth;
	int period_s = otpauth->params.period_s;
	struct emotp_why why = {""};
	int64_t now_s = 0;
	int ahead = 0;
	enum emotp_err err = emotp_client_time(c->client, &now_s, &why);

	if (err == EMOTP_OK &&
	    find_step(otpauth, period_s, typed, now_s, &ahead) != EMOTP_OK)
		err = emotp_fail(&why, EMOTP_ERR_SERVICE,
		    "the clock of the service is not set");
	if (err != EMOTP_OK)
		return remote_error(err, &why);
	if (abs(ahead) <= AROUND)
		return prove(c, now_s + (int64_t)ahead * period_s);
	say_wrong(otpauth, typed, now_s);
	return 0;
}

static void
say_confirmed(const struct confirmation *c)
{
	char clock[CLOCK_TEXT_MAX];

	say("Accepted: the token is confirmed; the device's clock is %s.\n"
	    "A success mail is on its way.\n"
	    "The first login is possible now, with the code that the device"
	    " shows.\n",
	    explain_clock(c->drift, c->token->otpauth.params.period_s, clock));
}

int
remote_confirm(
    struct emotp_client *client, const struct emotp_client_token *token)
{
	struct confirmation c = {.client = client, .token = token};
	char typed[INPUT_MAX];
	int code = 0;

	for (int i = 0; i < FIRST_TRIES && code == 0 && !c.done; i++) {
		if (!remote_ask("First code: ", typed))
			break;
		code = try_code(&c, typed);
	}
	emotp_wipe(typed, sizeof(typed));
	if (code == 0 && c.done)
		say_confirmed(&c);
	if (code != 0 || c.done)
		return code;
	return output_fail(EXIT_REFUSED,
	    "the token is registered but not confirmed; its first accepted"
	    " code confirms it, so that logging in with it is all that is"
	    " left to do");
}
