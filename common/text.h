/* What came from outside, made safe to log and to show. */
#ifndef EMOTP_TEXT_H
#define EMOTP_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* How many bytes of a foreign text a log line carries at most. */
#define EMOTP_ESCAPED_MAX 256

/*
 * Copies text (NULL counts as "") so that it cannot forge a log line or move
 * a cursor: control bytes, bytes above 0x7e, backslash and double quote
 * become \xHH; a space too if no_space. What does not fit in
 * EMOTP_ESCAPED_MAX ends in "...". Returns buf.
 */
const char *emotp_escape(
    const char *text, bool no_space, char buf[static EMOTP_ESCAPED_MAX]);

/* Whether the bytes are well-formed UTF-8 without control characters. */
bool emotp_text_valid(const char *text);

/* Whether they are well-formed UTF-8 (RFC 3629), whatever it says. */
bool emotp_utf8_valid(const char *text);

/* Folds A-Z to a-z in place: names and addresses compare this way. */
void emotp_fold(char *text);

/*
 * Copies text into buf of size bytes. False, with buf the empty string, if
 * it does not fit.
 */
bool emotp_copy(char *buf, size_t size, const char *text);

#endif
