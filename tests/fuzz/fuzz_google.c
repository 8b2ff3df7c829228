/* What is imported is a token that emotp has. */
#include <stdlib.h>
#include <string.h>

#include "../../provision/google_file.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct emotp_adoption token;
	struct emotp_why why;

	if (size > GOOGLE_FILE_MAX)
		return 0;
	char *text = fuzz_text(data, size);

	if (google_file_read(text, size, &token, &why) == EMOTP_OK) {
		HOLDS(emotp_params_valid(&token.params));
		HOLDS(token.secret.len > 0 &&
		    token.secret.len <= sizeof(token.secret.bytes));
		HOLDS(token.scratch_count <= EMOTP_SCRATCH_MAX);
		for (size_t i = 0; i < token.scratch_count; i++)
			HOLDS(strspn(token.scratch[i], "0123456789") == 8 &&
			    token.scratch[i][8] == '\0');
	} else {
		HOLDS(token.secret.len == 0 && why.text[0] != '\0');
	}
	free(text);
	return 0;
}
