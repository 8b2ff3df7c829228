/* A mail has its code alone on a line, and never in the subject. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../../common/state/template.h"
#include "../../common/text.h"
#include "fuzz.h"

#define CODE "7K2QM-9XWPT"

static const struct emotp_template_values values = {"Example", "alice", CODE,
    "soon", "2 (phone)", "9", "now", "192.0.2.7", "https://login.example.org"};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct emotp_config config;
	static struct emotp_text text;
	char path[EMOTP_CONFIG_VALUE + 16];
	struct emotp_why why;

	if (config.templates[0] == '\0') {
		(void)snprintf(config.templates, sizeof(config.templates), "%s",
		    fuzz_dir());
		(void)snprintf(path, sizeof(path), "%s/en", config.templates);
		HOLDS(mkdir(path, 0700) == 0);
	}
	(void)snprintf(path, sizeof(path), "%s/en/code.txt", config.templates);
	fuzz_file(path, data, size);
	if (emotp_template_fill(&config, "en", EMOTP_MAIL_CODE, &values, &text,
		&why) != EMOTP_OK) {
		HOLDS(text.subject[0] == '\0' && text.body[0] == '\0');
		return 0;
	}
	HOLDS(emotp_text_valid(text.subject) && text.subject[0] != '\0');
	if (memmem(data, size, CODE, strlen(CODE)) == NULL)
		HOLDS(strstr(text.subject, CODE) == NULL);
	HOLDS(strncmp(text.body, CODE "\n", strlen(CODE) + 1) == 0 ||
	    strstr(text.body, "\n" CODE "\n") != NULL);
	return 0;
}
