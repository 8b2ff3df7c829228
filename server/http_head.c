#include <stdlib.h>
#include <string.h>

#include "http_head.h"

#define DIGITS     "0123456789"
#define LETTERS    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define TOKEN      DIGITS LETTERS "!#$%&'*+-.^_`|~"
#define TARGET     DIGITS LETTERS "-._~!$&'()*+,;=:@%/?"
#define HOST       DIGITS LETTERS "-._:[]"

#define METHOD_MIN 3 /* of what there is; shorter ones confuse the library */
#define METHOD_MAX 20
#define LENGTH_MAX 9 /* digits */

/* Fields that say where a request ends or for whom it is. */
static const struct rule {
	const char *name;
	int min;
	int max;
	const char *alphabet; /* of the value, which is not empty */
} rules[] = {
    {"Host", 1, 1, HOST},
    {"Content-Length", 0, 1, DIGITS},
    {"Transfer-Encoding", 0, 0, TOKEN},
    {"Expect", 0, 1, TOKEN},
};

/* The library reads the bodies of these, and would take others' for requests.
 */
static const char *const with_body[] = {
    "POST", "GET", "PUT", "PATCH", "DELETE", "OPTIONS"};

/* The next line without its end; NULL if it holds what no line may hold. */
static char *
next_line(char **rest)
{
	char *line = *rest, *end = strstr(line, "\r\n");

	if (end == NULL)
		return NULL;
	*end = '\0';
	*rest = end + 2;
	for (const char *p = line; p < end; p++)
		if (((unsigned char)*p < ' ' && *p != '\t') || *p == 0x7f)
			return NULL;
	return line;
}

/* "POST /v1/tokens?x HTTP/1.1": origin form only, so no CONNECT and no "*". */
static bool
read_request_line(char *line, struct http_head *ret, bool *ret_old)
{
	size_t len = strspn(line, TOKEN);
	char *target = line + len + 1, *version;

	if (len < METHOD_MIN || len > METHOD_MAX || line[len] != ' ')
		return false;
	line[len] = '\0';
	len = strspn(target, TARGET);
	if (target[0] != '/' || target[1] == '/' || target[len] != ' ')
		return false;
	target[len] = '\0';
	version = target + len + 1;
	target[strcspn(target, "?")] = '\0';
	ret->method = line;
	ret->path = target;
	*ret_old = strcmp(version, "HTTP/1.0") == 0;
	return (*ret_old || strcmp(version, "HTTP/1.1") == 0) &&
	    strcmp(line, "CONNECT") != 0;
}

/* No space before the colon, no continued lines. */
static bool
read_field(char *line, struct http_field *ret)
{
	size_t len = strspn(line, TOKEN);
	char *value = line + len + 1, *end;

	if (len == 0 || line[len] != ':')
		return false;
	line[len] = '\0';
	value += strspn(value, " \t");
	end = value + strlen(value);
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*end = '\0';
	*ret = (struct http_field){line, value};
	return true;
}

static bool
read_fields(char *rest, struct http_head *ret)
{
	size_t count = 0;
	char *line;

	while ((line = next_line(&rest)) != NULL && line[0] != '\0')
		if (count == HTTP_FIELDS_MAX ||
		    !read_field(line, &ret->fields[count++]))
			return false;
	ret->fields[count] = (struct http_field){NULL, NULL};
	return line != NULL && *rest == '\0';
}

static bool
obeys(const struct http_head *head, const struct rule *rule)
{
	const struct http_field *field = head->fields;
	int count = 0;

	for (; field->name != NULL; field++) {
		if (strcasecmp(field->name, rule->name) != 0)
			continue;
		count++;
		if (field->value[0] == '\0' ||
		    field->value[strspn(field->value, rule->alphabet)] != '\0')
			return false;
	}
	return count >= rule->min && count <= rule->max;
}

static bool
may_have_body(const char *method)
{
	for (size_t i = 0; i < sizeof(with_body) / sizeof(with_body[0]); i++)
		if (strcmp(method, with_body[i]) == 0)
			return true;
	return false;
}

static bool
read_length(struct http_head *ret)
{
	const char *length = http_head_field(ret, "Content-Length");

	ret->body_len = 0;
	if (length == NULL)
		return true;
	if (strlen(length) > LENGTH_MAX)
		return false;
	ret->body_len = strtoul(length, NULL, 10);
	return ret->body_len <= HTTP_BODY_MAX &&
	    (ret->body_len == 0 || may_have_body(ret->method));
}

bool
http_head_read(char *head, struct http_head *ret)
{
	const char *expect;
	char *line = next_line(&head);
	bool old;

	if (line == NULL || !read_request_line(line, ret, &old) ||
	    !read_fields(head, ret))
		return false;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (!obeys(ret, &rules[i]))
			return false;
	expect = http_head_field(ret, "Expect");
	ret->expects = expect != NULL && !old;
	return (expect == NULL || strcasecmp(expect, "100-continue") == 0) &&
	    read_length(ret);
}

const char *
http_head_field(const struct http_head *head, const char *name)
{
	const char *value = NULL;
	int count = 0;

	for (const struct http_field *f = head->fields; f->name != NULL; f++)
		if (strcasecmp(f->name, name) == 0) {
			value = f->value;
			count++;
		}
	return count == 1 ? value : NULL;
}

const char *
http_head_last(const struct http_head *head, const char *name)
{
	const char *value = NULL;

	for (const struct http_field *f = head->fields; f->name != NULL; f++)
		if (strcasecmp(f->name, name) == 0)
			value = f->value;
	return value;
}
