#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "mail_transport.h"

#define CONNECT_TIMEOUT_S 10L
#define TIMEOUT_S         60L

struct emotp_smtp {
	CURL *curl;
	char reason[CURL_ERROR_SIZE];
};

/* What libcurl reads from, and tells of. */
struct sending {
	const struct emotp_message *message;
	size_t sent;
	const struct emotp_progress *progress; /* or NULL */
};

struct emotp_smtp *
emotp_smtp_new(void)
{
	struct emotp_smtp *smtp = calloc(1, sizeof(*smtp));

	if (smtp == NULL)
		return NULL;
	smtp->curl = curl_easy_init();
	if (smtp->curl == NULL) {
		free(smtp);
		return NULL;
	}
	return smtp;
}

void
emotp_smtp_free(struct emotp_smtp *smtp)
{
	if (smtp == NULL)
		return;
	curl_easy_cleanup(smtp->curl);
	free(smtp);
}

static size_t
read_message(char *buf, size_t size, size_t count, void *arg)
{
	struct sending *sending = arg;
	size_t len = sending->message->len - sending->sent;

	if (len > size * count)
		len = size * count;
	memcpy(buf, sending->message->bytes + sending->sent, len);
	sending->sent += len;
	return len;
}

static int
tick(void *arg, curl_off_t down_all, curl_off_t down, curl_off_t up_all,
    curl_off_t up)
{
	const struct sending *sending = arg;

	(void)down_all, (void)down, (void)up_all, (void)up;
	if (sending->progress != NULL && sending->progress->tick != NULL)
		sending->progress->tick(sending->progress->arg);
	return 0;
}

/*
 * Whom to trust and whom to ask is said here and nowhere else: neither the
 * environment nor a file of the user has a say in it.
 */
static CURLcode
set_security(CURL *curl, const char *ca)
{
	CURLcode rc =
	    curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);

	if (rc == CURLE_OK)
		rc = curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(
		    curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(curl, CURLOPT_CAINFO, ca);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(curl, CURLOPT_PROXY, "");
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(
		    curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	if (rc == CURLE_OK)
		rc =
		    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	return rc;
}

static CURLcode
set_server(CURL *curl, const struct emotp_smtp_settings *settings)
{
	CURLcode rc = curl_easy_setopt(curl, CURLOPT_URL, settings->url);

	if (rc == CURLE_OK)
		rc = curl_easy_setopt(
		    curl, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(curl, CURLOPT_TIMEOUT, TIMEOUT_S);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	if (rc != CURLE_OK || settings->user[0] == '\0')
		return rc;
	rc = curl_easy_setopt(curl, CURLOPT_USERNAME, settings->user);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(
		    curl, CURLOPT_PASSWORD, settings->password);
	return rc;
}

static CURLcode
set_message(CURL *curl, const char *from, struct curl_slist *to,
    struct sending *sending)
{
	CURLcode rc = curl_easy_setopt(curl, CURLOPT_MAIL_FROM, from);

	if (rc == CURLE_OK)
		rc = curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_message);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(curl, CURLOPT_READDATA, sending);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, tick);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(curl, CURLOPT_XFERINFODATA, sending);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	return rc;
}

/* libcurl's own words where it has any, and what the server answered. */
static enum emotp_err
explain(struct emotp_smtp *smtp, const char *url, CURLcode rc,
    struct emotp_why *why)
{
	const char *reason =
	    smtp->reason[0] != '\0' ? smtp->reason : curl_easy_strerror(rc);
	const char *path = strrchr(url, '/');
	char answer[48] = "";
	long code = 0;

	(void)curl_easy_getinfo(smtp->curl, CURLINFO_RESPONSE_CODE, &code);
	if (code >= 400)
		(void)snprintf(
		    answer, sizeof(answer), " (the server answered %ld)", code);
	return emotp_fail(why, EMOTP_ERR_MAIL, "%.*s: %s%s", (int)(path - url),
	    url, reason, answer);
}

enum emotp_err
emotp_smtp_send(struct emotp_smtp *smtp,
    const struct emotp_smtp_settings *settings,
    const struct emotp_envelope *envelope,
    const struct emotp_progress *progress, struct emotp_why *why)
{
	struct sending sending = {envelope->message, 0, progress};
	struct curl_slist *to = curl_slist_append(NULL, envelope->to);
	CURLcode rc = CURLE_OUT_OF_MEMORY;

	smtp->reason[0] = '\0';
	if (to == NULL)
		goto out;
	/* The connection is kept for the next letter. */
	curl_easy_reset(smtp->curl);
	rc = curl_easy_setopt(smtp->curl, CURLOPT_ERRORBUFFER, smtp->reason);
	if (rc == CURLE_OK)
		rc = set_security(smtp->curl, settings->ca);
	if (rc == CURLE_OK)
		rc = set_server(smtp->curl, settings);
	if (rc == CURLE_OK)
		rc = set_message(smtp->curl, envelope->from, to, &sending);
	if (rc == CURLE_OK)
		rc = curl_easy_perform(smtp->curl);
out:
	if (rc != CURLE_OK)
		(void)explain(smtp, settings->url, rc, why);
	/* Nothing in the handle may point at what is gone on return. */
	curl_easy_reset(smtp->curl);
	curl_slist_free_all(to);
	return rc == CURLE_OK ? EMOTP_OK : EMOTP_ERR_MAIL;
}
