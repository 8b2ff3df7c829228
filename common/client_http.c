#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "client_http.h"
#include "secret.h"
#include "text.h"

#define DEFAULT_CA   "/etc/ssl/certs/ca-certificates.crt"
#define USER_AGENT   "emotp/" EMOTP_VERSION
#define HEADER_MAX   160
#define LENGTH(list) (sizeof(list) / sizeof((list)[0]))

struct emotp_client {
	CURL *curl;
	struct curl_slist *headers;
	char base[EMOTP_CLIENT_URL + 1]; /* without a path */
	char ca[EMOTP_CLIENT_URL + 1];
	long connect_ms;
	long deadline_ms;
	long keep_s;
	bool asked; /* the request of this call has begun to be written */
	char reason[CURL_ERROR_SIZE];
	size_t len;
	char body[EMOTP_MESSAGE_MAX]; /* of the answer; wiped after each call */
};

/* ---- opening ---- */

/* A loopback address is no name that somebody's resolver could bend. */
static bool
may_be_clear(const char *host)
{
	return strcmp(host, "127.0.0.1") == 0 || strcmp(host, "[::1]") == 0;
}

static bool
part_is(CURLU *url, CURLUPart part, const char *a, const char *b)
{
	char *text = NULL;
	CURLUcode rc = curl_url_get(url, part, &text, 0);
	bool is =
	    rc == CURLUE_OK && (strcmp(text, a) == 0 || strcmp(text, b) == 0);

	curl_free(text);
	return is;
}

static bool
has(CURLU *url, CURLUPart part)
{
	char *text = NULL;
	CURLUcode rc = curl_url_get(url, part, &text, 0);

	curl_free(text);
	return rc == CURLUE_OK;
}

/* Scheme, host and port; neither a user nor a path, query or fragment. */
static bool
url_valid(CURLU *url, const char *text)
{
	char *host = NULL;
	bool ok = curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
	    curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
	    part_is(url, CURLUPART_SCHEME, "https",
		may_be_clear(host) ? "http" : "https") &&
	    part_is(url, CURLUPART_PATH, "/", "/") &&
	    !has(url, CURLUPART_USER) && !has(url, CURLUPART_PASSWORD) &&
	    !has(url, CURLUPART_QUERY) && !has(url, CURLUPART_FRAGMENT);

	curl_free(host);
	return ok;
}

static bool
set_base(struct emotp_client *client, const char *text)
{
	CURLU *url = curl_url();
	size_t len = strlen(text);
	bool ok = url != NULL && emotp_text_valid(text) &&
	    url_valid(url, text) &&
	    emotp_copy(client->base, sizeof(client->base), text);

	curl_url_cleanup(url);
	if (ok && len > 0 && client->base[len - 1] == '/')
		client->base[len - 1] = '\0';
	return ok;
}

static bool
add_header(struct emotp_client *client, const char *text)
{
	struct curl_slist *list = curl_slist_append(client->headers, text);

	if (list != NULL)
		client->headers = list;
	return list != NULL;
}

static bool
set_headers(struct emotp_client *client, const char *host_key)
{
	char bearer[HEADER_MAX];
	bool ok = add_header(client, "Content-Type: application/json") &&
	    add_header(
		client, "Accept: application/json, application/problem+json") &&
	    add_header(client, "Expect:");

	if (!ok || host_key == NULL)
		return ok;
	ok = snprintf(bearer, sizeof(bearer), "Authorization: Bearer %s",
		 host_key) < (int)sizeof(bearer) &&
	    strpbrk(host_key, "\r\n") == NULL && add_header(client, bearer);
	emotp_wipe(bearer, sizeof(bearer));
	return ok;
}

enum emotp_err
emotp_client_open(const struct emotp_client_settings *settings,
    struct emotp_client **ret, struct emotp_why *why)
{
	const char *ca = settings->ca != NULL ? settings->ca : DEFAULT_CA;
	struct emotp_client *client = calloc(1, sizeof(*client));
	enum emotp_err err = EMOTP_OK;

