/* What may be in a user's name, an address and a label. */
#include "unit.h"

#include "../../common/state/directory.h"

#define X32  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X128 X32 X32 X32 X32

static const struct {
	const char *text;
	bool valid;
} names[] = {
    {"a", true},
    {"alice", true},
    {"Alice.B-2_x+y", true},
    {"al$", true},
    {"user@realm", true},
    {"DOM\\user", true},
    {X128, true},
    {"", false},
    {X128 "x", false},
    {"-alice", false},
    {"al ice", false},
    {"al:ice", false},
    {"al,ice", false},
    {"al/ice", false},
    {"al\"ice", false},
    {"al'ice", false},
    {"al\nice", false},
    {"al\tice", false},
    {"al\x7fice", false},
    {"alic\xc3\xa9", false},
    {" alice", false},
    {"alice ", false},
};

static const struct {
	const char *text;
	bool valid;
} emails[] = {
    {"a@x", true},
    {"alice@example.org", true},
    {"a+b.c_d-e@x.y", true},
    {"o'neil@example.org", true},
    {"", false},
    {"alice", false},
    {"@", false},
    {"@x", false},
    {"a@", false},
    {"a@b@c", false},
    {"a@@b", false},
    {"-a@x", false},
    {"a b@x", false},
    {" a@x", false},
    {"a@x ", false},
    {"a@x\r\nRCPT TO:<b@x>", false},
    {"a@x\n", false},
    {"a\x01@x", false},
    {"a\x7f@x", false},
    {"<a@x>", false},
    {"a<b@x", false},
    {"a>b@x", false},
    {"A <a@x>", false},
    {"a,b@x", false},
    {"\"a\"@x", false},
    {"a@\xc3\xa9", false},
};

static void
names_and_addresses_are_checked(void **state)
{
	struct emotp_why why;
	char text[256] = "a@x\0b";

	(void)state;
	for (size_t i = 0; i < LEN(names); i++)
		CHECK_INT(names[i].text, emotp_name_check(names[i].text, &why),
		    names[i].valid ? EMOTP_OK : EMOTP_ERR_INVALID);
	for (size_t i = 0; i < LEN(emails); i++)
		CHECK_INT(emails[i].text,
		    emotp_email_check(
			emails[i].text, strlen(emails[i].text), &why),
		    emails[i].valid ? EMOTP_OK : EMOTP_ERR_INVALID);
	assert_int_equal(emotp_email_check(text, 5, &why), EMOTP_ERR_INVALID);
	memset(text, 'x', 255);
	text[1] = '@';
	assert_int_equal(emotp_email_check(text, 254, &why), EMOTP_OK);
	assert_int_equal(emotp_email_check(text, 255, &why), EMOTP_ERR_INVALID);
	assert_int_equal(emotp_label_check("", &why), EMOTP_OK);
	assert_int_equal(emotp_label_check(X32 X32, &why), EMOTP_OK);
	assert_int_equal(
	    emotp_label_check(X32 X32 "x", &why), EMOTP_ERR_INVALID);
	assert_int_equal(emotp_label_check("a\nb", &why), EMOTP_ERR_INVALID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_and_addresses_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
