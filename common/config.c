#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ini.h>

#include "config.h"
#include "file.h"
#include "text.h"

#define UNIX          "unix:"
#define FILE_MAX      65536 /* bytes */
#define LINE_MAX_INIH 198   /* what libinih reads at once */

struct setting {
	const char *name;
	const char *fallback; /* NULL: filled in by finish() */
	/* Stores a value. Returns why it will not do, or NULL. */
	const char *(*set)(const struct setting *setting,
	    struct emotp_config *config, const char *value);
	size_t offset; /* of the field */
	size_t size;   /* of a text; 0 for numbers */
};

static const char *
set_text(const struct setting *setting, struct emotp_config *config,
    const char *value)
{
	char *field = (char *)config + setting->offset;

	if (!emotp_text_valid(value))
		return "not plain UTF-8 text";
	if (!emotp_copy(field, setting->size, value))
		return "too long";
	return NULL;
}

static const char *
set_issuer(const struct setting *setting, struct emotp_config *config,
    const char *value)
{
	if (strchr(value, ':') != NULL)
		return "holds a ':'";
	return set_text(setting, config, value);
}

static const char *
set_path(const struct setting *setting, struct emotp_config *config,
    const char *value)
{
	if (value[0] != '/')
		return "not an absolute path";
	return set_text(setting, config, value);
}

static const char *
set_url(const struct setting *setting, struct emotp_config *config,
    const char *value)
{
	if (strncmp(value, "https://", 8) != 0 || value[8] == '\0')
		return "https:// expected";
	return set_text(setting, config, value);
}

/* What else has to be so, emotp_client_open sees. */
static const char *
set_urls(const struct setting *setting, struct emotp_config *config,
    const char *value)
{
	char list[EMOTP_CONFIG_VALUE], *rest = list, *url;

	if (!emotp_copy(list, sizeof(list), value))
		return "too long";
	while ((url = strsep(&rest, " ")) != NULL)
		if (url[0] != '\0' && strncmp(url, "https://", 8) != 0 &&
		    strncmp(url, "http://", 7) != 0)
			return "https:// expected, several with spaces between";
	return set_text(setting, config, value);
}

static const char *
set_service(const struct setting *setting, struct emotp_config *config,
    const char *value)
{
	if (strcmp(value, "local") != 0 && strncmp(value, UNIX "/", 6) != 0)
		return "\"local\" or unix:/path expected";
	return set_text(setting, config, value);
}

static const char *
set_language(const struct setting *setting, struct emotp_config *config,
    const char *value)
{
	if (!emotp_language_valid(value))
		return "not one of en, zh-Hant, pt";
	return set_text(setting, config, value);
}

/* A whole number from min to max. */
static const char *
store_number(const struct setting *setting, struct emotp_config *config,
    const char *value, int min, int max)
{
	size_t len = strspn(value, "0123456789");
	int number;

	if (len == 0 || len > 6 || value[len] != '\0')
		return "not a number";
	number = atoi(value);
	if (number < min || number > max)
		return "out of range, see emotp.conf(5)";
	*(int *)(void *)((char *)config + setting->offset) = number;
	return NULL;
}

static const char *
set_steps(const struct setting *setting, struct emotp_config *config,
    const char *value)
{
	return store_number(setting, config, value, 0, EMOTP_RESYNC_MAX);
}

static const char *
set_period(const struct setting *setting, struct emotp_config *config,
    const char *value)
{
	return store_number(
	    setting, config, value, EMOTP_PERIOD_MIN, EMOTP_PERIOD_MAX);
}

static const char *
set_digits(const struct setting *setting, struct emotp_config *config,
    const char *value)
{
	if (strcmp(value, "6") != 0 && strcmp(value, "8") != 0)
		return "not 6 or 8";
	return store_number(setting, config, value, 6, 8);
}

static const char *
set_algorithm(const struct setting *setting, struct emotp_config *config,
    const char *value)
{
	(void)setting;
	if (emotp_algorithm_read(value, &config->params.algorithm) != EMOTP_OK)
		return "not one of SHA1, SHA256, SHA512";
	return NULL;
}

