/* No letter adds a header, and every line of one ends as it must. */
#include <stdlib.h>
#include <string.h>

#include "../../common/state/mail_message.h"
#include "fuzz.h"

static void
line_ends(const struct emotp_message *m)
{
	for (size_t i = 0; i < m->len; i++) {
		if (m->bytes[i] == '\n')
			HOLDS(i > 0 && m->bytes[i - 1] == '\r');
		if (m->bytes[i] == '\r')
			HOLDS(i + 1 < m->len && m->bytes[i + 1] == '\n');
		HOLDS(m->bytes[i] != '\0');
	}
}

/* Lines before the blank one that do not go on from the line before. */
static int
headers(const struct emotp_message *m)
{
	int count = 0;
	size_t at = 0;

	while (at + 1 < m->len && m->bytes[at] != '\r') {
		const char *end = memchr(m->bytes + at, '\n', m->len - at);

		HOLDS(end != NULL);
		count += m->bytes[at] != ' ' && m->bytes[at] != '\t';
		at = (size_t)(end - m->bytes) + 1;
	}
	return count;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct emotp_message m;
	static int plain;
	char *subject = fuzz_text(data, size);
	char *body = strchr(subject, '\n');
	struct emotp_letter letter = {
	    "alice@example.org", "Code", "Hello\n", 1800000000};
	struct emotp_why why;

	if (plain == 0) {
		HOLDS(emotp_message_write(&letter, "emotp@example.org", "1", &m,
			  &why) == EMOTP_OK);
		plain = headers(&m);
	}
	letter.subject = subject;
	if (body != NULL) {
		*body = '\0';
		letter.body = body + 1;
	}
	if (emotp_message_write(&letter, "emotp@example.org", "1", &m, &why) ==
	    EMOTP_OK) {
		HOLDS(headers(&m) == plain);
		line_ends(&m);
	}
	free(subject);
	return 0;
}
