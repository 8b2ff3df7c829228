/* Messages: what is read, and all that is not. */
#include "unit.h"

#include "../../common/message.h"

#define MOST 8

/* The fields that every body here is read for. */
struct body {
	char name[MOST + 1];
	int64_t time;
	char otp[7];
	bool has_otp;
};

static enum emotp_err
read_body(const char *json, size_t len, struct body *ret)
{
	const struct emotp_field fields[] = {
	    {"name", EMOTP_FIELD_TEXT, false, 1, MOST, ret->name, NULL},
	    {"time", EMOTP_FIELD_INTEGER, false, 0, 0, &ret->time, NULL},
	    {"otp", EMOTP_FIELD_TEXT, true, 0, 6, ret->otp, &ret->has_otp},
	};

	memset(ret, 0, sizeof(*ret));
	return emotp_json_read(json, len, fields, LEN(fields));
}

static const struct {
	const char *json;
	const char *name;
	int64_t time;
	const char *otp; /* or NULL */
} good[] = {
    {"{\"name\":\"al\",\"time\":60}", "al", 60, NULL},
    {"{\"otp\":\"123\",\"time\":60,\"name\":\"al\"}", "al", 60, "123"},
    {"{\"otp\":\"\",\"time\":60,\"name\":\"al\"}", "al", 60, ""},
    {" \t\r\n{ \"name\"\t:\n\"al\" ,\r\"time\" : 60 } \t\r\n", "al", 60, NULL},
    {"{\"name\":\"12345678\",\"time\":60}", "12345678", 60, NULL},
    {"{\"n\\u0061me\":\"\\u0061l\",\"time\":60}", "al", 60, NULL},
    {"{\"name\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\",\"time\":60}", "\"\\/\b\f\n\r\t",
	60, NULL},
    {"{\"name\":\"\\u00e9\\u00E9\\u96FB\",\"time\":60}",
	"\xc3\xa9\xc3\xa9\xe9\x9b\xbb", 60, NULL},
    {"{\"name\":\"\\ud83d\\uDD11\",\"time\":60}", "\xf0\x9f\x94\x91", 60, NULL},
    {"{\"name\":\"\xf0\x9f\x94\x91\xed\x9f\xbf\",\"time\":60}",
	"\xf0\x9f\x94\x91\xed\x9f\xbf", 60, NULL},
    {"{\"name\":\"\x7f\",\"time\":60}", "\x7f", 60, NULL},
    {"{\"name\":\"{},:\",\"time\":60}", "{},:", 60, NULL},
    {"{\"name\":\"al\",\"time\":0}", "al", 0, NULL},
    {"{\"name\":\"al\",\"time\":-0}", "al", 0, NULL},
    {"{\"name\":\"al\",\"time\":-1}", "al", -1, NULL},
    {"{\"name\":\"al\",\"time\":4294967296}", "al", 4294967296, NULL},
    {"{\"name\":\"al\",\"time\":9007199254740991}", "al", 9007199254740991,
	NULL},
    {"{\"name\":\"al\",\"time\":-9007199254740991}", "al", -9007199254740991,
	NULL},
};

static void
what_the_protocol_allows_is_read(void **state)
{
	struct body body;

	(void)state;
	for (size_t i = 0; i < LEN(good); i++) {
		const char *row = good[i].json;

		CHECK_INT(row, read_body(row, strlen(row), &body), EMOTP_OK);
		CHECK_TEXT(row, body.name, good[i].name);
		CHECK_INT(row, body.time, good[i].time);
		CHECK_INT(row, body.has_otp, good[i].otp != NULL);
		if (good[i].otp != NULL)
			CHECK_TEXT(row, body.otp, good[i].otp);
	}
}

/* A literal with its length, for it may hold a NUL. */
#define B(text)      text, sizeof(text) - 1
#define REST         "\"time\":60}"
#define NAMED(value) "{\"name\":\"" value "\"," REST
#define TIMED(value) "{\"name\":\"al\",\"time\":" value "}"

