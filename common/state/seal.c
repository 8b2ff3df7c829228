#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "../file.h"
#include "../text.h"
#include "seal.h"

#define KEY_LEN   32
#define KEY_TEXT  44 /* of 32 bytes in base 64 */
#define NONCE_LEN 12
#define TAG_LEN   16

/* Purpose, user's id, address and code, none of which can be longer. */
#define DIGEST_TEXT (32 + EMOTP_EMAIL_MAX + 64)

/* One step of RFC 5869, with an empty salt: extracts, or expands with info. */
static bool
hkdf(EVP_KDF_CTX *ctx, int mode, const unsigned char in[static KEY_LEN],
    const char *info, unsigned char out[static KEY_LEN])
{
	char digest[] = OSSL_DIGEST_NAME_SHA2_256, label[40];
	unsigned char key[KEY_LEN];
	OSSL_PARAM params[5];
	bool ok;

	memcpy(key, in, KEY_LEN);
	(void)snprintf(label, sizeof(label), "emotp %s v1", info);
	params[0] = OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode);
	params[1] =
	    OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0);
	params[2] =
	    OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key, KEY_LEN);
	params[3] = OSSL_PARAM_construct_octet_string(
	    OSSL_KDF_PARAM_INFO, label, strlen(label));
	params[4] = OSSL_PARAM_construct_end();
	ok = EVP_KDF_derive(ctx, out, KEY_LEN, params) == 1;
	emotp_wipe(key, sizeof(key));
	return ok;
}

/* info keeps the uses of a key apart. */
static enum emotp_err
derive_all(const unsigned char master[static KEY_LEN], struct emotp_key *ret)
{
	EVP_KDF *kdf;
	EVP_KDF_CTX *ctx;
	unsigned char base[KEY_LEN], check[KEY_LEN];
	bool ok;

	emotp_crypto_init();
	kdf = EVP_KDF_fetch(NULL, OSSL_KDF_NAME_HKDF, NULL);
	ctx = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);
	ok = ctx != NULL &&
	    hkdf(ctx, EVP_KDF_HKDF_MODE_EXTRACT_ONLY, master, "", base) &&
	    hkdf(ctx, EVP_KDF_HKDF_MODE_EXPAND_ONLY, base, "seal", ret->seal) &&
	    hkdf(ctx, EVP_KDF_HKDF_MODE_EXPAND_ONLY, base, "code", ret->code) &&
	    hkdf(ctx, EVP_KDF_HKDF_MODE_EXPAND_ONLY, base, "check", check);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	emotp_wipe(base, sizeof(base));
	if (ok)
		memcpy(ret->check, check, sizeof(ret->check));
	else
		emotp_key_wipe(ret);
	return ok ? EMOTP_OK : EMOTP_ERR_CRYPTO;
}

void
emotp_key_wipe(struct emotp_key *key)
{
	emotp_wipe(key, sizeof(*key));
}

/* Makes a new name in path's directory durable. */
static bool
sync_directory(const char *path)
{
	char copy[EMOTP_CONFIG_VALUE];
	int fd;
	bool ok;

	if (!emotp_copy(copy, sizeof(copy), path))
		return false;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ok = fd >= 0 && fsync(fd) == 0;
	if (fd >= 0)
		(void)close(fd);
	return ok;
}

static bool
write_key(int fd, const char *line, size_t len)
{
	return fchmod(fd, 0400) == 0 && write(fd, line, len) == (ssize_t)len &&
	    fsync(fd) == 0;
}

