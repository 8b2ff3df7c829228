/* A head that is accepted has exactly one reading. */
#include <stdlib.h>
#include <string.h>

#include "../../server/http_head.h"
#include "fuzz.h"

static int
count(const struct http_head *head, const char *name)
{
	const struct http_field *field = head->fields;
	int n = 0;

	for (; field->name != NULL; field++)
		n += strcasecmp(field->name, name) == 0;
	return n;
}

static void
check(const struct http_head *head)
{
	const char *length = http_head_field(head, "content-length");

	HOLDS(head->path[0] == '/' && head->path[1] != '/');
	HOLDS(strpbrk(head->path, " \t\r\n?#") == NULL);
	HOLDS(strpbrk(head->method, " \t\r\n") == NULL);
	HOLDS(count(head, "host") == 1);
	HOLDS(count(head, "content-length") <= 1);
	HOLDS(count(head, "transfer-encoding") == 0);
	HOLDS(head->body_len <= HTTP_BODY_MAX);
	HOLDS(
	    head->body_len == (length == NULL ? 0 : strtoul(length, NULL, 10)));
	for (const struct http_field *f = head->fields; f->name != NULL; f++) {
		HOLDS(strpbrk(f->name, " \t\r\n:") == NULL);
		HOLDS(strpbrk(f->value, "\r\n") == NULL);
		HOLDS(http_head_last(head, f->name) != NULL);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct http_head head;

	if (strlen(text) == size && http_head_read(text, &head))
		check(&head);
	free(text);
	return 0;
}
