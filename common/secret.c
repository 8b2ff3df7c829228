#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/crypto.h>

#include "secret.h"

void
emotp_wipe(void *p, size_t len)
{
	if (len > 0)
		explicit_bzero(p, len);
}

void
emotp_secret_wipe(struct emotp_secret *secret)
{
	emotp_wipe(secret, sizeof(*secret));
}

bool
emotp_equal(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}

enum emotp_err
emotp_random(void *p, size_t len)
{
	unsigned char *at = p;

	while (len > 0) {
		ssize_t n = getrandom(at, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return EMOTP_ERR_RANDOM;
		at += n;
		len -= (size_t)n;
	}
	return EMOTP_OK;
}

void
emotp_crypto_init(void)
{
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
}