enum emotp_err
emotp_key_create(const char *path, struct emotp_why *why)
{
	unsigned char master[KEY_LEN];
	char line[KEY_TEXT + 2], aside[EMOTP_CONFIG_VALUE + 8];
	enum emotp_err err = emotp_random(master, sizeof(master));
	int fd;

	if (err != EMOTP_OK)
		return emotp_fail(why, err, "%s", emotp_strerror(err));
	(void)EVP_EncodeBlock((unsigned char *)line, master, KEY_LEN);
	line[KEY_TEXT] = '\n';
	(void)snprintf(aside, sizeof(aside), "%s.XXXXXX", path);
	fd = mkostemp(aside, O_CLOEXEC);
	if (fd < 0 || !write_key(fd, line, KEY_TEXT + 1) ||
	    renameat2(AT_FDCWD, aside, AT_FDCWD, path, RENAME_NOREPLACE) != 0 ||
	    !sync_directory(path)) {
		err = errno == EEXIST ? EMOTP_ERR_EXISTS : EMOTP_ERR_KEY;
		(void)emotp_fail(why, err, "%s: %s", path, strerror(errno));
		if (fd >= 0)
			(void)unlink(aside);
	}
	if (fd >= 0)
		(void)close(fd);
	emotp_wipe(master, sizeof(master));
	emotp_wipe(line, sizeof(line));
	return err;
}

/* 44 characters of base 64 for 32 bytes; a newline may follow. */
static bool
decode(const char *text, unsigned char master[static KEY_LEN])
{
	unsigned char out[KEY_TEXT / 4 * 3];
	size_t len = strcspn(text, "\r\n");
	bool ok = len == KEY_TEXT && text[KEY_TEXT - 1] == '=' &&
	    text[KEY_TEXT - 2] != '=' &&
	    text[len + strspn(text + len, "\r\n")] == '\0' &&
	    EVP_DecodeBlock(out, (const unsigned char *)text, KEY_TEXT) ==
		sizeof(out);

	if (ok)
		memcpy(master, out, KEY_LEN);
	emotp_wipe(out, sizeof(out));
	return ok;
}

enum emotp_err
emotp_key_load(const char *path, struct emotp_key *ret, struct emotp_why *why)
{
	unsigned char master[KEY_LEN];
	char text[128];
	size_t len;
	enum emotp_err err = emotp_file_read(path, EMOTP_FILE_PRIVATE,
	    EMOTP_ERR_KEY, text, sizeof(text), &len, why);

	if (err != EMOTP_OK)
		return err;
	if (decode(text, master)) {
		err = derive_all(master, ret);
		if (err != EMOTP_OK)
			(void)emotp_fail(why, err, "%s", emotp_strerror(err));
	} else {
		err = emotp_fail(
		    why, EMOTP_ERR_KEY, "%s: is not 32 bytes in base 64", path);
	}
	emotp_wipe(master, sizeof(master));
	emotp_wipe(text, sizeof(text));
	return err;
}

/* What a sealed secret is bound to: it opens in its own row only. */
static int
binding(const struct emotp_token *token, char *out, size_t size)
{
	return snprintf(out, size, "emotp1|%lld|%s|%s|%d|%d",
	    (long long)token->user_id, token->id,
	    emotp_algorithm_name(token->params.algorithm), token->params.digits,
	    token->params.period_s);
}

/* What sealing and unsealing have in common: cipher, key, nonce, binding. */
static EVP_CIPHER_CTX *
start(const struct emotp_key *key, const struct emotp_token *token,
    const unsigned char nonce[static NONCE_LEN], int encrypt)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	char aad[128];
	int len = binding(token, aad, sizeof(aad)), n;

	if (ctx != NULL && len > 0 && (size_t)len < sizeof(aad) &&
	    EVP_CipherInit_ex(
		ctx, EVP_aes_256_gcm(), NULL, key->seal, nonce, encrypt) == 1 &&
	    EVP_CipherUpdate(ctx, NULL, &n, (const unsigned char *)aad, len) ==
		1)
		return ctx;
	EVP_CIPHER_CTX_free(ctx);
	return NULL;
}

/* sealed: nonce, ciphertext, tag */
enum emotp_err
emotp_seal(const struct emotp_key *key, const struct emotp_secret *secret,
    struct emotp_token *token)
{
	unsigned char *nonce = token->sealed;
	unsigned char *text = nonce + NONCE_LEN;
	unsigned char *tag = text + secret->len;
	enum emotp_err err = emotp_random(nonce, NONCE_LEN);
	EVP_CIPHER_CTX *ctx;
	int n;

