#include <stdio.h>
#include <stdlib.h>

#include "explain.h"

#define CLOCK_TOLERANCE_S 180

static const char *const verdicts[] = {
    [EMOTP_ACCEPTED] = "the code is good",
    [EMOTP_WRONG] =
	"no token of this user shows that code about now; see that"
	" the right account is open and that the device takes its time from"
	" the network",
    [EMOTP_REPLAYED] = "this code, or a later one, was used already; wait for"
		       " the next code",
    [EMOTP_PENDING] =
	"right, but the device's clock is off; the code that"
	" follows this one will be accepted, so enter that one too",
    [EMOTP_STRICT] = "right, but after many wrong codes two in a row are"
		     " needed; enter the code that follows this one too",
    [EMOTP_DISABLED] = "disabled after too many wrong codes;"
		       " `emotp-provision unlock USER` lets codes in again",
    [EMOTP_AHEAD] =
	"the last accepted code lies ahead of the server's clock,"
	" which was once wrong; `emotp-provision reset USER` is the cure",
    [EMOTP_UNKNOWN] = "no such user; `emotp-provision add USER EMAIL` makes"
		      " one",
    [EMOTP_NOT_ENROLLED] =
	"the user has no token yet;"
	" `emotp-provision invite USER` mails a registration code",
    [EMOTP_REVOKED] = "the last token was revoked;"
		      " `emotp-provision reset USER` allows a new enrolment",
    [EMOTP_MALFORMED] = "not as many digits as a token shows; enter the digits"
			" of the code and nothing else",
};

const char *
explain_verdict(enum emotp_verdict verdict)
{
	const size_t count = sizeof(verdicts) / sizeof(verdicts[0]);

	if ((size_t)verdict >= count || verdicts[verdict] == NULL)
		return "an unknown reason; see the log";
	return verdicts[verdict];
}

static const struct outcome {
	const char *word;
	const char *advice;
} outcomes[] = {
    [EMOTP_REGISTERED] = {"registered", "done"},
    [EMOTP_REGISTER_WRONG_CODE] = {"wrong-code",
	"that is no"
	" registration code of this user; check it, or ask for a new one with"
	" `emotp-provision invite USER`"},
    [EMOTP_REGISTER_EXPIRED] = {"expired",
	"the registration code is older"
	" than its hour, or was called off; ask for a new one with"
	" `emotp-provision invite USER`"},
    [EMOTP_REGISTER_USED] = {"used",
	"the registration code was used already;"
	" ask for a new one with `emotp-provision invite USER`"},
    [EMOTP_REGISTER_OTP_REQUIRED] = {"otp-required",
	"the user has a token:"
	" the second line of the input must be its current code"},
    [EMOTP_REGISTER_OTP_REFUSED] = {"otp-required",
	"the current code of the"
	" user's token was not accepted"},
    [EMOTP_REGISTER_TOO_MANY] = {"too-many-tokens",
	"the user has as many"
	" tokens as one may have; take one away with"
	" `emotp-provision revoke USER TOKEN`"},
    [EMOTP_REGISTER_REVOKED] = {"revoked",
	"the last token was revoked; allow"
	" a new enrolment with `emotp-provision reset USER`"},
    [EMOTP_REGISTER_DISABLED] = {"disabled",
	"the user is disabled after too"
	" many wrong codes; see `emotp-provision unlock USER`"},
};

static const struct outcome *
find(enum emotp_registration outcome)
{
	static const struct outcome unknown = {"refused", "not registered"};
	const size_t count = sizeof(outcomes) / sizeof(outcomes[0]);

	if ((size_t)outcome >= count || outcomes[outcome].word == NULL)
		return &unknown;
	return &outcomes[outcome];
}

const char *
explain_registration_word(enum emotp_registration outcome)
{
	return find(outcome)->word;
}

const char *
explain_registration(enum emotp_registration outcome)
{
	return find(outcome)->advice;
}

const char *
explain_clock(int drift, int period_s, char buf[static CLOCK_TEXT_MAX])
{
	long long off_s = llabs((long long)drift * period_s);

	if (drift == 0)
		(void)snprintf(buf, CLOCK_TEXT_MAX, "right");
	else if (off_s <= CLOCK_TOLERANCE_S)
		(void)snprintf(buf, CLOCK_TEXT_MAX, "right within 3 minutes");
	else
		(void)snprintf(buf, CLOCK_TEXT_MAX, "about %lld minutes %s",
		    (off_s + 30) / 60, drift < 0 ? "slow" : "fast");
	return buf;
}

static void
explain_accepted(
    const struct emotp_attempt *attempt, char buf[static ATTEMPT_TEXT_MAX])
{
	if (attempt->recovery)
		(void)snprintf(
		    buf, ATTEMPT_TEXT_MAX, "let in by a recovery code");
	else
		(void)snprintf(buf, ATTEMPT_TEXT_MAX, "let in by token %d",
		    attempt->token);
}

/* The remedy is the same for a clock that is off and for strict mode. */
static void
explain_first_of_two(
    const struct emotp_attempt *attempt, char buf[static ATTEMPT_TEXT_MAX])
{
	char clock[CLOCK_TEXT_MAX];

	(void)snprintf(buf, ATTEMPT_TEXT_MAX,
	    "the right code of token %d, but %s; two codes in a row %s",
	    attempt->token,
	    attempt->verdict == EMOTP_STRICT ?
		"one is not enough after many wrong codes" :
		"the device's clock is off",
	    attempt->verdict == EMOTP_STRICT ? "let in" : "mend it");
	if (attempt->verdict == EMOTP_PENDING &&
	    llabs((long long)attempt->offset * attempt->period_s) >
		CLOCK_TOLERANCE_S)
		(void)snprintf(buf, ATTEMPT_TEXT_MAX,
		    "the right code of token %d, but the device's clock is"
		    " %s; two codes in a row mend it",
		    attempt->token,
		    explain_clock(attempt->offset, attempt->period_s, clock));
}

const char *
explain_attempt(
    const struct emotp_attempt *attempt, char buf[static ATTEMPT_TEXT_MAX])
{
	const char *text = explain_verdict(attempt->verdict);

	if (attempt->recovery && attempt->verdict == EMOTP_WRONG)
		text = "no recovery code of this user; `emotp-provision"
		       " recovery-codes USER` makes new ones";
	else if (attempt->recovery && attempt->verdict == EMOTP_REPLAYED)
		text = "a recovery code that was used before; each is good"
		       " for one login";
	(void)snprintf(buf, ATTEMPT_TEXT_MAX, "%s", text);
	if (attempt->verdict == EMOTP_ACCEPTED)
		explain_accepted(attempt, buf);
	else if (attempt->verdict == EMOTP_PENDING ||
	    attempt->verdict == EMOTP_STRICT)
		explain_first_of_two(attempt, buf);
	return buf;
}
