#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "message.h"
#include "secret.h"
#include "text.h"

#define INTEGER_LIMIT  (INT64_C(1) << 53)
#define INTEGER_DIGITS 16
#define INTEGER_CHARS  24
#define PRINT_SLACK    64 /* cJSON wants some room beyond what it prints */

/*
 * ---- the grammar of RFC 8259, less all that a message never has ----
 *
 * cJSON takes any byte up to 0x20 for white space, "01" and "1." for
 * numbers, raw control characters in texts, a byte order mark and what
 * stands behind the object. So it is shown only what passed here.
 */

struct scan {
	const char *at;
	const char *end;
};

static bool
take(struct scan *s, char c)
{
	if (s->at == s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

static void
skip_space(struct scan *s)
{
	while (s->at < s->end && *s->at != '\0' &&
	    strchr(" \t\n\r", *s->at) != NULL)
		s->at++;
}

/* The four digits of \uXXXX. */
static bool
take_unit(struct scan *s, unsigned *ret)
{
	static const char digits[] = "0123456789abcdefABCDEF";

	*ret = 0;
	for (int i = 0; i < 4; i++) {
		const char *digit = s->at == s->end || *s->at == '\0' ?
		    NULL :
		    strchr(digits, *s->at++);

		if (digit == NULL)
			return false;
		*ret = *ret * 16 +
		    (unsigned)(digit - digits - (digit - digits > 15 ? 6 : 0));
	}
	return true;
}

static bool
scan_escape(struct scan *s)
{
	unsigned unit, low;

	if (!take(s, 'u'))
		return s->at < s->end && *s->at != '\0' &&
		    strchr("\"\\/bfnrt", *s->at++) != NULL;
	if (!take_unit(s, &unit) || unit == 0 || unit >> 10 == 0xdc00 >> 10)
		return false;
	if (unit >> 10 != 0xd800 >> 10)
		return true;
	return take(s, '\\') && take(s, 'u') && take_unit(s, &low) &&
	    low >> 10 == 0xdc00 >> 10;
}

static bool
scan_text(struct scan *s)
{
	if (!take(s, '"'))
		return false;
	while (s->at < s->end && *s->at != '"') {
		if ((unsigned char)*s->at < 0x20)
			return false;
		if (*s->at++ == '\\' && !scan_escape(s))
			return false;
	}
	return take(s, '"');
}

static bool
scan_integer(struct scan *s)
{
	const char *start;

	(void)take(s, '-');
	if (take(s, '0'))
		return true;
	start = s->at;
	while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
		s->at++;
	return s->at > start && s->at - start <= INTEGER_DIGITS;
}

static bool
scan_member(struct scan *s)
{
	skip_space(s);
	if (!scan_text(s))
		return false;
	skip_space(s);
	if (!take(s, ':'))
		return false;
	skip_space(s);
	if (s->at < s->end && *s->at == '"' ? !scan_text(s) : !scan_integer(s))
		return false;
	skip_space(s);
	return true;
}

static bool
scan_object(struct scan *s)
{
	skip_space(s);
	if (!take(s, '{'))
		return false;
	skip_space(s);
	if (s->at < s->end && *s->at == '"')
		do
			if (!scan_member(s))
				return false;
		while (take(s, ','));
	if (!take(s, '}'))
		return false;
	skip_space(s);
	return s->at == s->end;
}

/* ---- fields ---- */

static void
wipe_text(char *text)
{
	if (text != NULL)
		emotp_wipe(text, strlen(text));
}

static void
wipe_and_delete(cJSON *object)
{
	for (cJSON *item = object == NULL ? NULL : object->child; item != NULL;
	     item = item->next)
		wipe_text(item->valuestring);
	cJSON_Delete(object);
}

/* How many members have that key, to the letter; *ret is the last. */
static int
find(const cJSON *object, const char *key, const cJSON **ret)
{
	int count = 0;

	for (const cJSON *item = object->child; item != NULL;
	     item = item->next) {
		if (strcmp(item->string, key) != 0)
			continue;
		*ret = item;
		count++;
	}
	return count;
}

static bool
read_text(const cJSON *item, const struct emotp_field *field)
{
	size_t len;

	if (!cJSON_IsString(item) || !emotp_utf8_valid(item->valuestring))
		return false;
	len = strlen(item->valuestring);
	return len >= field->min && len <= field->max &&
	    emotp_copy(field->out, field->max + 1, item->valuestring);
}

static bool
read_integer(const cJSON *item, const struct emotp_field *field)
{
	double value = item->valuedouble;
	int64_t *out = field->out;

	if (!cJSON_IsNumber(item) || value >= (double)INTEGER_LIMIT ||
	    value <= -(double)INTEGER_LIMIT)
		return false;
	*out = (int64_t)value;
	return true;
}

/* *total counts the members that somebody asked for. */
static bool
read_field(const cJSON *object, const struct emotp_field *field, int *total)
{
	const cJSON *item = NULL;
	int count = find(object, field->key, &item);

	if (field->ret_present != NULL)
		*field->ret_present = count == 1;
	*total += count;
	if (count == 0)
		return field->optional;
	if (count > 1)
		return false;
	return field->type == EMOTP_FIELD_TEXT ? read_text(item, field) :
						 read_integer(item, field);
}

enum emotp_err
emotp_json_read(const char *json, size_t len, const struct emotp_field *fields,
    size_t count)
{
	struct scan s = {json, json + len};
	bool ok = true;
	int total = 0;
	cJSON *object;

	if (len > EMOTP_MESSAGE_MAX || !scan_object(&s))
		return EMOTP_ERR_INVALID;
	object = cJSON_ParseWithLength(json, len);
	if (object == NULL)
		return EMOTP_ERR_MEMORY;
	for (size_t i = 0; i < count && ok; i++)
		ok = read_field(object, &fields[i], &total);
	ok = ok && total == cJSON_GetArraySize(object);
	wipe_and_delete(object);
	return ok ? EMOTP_OK : EMOTP_ERR_INVALID;
}

/* Numbers as they are: cJSON rounds the larger ones to 15 digits. */
static cJSON *
make_item(const struct emotp_field *field)
{
	char digits[INTEGER_CHARS];

	if (field->type == EMOTP_FIELD_TEXT)
		return emotp_utf8_valid(field->out) ?
		    cJSON_CreateString(field->out) :
		    NULL;
	(void)snprintf(
	    digits, sizeof(digits), "%" PRId64, *(const int64_t *)field->out);
	return cJSON_CreateRaw(digits);
}

enum emotp_err
emotp_json_write(const struct emotp_field *fields, size_t count, char *buf,
    size_t size, size_t *ret_len)
{
	char text[EMOTP_MESSAGE_MAX + PRINT_SLACK];
	cJSON *object = cJSON_CreateObject();
	bool ok = object != NULL;

	for (size_t i = 0; i < count && ok; i++)
		ok = cJSON_AddItemToObject(
		    object, fields[i].key, make_item(&fields[i]));
	ok = ok && cJSON_PrintPreallocated(object, text, sizeof(text), false);
	wipe_and_delete(object);
	ok = ok && strlen(text) <= EMOTP_MESSAGE_MAX &&
	    emotp_copy(buf, size, text);
	if (ok)
		*ret_len = strlen(buf);
	emotp_wipe(text, sizeof(text));
	return ok ? EMOTP_OK : EMOTP_ERR_INVALID;
}
