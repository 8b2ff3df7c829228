/*
 * otpauth://totp/ISSUER:USER?secret=...: the "Key URI Format" that
 * authenticator apps read from QR codes.
 */
#ifndef EMOTP_OTPAUTH_H
#define EMOTP_OTPAUTH_H

#include "err.h"
#include "secret.h"
#include "token.h"

#define EMOTP_ISSUER_MAX  64  /* bytes */
#define EMOTP_ACCOUNT_MAX 128 /* bytes */
#define EMOTP_OTPAUTH_MAX 1024

struct emotp_otpauth {
	char issuer[EMOTP_ISSUER_MAX + 1];
	char account[EMOTP_ACCOUNT_MAX + 1];
	struct emotp_secret secret;
	struct emotp_params params;
};

/*
 * Writes the URI with every parameter spelled out; the period above all,
 * since apps take 30 seconds where it is missing. EMOTP_ERR_INVALID if a
 * field is empty, too long or has a control character, or if issuer or
 * account holds a ':'. The URI holds the secret: wipe it.
 */
enum emotp_err emotp_otpauth_write(
    const struct emotp_otpauth *token, char uri[static EMOTP_OTPAUTH_MAX]);

/*
 * Reads a URI; missing parameters take the format's defaults (SHA1, 6
 * digits, 30 seconds). Unknown parameters are skipped, repeated ones, bad
 * escapes and hotp refused, all with EMOTP_ERR_INVALID; *ret is then wiped.
 */
enum emotp_err emotp_otpauth_read(const char *uri, struct emotp_otpauth *ret);

#endif
