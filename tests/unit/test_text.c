/* What came from outside, made safe to log; UTF-8; folding; copying. */
#include "unit.h"

#include "../../common/text.h"

static const struct {
	const char *text;
	const char *escaped;
	const char *without_space;
} escapes[] = {
    {NULL, "", ""},
    {"", "", ""},
    {"alice", "alice", "alice"},
    {"a b", "a b", "a\\x20b"},
    {"a\nb", "a\\x0ab", "a\\x0ab"},
    {"a\rb\tc", "a\\x0db\\x09c", "a\\x0db\\x09c"},
    {"\x1b[2J", "\\x1b[2J", "\\x1b[2J"},
    {"\x7f\x01", "\\x7f\\x01", "\\x7f\\x01"},
    {"\xc3\xa9\x9b", "\\xc3\\xa9\\x9b", "\\xc3\\xa9\\x9b"},
    {"\\x0a", "\\x5cx0a", "\\x5cx0a"},
    {"say \"no\"", "say \\x22no\\x22", "say\\x20\\x22no\\x22"},
    {"~!%s%n'`$", "~!%s%n'`$", "~!%s%n'`$"},
};

static void
a_log_line_cannot_be_forged(void **state)
{
	char buf[EMOTP_ESCAPED_MAX];

	(void)state;
	for (size_t i = 0; i < LEN(escapes); i++) {
		const char *row = escapes[i].escaped;

		CHECK_TEXT(row, emotp_escape(escapes[i].text, false, buf),
		    escapes[i].escaped);
		CHECK_TEXT(row, emotp_escape(escapes[i].text, true, buf),
		    escapes[i].without_space);
		CHECK(row, emotp_escape(escapes[i].text, true, buf) == buf);
	}
}

/* Of every length and both kinds of bytes: bounded, and never cut in two. */
static void
what_does_not_fit_ends_in_dots(void **state)
{
	char text[600], buf[EMOTP_ESCAPED_MAX];

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++)
		for (int kind = 0; kind < 2; kind++) {
			size_t each = kind == 0 ? 1 : 4, n;

			memset(text, kind == 0 ? 'x' : '\n', len);
			text[len] = '\0';
			n = strlen(emotp_escape(text, false, buf));
			assert_in_range(n, 0, EMOTP_ESCAPED_MAX - 1);
			if (n == len * each)
				continue;
			assert_string_equal(buf + n - 3, "...");
			assert_int_equal((n - 3) % each, 0);
			assert_in_range(n, 240, EMOTP_ESCAPED_MAX - 1);
			assert_true(len * each > 240);
		}
}

static const struct {
	const char *what;
	const char *text;
	bool valid;
} utf8[] = {
    {"nothing", "", true},
    {"ASCII", " !~azAZ09", true},
    {"2 bytes", "\xc3\xa9", true},
    {"3 bytes", "\xe9\x9b\xbb\xe5\xad\x90", true},
    {"4 bytes", "\xf0\x9f\x94\x91", true},
    {"U+00A0, after the C1 controls", "\xc2\xa0", true},
    {"U+07FF", "\xdf\xbf", true},
    {"U+0800, the first of 3 bytes", "\xe0\xa0\x80", true},
    {"U+D7FF, before the surrogates", "\xed\x9f\xbf", true},
    {"U+E000, after the surrogates", "\xee\x80\x80", true},
    {"U+FFFD", "\xef\xbf\xbd", true},
    {"U+10000, the first of 4 bytes", "\xf0\x90\x80\x80", true},
    {"U+10FFFF, the last", "\xf4\x8f\xbf\xbf", true},
    {"a newline", "a\nb", false},
    {"a tab", "a\tb", false},
    {"U+0001", "\x01", false},
    {"U+001F", "\x1f", false},
    {"DEL", "a\x7f", false},
    {"C1: U+0080", "\xc2\x80", false},
    {"C1: U+009B, CSI",
	"\xc2\x9b"
	"2J",
	false},
    {"C1: U+009F", "\xc2\x9f", false},
    {"a continuation alone", "\x80", false},
    {"a continuation too many", "\xc3\xa9\xa9", false},
    {"cut after 1 of 2", "\xc3", false},
    {"cut after 2 of 3", "\xe9\x9b", false},
    {"cut after 3 of 4", "\xf0\x9f\x94", false},
    {"cut by a letter",
	"\xe9\x9b"
	"a",
	false},
    {"overlong NUL", "\xc0\x80", false},
    {"overlong slash, 2 bytes", "\xc0\xaf", false},
    {"overlong U+007F", "\xc1\xbf", false},
    {"overlong slash, 3 bytes", "\xe0\x80\xaf", false},
    {"overlong U+07FF", "\xe0\x9f\xbf", false},
    {"overlong slash, 4 bytes", "\xf0\x80\x80\xaf", false},
    {"overlong U+FFFF", "\xf0\x8f\xbf\xbf", false},
    {"U+D800, a surrogate", "\xed\xa0\x80", false},
    {"U+DFFF, the last surrogate", "\xed\xbf\xbf", false},
    {"a pair of surrogates", "\xed\xa1\x8c\xed\xbe\xb4", false},
    {"U+110000", "\xf4\x90\x80\x80", false},
    {"F5", "\xf5\x80\x80\x80", false},
    {"5 bytes", "\xf8\x88\x80\x80\x80", false},
    {"FE", "\xfe", false},
    {"FF", "\xff", false},
    {"Latin-1", "caf\xe9", false},
};

static void
text_is_utf8_without_controls(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(utf8); i++) {
		char longer[32];

		CHECK_INT(utf8[i].what, emotp_text_valid(utf8[i].text),
		    utf8[i].valid);
		(void)snprintf(longer, sizeof(longer), "a%s b", utf8[i].text);
		CHECK_INT(
		    utf8[i].what, emotp_text_valid(longer), utf8[i].valid);
	}
}

static void
folding_is_of_ascii_only(void **state)
{
	static const char *const rows[][2] = {
	    {"", ""},
	    {"ALICE", "alice"},
	    {"aLiCe09-_.", "alice09-_."},
	    {"@[`{AZ", "@[`{az"},
	    {"\xc3\x89", "\xc3\x89"},
	    {"\xc4\xb0I", "\xc4\xb0i"},
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		char text[16];

		(void)strcpy(text, rows[i][0]);
		emotp_fold(text);
		assert_string_equal(text, rows[i][1]);
	}
}

static void
a_copy_fits_or_is_empty(void **state)
{
	char buf[8] = "-------";

	(void)state;
	assert_true(emotp_copy(buf, 5, "1234"));
	assert_memory_equal(buf, "1234\0--", 8);
	assert_false(emotp_copy(buf, 5, "12345"));
	assert_memory_equal(buf,
	    "\0"
	    "234\0--",
	    8);
	assert_true(emotp_copy(buf, 1, ""));
	assert_false(emotp_copy(buf, 1, "x"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_log_line_cannot_be_forged),
	    cmocka_unit_test(what_does_not_fit_ends_in_dots),
	    cmocka_unit_test(text_is_utf8_without_controls),
	    cmocka_unit_test(folding_is_of_ascii_only),
	    cmocka_unit_test(a_copy_fits_or_is_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
