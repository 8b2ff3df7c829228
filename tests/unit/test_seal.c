/* Secrets at rest: sealed, bound to their row, and the key that seals. */
#include "unit.h"

#include <sys/stat.h>

#include "../../common/state/seal.h"

static char directory[UNIT_PATH];
static char path[UNIT_PATH + 16];
static struct emotp_key key, other_key;

static int
setup(void **state)
{
	(void)state;
	unit_make_directory(directory);
	for (int i = 0; i < 2; i++) {
		(void)snprintf(path, sizeof(path), "%s/key%d", directory, i);
		assert_int_equal(emotp_key_create(path, NULL), EMOTP_OK);
		assert_int_equal(
		    emotp_key_load(path, i == 0 ? &key : &other_key, NULL),
		    EMOTP_OK);
	}
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	unit_remove_directory(directory);
	return 0;
}

static struct emotp_token
make_token(void)
{
	return (struct emotp_token){
	    .user_id = 7,
	    .number = 1,
	    .id = "0123456789abcdef0123456789abcdef",
	    .params = {EMOTP_SHA1, 6, 60},
	};
}

static struct emotp_secret
make_secret(size_t len)
{
	struct emotp_secret secret = {.len = len};

	for (size_t i = 0; i < len; i++)
		secret.bytes[i] = (unsigned char)(i * 37 + 11);
	return secret;
}

static const size_t lengths[] = {1, 20, 32, 64};

static void
what_is_sealed_opens(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(lengths); i++) {
		struct emotp_secret secret = make_secret(lengths[i]), out;
		struct emotp_token token = make_token();

		assert_int_equal(emotp_seal(&key, &secret, &token), EMOTP_OK);
		assert_int_equal(token.sealed_len, 12 + lengths[i] + 16);
		assert_int_equal(emotp_unseal(&key, &token, &out), EMOTP_OK);
		assert_int_equal(out.len, lengths[i]);
		assert_memory_equal(out.bytes, secret.bytes, out.len);
		if (lengths[i] >= 20)
			assert_null(memmem(
			    token.sealed, token.sealed_len, secret.bytes, 8));
	}
}

static void
sealing_twice_gives_different_bytes(void **state)
{
	struct emotp_secret secret = make_secret(20);
	struct emotp_token a = make_token(), b = make_token();

	(void)state;
	assert_int_equal(emotp_seal(&key, &secret, &a), EMOTP_OK);
	assert_int_equal(emotp_seal(&key, &secret, &b), EMOTP_OK);
	assert_memory_not_equal(a.sealed, b.sealed, 12);
	assert_memory_not_equal(a.sealed + 12, b.sealed + 12, 36);
}

static void
check_shut(const char *row, const struct emotp_key *with,
    const struct emotp_token *token)
{
	static const struct emotp_secret nothing;
	struct emotp_secret out;

	memset(&out, 'x', sizeof(out));
	CHECK_INT(row, emotp_unseal(with, token, &out), EMOTP_ERR_KEY);
	CHECK(row, memcmp(&out, &nothing, sizeof(out)) == 0);
}

static void
any_flipped_bit_shuts_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(lengths); i++) {
		struct emotp_secret secret = make_secret(lengths[i]);
		struct emotp_token token = make_token();

		assert_int_equal(emotp_seal(&key, &secret, &token), EMOTP_OK);
		for (size_t bit = 0; bit < token.sealed_len * 8; bit++) {
			char row[32];

			(void)snprintf(row, sizeof(row), "bit %zu", bit);
			token.sealed[bit / 8] ^= (unsigned char)(1 << bit % 8);
			check_shut(row, &key, &token);
			token.sealed[bit / 8] ^= (unsigned char)(1 << bit % 8);
		}
	}
}

static void
any_other_length_shuts_it(void **state)
{
	struct emotp_secret secret = make_secret(20);
	struct emotp_token token = make_token();

	(void)state;
	assert_int_equal(emotp_seal(&key, &secret, &token), EMOTP_OK);
	for (size_t len = 0; len <= sizeof(token.sealed); len++) {
		if (len == 48)
			continue;
		token.sealed_len = len;
		check_shut("length", &key, &token);
	}
	token.sealed_len = SIZE_MAX;
	check_shut("length", &key, &token);
}

