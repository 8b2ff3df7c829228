/* A URI that is read can be written, and then reads as the same token. */
#include <stdlib.h>
#include <string.h>

#include "../../common/otpauth.h"
#include "fuzz.h"

static void
compare(const struct emotp_otpauth *a, const struct emotp_otpauth *b)
{
	HOLDS(strcmp(a->issuer, b->issuer) == 0);
	HOLDS(strcmp(a->account, b->account) == 0);
	HOLDS(a->secret.len == b->secret.len);
	HOLDS(memcmp(a->secret.bytes, b->secret.bytes, a->secret.len) == 0);
	HOLDS(a->params.algorithm == b->params.algorithm);
	HOLDS(a->params.digits == b->params.digits);
	HOLDS(a->params.period_s == b->params.period_s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	char uri[EMOTP_OTPAUTH_MAX];
	struct emotp_otpauth token, again;

	if (emotp_otpauth_read(text, &token) == EMOTP_OK) {
		HOLDS(emotp_params_valid(&token.params));
		if (emotp_otpauth_write(&token, uri) == EMOTP_OK) {
			HOLDS(emotp_otpauth_read(uri, &again) == EMOTP_OK);
			compare(&token, &again);
		}
	}
	free(text);
	return 0;
}