#define TEXT(field)                           \
	offsetof(struct emotp_config, field), \
	    sizeof(((struct emotp_config *)0)->field)
#define NUMBER(field) offsetof(struct emotp_config, field), 0

/* Sorted by name. emotp.conf(5) has a paragraph for each. */
static const struct setting settings[] = {
    {"algorithm", "SHA1", set_algorithm, 0, 0},
    {"digits", "6", set_digits, NUMBER(params.digits)},
    {"host_key_file", "", set_path, TEXT(host_key_file)},
    {"issuer", NULL, set_issuer, TEXT(issuer)},
    {"key_file", "/etc/emotp/master.key", set_path, TEXT(key_file)},
    {"language", "en", set_language, TEXT(language)},
    {"listen", "", set_text, TEXT(listen)},
    {"mail", "sendmail:/usr/sbin/sendmail", set_text, TEXT(mail)},
    {"mail_ca", "", set_path, TEXT(mail_ca)},
    {"mail_from", "", set_text, TEXT(mail_from)},
    {"mail_password_file", "", set_path, TEXT(mail_password_file)},
    {"mail_user", "", set_text, TEXT(mail_user)},
    {"period", "60", set_period, NUMBER(params.period_s)},
    {"public_url", "", set_url, TEXT(public_url)},
    {"resync", "10", set_steps, NUMBER(resync)},
    {"service", "local", set_service, TEXT(service)},
    {"skew", "1", set_steps, NUMBER(skew)},
    {"socket", "/run/emotp/emotpd.sock", set_path, TEXT(socket)},
    {"store", "sqlite:/var/lib/emotp/emotp.db", set_text, TEXT(store)},
    {"templates", "/etc/emotp/mail", set_path, TEXT(templates)},
    {"tls_certificate", "", set_path, TEXT(tls_certificate)},
    {"tls_key", "", set_path, TEXT(tls_key)},
    {"upstream", "", set_urls, TEXT(upstream)},
    {"upstream_ca", "", set_path, TEXT(upstream_ca)},
};

#define COUNT (sizeof(settings) / sizeof(settings[0]))

/* What libinih's callback carries from line to line. */
struct reading {
	struct emotp_config *config;
	unsigned seen;    /* a bit for each setting */
	char reason[200]; /* of the first error */
};

static int
complain(struct reading *reading, const char *name, const char *reason)
{
	char shown[EMOTP_ESCAPED_MAX];

	if (reading->reason[0] == '\0')
		(void)snprintf(reading->reason, sizeof(reading->reason),
		    "%.60s: %s", emotp_escape(name, false, shown), reason);
	return 0;
}

/* libinih: 1 goes on, 0 marks the line as the first bad one. */
static int
take_line(void *user, const char *section, const char *name, const char *value)
{
	struct reading *reading = user;

	(void)section; /* misread() refuses them */
	for (size_t i = 0; i < COUNT; i++) {
		const char *reason;

		if (strcmp(settings[i].name, name) != 0)
			continue;
		if ((reading->seen & 1U << i) != 0)
			return complain(reading, name, "given twice");
		reading->seen |= 1U << i;
		if (value[0] == '\0')
			return complain(reading, name, "has no value");
		reason = settings[i].set(&settings[i], reading->config, value);
		return reason == NULL ? 1 : complain(reading, name, reason);
	}
	return complain(reading, name, "no such setting");
}

/* Why libinih would not see a line as it is meant, or NULL. */
static const char *
misread(const char *line, size_t len)
{
	size_t blank = strspn(line, " \t\r");

	if (len > LINE_MAX_INIH)
		return "longer than 198 bytes";
	if (blank >= len || line[blank] == '#')
		return NULL;
	if (blank > 0)
		return "begins with a space: lines are not continued";
	if (line[0] == '[')
		return "there are no [sections]";
	if (line[0] == ';' || memmem(line, len, " ;", 2) != NULL ||
	    memmem(line, len, "\t;", 2) != NULL)
		return "comments begin with '#', and ';' after a space is none";
	return memchr(line, '=', len) == NULL ? "expected: name = value" : NULL;
}

