#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "client_http.h"
#include "secret.h"
#include "text.h"

#define DEFAULT_CA   "/etc/ssl/certs/ca-certificates.crt"
#define USER_AGENT   "emotp/" EMOTP_VERSION
#define PROBLEM_TYPE "about:emotp#"
#define HEADER_MAX   160
#define LENGTH(list) (sizeof(list) / sizeof((list)[0]))

struct emotp_client {
	CURL *curl;
	struct curl_slist *headers;
	char base[EMOTP_CLIENT_URL + 1]; /* without a path */
	char ca[EMOTP_CLIENT_URL + 1];
	long deadline_ms;
	char reason[CURL_ERROR_SIZE];
	size_t len;
	char body[EMOTP_MESSAGE_MAX]; /* of the answer; wiped after each call */
};

static const struct {
	long status;
	const char *type;
} problems[] = {[EMOTP_PROBLEM_NONE] = {0, "none"},
#define X(name, number, word) [EMOTP_PROBLEM_##name] = {number, word},
    EMOTP_PROBLEM_MAP(X)
#undef X
};

const char *
emotp_problem_type(enum emotp_problem problem)
{
	return (size_t)problem < LENGTH(problems) ? problems[problem].type :
						    "unknown";
}

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

/*
 * A connection is never used again: on one that turns out to be dead libcurl
 * sends the request anew, and a code must not be sent twice.
 */
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
	    {CURLOPT_FRESH_CONNECT, 1},
	    {CURLOPT_FORBID_REUSE, 1},
	    {CURLOPT_TIMEOUT_MS, client->deadline_ms},
	    {CURLOPT_CONNECTTIMEOUT_MS, client->deadline_ms},
	    {CURLOPT_NOSIGNAL, 1},
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

/* body is borrowed until the transfer is over; NULL for a GET. */
static CURLcode
transfer(
    struct emotp_client *client, const char *url, const char *body, size_t len)
{
	CURL *curl = client->curl;
	CURLcode rc;

	curl_easy_reset(curl);
	client->reason[0] = '\0';
	client->len = 0;
	rc = curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->reason);
	if (rc == CURLE_OK)
		rc = set_numbers(client);
	if (rc == CURLE_OK)
		rc = set_texts(client, url);
	if (rc == CURLE_OK)
		rc =
		    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, client->headers);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(curl, CURLOPT_WRITEDATA, client);
	if (rc == CURLE_OK && body != NULL)
		rc = curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)len);
	if (rc == CURLE_OK && body != NULL)
		rc = curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	return rc == CURLE_OK ? curl_easy_perform(curl) : rc;
}

static enum emotp_err
explain(struct emotp_client *client, CURLcode rc, struct emotp_why *why)
{
	char shown[EMOTP_ESCAPED_MAX];
	const char *reason =
	    client->reason[0] != '\0' ? client->reason : curl_easy_strerror(rc);

	if (rc == CURLE_WRITE_ERROR)
		reason = "the answer is too long";
	return emotp_fail(why, EMOTP_ERR_SERVICE, "%s: %s", client->base,
	    emotp_escape(reason, false, shown));
}

/* Whether the answer is of that media type, with or without parameters. */
static bool
is_type(struct emotp_client *client, const char *wanted)
{
	const char *type = NULL;
	size_t len = strlen(wanted);

	return curl_easy_getinfo(client->curl, CURLINFO_CONTENT_TYPE, &type) ==
	    CURLE_OK &&
	    type != NULL && strncasecmp(type, wanted, len) == 0 &&
	    (type[len] == '\0' || type[len] == ';' || type[len] == ' ');
}

/* EMOTP_PROBLEM_NONE if the answer tells of none that the protocol knows. */
static enum emotp_problem
read_problem(struct emotp_client *client, long status)
{
	char type[64 + 1], title[EMOTP_CLIENT_URL + 1];
	int64_t told = 0;
	const struct emotp_field fields[] = {
	    {"type", EMOTP_FIELD_TEXT, false, 1, 64, type, NULL},
	    {"title", EMOTP_FIELD_TEXT, false, 0, EMOTP_CLIENT_URL, title,
		NULL},
	    {"status", EMOTP_FIELD_INTEGER, false, 0, 0, &told, NULL},
	};

	if (!is_type(client, "application/problem+json") ||
	    emotp_json_read(client->body, client->len, fields,
		LENGTH(fields)) != EMOTP_OK ||
	    told != status ||
	    strncmp(type, PROBLEM_TYPE, strlen(PROBLEM_TYPE)) != 0)
		return EMOTP_PROBLEM_NONE;
	for (size_t i = 1; i < LENGTH(problems); i++)
		if (problems[i].status == status &&
		    strcmp(problems[i].type, type + strlen(PROBLEM_TYPE)) == 0)
			return (enum emotp_problem)i;
	return EMOTP_PROBLEM_NONE;
}

static enum emotp_err
read_answer(struct emotp_client *client, const struct emotp_call *call,
    enum emotp_problem *ret_problem, struct emotp_why *why)
{
	long status = 0;

	(void)curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
	*ret_problem = EMOTP_PROBLEM_NONE;
	if (status == call->status && is_type(client, "application/json") &&
	    emotp_json_read(client->body, client->len, call->answer,
		call->answered) == EMOTP_OK)
		return EMOTP_OK;
	if (status >= 400)
		*ret_problem = read_problem(client, status);
	if (*ret_problem != EMOTP_PROBLEM_NONE)
		return EMOTP_OK;
	return emotp_fail(why, EMOTP_ERR_SERVICE,
	    "%s: the answer (status %ld) is none of"
	    " emotpd",
	    client->base, status);
}

enum emotp_err
emotp_client_call(struct emotp_client *client, const struct emotp_call *call,
    enum emotp_problem *ret_problem, struct emotp_why *why)
{
	char url[sizeof(client->base) + 96], body[EMOTP_MESSAGE_MAX + 1];
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
	err = rc == CURLE_OK ? read_answer(client, call, ret_problem, why) :
			       explain(client, rc, why);
	emotp_wipe(client->body, sizeof(client->body));
	emotp_wipe(body, sizeof(body));
	return err;
}
