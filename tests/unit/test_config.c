/* The configuration: what is taken, and what is refused and where. */
#include "unit.h"

#include <sys/stat.h>

#include "../../common/config.h"

static char directory[UNIT_PATH];
static char path[UNIT_PATH + 16];

static int
setup(void **state)
{
	(void)state;
	unit_make_directory(directory);
	(void)snprintf(path, sizeof(path), "%s/emotp.conf", directory);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	unit_remove_directory(directory);
	return 0;
}

static enum emotp_err
load_bytes(const char *bytes, size_t len, struct emotp_config *config,
    struct emotp_why *why)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0644), 0);
	why->text[0] = '\0';
	return emotp_config_load(path, config, why);
}

static enum emotp_err
load(const char *text, struct emotp_config *config, struct emotp_why *why)
{
	return load_bytes(text, strlen(text), config, why);
}

static void
check_defaults(const struct emotp_config *config)
{
	char host[300] = "";

	assert_int_equal(gethostname(host, sizeof(host) - 1), 0);
	host[EMOTP_ISSUER_MAX] = '\0';
	assert_string_equal(config->issuer, host);
	assert_string_equal(config->store, "sqlite:/var/lib/emotp/emotp.db");
	assert_string_equal(config->service, "local");
	assert_string_equal(config->key_file, "/etc/emotp/master.key");
	assert_int_equal(config->skew, 1);
	assert_int_equal(config->resync, 10);
	assert_int_equal(config->params.algorithm, EMOTP_SHA1);
	assert_int_equal(config->params.digits, 6);
	assert_int_equal(config->params.period_s, 60);
	assert_string_equal(config->mail, "sendmail:/usr/sbin/sendmail");
	assert_string_equal(config->mail_user, "");
	assert_string_equal(config->mail_password_file, "");
	assert_string_equal(config->mail_ca, "");
	assert_string_equal(config->templates, "/etc/emotp/mail");
	assert_string_equal(config->language, "en");
}

static void
an_empty_file_gives_the_defaults(void **state)
{
	struct emotp_config config;
	struct emotp_why why;

	(void)state;
	assert_int_equal(emotp_config_load(NULL, &config, &why), EMOTP_OK);
	check_defaults(&config);
	memset(&config, 'x', sizeof(config));
	assert_int_equal(load("", &config, &why), EMOTP_OK);
	check_defaults(&config);
	assert_int_equal(
	    load("\n# issuer = me\n  # skew = 9\n\n", &config, &why), EMOTP_OK);
	check_defaults(&config);
}

static void
every_setting_is_taken(void **state)
{
	struct emotp_config config;
	struct emotp_why why;

	(void)state;
	assert_int_equal(
	    load("# all of them\n"
		 "issuer = Example & Co\n"
		 "store=sqlite:/srv/emotp.db\n"
		 "service = local\n"
		 "key_file\t=\t/srv/key\n"
		 "skew = 2\nresync = 100\n"
		 "digits = 8\nalgorithm = sha512\nperiod = 30\n"
		 "mail = smtp://mail.example.org:587\n"
		 "mail_from = codes@example.org\nmail_user = u=v\n"
		 "mail_password_file = /srv/password\nmail_ca = /srv/ca.pem\n"
		 "templates = /srv/mail\nlanguage = zh-Hant",
		&config, &why),
	    EMOTP_OK);
	assert_string_equal(config.issuer, "Example & Co");
	assert_string_equal(config.store, "sqlite:/srv/emotp.db");
	assert_string_equal(config.key_file, "/srv/key");
	assert_int_equal(config.skew, 2);
	assert_int_equal(config.resync, 100);
	assert_int_equal(config.params.digits, 8);
	assert_int_equal(config.params.algorithm, EMOTP_SHA512);
	assert_int_equal(config.params.period_s, 30);
	assert_string_equal(config.mail, "smtp://mail.example.org:587");
	assert_string_equal(config.mail_from, "codes@example.org");
	assert_string_equal(config.mail_user, "u=v");
	assert_string_equal(config.mail_password_file, "/srv/password");
	assert_string_equal(config.mail_ca, "/srv/ca.pem");
	assert_string_equal(config.templates, "/srv/mail");
	assert_string_equal(config.language, "zh-Hant");
}

#define X50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

