/* What is imported is a token that emotp has, of a user that may be. */
#include <stdlib.h>
#include <string.h>

#include "../../common/state/directory.h"
#include "../../provision/oath_line.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct oath_line line;
	struct emotp_why why;
	char *text;

	if (size >= OATH_LINE_SIZE)
		return 0;
	text = fuzz_text(data, size);
	if (oath_line_read(text, &line, &why) != EMOTP_OK) {
		HOLDS(line.token.secret.len == 0);
	} else if (!line.empty) {
		HOLDS(emotp_params_valid(&line.token.params));
		HOLDS(line.token.secret.len > 0 &&
		    line.token.secret.len <= sizeof(line.token.secret.bytes));
		HOLDS(strspn(line.otp, "0123456789") == strlen(line.otp));
	}
	free(text);
	return 0;
}
