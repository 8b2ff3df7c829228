/* A configuration that is taken holds only values in their ranges. */
#include <stdio.h>
#include <string.h>

#include "../../common/config.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[128];
	struct emotp_config config;
	struct emotp_why why;

	(void)snprintf(path, sizeof(path), "%s/emotp.conf", fuzz_dir());
	fuzz_file(path, data, size);
	if (emotp_config_load(path, &config, &why) != EMOTP_OK) {
		HOLDS(why.text[0] != '\0');
		return 0;
	}
	HOLDS(memchr(data, '\0', size) == NULL);
	HOLDS(config.resync >= 0 && config.resync <= EMOTP_RESYNC_MAX);
	HOLDS(config.skew >= 0 && config.skew <= config.resync);
	HOLDS(emotp_params_valid(&config.params));
	HOLDS(emotp_language_valid(config.language));
	HOLDS(strchr(config.issuer, ':') == NULL && config.issuer[0] != '\0');
	return 0;
}
