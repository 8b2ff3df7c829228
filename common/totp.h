/* HOTP (RFC 4226) and TOTP (RFC 6238). Time is an argument. */
#ifndef EMOTP_TOTP_H
#define EMOTP_TOTP_H

#include <stdint.h>

#include "err.h"
#include "secret.h"
#include "token.h"

/* floor(now / period), for times before 1970 too. */
int64_t emotp_totp_step(int64_t now_s, int period_s);

/*
 * Writes the codes of count consecutive steps from first on, each a number
 * below 10^digits (RFC 4226, 5.3, the step being the counter). One HMAC for
 * each, under a context that is keyed once. EMOTP_ERR_CRYPTO if OpenSSL
 * fails, EMOTP_ERR_INVALID if first is negative or secret or params are not
 * valid; codes is then wiped.
 */
enum emotp_err emotp_totp_codes(const struct emotp_secret *secret,
    const struct emotp_params *params, int64_t first, size_t count,
    uint32_t *codes);

#endif
