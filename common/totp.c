#include <stdio.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "totp.h"

int64_t
emotp_totp_step(int64_t now_s, int period_s)
{
	int64_t step = now_s / period_s;

	return now_s % period_s < 0 ? step - 1 : step;
}

/* A context for HMAC, keyed. NULL if OpenSSL fails. */
static EVP_MAC_CTX *
keyed_hmac(const struct emotp_secret *secret, const char *digest)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, NULL);
	EVP_MAC_CTX *ctx = mac == NULL ? NULL : EVP_MAC_CTX_new(mac);
	OSSL_PARAM params[2] = {OSSL_PARAM_END, OSSL_PARAM_END};
	char name[8];

	EVP_MAC_free(mac); /* ctx holds a reference of its own */
	(void)snprintf(name, sizeof(name), "%s", digest);
	params[0] =
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0);
	if (ctx != NULL &&
	    EVP_MAC_init(ctx, secret->bytes, secret->len, params) != 1) {
		EVP_MAC_CTX_free(ctx);
		ctx = NULL;
	}
	return ctx;
}

/* RFC 4226, 5.2: the moving factor, eight bytes, big-endian. */
static void
put_counter(uint64_t counter, unsigned char out[static 8])
{
	for (int i = 7; i >= 0; i--, counter >>= 8)
		out[i] = (unsigned char)counter;
}

/* RFC 4226, 5.3: dynamic truncation, then the decimal digits. */
static uint32_t
truncated(const unsigned char *mac, size_t len, int digits)
{
	const unsigned char *p = mac + (mac[len - 1] & 15);
	uint32_t bits = (uint32_t)(p[0] & 0x7f) << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];

	return bits % (digits == 8 ? 100000000 : 1000000);
}

/* One HMAC; EVP_MAC_init without a key starts over under the same one. */
static bool
hotp(EVP_MAC_CTX *ctx, int digits, int64_t step, uint32_t *ret)
{
	unsigned char counter[8], mac[64];
	size_t len = 0;
	bool ok;

	put_counter((uint64_t)step, counter);
	ok = EVP_MAC_init(ctx, NULL, 0, NULL) == 1 &&
	    EVP_MAC_update(ctx, counter, sizeof(counter)) == 1 &&
	    EVP_MAC_final(ctx, mac, &len, sizeof(mac)) == 1 && len >= 20;
	if (ok)
		*ret = truncated(mac, len, digits);
	emotp_wipe(mac, sizeof(mac));
	return ok;
}

static enum emotp_err
compute(const struct emotp_secret *secret, const struct emotp_params *params,
    int64_t first, size_t count, uint32_t *codes)
{
	EVP_MAC_CTX *ctx =
	    keyed_hmac(secret, emotp_algorithm_name(params->algorithm));
	enum emotp_err err = EMOTP_ERR_CRYPTO;

	if (ctx == NULL)
		goto out;
	for (size_t i = 0; i < count; i++)
		if (!hotp(ctx, params->digits, first + (int64_t)i, &codes[i]))
			goto out;
	err = EMOTP_OK;
out:
	EVP_MAC_CTX_free(ctx);
	return err;
}

enum emotp_err
emotp_totp_codes(const struct emotp_secret *secret,
    const struct emotp_params *params, int64_t first, size_t count,
    uint32_t *codes)
{
	enum emotp_err err = EMOTP_ERR_INVALID;

	emotp_crypto_init();
	if (first >= 0 && emotp_params_valid(params) && secret->len > 0 &&
	    secret->len <= sizeof(secret->bytes))
		err = compute(secret, params, first, count, codes);
	if (err != EMOTP_OK)
		emotp_wipe(codes, count * sizeof(codes[0]));
	return err;
}
