/* otpauth:// both ways. */
#include "unit.h"

#include "../../common/otpauth.h"

#define HELLO "JBSWY3DPEHPK3PXP" /* "Hello!" and DE AD BE EF */
#define S     "secret=" HELLO

static void
every_parameter_is_spelled_out(void **state)
{
	struct emotp_otpauth token = {
	    .issuer = "Example & Co",
	    .account = "alice@example.org",
	    .secret = {10, "Hello!\xde\xad\xbe\xef"},
	    .params = {EMOTP_SHA1, 6, 60},
	};
	char uri[EMOTP_OTPAUTH_MAX];

	(void)state;
	assert_int_equal(emotp_otpauth_write(&token, uri), EMOTP_OK);
	assert_string_equal(uri,
	    "otpauth://totp/Example%20%26%20Co:alice%40example.org?" S
	    "&issuer=Example%20%26%20Co&algorithm=SHA1&digits=6&period=60");
	token.params = (struct emotp_params){EMOTP_SHA512, 8, 30};
	(void)strcpy(token.issuer, "h");
	(void)strcpy(token.account, "\xe9\x9b\xbb-._~");
	assert_int_equal(emotp_otpauth_write(&token, uri), EMOTP_OK);
	assert_string_equal(uri,
	    "otpauth://totp/h:%E9%9B%BB-._~?" S
	    "&issuer=h&algorithm=SHA512&digits=8&period=30");
}

static const struct {
	const char *why;
	const char *issuer;
	const char *account;
	size_t len;
	struct emotp_params params;
} unwritable[] = {
    {"no issuer", "", "alice", 20, {EMOTP_SHA1, 6, 60}},
    {"no account", "host", "", 20, {EMOTP_SHA1, 6, 60}},
    {"a colon in the issuer", "a:b", "alice", 20, {EMOTP_SHA1, 6, 60}},
    {"a colon in the account", "host", "a:b", 20, {EMOTP_SHA1, 6, 60}},
    {"a newline", "ho\nst", "alice", 20, {EMOTP_SHA1, 6, 60}},
    {"an escape", "host", "al\x1bice", 20, {EMOTP_SHA1, 6, 60}},
    {"a C1 control", "host", "al\xc2\x9bice", 20, {EMOTP_SHA1, 6, 60}},
    {"bad UTF-8", "host", "al\xffice", 20, {EMOTP_SHA1, 6, 60}},
    {"no secret", "host", "alice", 0, {EMOTP_SHA1, 6, 60}},
    {"65 bytes", "host", "alice", 65, {EMOTP_SHA1, 6, 60}},
    {"7 digits", "host", "alice", 20, {EMOTP_SHA1, 7, 60}},
    {"no algorithm", "host", "alice", 20, {0, 6, 60}},
    {"period 0", "host", "alice", 20, {EMOTP_SHA1, 6, 0}},
};

static void
what_no_app_could_read_is_not_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(unwritable); i++) {
		struct emotp_otpauth token = {
		    .secret = {.len = unwritable[i].len},
		    .params = unwritable[i].params,
		};
		char uri[EMOTP_OTPAUTH_MAX];

		(void)strcpy(token.issuer, unwritable[i].issuer);
		(void)strcpy(token.account, unwritable[i].account);
		CHECK_INT(unwritable[i].why, emotp_otpauth_write(&token, uri),
		    EMOTP_ERR_INVALID);
	}
}

/* Bytes that make well-formed UTF-8 without controls, and no ':'. */
static void
make_name(uint64_t *chance, char *out, size_t max)
{
	static const char *const parts[] = {"a", "Z", "9", "-", ".", "_", "~",
	    "%", "&", "?", "#", "/", "=", "+", "@", " ", "\"", "\\", "\xc3\xa9",
	    "\xe9\x9b\xbb", "\xf0\x9f\x94\x91"};
	size_t len = (size_t)unit_between(chance, 1, (int64_t)max), n = 1;

	(void)strcpy(out, "n");
	while (n < len) {
		const char *part = parts[unit_random(chance) % LEN(parts)];

		if (n + strlen(part) > len)
			part = "x";
		(void)strcpy(out + n, part);
		n += strlen(part);
	}
}

