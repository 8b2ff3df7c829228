/* Base 32 as in RFC 4648, and registration codes as people type them. */
#include "unit.h"

#include "../../common/base32.h"

/* RFC 4648, section 10. */
static const struct {
	const char *bytes;
	const char *padded;
} vectors[] = {
    {"f", "MY======"},
    {"fo", "MZXQ===="},
    {"foo", "MZXW6==="},
    {"foob", "MZXW6YQ="},
    {"fooba", "MZXW6YTB"},
    {"foobar", "MZXW6YTBOI======"},
};

static void
rfc4648_vectors_are_written_without_padding(void **state)
{
	char text[EMOTP_BASE32_SIZE(6)];

	(void)state;
	for (size_t i = 0; i < LEN(vectors); i++) {
		char plain[20];

		(void)snprintf(plain, sizeof(plain), "%.*s",
		    (int)strcspn(vectors[i].padded, "="), vectors[i].padded);
		emotp_base32_encode(
		    vectors[i].bytes, strlen(vectors[i].bytes), text);
		CHECK_TEXT(vectors[i].bytes, text, plain);
	}
	emotp_base32_encode("", 0, text);
	assert_string_equal(text, "");
}

static void
check_reads(const char *text, const char *bytes)
{
	char out[16];
	size_t len = 99;

	CHECK_INT(
	    text, emotp_base32_decode(text, out, sizeof(out), &len), EMOTP_OK);
	CHECK_INT(text, len, strlen(bytes));
	CHECK(text, memcmp(out, bytes, len) == 0);
}

static void
rfc4648_vectors_are_read_with_and_without_padding(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(vectors); i++) {
		char text[20];

		check_reads(vectors[i].padded, vectors[i].bytes);
		(void)snprintf(text, sizeof(text), "%s", vectors[i].padded);
		for (char *p = text; *p != '\0'; p++)
			*p = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
		check_reads(text, vectors[i].bytes);
		text[strcspn(text, "=")] = '\0';
		check_reads(text, vectors[i].bytes);
	}
	check_reads("mZxW6yTb", "fooba");
}

static const struct {
	const char *why;
	const char *text;
} refused[] = {
    {"nothing", ""},
    {"padding alone", "="},
    {"eight times padding", "========"},
    {"one character", "M"},
    {"three characters", "MZX"},
    {"six characters", "MZXW6Y"},
    {"nine characters", "MZXW6YTBM"},
    {"too little padding", "MY====="},
    {"too much padding", "MY======="},
    {"padding of another length", "MZXQ======"},
    {"padding where none belongs", "MZXW6YTB="},
    {"a whole block of padding", "MZXW6YTB========"},
    {"padding in the middle", "MY==MY=="},
    {"text after the padding", "MY======MY"},
    {"padding in front", "=MY====="},
    {"a zero", "M0"},
    {"a one", "M1"},
    {"an eight", "M8"},
    {"a nine", "M9"},
    {"a space", "MZ XQ"},
    {"a newline", "MZXQ\n"},
    {"a dash", "MZ-XQ"},
    {"above ASCII", "M\xc3\xa9Q"},
    {"bits left over, 2 of 10", "MZ"},
    {"bits left over, the lowest", "MB"},
    {"bits left over, 4 of 20", "MZXR"},
    {"bits left over, 1 of 25", "MZXW7"},
    {"bits left over, 3 of 35", "MZXW6YR"},
    {"bits left over, padded", "MZ======"},
};

static void
everything_else_is_refused(void **state)
{
	char out[16];
	size_t len;

	(void)state;
	for (size_t i = 0; i < LEN(refused); i++)
		CHECK_INT(refused[i].why,
		    emotp_base32_decode(
			refused[i].text, out, sizeof(out), &len),
		    EMOTP_ERR_INVALID);
}

static void
the_buffer_is_a_limit(void **state)
{
	char out[8] = {0, 0, 0, 0, 0, '!', '!', '!'};
	size_t len;

	(void)state;
	assert_int_equal(
	    emotp_base32_decode("MZXW6YTB", out, 5, &len), EMOTP_OK);
	assert_memory_equal(out, "fooba!!!", 8);
	assert_int_equal(
	    emotp_base32_decode("MZXW6YTB", out, 4, &len), EMOTP_ERR_INVALID);
	assert_int_equal(
	    emotp_base32_decode("MY", out, 0, &len), EMOTP_ERR_INVALID);
	assert_memory_equal(out + 5, "!!!", 3);
}

static void
what_is_written_is_read_back(void **state)
{
	uint64_t chance = 4648;

	(void)state;
	for (int n = 0; n < 2000; n++) {
		unsigned char bytes[64], out[64];
		char text[EMOTP_BASE32_SIZE(64)];
		size_t got, len = (size_t)unit_between(&chance, 1, 64);

		for (size_t i = 0; i < len; i++)
			bytes[i] = (unsigned char)unit_random(&chance);
		emotp_base32_encode(bytes, len, text);
		CHECK_INT(text, strlen(text), EMOTP_BASE32_SIZE(len) - 1);
		CHECK_INT(
		    text, emotp_base32_decode(text, out, len, &got), EMOTP_OK);
		CHECK_INT(text, got, len);
		CHECK(text, memcmp(bytes, out, len) == 0);
	}
}