/* Each stands on line 3, after a good line. */
static const char *const bad_lines[] = {
    /* names */
    "nonsense = 1",
    "Issuer = me",
    "is suer = me",
    "= me",
    "nullok = yes",
    "mail-from = a@b",
    "[section]",
    "[emotp]\nissuer = me",
    "issuer",
    "just words",
    "\x01",
    /* values */
    "issuer =",
    "issuer = ",
    "issuer = a:b",
    "issuer = a\x1b[2Jb",
    "issuer = caf\xe9",
    "issuer = a\xc2\x9b"
    "b",
    "issuer = " X50 X50,
    "store =",
    "key_file = master.key",
    "key_file = ./key",
    "key_file =",
    "templates = mail",
    "mail_ca = ca.pem",
    "mail_password_file = ~/p",
    "service = remote",
    "service = Local",
    "service = unix:run/x",
    "skew = -1",
    "skew = one",
    "skew = 1.5",
    "skew = 0x1",
    "skew = 1 2",
    "skew =",
    "skew = 99999999999",
    "skew = +1",
    "skew = 1 # one",
    "resync = 101",
    "resync = -1",
    "resync = 4294967306",
    "digits = 7",
    "digits = 0",
    "digits = 5",
    "digits = 10",
    "digits = 4294967302",
    "digits = six",
    "algorithm = MD5",
    "algorithm = SHA-1",
    "algorithm =",
    "period = 0",
    "period = 4",
    "period = 3601",
    "period = 60s",
    "period = -60",
    "language = de",
    "language = EN",
    "language = zh",
    "language =",
    "mail = \x7f",
    "mail_from = \xc0\xaf@example.org",
};

static bool
complains(const char *line, int number)
{
	char text[400], expected[UNIT_PATH + 32];
	struct emotp_config config;
	struct emotp_why why;

	(void)snprintf(expected, sizeof(expected), "%s:%d: ", path, number);
	(void)snprintf(
	    text, sizeof(text), "# a comment\nmail_user = me\n%s\n", line);
	if (load(text, &config, &why) == EMOTP_ERR_CONFIG &&
	    strncmp(why.text, expected, strlen(expected)) == 0 &&
	    strpbrk(why.text, "\n\x1b") == NULL)
		return true;
	print_error("line %d, %s: \"%s\"\n", number, line, why.text);
	return false;
}

static void
a_bad_line_is_an_error_with_file_and_line(void **state)
{
	int silent = 0;

	(void)state;
	for (size_t i = 0; i < LEN(bad_lines); i++)
		if (!complains(bad_lines[i], 3))
			silent++;
	assert_int_equal(silent, 0);
}

#define KEY_FILE "host_key_file = /etc/emotp/host.key\n"

static void
a_host_of_a_fleet_serves_itself_alone(void **state)
{
	static struct emotp_config config;
	static struct emotp_why why;

	(void)state;
	assert_int_equal(
	    load("upstream = https://a https://b\n" KEY_FILE, &config, &why),
	    EMOTP_OK);
	assert_string_equal(config.upstream, "https://a https://b");
	assert_int_equal(
	    load("upstream = https://a\n", &config, &why), EMOTP_ERR_CONFIG);
	assert_non_null(strstr(why.text, "needs host_key_file"));
	assert_int_equal(load("upstream = https://a\n" KEY_FILE
			      "listen = http://127.0.0.1:1\n",
			     &config, &why),
	    EMOTP_ERR_CONFIG);
	assert_non_null(strstr(why.text, "listen: not beside upstream"));
	assert_int_equal(
	    load("upstream = https://a b\n" KEY_FILE, &config, &why),
	    EMOTP_ERR_CONFIG);
}

static void
skew_is_not_more_than_resync(void **state)
{
	struct emotp_config config;
	struct emotp_why why;

	(void)state;
	assert_int_equal(load("skew = 11\n", &config, &why), EMOTP_ERR_CONFIG);
	assert_non_null(strstr(why.text, path));
	assert_int_equal(
	    load("skew = 11\nresync = 11\n", &config, &why), EMOTP_OK);
}

