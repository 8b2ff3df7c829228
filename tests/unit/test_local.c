/* Records on the local socket. */
#include "unit.h"

#include "../../common/local.h"

#define NONCE "0123456789abcdef0123456789abcdef"
#define X64   "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct emotp_question questions[] = {
    {EMOTP_ASK_VERIFY, NONCE, "alice", "123 456", "sshd", "192.0.2.7"},
    {EMOTP_ASK_NEVER_ENROLLED, NONCE, "al", "alice", "su", ""},
    {EMOTP_ASK_VERIFY, NONCE, "a", "", "", ""},
    {EMOTP_ASK_VERIFY, NONCE, "\xff\n\x1b", "\xff\n\x1b", "\xff", "\n"},
    {EMOTP_ASK_VERIFY, NONCE, X64 X64, X64 X64, X64, X64 X64 X64 X64},
};

static void
a_question_is_read_back(void **state)
{
	char record[EMOTP_LOCAL_MAX];
	struct emotp_question ret;
	size_t len;

	(void)state;
	for (size_t i = 0; i < LEN(questions); i++) {
		const struct emotp_question *asked = &questions[i];
		const char *row = asked->user;

		CHECK_INT(
		    row, emotp_question_encode(asked, record, &len), EMOTP_OK);
		CHECK_INT(
		    row, emotp_question_decode(record, len, &ret), EMOTP_OK);
		CHECK_INT(row, ret.kind, asked->kind);
		CHECK_TEXT(row, ret.nonce, asked->nonce);
		CHECK_TEXT(row, ret.user, asked->user);
		CHECK_TEXT(row, ret.typed, asked->typed);
		CHECK_TEXT(row, ret.service, asked->service);
		CHECK_TEXT(row, ret.rhost, asked->rhost);
	}
}

static const struct emotp_answer answers[] = {
    {NONCE, "alice", "accepted", 2, -3, 60, -1, "pt"},
    {NONCE, "alice", "accepted", 0, 0, 0, 9, "zh-Hant"},
    {NONCE, X64 X64, "not-enrolled", 2147483647, -2147483647 - 1, 3600, -1, ""},
    {NONCE, "a", "abcdefghijklmnopqrstuvwx", 0, 0, 0, -1, "en"},
};

static void
an_answer_is_read_back(void **state)
{
	char record[EMOTP_LOCAL_MAX];
	struct emotp_answer ret;
	size_t len;

	(void)state;
	for (size_t i = 0; i < LEN(answers); i++) {
		const struct emotp_answer *told = &answers[i];
		const char *row = told->result;

		CHECK_INT(
		    row, emotp_answer_encode(told, record, &len), EMOTP_OK);
		CHECK_INT(
		    row, emotp_answer_decode(record, len, &ret), EMOTP_OK);
		CHECK_TEXT(row, ret.nonce, told->nonce);
		CHECK_TEXT(row, ret.user, told->user);
		CHECK_TEXT(row, ret.result, told->result);
		CHECK_INT(row, ret.token, told->token);
		CHECK_INT(row, ret.drift, told->drift);
		CHECK_INT(row, ret.period_s, told->period_s);
		CHECK_INT(row, ret.recovery_left, told->recovery_left);
		CHECK_TEXT(row, ret.language, told->language);
	}
}

/* What PROTOCOL.md lays down, byte for byte; '|' stands for the NUL. */
static void
compare(const char *record, size_t len, const char *expected)
{
	CHECK_INT(expected, len, strlen(expected));
	for (size_t i = 0; i < len; i++)
		CHECK_INT(
		    expected, record[i], expected[i] == '|' ? 0 : expected[i]);
}

static void
records_are_those_of_the_protocol(void **state)
{
	char record[EMOTP_LOCAL_MAX];
	size_t len;

	(void)state;
	assert_int_equal(
	    emotp_question_encode(&questions[0], record, &len), EMOTP_OK);
	compare(record, len,
	    "emotp1|verify|" NONCE "|alice|123 456|sshd|192.0.2.7|");
	assert_int_equal(
	    emotp_question_encode(&questions[1], record, &len), EMOTP_OK);
	compare(record, len, "emotp1|never-enrolled|" NONCE "|al|alice|su||");
	assert_int_equal(
	    emotp_answer_encode(&answers[0], record, &len), EMOTP_OK);
	compare(record, len, "emotp1|" NONCE "|alice|accepted|2|-3|60|-1|pt|");
}

/* Each record in memory of just its size, so that a sanitizer sees beyond. */
static char *
record_of(const char *text, size_t *ret_len)
{
	size_t len = strlen(text);
	char *record = malloc(len == 0 ? 1 : len);

	assert_non_null(record);
	for (size_t i = 0; i < len; i++)
		record[i] = text[i];
	for (size_t i = 0; i < len; i++)
		if (record[i] == '|')
			record[i] = '\0';
	*ret_len = len;
	return record;
}

static void
check_question(const char *text, size_t cut, enum emotp_err expected)
{
	static const struct emotp_question nothing;
	struct emotp_question ret;
	size_t len;
	char *record = record_of(text, &len);

	memset(&ret, 'x', sizeof(ret));
	CHECK_INT(
	    text, emotp_question_decode(record, len - cut, &ret), expected);
	if (expected != EMOTP_OK)
		CHECK(text, memcmp(&ret, &nothing, sizeof(ret)) == 0);
	free(record);
}

