#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../common/base32.h"
#include "google_file.h"

#define LINE_SIZE  4096 /* with the NUL; a hundred used steps need 1200 */
#define STEP_MAX   ((int64_t)1 << 40)
#define SKEW_MAX   (1 << 20)
#define DIGITS     6
#define PERIOD_S   30
#define BLANKS     " \t\r"
#define CIPHERS    "0123456789"
#define SCRATCHLEN (EMOTP_SCRATCH_SIZE - 1)

struct parser {
	struct emotp_adoption *ret;
	struct emotp_why *why;
	unsigned line;
	unsigned seen; /* bits: the options that were there, by their index */
};

/* ---- the values of options ---- */

/* A number in decimal from least to most, and nothing behind it. */
static bool
read_number(const char *text, int64_t least, int64_t most, int64_t *ret)
{
	const char *digits = text + (*text == '-');
	size_t len = strspn(digits, CIPHERS);

	if (len == 0 || digits[len] != '\0')
		return false;
	errno = 0;
	*ret = strtoll(text, NULL, 10);
	return errno == 0 && *ret >= least && *ret <= most;
}

static enum emotp_err
take_totp(struct parser *p, char *value)
{
	(void)p;
	(void)value;
	return EMOTP_OK;
}

static enum emotp_err
take_hotp(struct parser *p, char *value)
{
	(void)value;
	return emotp_fail(p->why, EMOTP_ERR_NOT_ALLOWED,
	    "line %u: these codes go by a counter (HOTP), and emotp has none"
	    " of that kind; enrol the user anew",
	    p->line);
}

static enum emotp_err
take_period(struct parser *p, char *value)
{
	int64_t period_s;

	if (!read_number(value, 1, INT32_MAX, &period_s))
		return emotp_fail(p->why, EMOTP_ERR_INVALID,
		    "line %u: STEP_SIZE is a number of seconds", p->line);
	p->ret->params.period_s = (int)period_s;
	if (!emotp_params_valid(&p->ret->params))
		return emotp_fail(p->why, EMOTP_ERR_NOT_ALLOWED,
		    "line %u: emotp has periods of %d to %d seconds only;"
		    " enrol the user anew",
		    p->line, EMOTP_PERIOD_MIN, EMOTP_PERIOD_MAX);
	return EMOTP_OK;
}

static enum emotp_err
take_skew(struct parser *p, char *value)
{
	int64_t skew;

	if (!read_number(value, -SKEW_MAX, SKEW_MAX, &skew))
		return emotp_fail(p->why, EMOTP_ERR_INVALID,
		    "line %u: TIME_SKEW is a number of steps", p->line);
	p->ret->drift = (int)skew;
	return EMOTP_OK;
}

/* The steps are the device's, as ours are. */
static enum emotp_err
take_used(struct parser *p, char *value)
{
	const char *word;
	int64_t step;

	while ((word = strsep(&value, BLANKS)) != NULL) {
		if (*word == '\0')
			continue;
		if (!read_number(word, 0, STEP_MAX - 1, &step))
			return emotp_fail(p->why, EMOTP_ERR_INVALID,
			    "line %u: DISALLOW_REUSE is a list of steps",
			    p->line);
		if (step > p->ret->last_step)
			p->ret->last_step = step;
	}
	return EMOTP_OK;
}

/* ---- lines ---- */

/* clang-format off */
static const struct option {
	const char *name;
	enum emotp_err (*take)(struct parser *p, char *value); /* or NULL */
} options[] = {
    {"TOTP_AUTH", take_totp}, /* the first, see complete() */
    {"HOTP_COUNTER", take_hotp},
    {"STEP_SIZE", take_period},
    {"TIME_SKEW", take_skew},
    {"DISALLOW_REUSE", take_used},
    {"RATE_LIMIT", NULL},
    {"WINDOW_SIZE", NULL},
    {"RESETTING_TIME_SKEW", NULL},
    {"LAST0", NULL}, {"LAST1", NULL}, {"LAST2", NULL}, {"LAST3", NULL},
    {"LAST4", NULL}, {"LAST5", NULL}, {"LAST6", NULL}, {"LAST7", NULL},
    {"LAST8", NULL}, {"LAST9", NULL},
};
/* clang-format on */

#define OPTIONS (sizeof(options) / sizeof(options[0]))

