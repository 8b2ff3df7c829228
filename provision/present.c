#include <stdio.h>
#include <string.h>

#include "../common/text.h"
#include "json.h"
#include "output.h"
#include "present.h"
#include "qr.h"

static enum emotp_err
fill(const struct session *s, const char *account,
    const struct emotp_registered *registered, struct present *ret)
{
	struct emotp_otpauth *otpauth = &ret->otpauth;

	ret->id = registered->token.id;
	if (!emotp_copy(
		otpauth->issuer, sizeof(otpauth->issuer), s->config.issuer) ||
	    !emotp_copy(otpauth->account, sizeof(otpauth->account), account))
		return EMOTP_ERR_INVALID;
	otpauth->secret = registered->secret;
	otpauth->params = registered->token.params;
	emotp_base32_encode(
	    otpauth->secret.bytes, otpauth->secret.len, ret->secret);
	return emotp_otpauth_write(otpauth, ret->uri);
}

/* For who has no camera at hand: the secret in groups of four. */
static void
print_typed(const struct present *p)
{
	const struct emotp_params *params = &p->otpauth.params;

	say("\nTo type it by hand: account %s, issuer %s, key\n   ",
	    p->otpauth.account, p->otpauth.issuer);
	for (const char *c = p->secret; *c != '\0'; c += strnlen(c, 4))
		say(" %.4s", c);
	say("\n    time-based, %s, %d digits, %d seconds\n\n",
	    emotp_algorithm_name(params->algorithm), params->digits,
	    params->period_s);
}

static int
print(const struct present *p, bool for_people)
{
	if (output_is_json())
		return json_token(p, clock_now());
	if (for_people && !qr_print(p->uri))
		output_warn("no QR code could be made; use the line below");
	say("%s\n", p->uri);
	if (for_people)
		print_typed(p);
	(void)fflush(stdout);
	return 0;
}

int
present_token(const struct session *s, const char *account,
    const struct emotp_registered *registered, bool for_people)
{
	struct present p;
	enum emotp_err err;
	int code;

	memset(&p, 0, sizeof(p));
	err = fill(s, account, registered, &p);
	if (err != EMOTP_OK)
		code = output_fail(EXIT_CONFIG,
		    "issuer or name will not go"
		    " into an otpauth URI; correct `issuer` and enrol again");
	else
		code = print(&p, for_people);
	emotp_wipe(&p, sizeof(p));
	return code;
}
