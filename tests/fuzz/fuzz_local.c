/* A record that is read is, written again, the same bytes. */
#include <string.h>

#include "../../common/local.h"
#include "fuzz.h"

static void
check_question(const char *record, size_t size)
{
	struct emotp_question question;
	char again[EMOTP_LOCAL_MAX];
	size_t len;

	if (emotp_question_decode(record, size, &question) != EMOTP_OK)
		return;
	HOLDS(question.user[0] != '\0');
	HOLDS(strlen(question.nonce) == EMOTP_NONCE_MAX);
	HOLDS(emotp_question_encode(&question, again, &len) == EMOTP_OK);
	HOLDS(len == size && memcmp(again, record, size) == 0);
}

static void
check_answer(const char *record, size_t size)
{
	struct emotp_answer answer;
	char again[EMOTP_LOCAL_MAX];
	size_t len;

	if (emotp_answer_decode(record, size, &answer) != EMOTP_OK)
		return;
	HOLDS(answer.result[0] != '\0');
	HOLDS(emotp_answer_encode(&answer, again, &len) == EMOTP_OK);
	HOLDS(len == size && memcmp(again, record, size) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_question((const char *)data, size);
	check_answer((const char *)data, size);
	return 0;
}