	if (client != NULL)
		client->curl = curl_easy_init();
	if (client == NULL || client->curl == NULL)
		err = emotp_fail(why, EMOTP_ERR_MEMORY, "out of memory");
	else if (!set_base(client, settings->url))
		err = emotp_fail(why, EMOTP_ERR_INVALID,
		    "the service's address must be https://HOST or"
		    " https://HOST:PORT (http:// on 127.0.0.1 and [::1] "
		    "alone)");
	else if (!emotp_copy(client->ca, sizeof(client->ca), ca))
		err = emotp_fail(
		    why, EMOTP_ERR_INVALID, "the CA file's name is too long");
	else if (!set_headers(client, settings->host_key))
		err = emotp_fail(why, EMOTP_ERR_INVALID, "this is no host key");
	if (err != EMOTP_OK) {
		emotp_client_close(client);
		return err;
	}
	client->deadline_ms = settings->deadline_ms != 0 ?
	    settings->deadline_ms :
	    EMOTP_CLIENT_DEADLINE * 1000L;
	client->connect_ms = client->deadline_ms;
	client->keep_s = settings->keep_s;
	*ret = client;
	return EMOTP_OK;
}

void
emotp_client_close(struct emotp_client *client)
{
	if (client == NULL)
		return;
	for (struct curl_slist *h = client->headers; h != NULL; h = h->next)
		emotp_wipe(h->data, strlen(h->data));
	curl_slist_free_all(client->headers);
	curl_easy_cleanup(client->curl);
	emotp_wipe(client, sizeof(*client));
	free(client);
}

void
emotp_client_limit(struct emotp_client *client, int connect_ms, int deadline_ms)
{
	client->connect_ms = connect_ms;
	client->deadline_ms = deadline_ms;
}

bool
emotp_client_asked(const struct emotp_client *client)
{
	return client->asked;
}

const char *
emotp_client_base(const struct emotp_client *client)
{
	return client->base;
}

/* ---- one request, written once ---- */

/*
 * Called by libcurl before it writes anything of a request. On a connection
 * that was kept and turns out to be dead it would begin again on another; the
 * service may have heard the first all the same, and a code is used up.
 */
static int
begin(void *arg, char *remote, char *local, int remote_port, int local_port)
{
	struct emotp_client *client = arg;

	(void)remote;
	(void)local;
	(void)remote_port;
	(void)local_port;
	if (client->asked)
		return CURL_PREREQFUNC_ABORT;
	client->asked = true;
	return CURL_PREREQFUNC_OK;
}

/*
 * Whether the connection of the call before is there and silent. libcurl
 * looks too, but takes bytes that wait for a sign of life: and TLS says
 * farewell with some. Between two requests a service has nothing to say.
 */
static bool
still_good(struct emotp_client *client)
{
	curl_socket_t fd = CURL_SOCKET_BAD;
	struct pollfd ready = {.events = POLLIN};

	if (curl_easy_getinfo(client->curl, CURLINFO_ACTIVESOCKET, &fd) !=
		CURLE_OK ||
	    fd == CURL_SOCKET_BAD)
		return false;
	ready.fd = fd;
	return poll(&ready, 1, 0) == 0;
}

/* A handle without connections, in the place of one whose is not good. */
static bool
renew(struct emotp_client *client)
{
	if (client->keep_s == 0 || still_good(client)) {
		curl_easy_reset(client->curl);
		return true;
	}
	curl_easy_cleanup(client->curl);
	client->curl = curl_easy_init();
	return client->curl != NULL;
}

/* ---- one request and its answer ---- */

/* More than a message may be ends the transfer. */
static size_t
take_body(char *data, size_t size, size_t count, void *arg)
{
	struct emotp_client *client = arg;
	size_t len = size * count;

	if (len > sizeof(client->body) - client->len)
		return 0;
	memcpy(client->body + client->len, data, len);
	client->len += len;
	return len;
}

