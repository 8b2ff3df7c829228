#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base32.h"
#include "secret.h"

static const char rfc4648[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
static const char crockford[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* Five bits of bytes from bit on; past the end come zeros. */
static unsigned
five_bits(const unsigned char *bytes, size_t len, size_t bit)
{
	size_t i = bit / 8;
	unsigned two = (unsigned)bytes[i] << 8;

	if (i + 1 < len)
		two |= bytes[i + 1];
	return two >> (11 - bit % 8) & 31;
}

static void
encode(const unsigned char *bytes, size_t len, const char *alphabet,
    size_t chars, char *text)
{
	for (size_t i = 0; i < chars; i++)
		text[i] = alphabet[five_bits(bytes, len, i * 5)];
	text[chars] = '\0';
}

void
emotp_base32_encode(const void *bytes, size_t len, char *text)
{
	encode(bytes, len, rfc4648, EMOTP_BASE32_SIZE(len) - 1, text);
}

static int
upper(int c)
{
	return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c;
}

/* The value of a character, or -1. */
static int
value(const char *alphabet, int c)
{
	const char *at = c == '\0' ? NULL : strchr(alphabet, upper(c));

	return at == NULL ? -1 : (int)(at - alphabet);
}

/* RFC 4648 section 6: the five ways in which a text may end. */
static bool
ending_valid(size_t chars, size_t padding)
{
	static const size_t pads[8] = {0, 9, 6, 9, 4, 3, 9, 1};
	size_t pad = pads[chars % 8];

	return chars > 0 && pad != 9 && (padding == 0 || padding == pad);
}

enum emotp_err
emotp_base32_decode(const char *text, void *bytes, size_t size, size_t *ret_len)
{
	size_t chars = strcspn(text, "=");
	size_t padding = strspn(text + chars, "=");
	unsigned char *out = bytes;
	uint32_t bits = 0;
	size_t have = 0, len = 0;

	if (text[chars + padding] != '\0' || !ending_valid(chars, padding) ||
	    chars * 5 / 8 > size)
		return EMOTP_ERR_INVALID;
	for (size_t i = 0; i < chars; i++) {
		int v = value(rfc4648, text[i]);

		if (v < 0)
			return EMOTP_ERR_INVALID;
		bits = (bits << 5 | (uint32_t)v) & 0xfff;
		have += 5;
		if (have >= 8) {
			have -= 8;
			out[len++] = (unsigned char)(bits >> have);
		}
	}
	if ((bits & ((1U << have) - 1)) != 0)
		return EMOTP_ERR_INVALID;
	*ret_len = len;
	return EMOTP_OK;
}

/* Puts the dash into ten characters. */
static void
show(const char chars[static EMOTP_CODE_CHARS],
    char text[static EMOTP_CODE_SHOWN])
{
	memcpy(text, chars, 5);
	text[5] = '-';
	memcpy(text + 6, chars + 5, 5);
	text[11] = '\0';
}

void
emotp_crockford_show(
    const unsigned char bytes[static 7], char text[static EMOTP_CODE_SHOWN])
{
	char chars[EMOTP_CODE_CHARS + 1];

	encode(bytes, 7, crockford, EMOTP_CODE_CHARS, chars);
	show(chars, text);
	emotp_wipe(chars, sizeof(chars));
}

/* What people mistake: O for 0, I and L for 1. */
static int
corrected(int c)
{
	switch (upper(c)) {
	case 'O':
		return '0';
	case 'I':
	case 'L':
		return '1';
	default:
		return upper(c);
	}
}

static bool
blank(int c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

enum emotp_err
emotp_crockford_read(const char *typed, char text[static EMOTP_CODE_SHOWN])
{
	char chars[EMOTP_CODE_CHARS];
	size_t n = 0;

	while (blank(*typed))
		typed++;
	for (; *typed != '\0' && !blank(*typed); typed++) {
		int c = corrected(*typed);

		if (n == 5 && c == '-' && typed[-1] != '-')
			continue;
		if (n == EMOTP_CODE_CHARS || value(crockford, c) < 0)
			return EMOTP_ERR_INVALID;
		chars[n++] = (char)c;
	}
	while (blank(*typed))
		typed++;
	if (*typed != '\0' || n != EMOTP_CODE_CHARS)
		return EMOTP_ERR_INVALID;
	show(chars, text);
	emotp_wipe(chars, sizeof(chars));
	return EMOTP_OK;
}
