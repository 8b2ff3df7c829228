/* What is read is written as it was, but for case, padding and look-alikes. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../../common/base32.h"
#include "fuzz.h"

static void
rfc4648(const char *text)
{
	unsigned char bytes[64];
	char back[EMOTP_BASE32_SIZE(sizeof(bytes))];
	size_t len = 0;

	if (emotp_base32_decode(text, bytes, sizeof(bytes), &len) != EMOTP_OK)
		return;
	HOLDS(len > 0 && len <= sizeof(bytes));
	emotp_base32_encode(bytes, len, back);
	HOLDS(strncasecmp(text, back, strlen(back)) == 0);
	HOLDS(strspn(text + strlen(back), "=") == strlen(text) - strlen(back));
}

static void
crockford(const char *text)
{
	char code[EMOTP_CODE_SHOWN], again[EMOTP_CODE_SHOWN];

	if (emotp_crockford_read(text, code) != EMOTP_OK)
		return;
	HOLDS(strlen(code) == 11 && code[5] == '-');
	HOLDS(strpbrk(code, "ILOUilou") == NULL);
	HOLDS(emotp_crockford_read(code, again) == EMOTP_OK);
	HOLDS(strcmp(code, again) == 0);
}

static void
encoding(const uint8_t *data, size_t size)
{
	unsigned char bytes[64];
	char text[EMOTP_BASE32_SIZE(sizeof(bytes))];
	size_t len;

	if (size == 0 || size > sizeof(bytes))
		return;
	emotp_base32_encode(data, size, text);
	HOLDS(
	    emotp_base32_decode(text, bytes, sizeof(bytes), &len) == EMOTP_OK);
	HOLDS(len == size && memcmp(bytes, data, size) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);

	rfc4648(text);
	crockford(text);
	encoding(data, size);
	free(text);
	return 0;
}