/* QUICK_EXIT: a look-up of names that hangs is not waited for. */
static CURLcode
set_numbers(struct emotp_client *client)
{
	const struct {
		CURLoption option;
		long value;
	} numbers[] = {
	    {CURLOPT_SSL_VERIFYPEER, 1},
	    {CURLOPT_SSL_VERIFYHOST, 2},
	    {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
	    {CURLOPT_NETRC, CURL_NETRC_IGNORED},
	    {CURLOPT_FOLLOWLOCATION, 0},
	    {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
	    {CURLOPT_FRESH_CONNECT, client->keep_s == 0},
	    {CURLOPT_FORBID_REUSE, client->keep_s == 0},
	    {CURLOPT_MAXAGE_CONN, client->keep_s},
	    {CURLOPT_TIMEOUT_MS, client->deadline_ms},
	    {CURLOPT_CONNECTTIMEOUT_MS, client->connect_ms},
	    {CURLOPT_NOSIGNAL, 1},
	    {CURLOPT_QUICK_EXIT, 1},
	};
	CURLcode rc = CURLE_OK;

	for (size_t i = 0; i < LENGTH(numbers) && rc == CURLE_OK; i++)
		rc = curl_easy_setopt(
		    client->curl, numbers[i].option, numbers[i].value);
	return rc;
}

/*
 * Whom to trust and whom to ask is said here and nowhere else: a proxy of
 * the environment would be shown what is asked, and by whom.
 */
static CURLcode
set_texts(struct emotp_client *client, const char *url)
{
	const struct {
		CURLoption option;
		const char *value;
	} texts[] = {
	    {CURLOPT_URL, url},
	    {CURLOPT_PROTOCOLS_STR, "http,https"},
	    {CURLOPT_CAINFO, client->ca},
	    {CURLOPT_CAPATH, NULL},
	    {CURLOPT_PROXY, ""},
	    {CURLOPT_NOPROXY, "*"},
	    {CURLOPT_USERAGENT, USER_AGENT},
	};
	CURLcode rc = CURLE_OK;

	for (size_t i = 0; i < LENGTH(texts) && rc == CURLE_OK; i++)
		rc = curl_easy_setopt(
		    client->curl, texts[i].option, texts[i].value);
	return rc;
}

/* The callbacks, and what they are called with. */
static CURLcode
set_callbacks(struct emotp_client *client)
{
	CURL *curl = client->curl;
	CURLcode rc =
	    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->reason);

	if (rc == CURLE_OK)
		rc =
		    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, client->headers);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, begin);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(curl, CURLOPT_PREREQDATA, client);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(curl, CURLOPT_WRITEDATA, client);
	return rc;
}

/* body is borrowed until the transfer is over; NULL for a GET. */
static CURLcode
transfer(
    struct emotp_client *client, const char *url, const char *body, size_t len)
{
	CURLcode rc;

	client->reason[0] = '\0';
	client->len = 0;
	client->asked = false;
	if (!renew(client))
		return CURLE_OUT_OF_MEMORY;
	rc = set_callbacks(client);
	if (rc == CURLE_OK)
		rc = set_numbers(client);
	if (rc == CURLE_OK)
		rc = set_texts(client, url);
	if (rc == CURLE_OK && body != NULL)
		rc = curl_easy_setopt(
		    client->curl, CURLOPT_POSTFIELDSIZE, (long)len);
	if (rc == CURLE_OK && body != NULL)
		rc = curl_easy_setopt(client->curl, CURLOPT_POSTFIELDS, body);
	return rc == CURLE_OK ? curl_easy_perform(client->curl) : rc;
}

static enum emotp_err
explain(struct emotp_client *client, CURLcode rc, struct emotp_why *why)
{
	char shown[EMOTP_ESCAPED_MAX];
	const char *reason =
	    client->reason[0] != '\0' ? client->reason : curl_easy_strerror(rc);

	if (rc == CURLE_WRITE_ERROR)
		reason = "the answer is too long";
	if (rc == CURLE_ABORTED_BY_CALLBACK)
		reason = "closed the connection when it was asked";
	return emotp_fail(why, EMOTP_ERR_SERVICE, "%s: %s", client->base,
	    emotp_escape(reason, false, shown));
}

/* What came, for client_answer.c. */
static void
take_reply(struct emotp_client *client, struct emotp_reply *ret)
{
	const char *type = NULL;

	ret->from = client->base;
	ret->body = client->body;
	ret->len = client->len;
	(void)curl_easy_getinfo(
	    client->curl, CURLINFO_RESPONSE_CODE, &ret->status);
	(void)curl_easy_getinfo(client->curl, CURLINFO_CONTENT_TYPE, &type);
	ret->type = type != NULL ? type : "";
}

enum emotp_err
emotp_client_call(struct emotp_client *client, const struct emotp_call *call,
    enum emotp_problem *ret_problem, struct emotp_why *why)
{
	char url[sizeof(client->base) + 96], body[EMOTP_MESSAGE_MAX + 1];
	struct emotp_reply reply = {.status = 0};
	enum emotp_err err = EMOTP_OK;
	size_t len = 0;
	CURLcode rc;

	(void)snprintf(url, sizeof(url), "%s%s", client->base, call->path);
	if (call->ask != NULL)
		err = emotp_json_write(
		    call->ask, call->asked, body, sizeof(body), &len);
	if (err != EMOTP_OK)
		return emotp_fail(why, err, "this cannot be sent");
	rc = transfer(client, url, call->ask != NULL ? body : NULL, len);
	take_reply(client, &reply);
	err = rc == CURLE_OK ?
	    emotp_reply_read(&reply, call, ret_problem, why) :
	    explain(client, rc, why);
	emotp_wipe(client->body, sizeof(client->body));
	emotp_wipe(body, sizeof(body));
	return err;
}