static void
it_opens_in_its_own_row_only(void **state)
{
	struct emotp_secret secret = make_secret(20);
	struct emotp_token token = make_token(), moved;

	(void)state;
	assert_int_equal(emotp_seal(&key, &secret, &token), EMOTP_OK);
	moved = token;
	moved.user_id = 8;
	check_shut("another user", &key, &moved);
	moved = token;
	moved.id[31] = 'e';
	check_shut("another id", &key, &moved);
	moved = token;
	moved.params.digits = 8;
	check_shut("other digits", &key, &moved);
	moved = token;
	moved.params.period_s = 30;
	check_shut("another period", &key, &moved);
	moved = token;
	moved.params.algorithm = EMOTP_SHA256;
	check_shut("another algorithm", &key, &moved);
	check_shut("another key", &other_key, &token);
	moved = token;
	moved.number = 2;
	moved.drift = 5;
	moved.last_step = 99;
	assert_int_equal(emotp_unseal(&key, &moved, &secret), EMOTP_OK);
}

/* ---- keys ---- */

static void
a_key_is_made_once_and_for_its_owner_alone(void **state)
{
	struct emotp_key again;
	struct emotp_why why;
	struct stat st;
	char line[64] = "";
	FILE *file;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/key0", directory);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0400);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	(void)fclose(file);
	assert_int_equal(strlen(line), 45);
	assert_int_equal(line[43], '=');
	assert_int_equal(emotp_key_create(path, &why), EMOTP_ERR_EXISTS);
	assert_non_null(strstr(why.text, path));
	assert_int_equal(emotp_key_load(path, &again, &why), EMOTP_OK);
	assert_memory_equal(&again, &key, sizeof(key));
	assert_memory_not_equal(key.check, other_key.check, sizeof(key.check));
	assert_memory_not_equal(key.seal, key.code, sizeof(key.seal));
	emotp_key_wipe(&again);
	memset(line, 0, sizeof(line));
	assert_memory_equal(again.seal, line, sizeof(again.seal));
}

static void
a_key_is_never_made_over_anything(void **state)
{
	char target[UNIT_PATH + 16];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/link", directory);
	(void)snprintf(target, sizeof(target), "%s/target", directory);
	assert_int_equal(symlink(target, path), 0);
	assert_int_equal(emotp_key_create(path, NULL), EMOTP_ERR_EXISTS);
	assert_int_not_equal(access(target, F_OK), 0);
	(void)snprintf(path, sizeof(path), "%s/no/key", directory);
	assert_int_equal(emotp_key_create(path, NULL), EMOTP_ERR_KEY);
}

#define A42 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static const struct {
	const char *what;
	const char *text;
	mode_t mode;
	enum emotp_err err;
} keys[] = {
    {"44 characters", A42 "A=", 0400, EMOTP_OK},
    {"a newline after them", A42 "A=\n", 0400, EMOTP_OK},
    {"mode 0600", A42 "A=\n", 0600, EMOTP_OK},
    {"readable by the group", A42 "A=\n", 0440, EMOTP_ERR_KEY},
    {"readable by all", A42 "A=\n", 0404, EMOTP_ERR_KEY},
    {"writable by the group", A42 "A=\n", 0620, EMOTP_ERR_KEY},
    {"nothing", "", 0400, EMOTP_ERR_KEY},
    {"a newline", "\n", 0400, EMOTP_ERR_KEY},
    {"31 bytes", A42 "==\n", 0400, EMOTP_ERR_KEY},
    {"33 bytes", A42 "AA\n", 0400, EMOTP_ERR_KEY},
    {"no padding", A42 "A\n", 0400, EMOTP_ERR_KEY},
    {"two keys", A42 "A=\n" A42 "A=\n", 0400, EMOTP_ERR_KEY},
    {"something after it", A42 "A=\nx", 0400, EMOTP_ERR_KEY},
    {"no base 64", "!" A42 "=\n", 0400, EMOTP_ERR_KEY},
    {"padding inside", "A==" A42 "\n", 0400, EMOTP_ERR_KEY},
    {"longer than any key", A42 A42 A42 A42, 0400, EMOTP_ERR_KEY},
};