static void
a_setting_is_given_once(void **state)
{
	static const char *const names[] = {"issuer = a", "skew = 1",
	    "period = 60", "language = en", "mail = maildir:/m",
	    "templates = /t", "algorithm = SHA1"};

	(void)state;
	for (size_t i = 0; i < LEN(names); i++) {
		struct emotp_config config;
		struct emotp_why why;
		char text[100];

		(void)snprintf(
		    text, sizeof(text), "%s\n#\n%s\n", names[i], names[i]);
		CHECK_INT(
		    names[i], load(text, &config, &why), EMOTP_ERR_CONFIG);
		CHECK(names[i], strstr(why.text, ":3: ") != NULL);
	}
}

/* A value carried on in an indented line would hide what stands there. */
static void
a_line_is_not_continued(void **state)
{
	struct emotp_config config;
	struct emotp_why why;

	(void)state;
	assert_int_equal(
	    load("issuer = a\n  b\n", &config, &why), EMOTP_ERR_CONFIG);
	assert_non_null(strstr(why.text, ":2: "));
}

/* "#" alone begins a comment, and only at the beginning of a line. */
static void
a_semicolon_cuts_no_value_off(void **state)
{
	struct emotp_config config;
	struct emotp_why why;
	enum emotp_err err = load("issuer = Example ;Co\n", &config, &why);

	(void)state;
	if (err == EMOTP_OK)
		assert_string_equal(config.issuer, "Example ;Co");
}

static void
a_line_too_long_is_an_error_not_cut(void **state)
{
	struct emotp_config config;
	struct emotp_why why;
	char text[5000];

	(void)state;
	for (int len = 180; len < 4000; len += len < 220 ? 1 : 500) {
		int n = snprintf(text, sizeof(text), "#\nstore = sqlite:/");
		enum emotp_err err;

		memset(text + n, 'x', (size_t)len);
		text[n + len] = '\0';
		err = load(text, &config, &why);
		if (err == EMOTP_OK) {
			assert_string_equal(config.store, text + 10);
			continue;
		}
		assert_int_equal(err, EMOTP_ERR_CONFIG);
		assert_non_null(strstr(why.text, ":2: "));
		assert_true(len > 180);
	}
	assert_int_equal(load(text, &config, &why), EMOTP_ERR_CONFIG);
}

static void
a_nul_byte_is_an_error(void **state)
{
	static const char text[] = "issuer = a\n\0skew = 1\n";
	struct emotp_config config;
	struct emotp_why why;

	(void)state;
	assert_int_equal(load_bytes(text, sizeof(text) - 1, &config, &why),
	    EMOTP_ERR_CONFIG);
	assert_non_null(strstr(why.text, path));
}

static void
a_file_that_is_not_trusted_is_not_read(void **state)
{
	struct emotp_config config;
	struct emotp_why why;

	(void)state;
	assert_int_equal(load("issuer = a\n", &config, &why), EMOTP_OK);
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(
	    emotp_config_load(path, &config, &why), EMOTP_ERR_CONFIG);
	assert_non_null(strstr(why.text, path));
	assert_int_equal(
	    emotp_config_load("/nonexistent/emotp.conf", &config, &why),
	    EMOTP_ERR_CONFIG);
	assert_non_null(strstr(why.text, "/nonexistent/emotp.conf"));
}

static void
three_languages_are_spoken(void **state)
{
	(void)state;
	assert_true(emotp_language_valid("en"));
	assert_true(emotp_language_valid("zh-Hant"));
	assert_true(emotp_language_valid("pt"));
	assert_false(emotp_language_valid(""));
	assert_false(emotp_language_valid("../en"));
	assert_false(emotp_language_valid("pt-BR"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_empty_file_gives_the_defaults),
	    cmocka_unit_test(every_setting_is_taken),
	    cmocka_unit_test(a_bad_line_is_an_error_with_file_and_line),
	    cmocka_unit_test(a_host_of_a_fleet_serves_itself_alone),
	    cmocka_unit_test(skew_is_not_more_than_resync),
	    cmocka_unit_test(a_setting_is_given_once),
	    cmocka_unit_test(a_line_is_not_continued),
	    cmocka_unit_test(a_semicolon_cuts_no_value_off),
	    cmocka_unit_test(a_line_too_long_is_an_error_not_cut),
	    cmocka_unit_test(a_nul_byte_is_an_error),
	    cmocka_unit_test(a_file_that_is_not_trusted_is_not_read),
	    cmocka_unit_test(three_languages_are_spoken),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
