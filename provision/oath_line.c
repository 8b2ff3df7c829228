#include <string.h>

#include "../common/state/directory.h"
#include "../common/text.h"
#include "oath_line.h"

#define BLANKS  " \t\r"
#define CIPHERS "0123456789"
#define FORM    "a line is TYPE USER PIN SECRET [COUNTER OTP TIME]"

enum field {
	TYPE,
	USER,
	PIN,
	SECRET,
	COUNTER,
	OTP,
	TIME,
	FIELDS,
};

/* clang-format off */
static const struct type {
	const char *name;
	int period_s; /* 0: none that emotp has */
	int digits;
} types[] = {
    {"HOTP/T30", 30, 6}, {"HOTP/T30/6", 30, 6},
    {"HOTP/T30/7", 30, 7}, {"HOTP/T30/8", 30, 8},
    {"HOTP/T60", 60, 6}, {"HOTP/T60/6", 60, 6},
    {"HOTP/T60/7", 60, 7}, {"HOTP/T60/8", 60, 8},
    {"HOTP", 0, 6}, {"HOTP/E", 0, 6}, {"HOTP/E/6", 0, 6},
    {"HOTP/E/7", 0, 7}, {"HOTP/E/8", 0, 8},
};
/* clang-format on */

#define TYPES (sizeof(types) / sizeof(types[0]))

static enum emotp_err
read_type(const char *text, struct emotp_params *ret, struct emotp_why *why)
{
	size_t i = 0;

	while (i < TYPES && strcmp(types[i].name, text) != 0)
		i++;
	if (i == TYPES)
		return emotp_fail(why, EMOTP_ERR_INVALID,
		    "not a type of users.oath, such as HOTP/T30; " FORM);
	if (types[i].period_s == 0)
		return emotp_fail(why, EMOTP_ERR_NOT_ALLOWED,
		    "these codes go by a counter (HOTP), and emotp has none of"
		    " that kind; take the line out and enrol the user anew");
	*ret = (struct emotp_params){
	    EMOTP_SHA1, types[i].digits, types[i].period_s};
	if (!emotp_params_valid(ret))
		return emotp_fail(why, EMOTP_ERR_NOT_ALLOWED,
		    "emotp has codes of 6 and of 8 digits only; take the line"
		    " out and enrol the user anew");
	return EMOTP_OK;
}

static int
nibble(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at != NULL ? (int)(at - digits) & 15 : -1;
}

static enum emotp_err
read_secret(const char *text, struct emotp_secret *ret, struct emotp_why *why)
{
	size_t len = strlen(text);
	bool ok = len > 0 && len % 2 == 0 && len / 2 <= sizeof(ret->bytes);

	for (size_t i = 0; i < len && ok; i += 2) {
		int high = nibble(text[i]), low = nibble(text[i + 1]);

		ok = high >= 0 && low >= 0;
		if (ok)
			ret->bytes[i / 2] = (unsigned char)(high << 4 | low);
	}
	ret->len = len / 2;
	if (ok)
		return EMOTP_OK;
	return emotp_fail(why, EMOTP_ERR_INVALID,
	    "the secret is not 1 to %d bytes in hexadecimal", EMOTP_SECRET_MAX);
}

/* The last code, and 2026-01-31T14:05:09L, L being for local time. */
static enum emotp_err
read_use(const char *otp, const char *at, struct oath_line *ret,
    struct emotp_why *why)
{
	size_t digits = strspn(otp, CIPHERS);
	const char *end;

	if (otp[digits] != '\0' || (int)digits != ret->token.params.digits)
		return emotp_fail(why, EMOTP_ERR_INVALID,
		    "the sixth field is not the last code; " FORM);
	end = strptime(at, "%Y-%m-%dT%H:%M:%S", &ret->used_at);
	if (end == NULL || strcmp(end, "L") != 0)
		return emotp_fail(why, EMOTP_ERR_INVALID,
		    "the seventh field is not the time of the last code;"
		    " " FORM);
	ret->used_at.tm_isdst = -1;
	(void)emotp_copy(ret->otp, sizeof(ret->otp), otp);
	ret->used = true;
	return EMOTP_OK;
}

static enum emotp_err
read_fields(const char *const fields[static FIELDS], struct oath_line *ret,
    struct emotp_why *why)
{
	struct emotp_adoption *token = &ret->token;
	const char *pin = fields[PIN];
	enum emotp_err err = read_type(fields[TYPE], &token->params, why);

	if (err == EMOTP_OK && fields[SECRET][0] == '\0')
		return emotp_fail(
		    why, EMOTP_ERR_INVALID, "has no secret; " FORM);
	if (err == EMOTP_OK)
		err = emotp_name_check(fields[USER], why);
	if (err == EMOTP_OK)
		err = read_secret(fields[SECRET], &token->secret, why);
	if (err == EMOTP_OK && fields[OTP][0] != '\0')
		err = read_use(fields[OTP], fields[TIME], ret, why);
	if (err != EMOTP_OK)
		return err;
	(void)emotp_copy(token->user, sizeof(token->user), fields[USER]);
	ret->pin = strcmp(pin, "-") != 0 && strcmp(pin, "+") != 0;
	return EMOTP_OK;
}

/* Splits line, in place; "" for fields that are missing. */
static bool
split(char *line, const char *fields[static FIELDS])
{
	size_t count = 0;
	const char *word;

	for (size_t i = 0; i < FIELDS; i++)
		fields[i] = "";
	while ((word = strsep(&line, BLANKS)) != NULL) {
		if (*word == '\0')
			continue;
		if (count == FIELDS)
			return false;
		fields[count++] = word;
	}
	return true;
}

enum emotp_err
oath_line_read(const char *line, struct oath_line *ret, struct emotp_why *why)
{
	const char *fields[FIELDS];
	char copy[OATH_LINE_SIZE];
	enum emotp_err err = EMOTP_OK;

	memset(ret, 0, sizeof(*ret));
	ret->token.last_step = -1;
	line += strspn(line, BLANKS);
	ret->empty = *line == '\0' || *line == '#';
	if (ret->empty)
		return EMOTP_OK;
	if (!emotp_copy(copy, sizeof(copy), line))
		err = emotp_fail(why, EMOTP_ERR_INVALID, "is too long; " FORM);
	else if (!split(copy, fields))
		err = emotp_fail(why, EMOTP_ERR_INVALID,
		    "has more than seven fields; " FORM);
	else
		err = read_fields(fields, ret, why);
	emotp_wipe(copy, sizeof(copy));
	if (err != EMOTP_OK)
		emotp_wipe(ret, sizeof(*ret));
	return err;
}
