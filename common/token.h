/* A token's parameters, as every part of emotp speaks of them. */
#ifndef EMOTP_TOKEN_H
#define EMOTP_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

enum emotp_algorithm {
	EMOTP_SHA1 = 1, /* the values are stored: never renumber */
	EMOTP_SHA256 = 2,
	EMOTP_SHA512 = 3,
};

#define EMOTP_PERIOD_MIN  5    /* seconds */
#define EMOTP_PERIOD_MAX  3600 /* seconds */
#define EMOTP_PERIOD_OURS 60   /* seconds; the default */

struct emotp_params {
	enum emotp_algorithm algorithm;
	int digits;   /* 6 or 8 */
	int period_s; /* EMOTP_PERIOD_MIN to EMOTP_PERIOD_MAX */
};

/* "SHA1", "SHA256" or "SHA512". */
const char *emotp_algorithm_name(enum emotp_algorithm algorithm);

/* The reverse, in any case; EMOTP_ERR_INVALID if it is none of them. */
enum emotp_err emotp_algorithm_read(
    const char *name, enum emotp_algorithm *ret);

/* Bytes in a new secret: as many as the hash is long (RFC 6238, 5.1). */
size_t emotp_algorithm_secret_len(enum emotp_algorithm algorithm);

/* Whether all three are within what emotp supports. */
bool emotp_params_valid(const struct emotp_params *params);

#endif