	if (err != EMOTP_OK)
		return err;
	ctx = start(key, token, nonce, 1);
	if (ctx == NULL ||
	    EVP_CipherUpdate(ctx, text, &n, secret->bytes, (int)secret->len) !=
		1 ||
	    EVP_CipherFinal_ex(ctx, tag, &n) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG_LEN, tag) != 1)
		err = EMOTP_ERR_CRYPTO;
	else
		token->sealed_len = NONCE_LEN + secret->len + TAG_LEN;
	EVP_CIPHER_CTX_free(ctx);
	return err;
}

enum emotp_err
emotp_unseal(const struct emotp_key *key, const struct emotp_token *token,
    struct emotp_secret *ret)
{
	size_t len = token->sealed_len - NONCE_LEN - TAG_LEN;
	unsigned char tag[TAG_LEN], last[16];
	enum emotp_err err = EMOTP_ERR_KEY;
	EVP_CIPHER_CTX *ctx = NULL;
	int n;

	if (token->sealed_len <= NONCE_LEN + TAG_LEN ||
	    len > sizeof(ret->bytes))
		goto out;
	memcpy(tag, token->sealed + NONCE_LEN + len, TAG_LEN);
	ctx = start(key, token, token->sealed, 0);
	if (ctx != NULL &&
	    EVP_CipherUpdate(ctx, ret->bytes, &n, token->sealed + NONCE_LEN,
		(int)len) == 1 &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_LEN, tag) == 1 &&
	    EVP_CipherFinal_ex(ctx, last, &n) == 1) {
		ret->len = len;
		err = EMOTP_OK;
	}
out:
	EVP_CIPHER_CTX_free(ctx);
	if (err != EMOTP_OK)
		emotp_secret_wipe(ret);
	return err;
}

/* HMAC-SHA256 over salt, purpose, user, address and code. */
static enum emotp_err
digest(const struct emotp_key *key, const unsigned char salt[static 16],
    const char text[static DIGEST_TEXT], unsigned char ret[static 32])
{
	unsigned char salted[16 + DIGEST_TEXT];
	size_t len = strnlen(text, DIGEST_TEXT);
	unsigned n = 32;
	bool ok;

	memcpy(salted, salt, 16);
	memcpy(salted + 16, text, len);
	ok = HMAC(EVP_sha256(), key->code, sizeof(key->code), salted, len + 16,
		 ret, &n) != NULL;
	emotp_wipe(salted, sizeof(salted));
	return ok ? EMOTP_OK : EMOTP_ERR_CRYPTO;
}

enum emotp_err
emotp_code_digest(const struct emotp_key *key, const struct emotp_user *user,
    const char *code, const unsigned char salt[static 16],
    unsigned char ret[static 32])
{
	char text[DIGEST_TEXT];
	char email[EMOTP_EMAIL_MAX + 1];
	enum emotp_err err;

	(void)emotp_copy(email, sizeof(email), user->email);
	emotp_fold(email);
	(void)snprintf(text, sizeof(text), "register|%lld|%s|%s",
	    (long long)user->id, email, code);
	err = digest(key, salt, text, ret);
	emotp_wipe(text, sizeof(text));
	return err;
}

enum emotp_err
emotp_recovery_digest(const struct emotp_key *key,
    const struct emotp_user *user, const char *code,
    const unsigned char salt[static 16], unsigned char ret[static 32])
{
	char text[DIGEST_TEXT];
	enum emotp_err err;

	(void)snprintf(
	    text, sizeof(text), "recovery|%lld|%s", (long long)user->id, code);
	err = digest(key, salt, text, ret);
	emotp_wipe(text, sizeof(text));
	return err;
}

enum emotp_err
emotp_host_digest(const struct emotp_key *key, const char *host_key,
    unsigned char ret[static 32])
{
	static const unsigned char no_salt[16];
	char text[DIGEST_TEXT];
	enum emotp_err err;

	(void)snprintf(text, sizeof(text), "host|%s", host_key);
	err = digest(key, no_salt, text, ret);
	emotp_wipe(text, sizeof(text));
	return err;
}