static void
check_answer(const char *text, size_t cut, enum emotp_err expected)
{
	static const struct emotp_answer nothing;
	struct emotp_answer ret;
	size_t len;
	char *record = record_of(text, &len);

	memset(&ret, 'x', sizeof(ret));
	CHECK_INT(text, emotp_answer_decode(record, len - cut, &ret), expected);
	if (expected != EMOTP_OK)
		CHECK(text, memcmp(&ret, &nothing, sizeof(ret)) == 0);
	free(record);
}

#define Q(nonce, rest) "emotp1|verify|" nonce "|" rest
#define A(rest)        "emotp1|" NONCE "|" rest

static const char good_question[] = Q(NONCE, "alice|123456|sshd|192.0.2.7|");
static const char good_answer[] = A("alice|accepted|2|-3|60|-1|pt|");

static const char *const bad_questions[] = {
    "",
    "|",
    "|||||||",
    "emotp1|",
    "emotp2|verify|" NONCE "|alice|1|s|h|",
    "EMOTP1|verify|" NONCE "|alice|1|s|h|",
    "emotp1|Verify|" NONCE "|alice|1|s|h|",
    "emotp1|refuse|" NONCE "|alice|1|s|h|",
    "emotp1||" NONCE "|alice|1|s|h|",
    Q("", "alice|1|s|h|"),
    Q("0123", "alice|1|s|h|"),
    Q("0123456789ABCDEF0123456789ABCDEF", "alice|1|s|h|"),
    Q("0123456789abcdef0123456789abcdeg", "alice|1|s|h|"),
    Q(NONCE "0", "alice|1|s|h|"),
    Q(NONCE, "|1|s|h|"),
    Q(NONCE, X64 X64 "x|1|s|h|"),
    Q(NONCE, "alice|" X64 X64 "x|s|h|"),
    Q(NONCE, "alice|1|" X64 "x|h|"),
    Q(NONCE, "alice|1|s|" X64 X64 X64 X64 "x|"),
    Q(NONCE, "alice|1|s|"),
    Q(NONCE, "alice|1|s|h"),
    Q(NONCE, "alice|1|s|h||"),
    Q(NONCE, "alice|1|s|h|x"),
    Q(NONCE, "alice|1|s|h|x|"),
    Q(NONCE, "alice|1|s|h|") Q(NONCE, "alice|1|s|h|"),
};

static void
other_questions_are_refused_and_wiped(void **state)
{
	(void)state;
	check_question(good_question, 0, EMOTP_OK);
	for (size_t cut = 1; cut < sizeof(good_question); cut++)
		check_question(good_question, cut, EMOTP_ERR_INVALID);
	for (size_t i = 0; i < LEN(bad_questions); i++)
		check_question(bad_questions[i], 0, EMOTP_ERR_INVALID);
}

static const char *const bad_answers[] = {
    "",
    "emotp2|" NONCE "|alice|accepted|2|0|60|-1|en|",
    "emotp1|" NONCE "0|alice|accepted|2|0|60|-1|en|",
    "emotp1|0123|alice|accepted|2|0|60|-1|en|",
    A("|accepted|2|0|60|-1|en|"),
    A(X64 X64 "x|accepted|2|0|60|-1|en|"),
    A("alice||2|0|60|-1|en|"),
    A("alice|abcdefghijklmnopqrstuvwxy|2|0|60|-1|en|"),
    A("alice|accepted||0|60|-1|en|"),
    A("alice|accepted|02|0|60|-1|en|"),
    A("alice|accepted|+2|0|60|-1|en|"),
    A("alice|accepted| 2|0|60|-1|en|"),
    A("alice|accepted|2 |0|60|-1|en|"),
    A("alice|accepted|2.0|0|60|-1|en|"),
    A("alice|accepted|0x2|0|60|-1|en|"),
    A("alice|accepted|2|-0|60|-1|en|"),
    A("alice|accepted|2147483648|0|60|-1|en|"),
    A("alice|accepted|2|-2147483649|60|-1|en|"),
    A("alice|accepted|2|0|99999999999999999999|-1|en|"),
    A("alice|accepted|2|0|4294967296|-1|en|"),
    A("alice|accepted|2|0|60|none|en|"),
    A("alice|accepted|2|0|60|-1|zh-Hant-TW|"),
    A("alice|accepted|2|0|60|-1|"),
    A("alice|accepted|2|0|60|-1|en||"),
    A("alice|accepted|2|0|60|-1|en|x|"),
};

static void
other_answers_are_refused_and_wiped(void **state)
{
	(void)state;
	check_answer(good_answer, 0, EMOTP_OK);
	for (size_t cut = 1; cut < sizeof(good_answer); cut++)
		check_answer(good_answer, cut, EMOTP_ERR_INVALID);
	for (size_t i = 0; i < LEN(bad_answers); i++)
		check_answer(bad_answers[i], 0, EMOTP_ERR_INVALID);
}

static void
a_record_beyond_the_limit_is_refused(void **state)
{
	static char text[EMOTP_LOCAL_MAX * 2];

	(void)state;
	memset(text, 'x', EMOTP_LOCAL_MAX + 1);
	memcpy(text, good_question, sizeof(good_question) - 1);
	check_question(text, 0, EMOTP_ERR_INVALID);
	memset(text, '|', EMOTP_LOCAL_MAX + 1);
	check_question(text, 0, EMOTP_ERR_INVALID);
	check_answer(text, 0, EMOTP_ERR_INVALID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_question_is_read_back),
	    cmocka_unit_test(an_answer_is_read_back),
	    cmocka_unit_test(records_are_those_of_the_protocol),
	    cmocka_unit_test(other_questions_are_refused_and_wiped),
	    cmocka_unit_test(other_answers_are_refused_and_wiped),
	    cmocka_unit_test(a_record_beyond_the_limit_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