static const struct {
	const char *why;
	const char *json;
	size_t len;
} bad[] = {
    {"nothing", B("")},
    {"white space", B(" \n")},
    {"a NUL", B("\0")},
    /* around the object */
    {"a byte order mark", B("\xef\xbb\xbf" TIMED("60"))},
    {"a BOM of UTF-16", B("\xff\xfe{\0\"\0")},
    {"a word before it", B("x" TIMED("60"))},
    {"a NUL before it", B("\0" TIMED("60"))},
    {"a control before it", B("\x01" TIMED("60"))},
    {"a no-break space before it", B("\xc2\xa0" TIMED("60"))},
    {"a word behind it", B(TIMED("60") "x")},
    {"a NUL behind it", B(TIMED("60") "\0")},
    {"more behind a NUL", B(TIMED("60") "\0" TIMED("60"))},
    {"a form feed behind it", B(TIMED("60") "\f")},
    {"a second object", B(TIMED("60") TIMED("60"))},
    {"a brace behind it", B(TIMED("60") "}")},
    {"an array around it", B("[" TIMED("60") "]")},
    /* its shape */
    {"no object: a text", B("\"name\"")},
    {"no object: a number", B("60")},
    {"no object: null", B("null")},
    {"an empty object", B("{}")},
    {"a brace alone", B("{")},
    {"no end", B("{\"name\":\"al\",\"time\":60")},
    {"no end of a text", B("{\"time\":60,\"name\":\"al")},
    {"no value", B("{\"time\":60,\"name\":}")},
    {"no colon", B("{\"time\":60,\"name\" \"al\"}")},
    {"a comma at the end", B("{\"name\":\"al\",\"time\":60,}")},
    {"a comma at the beginning", B("{,\"name\":\"al\",\"time\":60}")},
    {"two commas", B("{\"name\":\"al\",,\"time\":60}")},
    {"no comma", B("{\"name\":\"al\" \"time\":60}")},
    {"a key without quotes", B("{name:\"al\"," REST)},
    {"single quotes", B("{'name':'al'," REST)},
    {"a comment", B("{/**/\"name\":\"al\"," REST)},
    {"a control between members", B("{\"name\":\"al\",\x0b" REST)},
    /* its keys */
    {"a missing key", B("{\"name\":\"al\"}")},
    {"an unknown key", B("{\"x\":1,\"name\":\"al\"," REST)},
    {"an unknown key that is empty", B("{\"\":1,\"name\":\"al\"," REST)},
    {"a key in another case", B("{\"Name\":\"al\"," REST)},
    {"a key with more", B("{\"name \":\"al\"," REST)},
    {"a key twice", B("{\"name\":\"al\",\"name\":\"al\"," REST)},
    {"a key twice, once escaped",
	B("{\"name\":\"al\",\"n\\u0061me\":\"bo\"," REST)},
    {"an optional key twice",
	B("{\"otp\":\"1\",\"otp\":\"1\",\"name\":\"al\"," REST)},
    {"a number twice", B("{\"time\":60,\"name\":\"al\"," REST)},
    {"a key cut by a NUL", B("{\"name\\u0000x\":\"al\"," REST)},
    /* types */
    {"a number for a text", B("{\"name\":1," REST)},
    {"a text for a number", B(TIMED("\"60\""))},
    {"true", B(TIMED("true"))},
    {"null for a text", B("{\"name\":null," REST)},
    {"null for what is optional", B("{\"otp\":null,\"name\":\"al\"," REST)},
    {"an array for a text", B("{\"name\":[\"al\"]," REST)},
    {"an object for a text", B("{\"name\":{\"name\":\"al\"}," REST)},
    {"depth", B("{\"name\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[")},
    /* texts */
    {"too short", B(NAMED(""))},
    {"too long", B(NAMED("123456789"))},
    {"too long in UTF-8", B(NAMED("\\u96fb\\u96fb\\u96fb"))},
    {"a raw NUL", B(NAMED("a\0l"))},
    {"an escaped NUL", B(NAMED("a\\u0000l"))},
    {"a raw newline", B(NAMED("a\nl"))},
    {"a raw tab", B(NAMED("a\tl"))},
    {"a raw 0x1f", B(NAMED("a\x1fl"))},
    {"an unknown escape", B(NAMED("\\x41"))},
    {"an octal escape", B(NAMED("\\101"))},
    {"an escaped quote at the end", B("{\"time\":60,\"name\":\"al\\\"}")},
    {"a backslash at the end", B("{\"time\":60,\"name\":\"al\\")},
    {"a short escape", B(NAMED("\\u41"))},
    {"an escape without digits", B(NAMED("\\u"))},
    {"an escape cut off", B("{\"time\":60,\"name\":\"\\u004")},
    {"an escape that is no number", B(NAMED("\\u004g"))},
    {"an escape in upper case", B(NAMED("\\U0041"))},
    {"a high surrogate alone", B(NAMED("\\ud83d"))},
    {"a high surrogate before a letter", B(NAMED("\\ud83dx"))},
    {"a high surrogate before an escape", B(NAMED("\\ud83d\\n"))},
    {"two high surrogates", B(NAMED("\\ud83d\\ud83d"))},
    {"a low surrogate alone", B(NAMED("\\udd11"))},
    {"surrogates the wrong way round", B(NAMED("\\udd11\\ud83d"))},
    {"a byte that UTF-8 never has", B(NAMED("\xff"))},
    {"a continuation byte alone", B(NAMED("\x80"))},
    {"a sequence cut off", B(NAMED("\xe9\x9b"))},
    {"a sequence cut by the end", B("{\"time\":60,\"name\":\"\xe9")},
    {"an overlong slash", B(NAMED("\xc0\xaf"))},
    {"an overlong NUL", B(NAMED("\xc0\x80"))},
    {"a surrogate in UTF-8", B(NAMED("\xed\xa0\x80"))},
    {"above U+10FFFF", B(NAMED("\xf4\x90\x80\x80"))},
    {"Latin 1", B(NAMED("Jos\xe9"))},
    /* numbers */
    {"a leading zero", B(TIMED("060"))},
    {"a negative leading zero", B(TIMED("-060"))},
    {"two zeros", B(TIMED("00"))},
    {"a plus", B(TIMED("+60"))},
    {"a minus alone", B(TIMED("-"))},
    {"two minuses", B(TIMED("--60"))},
    {"a fraction", B(TIMED("60.0"))},
    {"a point at the end", B(TIMED("60."))},
    {"a point at the beginning", B(TIMED(".6"))},
    {"an exponent", B(TIMED("6e1"))},
    {"an exponent in upper case", B(TIMED("6E1"))},
    {"an exponent beyond all", B(TIMED("1e999"))},
    {"hexadecimal", B(TIMED("0x3c"))},
    {"infinity", B(TIMED("Infinity"))},
    {"NaN", B(TIMED("NaN"))},
    {"2^53", B(TIMED("9007199254740992"))},
    {"-2^53", B(TIMED("-9007199254740992"))},
    {"2^64 + 60", B(TIMED("18446744073709551676"))},
    {"more digits than cJSON looks at",
	B(TIMED("6000000000000000000000000000000000000000000000000000000"
		"000000000000000000000000000000000000000000000000000"))},
    {"a space within", B(TIMED("6 0"))},
    {"a letter behind", B(TIMED("60s"))},
};

