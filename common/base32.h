/* Base 32: RFC 4648 section 6, and Crockford's for codes that people type. */
#ifndef EMOTP_BASE32_H
#define EMOTP_BASE32_H

#include <stddef.h>

#include "err.h"

/* Characters, without padding, and the NUL, for len bytes. */
#define EMOTP_BASE32_SIZE(len) (((len)*8 + 4) / 5 + 1)

/*
 * Writes the len bytes as base 32 in capitals, without padding, and a NUL.
 * text must hold EMOTP_BASE32_SIZE(len).
 */
void emotp_base32_encode(const void *bytes, size_t len, char *text);

/*
 * Reads base 32: either case, "=" only at the end and only as many as RFC
 * 4648 asks for, or none. Bits left over must be zero. EMOTP_ERR_INVALID on
 * anything else, on nothing, and where size is too small; *ret_len and what
 * bytes points to are then unspecified.
 */
enum emotp_err emotp_base32_decode(
    const char *text, void *bytes, size_t size, size_t *ret_len);

/* A registration code: 10 characters of Crockford's alphabet, 50 bits. */
#define EMOTP_CODE_CHARS 10
#define EMOTP_CODE_SHOWN 12 /* XXXXX-XXXXX and the NUL */

/* Writes seven random bytes (the last six bits unused) as XXXXX-XXXXX. */
void emotp_crockford_show(
    const unsigned char bytes[static 7], char text[static EMOTP_CODE_SHOWN]);

/*
 * Reads a code as people type it: any case, spaces around it dropped, one
 * dash in the middle optional, O as 0, I and L as 1. Writes the canonical
 * XXXXX-XXXXX. EMOTP_ERR_INVALID on anything else.
 */
enum emotp_err emotp_crockford_read(
    const char *typed, char text[static EMOTP_CODE_SHOWN]);

#endif
