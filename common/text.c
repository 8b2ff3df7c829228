#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

static bool
plain(unsigned char c, bool no_space)
{
	return c > (no_space ? 0x20 : 0x1f) && c < 0x7f && c != '\\' &&
	    c != '"';
}

const char *
emotp_escape(
    const char *text, bool no_space, char buf[static EMOTP_ESCAPED_MAX])
{
	const size_t room = EMOTP_ESCAPED_MAX - sizeof("...");
	size_t n = 0;

	for (text = text == NULL ? "" : text; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (n + 4 > room) {
			memcpy(buf + n, "...", 3);
			n += 3;
			break;
		}
		if (plain(c, no_space))
			buf[n++] = (char)c;
		else
			n += (size_t)sprintf(buf + n, "\\x%02x", c);
	}
	buf[n] = '\0';
	return buf;
}

/* Bytes of the UTF-8 sequence at p (RFC 3629), or 0 if it is none. */
static size_t
utf8_sequence(const unsigned char *p)
{
	size_t len = p[0] < 0x80 ? 1 :
	    p[0] < 0xc2          ? 0 :
	    p[0] < 0xe0          ? 2 :
	    p[0] < 0xf0          ? 3 :
	    p[0] < 0xf5          ? 4 :
				   0;

	for (size_t i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return len;
}

bool
emotp_utf8_valid(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t len;

	for (; *p != '\0'; p += len) {
		len = utf8_sequence(p);
		if (len == 0)
			return false;
	}
	return true;
}

bool
emotp_text_valid(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	while (*p != '\0') {
		size_t len = utf8_sequence(p);

		/* C0 controls, DEL, and the C1 controls U+0080 to U+009F */
		if (len == 0 || *p < 0x20 || *p == 0x7f ||
		    (p[0] == 0xc2 && p[1] < 0xa0))
			return false;
		p += len;
	}
	return true;
}

void
emotp_fold(char *text)
{
	for (; *text != '\0'; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}

bool
emotp_copy(char *buf, size_t size, const char *text)
{
	size_t len = strlen(text);

	if (len >= size) {
		buf[0] = '\0';
		return false;
	}
	memcpy(buf, text, len + 1);
	return true;
}
