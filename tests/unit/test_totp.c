/* HOTP and TOTP against their RFCs and against oathtool. */
#include "unit.h"

#include "../../common/base32.h"
#include "../../common/totp.h"

static uint64_t seed;

static struct emotp_secret
secret_of(const char *text)
{
	struct emotp_secret secret = {.len = strlen(text)};

	memcpy(secret.bytes, text, secret.len);
	return secret;
}

#define SEED20 "12345678901234567890"
#define SEED32 SEED20 "123456789012"
#define SEED64 SEED20 SEED20 SEED20 "1234"

/* RFC 4226, appendix D. */
static void
hotp_is_rfc4226_appendix_d(void **state)
{
	static const uint32_t expected[] = {755224, 287082, 359152, 969429,
	    338314, 254676, 287922, 162583, 399871, 520489};
	static const uint32_t truncated[] = {1284755224, 1094287082, 137359152,
	    1726969429, 1640338314, 868254676, 1918287922, 82162583, 673399871,
	    645520489};
	const struct emotp_secret secret = secret_of(SEED20);
	const struct emotp_params six = {EMOTP_SHA1, 6, 60};
	const struct emotp_params eight = {EMOTP_SHA1, 8, 60};
	uint32_t codes[10], alone;

	(void)state;
	assert_int_equal(
	    emotp_totp_codes(&secret, &six, 0, 10, codes), EMOTP_OK);
	assert_memory_equal(codes, expected, sizeof(expected));
	assert_int_equal(
	    emotp_totp_codes(&secret, &eight, 0, 10, codes), EMOTP_OK);
	for (size_t i = 0; i < 10; i++) {
		assert_int_equal(codes[i], truncated[i] % 100000000);
		assert_int_equal(
		    emotp_totp_codes(&secret, &six, (int64_t)i, 1, &alone),
		    EMOTP_OK);
		assert_int_equal(alone, expected[i]);
	}
}

/* RFC 6238, appendix B, at 8 digits; the last time is beyond 2^32. */
static const struct {
	int64_t now_s;
	uint32_t sha1, sha256, sha512;
} vectors[] = {
    {59, 94287082, 46119246, 90693936},
    {1111111109, 7081804, 68084774, 25091201},
    {1111111111, 14050471, 67062674, 99943326},
    {1234567890, 89005924, 91819424, 93441116},
    {2000000000, 69279037, 90698825, 38618901},
    {20000000000, 65353130, 77737706, 47863826},
};

static void
totp_is_rfc6238_appendix_b(void **state)
{
	const struct emotp_secret secrets[] = {
	    secret_of(SEED20), secret_of(SEED32), secret_of(SEED64)};

	(void)state;
	for (size_t i = 0; i < LEN(vectors); i++)
		for (size_t a = 0; a < 3; a++) {
			const uint32_t expected[] = {vectors[i].sha1,
			    vectors[i].sha256, vectors[i].sha512};
			struct emotp_params params = {EMOTP_SHA1, 8, 30};
			uint32_t code;

			params.algorithm = (enum emotp_algorithm)(a + 1);
			assert_int_equal(
			    emotp_totp_codes(&secrets[a], &params,
				emotp_totp_step(vectors[i].now_s, 30), 1,
				&code),
			    EMOTP_OK);
			assert_int_equal(code, expected[a]);
		}
}

static const struct {
	int64_t now_s;
	int period_s;
	int64_t step;
} steps[] = {
    {0, 60, 0},
    {59, 60, 0},
    {60, 60, 1},
    {-1, 60, -1},
    {-60, 60, -1},
    {-61, 60, -2},
    {1704067200, 60, 28401120},
    {1704067199, 60, 28401119},
    {4294967295, 30, 143165576},
    {4294967296, 1, 4294967296},
    {INT64_C(253402300799), 60, INT64_C(4223371679)},
    {INT64_MAX, 60, INT64_C(153722867280912930)},
    {INT64_MIN, 60, INT64_C(-153722867280912931)},
    {INT64_MIN, 3600, INT64_C(-2562047788015216)},
};

