/* Bytes that must not leak: made, compared and wiped. */
#ifndef EMOTP_SECRET_H
#define EMOTP_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

#define EMOTP_SECRET_MAX 64

/* A token's shared secret. Wipe it when done. */
struct emotp_secret {
	size_t len; /* 1 to EMOTP_SECRET_MAX */
	unsigned char bytes[EMOTP_SECRET_MAX];
};

/* Overwrites *secret so that the compiler cannot leave it out. */
void emotp_secret_wipe(struct emotp_secret *secret);

/* The same for any memory; p may be NULL when len is 0. */
void emotp_wipe(void *p, size_t len);

/* True if the len bytes are equal; the time depends on len alone. */
bool emotp_equal(const void *a, const void *b, size_t len);

/* Fills p from the kernel's generator (getrandom(2)): all or an error. */
enum emotp_err emotp_random(void *p, size_t len);

/*
 * Call it before anything of OpenSSL: its configuration file and the
 * environment variables that name one are then not read, so that they have
 * no say in how codes are computed inside somebody else's process.
 */
void emotp_crypto_init(void);

#endif
