/* What came from outside is well-formed or not, and is shown faithfully. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../common/text.h"
#include "fuzz.h"

/* Takes one code point off *text by the book (RFC 3629, 3); -1: none. */
static long
code_point(const unsigned char **text)
{
	static const long least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *at = *text;
	int len = 1;
	long c = *at;

	if (*at >= 0x80) {
		while (len < 8 && (*at << len & 0x80) != 0)
			len++;
		if (len < 2 || len > 4)
			return -1;
		c = *at & (0x7f >> len);
	}
	for (int i = 1; i < len; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return -1;
		c = c << 6 | (at[i] & 0x3f);
	}
	*text += len;
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return -1;
	return c;
}

static bool
is_valid(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	while (*at != '\0') {
		long c = code_point(&at);

		if (c < 0x20 || (c >= 0x7f && c < 0xa0))
			return false;
	}
	return true;
}

/* Takes the byte off that the escaped text begins with. */
static int
shown_byte(const char **shown)
{
	char hex[3] = "";

	if (**shown != '\\')
		return (unsigned char)*(*shown)++;
	HOLDS((*shown)[1] == 'x');
	memcpy(hex, *shown + 2, 2);
	*shown += 4;
	return (int)strtol(hex, NULL, 16);
}

/* Everything comes back; or, cut short, a beginning of it and "...". */
static void
check_faithful(const char *text, const char *shown)
{
	while (*text != '\0' && *shown != '\0') {
		const char *rest = shown;

		/* A text may go on with a dot of its own where it was cut. */
		if (strcmp(shown, "...") == 0 && strcmp(text, "...") != 0)
			return;
		if (shown_byte(&rest) != (unsigned char)*text)
			break;
		shown = rest;
		text++;
	}
	HOLDS(*text == '\0' && *shown == '\0');
}

static void
check_escape(const char *text, bool no_space)
{
	char buf[EMOTP_ESCAPED_MAX];

	HOLDS(emotp_escape(text, no_space, buf) == buf);
	HOLDS(memchr(buf, '\0', EMOTP_ESCAPED_MAX) != NULL);
	for (const char *c = buf; *c != '\0'; c++)
		HOLDS(*c >= (no_space ? 0x21 : 0x20) && *c < 0x7f && *c != '"');
	check_faithful(text, buf);
}

static void
check_copy(const char *text, size_t size)
{
	char *buf = malloc(size);
	bool fits;

	if (buf == NULL)
		abort();
	fits = emotp_copy(buf, size, text);
	HOLDS(fits == (strlen(text) < size));
	HOLDS(strcmp(buf, fits ? text : "") == 0);
	free(buf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);

	HOLDS(emotp_text_valid(text) == is_valid(text));
	check_escape(text, true);
	check_escape(text, false);
	check_copy(text, 1 + size / 2);
	check_copy(text, 1 + size);
	free(text);
	return 0;
}
