/* Names, addresses and labels that pass are harmless wherever they go. */
#include <stdlib.h>
#include <string.h>

#include "../../common/state/directory.h"
#include "../../common/text.h"
#include "fuzz.h"

static void
address(const char *text, size_t size)
{
	struct emotp_why why;
	size_t ats = 0;

	if (emotp_email_check(text, size, &why) != EMOTP_OK)
		return;
	HOLDS(size >= 3 && size <= 254 && text[0] != '-');
	for (size_t i = 0; i < size; i++) {
		HOLDS(text[i] > 0x20 && text[i] < 0x7f);
		HOLDS(text[i] != '<' && text[i] != '>');
		ats += text[i] == '@';
	}
	HOLDS(ats == 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	char shown[EMOTP_ESCAPED_MAX];
	struct emotp_why why;

	address(text, size);
	if (emotp_name_check(text, &why) == EMOTP_OK)
		HOLDS(strpbrk(text, " \t\r\n:,/\"'") == NULL &&
		    strlen(text) <= 128 && text[0] != '-' && text[0] != '\0');
	if (emotp_label_check(text, &why) == EMOTP_OK)
		HOLDS(strlen(text) <= 64 && emotp_text_valid(text));
	(void)emotp_escape(text, true, shown);
	HOLDS(strlen(shown) < EMOTP_ESCAPED_MAX);
	for (const char *c = shown; *c != '\0'; c++)
		HOLDS(*c > 0x20 && *c < 0x7f && *c != '"');
	free(text);
	return 0;
}