static void
what_is_written_is_read_back(void **state)
{
	uint64_t chance = 60;

	(void)state;
	for (int n = 0; n < 2000; n++) {
		struct emotp_otpauth in, out;
		char uri[EMOTP_OTPAUTH_MAX];

		memset(&in, 0, sizeof(in));
		make_name(&chance, in.issuer, EMOTP_ISSUER_MAX);
		make_name(&chance, in.account, EMOTP_ACCOUNT_MAX);
		in.secret.len = (size_t)unit_between(&chance, 1, 64);
		for (size_t i = 0; i < in.secret.len; i++)
			in.secret.bytes[i] =
			    (unsigned char)unit_random(&chance);
		in.params.algorithm =
		    (enum emotp_algorithm)unit_between(&chance, 1, 3);
		in.params.digits = unit_random(&chance) % 2 == 0 ? 6 : 8;
		in.params.period_s = (int)unit_between(
		    &chance, EMOTP_PERIOD_MIN, EMOTP_PERIOD_MAX);
		CHECK_INT(in.account, emotp_otpauth_write(&in, uri), EMOTP_OK);
		CHECK_INT(uri, emotp_otpauth_read(uri, &out), EMOTP_OK);
		CHECK_TEXT(uri, out.issuer, in.issuer);
		CHECK_TEXT(uri, out.account, in.account);
		CHECK_INT(uri, out.secret.len, in.secret.len);
		CHECK(uri,
		    memcmp(out.secret.bytes, in.secret.bytes, in.secret.len) ==
			0);
		CHECK(uri,
		    memcmp(&out.params, &in.params, sizeof(in.params)) == 0);
	}
}

static const struct {
	const char *uri;
	const char *issuer;
	const char *account;
	struct emotp_params params;
} readable[] = {
    {"otpauth://totp/alice?" S, "", "alice", {EMOTP_SHA1, 6, 30}},
    {"OTPAUTH://TOTP/alice?" S, "", "alice", {EMOTP_SHA1, 6, 30}},
    {"otpauth://totp/h:alice?" S, "h", "alice", {EMOTP_SHA1, 6, 30}},
    {"otpauth://totp/h%3Aalice?" S, "h", "alice", {EMOTP_SHA1, 6, 30}},
    {"otpauth://totp/h%3aalice?" S, "h", "alice", {EMOTP_SHA1, 6, 30}},
    {"otpauth://totp/h:%20alice?" S, "h", "alice", {EMOTP_SHA1, 6, 30}},
    {"otpauth://totp/%20alice?" S "&issuer=h", "h", "alice",
	{EMOTP_SHA1, 6, 30}},
    {"otpauth://totp/alice?" S "&issuer=h", "h", "alice", {EMOTP_SHA1, 6, 30}},
    {"otpauth://totp/h:alice?issuer=h&" S, "h", "alice", {EMOTP_SHA1, 6, 30}},
    {"otpauth://totp/alice?" S "&algorithm=sha256&digits=8&period=60", "",
	"alice", {EMOTP_SHA256, 8, 60}},
    {"otpauth://totp/alice?" S "&image=http%3A%2F%2Fx&lock=1&secrets=a", "",
	"alice", {EMOTP_SHA1, 6, 30}},
    {"otpauth://totp/alice?secret=jbswy3dpehpk3pxp", "", "alice",
	{EMOTP_SHA1, 6, 30}},
    {"otpauth://totp/al%C3%A9?" S, "", "al\xc3\xa9", {EMOTP_SHA1, 6, 30}},
};

static void
uris_of_others_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(readable); i++) {
		const char *row = readable[i].uri;
		struct emotp_otpauth token;

		CHECK_INT(row, emotp_otpauth_read(row, &token), EMOTP_OK);
		CHECK_TEXT(row, token.issuer, readable[i].issuer);
		CHECK_TEXT(row, token.account, readable[i].account);
		CHECK(row,
		    memcmp(&token.params, &readable[i].params,
			sizeof(token.params)) == 0);
		CHECK_INT(row, token.secret.len, 10);
		CHECK(row,
		    memcmp(token.secret.bytes, "Hello!\xde\xad\xbe\xef", 10) ==
			0);
	}
}

