/*
 * LD_PRELOAD: counts the HMACs that a process computes, and appends their
 * number to the file EMOTP_TEST_COUNT when it ends. The module is loaded by
 * dlopen, so the real function is looked up in libcrypto by name.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

static unsigned long macs;

static void *
real(const char *name)
{
	void *crypto = dlopen("libcrypto.so.3", RTLD_LAZY);
	void *sym = crypto == NULL ? NULL : dlsym(crypto, name);

	if (sym == NULL)
		abort();
	return sym;
}

int
EVP_MAC_final(EVP_MAC_CTX *ctx, unsigned char *out, size_t *len, size_t size)
{
	int (*f)(EVP_MAC_CTX *, unsigned char *, size_t *, size_t) =
	    (int (*)(EVP_MAC_CTX *, unsigned char *, size_t *, size_t))real(
		"EVP_MAC_final");

	macs++;
	return f(ctx, out, len, size);
}

unsigned char *
HMAC(const EVP_MD *md, const void *key, int key_len, const unsigned char *data,
    size_t data_len, unsigned char *out, unsigned int *out_len)
{
	unsigned char *(*f)(const EVP_MD *, const void *, int,
	    const unsigned char *, size_t, unsigned char *, unsigned int *) =
	    (unsigned char *(*)(const EVP_MD *, const void *, int,
		const unsigned char *, size_t, unsigned char *,
		unsigned int *))real("HMAC");

	macs++;
	return f(md, key, key_len, data, data_len, out, out_len);
}

__attribute__((destructor)) static void
report(void)
{
	const char *path = getenv("EMOTP_TEST_COUNT");
	FILE *file = path == NULL ? NULL : fopen(path, "a");

	if (file != NULL) {
		fprintf(file, "%lu\n", macs);
		fclose(file);
	}
}
