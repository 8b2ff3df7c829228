/*
 * The master key and what it protects: secrets at rest by AES-256-GCM (NIST
 * SP 800-38D), registration codes as keyed digests. Each use has its own
 * key, drawn from the master key by HKDF-SHA256 (RFC 5869).
 */
#ifndef EMOTP_SEAL_H
#define EMOTP_SEAL_H

#include "../secret.h"
#include "model.h"

#define EMOTP_KEY_CHECK 16

struct emotp_key {
	unsigned char seal[32];
	unsigned char code[32];
	unsigned char check[EMOTP_KEY_CHECK]; /* names the key, tells nothing */
};

/*
 * Makes path: 32 random bytes in base 64, mode 0400, durable on return.
 * EMOTP_ERR_EXISTS, with nothing touched, if there is anything at path.
 */
enum emotp_err emotp_key_create(const char *path, struct emotp_why *why);

/* Reads path by EMOTP_FILE_PRIVATE. EMOTP_ERR_KEY if it will not do. */
enum emotp_err emotp_key_load(
    const char *path, struct emotp_key *ret, struct emotp_why *why);

void emotp_key_wipe(struct emotp_key *key);

/*
 * Seals secret into token->sealed under a fresh random nonce, bound to the
 * token's user_id, id and params: they must not change afterwards.
 */
enum emotp_err emotp_seal(const struct emotp_key *key,
    const struct emotp_secret *secret, struct emotp_token *token);

/*
 * Opens token->sealed. EMOTP_ERR_KEY, with *ret wiped, if it was sealed
 * under another key or for another row, or was altered. Wipe *ret.
 */
enum emotp_err emotp_unseal(const struct emotp_key *key,
    const struct emotp_token *token, struct emotp_secret *ret);

/*
 * The digest under which a registration code is kept: HMAC-SHA256 over
 * salt, purpose, user id, folded address and code (canonical, XXXXX-XXXXX).
 */
enum emotp_err emotp_code_digest(const struct emotp_key *key,
    const struct emotp_user *user, const char *code,
    const unsigned char salt[static 16], unsigned char ret[static 32]);

/* The same for a host's key, which has 256 bits and needs no salt. */
enum emotp_err emotp_host_digest(const struct emotp_key *key,
    const char *host_key, unsigned char ret[static 32]);

/* The same for a recovery code; it outlives the address. */
enum emotp_err emotp_recovery_digest(const struct emotp_key *key,
    const struct emotp_user *user, const char *code,
    const unsigned char salt[static 16], unsigned char ret[static 32]);

#endif
