/*
 * The head of a request, read more strictly than RFC 9112 demands: what two
 * readers could read in two ways is refused, so that nobody in front of the
 * service sees other requests than it does. Pure.
 */
#ifndef SERVER_HTTP_HEAD_H
#define SERVER_HTTP_HEAD_H

#include "http.h"

#define HTTP_FIELDS_MAX 64

struct http_head {
	const char *method;
	const char *path;
	struct http_field fields[HTTP_FIELDS_MAX + 1]; /* ends with NULL */
	size_t body_len;
	bool expects; /* to be told to go on before it sends the body */
};

/*
 * Reads a head up to and with its empty line, in place: *ret points into it.
 * False if it breaks the rules, or announces a body of more than
 * HTTP_BODY_MAX; *ret is then unspecified.
 */
bool http_head_read(char *head, struct http_head *ret);

/* The value of a field that is there exactly once, or NULL. */
const char *http_head_field(const struct http_head *head, const char *name);

/* The value of the last one of that name, or NULL. */
const char *http_head_last(const struct http_head *head, const char *name);

#endif
