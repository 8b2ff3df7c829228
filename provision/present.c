#include <stdio.h>
#include <string.h>

#include "../common/text.h"
#include "json.h"
#include "output.h"
#include "present.h"
#include "qr.h"

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
		return json_token(p);
	if (for_people && !qr_print(p->uri))
		output_warn("no QR code could be made; use the line below");
	say("%s\n", p->uri);
	if (for_people)
		print_typed(p);
	(void)fflush(stdout);
	return 0;
}

int
present_otpauth(const char *id, const struct emotp_otpauth *otpauth,
    int64_t time_s, bool for_people)
{
	struct present p;
	int code;

	memset(&p, 0, sizeof(p));
	p.id = id;
	p.time_s = time_s;
	p.otpauth = *otpauth;
	emotp_base32_encode(
	    otpauth->secret.bytes, otpauth->secret.len, p.secret);
	if (emotp_otpauth_write(otpauth, p.uri) != EMOTP_OK)
		code = output_fail(EXIT_CONFIG,
		    "issuer or name will not go"
		    " into an otpauth URI; correct `issuer` and enrol again");
	else
		code = print(&p, for_people);
	emotp_wipe(&p, sizeof(p));
	return code;
}

int
present_token(const struct session *s, const char *account,
    const struct emotp_registered *registered, bool for_people)
{
	struct emotp_otpauth otpauth;
	int code;

	memset(&otpauth, 0, sizeof(otpauth));
	/* What does not fit is left empty, and is not written then. */
	(void)emotp_copy(
	    otpauth.issuer, sizeof(otpauth.issuer), s->config.issuer);
	(void)emotp_copy(otpauth.account, sizeof(otpauth.account), account);
	otpauth.secret = registered->secret;
	otpauth.params = registered->token.params;
	code = present_otpauth(
	    registered->token.id, &otpauth, clock_now(), for_people);
	emotp_wipe(&otpauth, sizeof(otpauth));
	return code;
}