static void
everything_else_is_refused(void **state)
{
	struct body body;

	(void)state;
	for (size_t i = 0; i < LEN(bad); i++)
		CHECK_INT(bad[i].why, read_body(bad[i].json, bad[i].len, &body),
		    EMOTP_ERR_INVALID);
}

/* A sanitizer would tell of a byte that is read behind the end. */
static void
a_body_that_is_cut_anywhere_is_refused(void **state)
{
	static const char whole[] =
	    "{\"name\":\"\\ud83d\\udd11\",\"otp\":\"\xe9\x9b\xbb\","
	    "\"time\":-12}";
	struct body body;

	(void)state;
	assert_int_equal(read_body(whole, sizeof(whole) - 1, &body), EMOTP_OK);
	for (size_t len = 0; len < sizeof(whole) - 1; len++) {
		char *cut = malloc(len == 0 ? 1 : len);

		assert_non_null(cut);
		memcpy(cut, whole, len);
		CHECK_INT(whole, read_body(cut, len, &body), EMOTP_ERR_INVALID);
		free(cut);
	}
}

static void
the_limit_counts_every_byte(void **state)
{
	static const char start[] = TIMED("60");
	static char json[5 << 20];
	struct body body;

	(void)state;
	memset(json, ' ', sizeof(json));
	memcpy(json, start, sizeof(start) - 1);
	assert_int_equal(read_body(json, EMOTP_MESSAGE_MAX, &body), EMOTP_OK);
	assert_int_equal(
	    read_body(json, EMOTP_MESSAGE_MAX + 1, &body), EMOTP_ERR_INVALID);
	assert_int_equal(
	    read_body(json, sizeof(json), &body), EMOTP_ERR_INVALID);
}