#define A   "otpauth://totp/alice?"
#define X32 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const char *const unreadable[] = {
    "",
    "otpauth",
    "otpauth:",
    "otpauth://",
    "otpauth://totp",
    "otpauth://totp/",
    "http://totp/alice?" S,
    " " A S,
    "otpauth://hotp/alice?" S "&counter=1",
    "otpauth://steam/alice?" S,
    "otpauth://totp/?" S,
    "otpauth://totp/h:?" S,
    "otpauth://totp/:alice?" S,
    "otpauth://totp/h:a:b?" S,
    "otpauth://totp/h:a%3Ab?" S,
    /* secrets */
    "otpauth://totp/alice",
    A,
    A "digits=6",
    A "secret=",
    A "secret",
    A "SECRET=" HELLO,
    A "secret=0189",
    A "secret=J",
    A "secret=JBSWY%",
    A "secret=JB%20SWY3DP",
    A "secret=" HELLO "%00",
    /* a secret of 65 bytes */
    A "secret=MFRGGZDFMFRGGZDFMFRGGZDFMFRGGZDFMFRGGZDFMFRGGZDFMFRGGZDF"
      "MFRGGZDFMFRGGZDFMFRGGZDFMFRGGZDFMFRGGZDFMFRGGZDF",
    /* escapes */
    "otpauth://totp/al%ice?" S,
    "otpauth://totp/alice%?" S,
    "otpauth://totp/alice%4?" S,
    "otpauth://totp/al%zzice?" S,
    "otpauth://totp/al%00ice?" S,
    "otpauth://totp/alice%00?" S,
    "otpauth://totp/al%0Aice?" S,
    "otpauth://totp/al%ffice?" S,
    A S "&issuer=h%",
    A S "&issuer=h%0",
    A S "&issuer=h%00",
    A S "&issuer=%1b",
    A S "&issuer=a%3Ab",
    A S "&digits=%36%00",
    /* values */
    A S "&digits=7",
    A S "&digits=",
    A S "&digits=six",
    A S "&digits=-6",
    A S "&digits=06x",
    A S "&digits=+6",
    A S "&digits= 6",
    A S "&period=0",
    A S "&period=4",
    A S "&period=3601",
    A S "&period=",
    A S "&period=99999999999999999999",
    A S "&period=4294967356",
    A S "&algorithm=MD5",
    A S "&algorithm=",
    A S "&algorithm=SHA",
    /* twice */
    A S "&" S,
    A S "&digits=6&digits=6",
    A S "&period=60&period=60",
    A S "&algorithm=SHA1&algorithm=SHA1",
    A S "&issuer=h&issuer=h",
    /* two issuers */
    "otpauth://totp/h:alice?" S "&issuer=other",
    /* too long */
    A S "&issuer=" X32 X32 "y",
    "otpauth://totp/" X32 X32 "y:alice?" S,
    "otpauth://totp/" X32 X32 X32 X32 "y?" S,
    A S "&issuer=" X32 X32 X32 X32 X32 X32,
};

static void
everything_else_is_refused_and_wiped(void **state)
{
	static const struct emotp_otpauth nothing;

	(void)state;
	for (size_t i = 0; i < LEN(unreadable); i++) {
		struct emotp_otpauth token;

		memset(&token, 'x', sizeof(token));
		CHECK_INT(unreadable[i],
		    emotp_otpauth_read(unreadable[i], &token),
		    EMOTP_ERR_INVALID);
		CHECK(unreadable[i],
		    memcmp(&token, &nothing, sizeof(token)) == 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_parameter_is_spelled_out),
	    cmocka_unit_test(what_no_app_could_read_is_not_written),
	    cmocka_unit_test(what_is_written_is_read_back),
	    cmocka_unit_test(uris_of_others_are_read),
	    cmocka_unit_test(everything_else_is_refused_and_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