static void
a_step_is_the_floor_at_any_time(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(steps); i++)
		assert_int_equal(
		    emotp_totp_step(steps[i].now_s, steps[i].period_s),
		    steps[i].step);
}

static const struct {
	const char *why;
	int64_t first;
	struct emotp_params params;
	size_t len;
	enum emotp_err err;
} limits[] = {
    {"the last step there is", INT64_MAX, {EMOTP_SHA1, 6, 60}, 20, EMOTP_OK},
    {"one byte of secret", 1, {EMOTP_SHA512, 6, 60}, 1, EMOTP_OK},
    {"64 bytes of secret", 1, {EMOTP_SHA1, 6, 60}, 64, EMOTP_OK},
    {"before 1970", -1, {EMOTP_SHA1, 6, 60}, 20, EMOTP_ERR_INVALID},
    {"no secret", 1, {EMOTP_SHA1, 6, 60}, 0, EMOTP_ERR_INVALID},
    {"65 bytes", 1, {EMOTP_SHA1, 6, 60}, 65, EMOTP_ERR_INVALID},
    {"seven digits", 1, {EMOTP_SHA1, 7, 60}, 20, EMOTP_ERR_INVALID},
    {"ten digits", 1, {EMOTP_SHA1, 10, 60}, 20, EMOTP_ERR_INVALID},
    {"algorithm 0", 1, {0, 6, 60}, 20, EMOTP_ERR_INVALID},
    {"algorithm 4", 1, {4, 6, 60}, 20, EMOTP_ERR_INVALID},
    {"period 4", 1, {EMOTP_SHA1, 6, 4}, 20, EMOTP_ERR_INVALID},
    {"period 3601", 1, {EMOTP_SHA1, 6, 3601}, 20, EMOTP_ERR_INVALID},
};

static void
what_is_not_valid_gives_no_code(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(limits); i++) {
		struct emotp_secret secret = secret_of(SEED64);
		uint32_t code = 123456789;

		secret.len = limits[i].len;
		CHECK_INT(limits[i].why,
		    emotp_totp_codes(
			&secret, &limits[i].params, limits[i].first, 1, &code),
		    limits[i].err);
		CHECK(limits[i].why, code != 123456789);
		CHECK(limits[i].why, limits[i].err == EMOTP_OK || code == 0);
	}
}