static void
a_body_of_many_members_is_refused(void **state)
{
	char json[EMOTP_MESSAGE_MAX];
	struct body body;
	size_t len = 0;

	(void)state;
	json[len++] = '{';
	while (len + 32 < sizeof(json))
		len += (size_t)sprintf(json + len, "\"%zx\":0,", len);
	len += (size_t)sprintf(json + len, "\"name\":\"al\"," REST);
	assert_int_equal(read_body(json, len, &body), EMOTP_ERR_INVALID);
}

static void
a_message_of_no_fields_is_an_empty_object(void **state)
{
	(void)state;
	assert_int_equal(emotp_json_read("{ }", 3, NULL, 0), EMOTP_OK);
	assert_int_equal(
	    emotp_json_read("{\"a\":1}", 7, NULL, 0), EMOTP_ERR_INVALID);
}

static enum emotp_err
write_body(char *name, int64_t time, char *buf, size_t size, size_t *ret_len)
{
	const struct emotp_field fields[] = {
	    {.key = "name", .type = EMOTP_FIELD_TEXT, .out = name},
	    {.key = "time", .type = EMOTP_FIELD_INTEGER, .out = &time},
	};

	return emotp_json_write(fields, LEN(fields), buf, size, ret_len);
}

static void
fields_are_written_in_order_without_spaces(void **state)
{
	static const struct {
		const char *name;
		int64_t time;
		const char *json;
	} rows[] = {
	    {"al", 60, "{\"name\":\"al\",\"time\":60}"},
	    {"", -1, "{\"name\":\"\",\"time\":-1}"},
	    {"\"\\/\b\n\x01\x7f", 0,
		"{\"name\":\"\\\"\\\\/\\b\\n\\u0001\x7f\",\"time\":0}"},
	    {"\xe9\x9b\xbb", 1795600000,
		"{\"name\":\"\xe9\x9b\xbb\",\"time\":1795600000}"},
	    {"<", 9007199254740991,
		"{\"name\":\"<\",\"time\":9007199254740991}"},
	};
	char name[16], buf[EMOTP_MESSAGE_MAX + 1];
	size_t len;

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		(void)strcpy(name, rows[i].name);
		CHECK_INT(rows[i].json,
		    write_body(name, rows[i].time, buf, sizeof(buf), &len),
		    EMOTP_OK);
		CHECK_TEXT(rows[i].json, buf, rows[i].json);
		CHECK_INT(rows[i].json, len, strlen(rows[i].json));
	}
}

static void
what_does_not_fit_is_not_written(void **state)
{
	static char name[EMOTP_MESSAGE_MAX + 1];
	const size_t rest = strlen("{\"name\":\"\",\"time\":60}");
	char buf[EMOTP_MESSAGE_MAX * 2];
	size_t len;

	(void)state;
	memset(name, 'x', 10);
	assert_int_equal(
	    write_body(name, 60, buf, rest + 10 + 1, &len), EMOTP_OK);
	assert_int_equal(len, rest + 10);
	assert_int_equal(
	    write_body(name, 60, buf, rest + 10, &len), EMOTP_ERR_INVALID);
	memset(name, 'x', EMOTP_MESSAGE_MAX - rest);
	assert_int_equal(
	    write_body(name, 60, buf, sizeof(buf), &len), EMOTP_OK);
	assert_int_equal(len, EMOTP_MESSAGE_MAX);
	name[EMOTP_MESSAGE_MAX - rest] = 'x';
	assert_int_equal(
	    write_body(name, 60, buf, sizeof(buf), &len), EMOTP_ERR_INVALID);
}

static void
ill_formed_text_is_not_written(void **state)
{
	static const char *const rows[] = {
	    "\xff", "al\xc3", "\xed\xa0\x80", "\xc0\x80"};
	char name[16], buf[64];
	size_t len;

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		(void)strcpy(name, rows[i]);
		CHECK_INT(rows[i], write_body(name, 60, buf, sizeof(buf), &len),
		    EMOTP_ERR_INVALID);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_the_protocol_allows_is_read),
	    cmocka_unit_test(everything_else_is_refused),
	    cmocka_unit_test(a_body_that_is_cut_anywhere_is_refused),
	    cmocka_unit_test(the_limit_counts_every_byte),
	    cmocka_unit_test(a_body_of_many_members_is_refused),
	    cmocka_unit_test(a_message_of_no_fields_is_an_empty_object),
	    cmocka_unit_test(fields_are_written_in_order_without_spaces),
	    cmocka_unit_test(what_does_not_fit_is_not_written),
	    cmocka_unit_test(ill_formed_text_is_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
