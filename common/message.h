/*
 * Messages on the wire: JSON objects with exact keys (PROTOCOL.md, section
 * 1). Read strictly, for JSON libraries forgive what must not be forgiven.
 */
#ifndef EMOTP_MESSAGE_H
#define EMOTP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

#define EMOTP_MESSAGE_MAX 4096 /* bytes */

enum emotp_field_type {
	EMOTP_FIELD_TEXT = 1, /* into a buffer of char, NUL-terminated */
	EMOTP_FIELD_INTEGER,  /* into an int64_t; -2^53 < value < 2^53 */
};

/* One key that a message has, and where its value goes. */
struct emotp_field {
	const char *key;
	enum emotp_field_type type;
	bool optional; /* absent: out is left alone */
	size_t min;    /* bytes of a text */
	size_t max;    /* bytes of a text, without the NUL: out holds max + 1 */
	void *out;
	bool *ret_present; /* or NULL */
};

/*
 * Reads len bytes of JSON text that hold one object with exactly the given
 * fields, each once. EMOTP_ERR_INVALID, with nothing promised of what out
 * points to, for anything else: more than EMOTP_MESSAGE_MAX bytes, bytes
 * before (a byte order mark too) or behind the object other than white space,
 * unknown, repeated or missing keys (compared after escapes are resolved),
 * other types, nested values, texts too short or long, NUL in a text as
 * a byte or an escape, unpaired surrogates, ill-formed UTF-8, raw control
 * characters, numbers that are not integers in RFC 8259's grammar. Wipes its
 * own copies: messages carry codes.
 */
enum emotp_err emotp_json_read(const char *json, size_t len,
    const struct emotp_field *fields, size_t count);

/*
 * Writes the fields as one object, in their order, without spaces; out of a
 * text field is read as a C string. EMOTP_ERR_INVALID if it does not fit or
 * a text is not well-formed UTF-8. *ret_len does not count the NUL.
 */
enum emotp_err emotp_json_write(const struct emotp_field *fields, size_t count,
    char *buf, size_t size, size_t *ret_len);

#endif