static void
a_key_is_32_bytes_that_nobody_else_can_read(void **state)
{
	(void)state;
	(void)snprintf(path, sizeof(path), "%s/trial", directory);
	for (size_t i = 0; i < LEN(keys); i++) {
		FILE *file = fopen(path, "w");
		struct emotp_key loaded;
		struct emotp_why why = {""};

		assert_non_null(file);
		(void)fputs(keys[i].text, file);
		(void)fclose(file);
		(void)chmod(path, keys[i].mode);
		CHECK_INT(keys[i].what, emotp_key_load(path, &loaded, &why),
		    keys[i].err);
		CHECK(keys[i].what,
		    keys[i].err == EMOTP_OK || strstr(why.text, path) != NULL);
		CHECK(keys[i].what, strstr(why.text, "AAAA") == NULL);
		(void)unlink(path);
	}
}

static void
a_code_digest_is_bound_to_user_address_code_and_salt(void **state)
{
	struct emotp_user user = {.id = 7, .email = "alice@example.org"};
	struct emotp_user upper = {.id = 7, .email = "Alice@EXAMPLE.org"};
	struct emotp_user id = {.id = 8, .email = "alice@example.org"};
	struct emotp_user mail = {.id = 7, .email = "alicf@example.org"};
	const unsigned char salt[16] = {1}, other[16] = {2};
	const char *code = "ABCDE-FGHJK";
	unsigned char a[32], b[32];

	(void)state;
	assert_int_equal(
	    emotp_code_digest(&key, &user, code, salt, a), EMOTP_OK);
	assert_int_equal(
	    emotp_code_digest(&key, &upper, code, salt, b), EMOTP_OK);
	assert_memory_equal(a, b, sizeof(a));
	(void)emotp_code_digest(&key, &id, code, salt, b);
	assert_memory_not_equal(a, b, sizeof(a));
	(void)emotp_code_digest(&key, &mail, code, salt, b);
	assert_memory_not_equal(a, b, sizeof(a));
	(void)emotp_code_digest(&key, &user, "ABCDE-FGHJM", salt, b);
	assert_memory_not_equal(a, b, sizeof(a));
	(void)emotp_code_digest(&key, &user, code, other, b);
	assert_memory_not_equal(a, b, sizeof(a));
	(void)emotp_code_digest(&other_key, &user, code, salt, b);
	assert_memory_not_equal(a, b, sizeof(a));
}

/* By another implementation of HKDF: a store outlives many versions. */
static void
the_keys_that_are_derived_stay_the_same(void **state)
{
	static const char master[] =
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
	static const struct emotp_key expected = {
	    "\x23\xb0\x75\x20\x5b\x86\xf5\x84\xbe\xb8\x5d\x4c\x30\x9d\x03"
	    "\x48\xb4\x9c\x67\xe4\x26\x22\x3d\xf8\xeb\x0a\x99\xfa\xd7\x1d"
	    "\x67\x62",
	    "\x27\x92\x5c\xa0\x62\x8f\x98\x3e\xfa\xc4\x15\x1a\xf4\x01\xb5"
	    "\x40\x48\x5b\xab\xf8\xf6\x0c\x6e\x68\x56\x3e\x99\xb4\x6e\x50"
	    "\x0a\xf7",
	    "\xd7\xf6\x0e\xf8\x12\xcd\xf1\xef\xca\x7f\x40\xff\xe7\x19\xa9"
	    "\xed",
	};
	struct emotp_key derived;
	FILE *file;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/zeros", directory);
	file = fopen(path, "w");
	assert_non_null(file);
	(void)fputs(master, file);
	(void)fclose(file);
	(void)chmod(path, 0400);
	assert_int_equal(emotp_key_load(path, &derived, NULL), EMOTP_OK);
	assert_memory_equal(&derived, &expected, sizeof(derived));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_sealed_opens),
	    cmocka_unit_test(sealing_twice_gives_different_bytes),
	    cmocka_unit_test(any_flipped_bit_shuts_it),
	    cmocka_unit_test(any_other_length_shuts_it),
	    cmocka_unit_test(it_opens_in_its_own_row_only),
	    cmocka_unit_test(a_key_is_made_once_and_for_its_owner_alone),
	    cmocka_unit_test(a_key_is_never_made_over_anything),
	    cmocka_unit_test(a_key_is_32_bytes_that_nobody_else_can_read),
	    cmocka_unit_test(the_keys_that_are_derived_stay_the_same),
	    cmocka_unit_test(
		a_code_digest_is_bound_to_user_address_code_and_salt),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