static enum emotp_err
take_secret(struct parser *p, const char *line)
{
	struct emotp_secret *secret = &p->ret->secret;

	if (emotp_base32_decode(line, secret->bytes, sizeof(secret->bytes),
		&secret->len) == EMOTP_OK)
		return EMOTP_OK;
	return emotp_fail(p->why, EMOTP_ERR_INVALID,
	    "line 1: not a secret of at most %d bytes in base 32, with which a"
	    " file of google-authenticator begins",
	    EMOTP_SECRET_MAX);
}

/* line is what follows the quotation mark. */
static enum emotp_err
take_option(struct parser *p, char *line)
{
	const char *name = line + strspn(line, BLANKS);
	size_t len = strcspn(name, BLANKS);
	char *value = line + (name - line) + len;
	size_t i = 0;

	value += strspn(value, BLANKS);
	while (i < OPTIONS &&
	    (strlen(options[i].name) != len ||
		strncmp(options[i].name, name, len) != 0))
		i++;
	if (i == OPTIONS)
		return emotp_fail(p->why, EMOTP_ERR_INVALID,
		    "line %u: an option that emotp does not know; if it has no"
		    " bearing on the codes, import a copy without the line",
		    p->line);
	if ((p->seen & 1U << i) != 0)
		return emotp_fail(p->why, EMOTP_ERR_INVALID,
		    "line %u: %s is there twice", p->line, options[i].name);
	p->seen |= 1U << i;
	return options[i].take != NULL ? options[i].take(p, value) : EMOTP_OK;
}

static enum emotp_err
take_scratch(struct parser *p, const char *line)
{
	struct emotp_adoption *ret = p->ret;

	if (strlen(line) != SCRATCHLEN || strspn(line, CIPHERS) != SCRATCHLEN)
		return emotp_fail(p->why, EMOTP_ERR_INVALID,
		    "line %u: neither an option nor a scratch code of %d"
		    " digits",
		    p->line, SCRATCHLEN);
	if (ret->scratch_count == EMOTP_SCRATCH_MAX)
		return emotp_fail(p->why, EMOTP_ERR_NOT_ALLOWED,
		    "line %u: more than %d scratch codes", p->line,
		    EMOTP_SCRATCH_MAX);
	memcpy(ret->scratch[ret->scratch_count++], line, EMOTP_SCRATCH_SIZE);
	return EMOTP_OK;
}

static enum emotp_err
take_line(struct parser *p, char *line)
{
	size_t len = strlen(line);

	while (len > 0 && strchr(BLANKS, line[len - 1]) != NULL)
		line[--len] = '\0';
	if (p->line == 1)
		return take_secret(p, line);
	if (len == 0)
		return EMOTP_OK;
	return *line == '"' ? take_option(p, line + 1) : take_scratch(p, line);
}

/* Reads the len bytes of a line, whose end is not among them. */
static enum emotp_err
take_bytes(struct parser *p, const char *bytes, size_t len)
{
	char line[LINE_SIZE];
	enum emotp_err err;

	p->line++;
	if (len >= sizeof(line) || memchr(bytes, '\0', len) != NULL)
		return emotp_fail(p->why, EMOTP_ERR_INVALID,
		    "line %u: too long, or with a NUL byte: no file of"
		    " google-authenticator",
		    p->line);
	memcpy(line, bytes, len);
	line[len] = '\0';
	err = take_line(p, line);
	emotp_wipe(line, sizeof(line));
	return err;
}

static enum emotp_err
complete(const struct parser *p)
{
	if ((p->seen & 1U) != 0)
		return EMOTP_OK;
	return emotp_fail(p->why, EMOTP_ERR_INVALID,
	    "no line says TOTP_AUTH: not a file of google-authenticator for"
	    " codes that go by the time");
}

enum emotp_err
google_file_read(const char *text, size_t len, struct emotp_adoption *ret,
    struct emotp_why *why)
{
	struct parser p = {.ret = ret, .why = why};
	enum emotp_err err = EMOTP_OK;
	const char *end;

	memset(ret, 0, sizeof(*ret));
	ret->params = (struct emotp_params){EMOTP_SHA1, DIGITS, PERIOD_S};
	ret->last_step = -1;
	do {
		size_t rest;

		end = memchr(text, '\n', len);
		rest = end != NULL ? (size_t)(end - text) : len;
		err = take_bytes(&p, text, rest);
		if (end != NULL) {
			text += rest + 1;
			len -= rest + 1;
		}
	} while (err == EMOTP_OK && end != NULL);
	if (err == EMOTP_OK)
		err = complete(&p);
	if (err != EMOTP_OK)
		emotp_wipe(ret, sizeof(*ret));
	return err;
}