static const struct {
	unsigned char bytes[7];
	const char *shown;
} codes[] = {
    {{0, 0, 0, 0, 0, 0, 0}, "00000-00000"},
    {{0, 0, 0, 0, 0, 0, 0x3f}, "00000-00000"}, /* the bits not used */
    {{0, 0, 0, 0, 0, 0, 0x40}, "00000-00001"},
    {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, "ZZZZZ-ZZZZZ"},
    {{0x08, 0, 0, 0, 0, 0, 0}, "10000-00000"},
    {{0x00, 0x44, 0x32, 0x14, 0xc7, 0x42, 0x40}, "01234-56789"},
    {{0x52, 0xd8, 0xd7, 0x3e, 0x11, 0x94, 0xc0}, "ABCDE-FGHJK"},
    {{0xa5, 0x6d, 0x7c, 0x67, 0x5b, 0xe7, 0x40}, "MNPQR-STVWX"},
    {{0xf7, 0xc0, 0x11, 0x0c, 0x85, 0x31, 0xc0}, "YZ012-34567"},
};

static void
fifty_bits_are_shown_in_crockfords_alphabet(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(codes); i++) {
		char text[EMOTP_CODE_SHOWN];

		emotp_crockford_show(codes[i].bytes, text);
		CHECK_TEXT(codes[i].shown, text, codes[i].shown);
	}
}

/* The alphabet has all digits, and no I, L, O, U. */
static void
every_shown_code_is_read_back(void **state)
{
	uint64_t chance = 32;

	(void)state;
	for (int n = 0; n < 2000; n++) {
		unsigned char bytes[7];
		char shown[EMOTP_CODE_SHOWN], read[EMOTP_CODE_SHOWN];

		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (unsigned char)unit_random(&chance);
		emotp_crockford_show(bytes, shown);
		CHECK(shown, strpbrk(shown, "ILOU") == NULL);
		CHECK_INT(shown, emotp_crockford_read(shown, read), EMOTP_OK);
		CHECK_TEXT("read", read, shown);
	}
}

/* canonical NULL: refused */
static const struct {
	const char *behaviour;
	const char *typed;
	const char *canonical;
} typed_codes[] = {
    {"as shown", "ABCDE-FGHJK", "ABCDE-FGHJK"},
    {"small letters", "abcde-fghjk", "ABCDE-FGHJK"},
    {"both cases", "aBcDe-FgHjK", "ABCDE-FGHJK"},
    {"no dash", "abcdefghjk", "ABCDE-FGHJK"},
    {"O is 0", "OOOOO-ooooo", "00000-00000"},
    {"I is 1", "IIIII-iiiii", "11111-11111"},
    {"L is 1", "LLLLL-lllll", "11111-11111"},
    {"all the others", "mnpqr-stvwx", "MNPQR-STVWX"},
    {"and these", "yz012-34567", "YZ012-34567"},
    {"spaces in front", "   ABCDE-FGHJK", "ABCDE-FGHJK"},
    {"spaces behind", "ABCDE-FGHJK  ", "ABCDE-FGHJK"},
    {"a tab and a newline around", "\tABCDE-FGHJK\r\n", "ABCDE-FGHJK"},
    {"nothing", "", NULL},
    {"blanks alone", "  \n", NULL},
    {"a dash alone", "-", NULL},
    {"nine", "ABCDE-FGHJ", NULL},
    {"eleven", "ABCDE-FGHJKM", NULL},
    {"two dashes", "ABCDE--FGHJK", NULL},
    {"a dash too early", "ABCD-EFGHJK", NULL},
    {"a dash too late", "ABCDEF-GHJK", NULL},
    {"a dash in front", "-ABCDEFGHJK", NULL},
    {"a dash behind", "ABCDEFGHJK-", NULL},
    {"a second dash", "ABCDE-FGHJK-", NULL},
    {"a space inside", "ABCDE FGHJK", NULL},
    {"a space beside the dash", "ABCDE- FGHJK", NULL},
    {"two codes", "ABCDE-FGHJK ABCDE-FGHJK", NULL},
    {"a U", "ABCDU-FGHJK", NULL},
    {"an underscore", "ABCDE_FGHJK", NULL},
    {"a check symbol", "ABCDE-FGHJ*", NULL},
    {"above ASCII", "ABCDE-FGHJ\xc3\x89", NULL},
    {"a control byte", "ABCDE-FGHJ\x01", NULL},
    {"sshd's dummy answer", "\b\n\r\177INCORRECT", NULL},
};

static void
codes_are_read_as_people_type_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(typed_codes); i++) {
		const char *row = typed_codes[i].behaviour;
		const char *canonical = typed_codes[i].canonical;
		char text[EMOTP_CODE_SHOWN] = "";

		CHECK_INT(row, emotp_crockford_read(typed_codes[i].typed, text),
		    canonical == NULL ? EMOTP_ERR_INVALID : EMOTP_OK);
		if (canonical != NULL)
			CHECK_TEXT(row, text, canonical);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rfc4648_vectors_are_written_without_padding),
	    cmocka_unit_test(rfc4648_vectors_are_read_with_and_without_padding),
	    cmocka_unit_test(everything_else_is_refused),
	    cmocka_unit_test(the_buffer_is_a_limit),
	    cmocka_unit_test(what_is_written_is_read_back),
	    cmocka_unit_test(fifty_bits_are_shown_in_crockfords_alphabet),
	    cmocka_unit_test(every_shown_code_is_read_back),
	    cmocka_unit_test(codes_are_read_as_people_type_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
