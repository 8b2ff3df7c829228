#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>

#include "http_internal.h"

/* Those of TLS 1.2 that keep what was said secret when the key is lost. */
#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"

static const unsigned char protocol[] = "\x08http/1.1";

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

/* A key under a password would be asked for at a terminal. */
static int
no_password(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

/* Who came for another protocol was sent here by somebody in between. */
static int
select_protocol(SSL *ssl, const unsigned char **ret, unsigned char *ret_len,
    const unsigned char *offered, unsigned offered_len, void *arg)
{
	unsigned char *selected;

	(void)ssl;
	(void)arg;
	if (SSL_select_next_proto(&selected, ret_len, protocol,
		sizeof(protocol) - 1, offered,
		offered_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*ret = selected;
	return SSL_TLSEXT_ERR_OK;
}

static void
set_rules(SSL_CTX *tls)
{
	(void)SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
	(void)SSL_CTX_set_cipher_list(tls, CIPHERS);
	(void)SSL_CTX_set_options(tls,
	    SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
		SSL_OP_CIPHER_SERVER_PREFERENCE);
	(void)SSL_CTX_set_num_tickets(tls, 0);
	(void)SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_default_passwd_cb(tls, no_password);
	SSL_CTX_set_alpn_select_cb(tls, select_protocol, NULL);
}

static enum emotp_err
load(SSL_CTX *tls, const char *chain, const char *key, struct emotp_why *why)
{
	const char *reason = distrust(key);

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
	enum emotp_err err;
	SSL_CTX *tls;

	/* OpenSSL's configuration file is not ours. */
	(void)OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	tls = SSL_CTX_new(TLS_server_method());
	if (tls == NULL)
		return emotp_fail(why, EMOTP_ERR_CRYPTO, "%s",
		    emotp_strerror(EMOTP_ERR_CRYPTO));
	set_rules(tls);
	err = load(tls, chain, key, why);
	if (err != EMOTP_OK) {
		SSL_CTX_free(tls);
		return err;
	}
	SSL_CTX_free(http->tls); /* connections hold on to what they have */
	http->tls = tls;
	return EMOTP_OK;
}

struct bufferevent *
http_tls_new(struct http *http)
{
	SSL *ssl = SSL_new(http->tls);
	struct bufferevent *bev;

	if (ssl == NULL)
		return NULL;
	bev = bufferevent_openssl_socket_new(http->base, -1, ssl,
	    BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	if (bev == NULL)
		SSL_free(ssl);
	else
		bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
	return bev;
}

void
http_tls_bye(struct bufferevent *bev)
{
	SSL *ssl = bufferevent_openssl_get_ssl(bev);

	if (ssl != NULL && SSL_is_init_finished(ssl))
		(void)SSL_shutdown(ssl);
	ERR_clear_error();
}
