/* A new token, as it is shown once. */
#ifndef PROVISION_PRESENT_H
#define PROVISION_PRESENT_H

#include "../common/base32.h"
#include "../common/otpauth.h"
#include "../common/state/enroll.h"
#include "session.h"

struct present {
	const char *id;
	int64_t time_s; /* of who registered it */
	struct emotp_otpauth otpauth;
	char secret[EMOTP_BASE32_SIZE(EMOTP_SECRET_MAX)];
	char uri[EMOTP_OTPAUTH_MAX];
};

/*
 * Prints the token of a registration: the JSON object with --json, else the
 * URI, between QR code and typed form if for_people. An exit code, with the
 * error line written where it is not 0.
 */
int present_token(const struct session *s, const char *account,
    const struct emotp_registered *registered, bool for_people);

/* The same for a token of any origin. */
int present_otpauth(const char *id, const struct emotp_otpauth *otpauth,
    int64_t time_s, bool for_people);

#endif
