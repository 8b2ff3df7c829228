#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/err.h>

#include "http_internal.h"

static enum emotp_err
refuse(const char *path, const char *reason, struct emotp_why *why)
{
	unsigned long code = ERR_get_error();
	const char *found = ERR_reason_error_string(code);

	ERR_clear_error();
	if (reason == NULL)
		reason = found != NULL ? found : "not usable";
	return emotp_fail(why, EMOTP_ERR_CONFIG, "%s: %s", path, reason);
}

static const char *
distrust(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return strerror(errno);
	return (st.st_mode & S_IRWXO) != 0 ? "others have access to it" : NULL;
}

static enum emotp_err
fill(SSL_CTX *tls, const char *chain, const char *key, struct emotp_why *why)
{
	const char *reason = distrust(key);

	(void)SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
	(void)SSL_CTX_set_options(tls,
	    SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
		SSL_OP_CIPHER_SERVER_PREFERENCE);
	(void)SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
	if (SSL_CTX_use_certificate_chain_file(tls, chain) != 1)
		return refuse(chain, NULL, why);
	if (reason != NULL ||
	    SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1)
		return refuse(key, reason, why);
	if (SSL_CTX_check_private_key(tls) != 1)
		return refuse(key, "is not the key of the certificate", why);
	return EMOTP_OK;
}

enum emotp_err
http_set_certificate(struct http *http, const char *chain, const char *key,
    struct emotp_why *why)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
	enum emotp_err err;

	if (tls == NULL)
		return emotp_fail(why, EMOTP_ERR_CRYPTO, "%s",
		    emotp_strerror(EMOTP_ERR_CRYPTO));
	err = fill(tls, chain, key, why);
	if (err != EMOTP_OK) {
		SSL_CTX_free(tls);
		return err;
	}
	SSL_CTX_free(http->tls); /* connections hold on to what they have */
	http->tls = tls;
	return EMOTP_OK;
}