static void
algorithms_have_names_and_secrets_as_long_as_the_hash(void **state)
{
	static const struct {
		const char *name;
		enum emotp_err err;
		enum emotp_algorithm algorithm;
		size_t len;
	} names[] = {
	    {"SHA1", EMOTP_OK, EMOTP_SHA1, 20},
	    {"sha256", EMOTP_OK, EMOTP_SHA256, 32},
	    {"Sha512", EMOTP_OK, EMOTP_SHA512, 64},
	    {"", EMOTP_ERR_INVALID, 0, 0},
	    {"SHA", EMOTP_ERR_INVALID, 0, 0},
	    {"SHA-1", EMOTP_ERR_INVALID, 0, 0},
	    {"SHA2561", EMOTP_ERR_INVALID, 0, 0},
	    {"MD5", EMOTP_ERR_INVALID, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < LEN(names); i++) {
		enum emotp_algorithm algorithm = 0;

		CHECK_INT(names[i].name,
		    emotp_algorithm_read(names[i].name, &algorithm),
		    names[i].err);
		CHECK_INT(names[i].name, algorithm, names[i].algorithm);
		CHECK_INT(names[i].name, emotp_algorithm_secret_len(algorithm),
		    names[i].len);
	}
	assert_string_equal(emotp_algorithm_name(EMOTP_SHA256), "SHA256");
}

/* ---- oathtool ---- */

#define ROUNDS 1000

struct trial {
	struct emotp_secret secret;
	struct emotp_params params;
	int64_t now_s;
	char expected[12];
};

static struct trial
make_trial(uint64_t *chance)
{
	static const int periods[] = {5, 30, 60, 60, 90, 3600};
	struct trial trial;

	trial.secret.len = (size_t)unit_between(chance, 10, 64);
	for (size_t i = 0; i < trial.secret.len; i++)
		trial.secret.bytes[i] = (unsigned char)unit_random(chance);
	trial.params.algorithm =
	    (enum emotp_algorithm)unit_between(chance, 1, 3);
	trial.params.digits = unit_random(chance) % 2 == 0 ? 6 : 8;
	trial.params.period_s = periods[unit_random(chance) % LEN(periods)];
	trial.now_s = unit_random(chance) % 4 == 0 ?
	    unit_between(chance, 0, INT64_C(60000000000)) :
	    unit_between(chance, 1700000000, 2200000000);
	return trial;
}

/* One line of a shell script that runs oathtool. */
static void
put_command(FILE *script, size_t i, const struct trial *trial)
{
	char text[EMOTP_BASE32_SIZE(EMOTP_SECRET_MAX)];

	emotp_base32_encode(trial->secret.bytes, trial->secret.len, text);
	(void)fprintf(script,
	    "echo %zu $(oathtool --totp=sha%s -d %d -s %ds --now @%lld "
	    "-b %s)\n",
	    i, emotp_algorithm_name(trial->params.algorithm) + 3,
	    trial->params.digits, trial->params.period_s,
	    (long long)trial->now_s, text);
}

static void
ask_oathtool(const char *directory, struct trial trials[static ROUNDS])
{
	char path[UNIT_PATH + 8], command[UNIT_PATH + 32], line[64];
	FILE *script, *answers;
	size_t i;

	(void)snprintf(path, sizeof(path), "%s/ask", directory);
	script = fopen(path, "w");
	assert_non_null(script);
	for (i = 0; i < ROUNDS; i++)
		put_command(script, i, &trials[i]);
	assert_int_equal(fclose(script), 0);
	(void)snprintf(command, sizeof(command), "LC_ALL=C sh %s", path);
	answers = popen(command, "r");
	assert_non_null(answers);
	while (fgets(line, sizeof(line), answers) != NULL) {
		char code[12];

		if (sscanf(line, "%zu %11s", &i, code) == 2 && i < ROUNDS)
			memcpy(trials[i].expected, code, sizeof(code));
	}
	assert_int_equal(pclose(answers), 0);
}

static void
random_codes_equal_those_of_oathtool(void **state)
{
	static struct trial trials[ROUNDS];
	char directory[UNIT_PATH];
	uint64_t chance = seed;

	(void)state;
	for (size_t i = 0; i < ROUNDS; i++)
		trials[i] = make_trial(&chance);
	unit_make_directory(directory);
	ask_oathtool(directory, trials);
	unit_remove_directory(directory);
	for (size_t i = 0; i < ROUNDS; i++) {
		const struct trial *trial = &trials[i];
		char seen[12], row[64];
		uint32_t code;

		(void)snprintf(row, sizeof(row), "seed %#llx, trial %zu",
		    (unsigned long long)seed, i);
		CHECK_INT(row,
		    emotp_totp_codes(&trial->secret, &trial->params,
			emotp_totp_step(trial->now_s, trial->params.period_s),
			1, &code),
		    EMOTP_OK);
		(void)snprintf(
		    seen, sizeof(seen), "%0*u", trial->params.digits, code);
		CHECK_TEXT(row, seen, trial->expected);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(hotp_is_rfc4226_appendix_d),
	    cmocka_unit_test(totp_is_rfc6238_appendix_b),
	    cmocka_unit_test(a_step_is_the_floor_at_any_time),
	    cmocka_unit_test(what_is_not_valid_gives_no_code),
	    cmocka_unit_test(
		algorithms_have_names_and_secrets_as_long_as_the_hash),
	    cmocka_unit_test(random_codes_equal_those_of_oathtool),
	};

	seed = unit_seed(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