/* The first line that libinih would misread; 0 if there is none. */
static int
misread_line(const char *text, const char **ret_reason)
{
	for (int line = 1;; line++) {
		size_t len = strcspn(text, "\n");

		*ret_reason = misread(text, len);
		if (*ret_reason != NULL)
			return line;
		if (text[len] == '\0')
			return 0;
		text += len + 1;
	}
}

static enum emotp_err
parse(const char *path, const char *text, struct emotp_config *config,
    struct emotp_why *why)
{
	struct reading reading = {.config = config};
	const char *reason;
	int line = misread_line(text, &reason);

	if (line != 0)
		return emotp_fail(
		    why, EMOTP_ERR_CONFIG, "%s:%d: %s", path, line, reason);
	line = ini_parse_string(text, take_line, &reading);
	if (line < 0)
		return emotp_fail(
		    why, EMOTP_ERR_MEMORY, "%s: out of memory", path);
	if (line > 0)
		return emotp_fail(why, EMOTP_ERR_CONFIG, "%s:%d: %s", path,
		    line, reading.reason);
	return EMOTP_OK;
}

/* The host's name, cut down to what an issuer may be. */
static bool
issuer_from_host(struct emotp_config *config)
{
	char host[HOST_NAME_MAX + 1];

	if (gethostname(host, sizeof(host)) != 0)
		return false;
	host[EMOTP_ISSUER_MAX] = '\0';
	return host[0] != '\0' && strchr(host, ':') == NULL &&
	    emotp_text_valid(host) &&
	    emotp_copy(config->issuer, sizeof(config->issuer), host);
}

/* Defaults that ask the machine, and what only several values can tell. */
static enum emotp_err
finish(const char *path, struct emotp_config *config, struct emotp_why *why)
{
	const char *bad = NULL;

	if (config->issuer[0] == '\0' && !issuer_from_host(config))
		bad = "issuer: set one, the host has no usable name";
	else if (config->skew > config->resync)
		bad = "skew: more than resync";
	else if (config->upstream[0] != '\0' && config->listen[0] != '\0')
		bad = "listen: not beside upstream, with which this host asks"
		      " others and serves itself alone";
	else if (config->upstream[0] != '\0' &&
	    config->host_key_file[0] == '\0')
		bad = "upstream: needs host_key_file, with the key that"
		      " `emotp-provision host add` printed";
	return bad == NULL ?
	    EMOTP_OK :
	    emotp_fail(why, EMOTP_ERR_CONFIG, "%s: %s", path, bad);
}

enum emotp_err
emotp_config_load(
    const char *path, struct emotp_config *ret, struct emotp_why *why)
{
	char *text = NULL;
	size_t len;
	enum emotp_err err = EMOTP_OK;

	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < COUNT; i++)
		if (settings[i].fallback != NULL &&
		    settings[i].fallback[0] != '\0')
			(void)settings[i].set(
			    &settings[i], ret, settings[i].fallback);
	if (path != NULL) {
		text = malloc(FILE_MAX);
		if (text == NULL)
			return emotp_fail(
			    why, EMOTP_ERR_MEMORY, "out of memory");
		err = emotp_file_read(path, EMOTP_FILE_PUBLIC, EMOTP_ERR_CONFIG,
		    text, FILE_MAX, &len, why);
		if (err == EMOTP_OK)
			err = parse(path, text, ret, why);
		free(text);
	}
	if (err == EMOTP_OK)
		err = finish(path == NULL ? "defaults" : path, ret, why);
	return err;
}

const char *
emotp_config_service_socket(const struct emotp_config *config)
{
	size_t len = strlen(UNIX);

	return strncmp(config->service, UNIX, len) == 0 ?
	    config->service + len :
	    NULL;
}

bool
emotp_language_valid(const char *language)
{
	return strcmp(language, "en") == 0 ||
	    strcmp(language, "zh-Hant") == 0 || strcmp(language, "pt") == 0;
}
