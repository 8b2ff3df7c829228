/* The verification rule: what is typed, failures, strictness, states. */
#include "judging.h"

#define DAY_S 86400

/* ---- what is typed ---- */

static void
what_is_no_code_is_refused_and_not_counted(void **state)
{
	static const char *const typed[] = {NULL, "", " ", "-", "abcdef",
	    "12345", "1234567", "12345678", "123456789", "12345a", "a12345",
	    "+12345", "12345.", "0x1234", "1e5000", "12\t3456", "123456\n",
	    "12345\xd9\xa3", "\xef\xbc\x91\xef\xbc\x92\xef\xbc\x93",
	    "ABCDE-FGHJK", "01234-56789", "\b\n\r\177INCORRECT",
	    "correct horse battery staple",
	    "00000000000000000000000000000000000000000000000000000000"};

	(void)state;
	for (size_t i = 0; i < LEN(typed); i++) {
		struct world w = world_new();
		const struct world before = w;
		const char *row = typed[i] == NULL ? "NULL" : typed[i];

		CHECK_INT(row, world_type(&w, typed[i]), EMOTP_MALFORMED);
		CHECK_INT(row, w.c.user.failures, 0);
		CHECK_INT(row, w.c.user.failed.count, 0);
		CHECK_INT(row, w.c.user.last_verdict, EMOTP_MALFORMED);
		CHECK_INT(row, w.c.user.last_refusal, w.now_s);
		CHECK_INT(row, w.c.changes[0], EMOTP_UNCHANGED);
		CHECK(row,
		    memcmp(&w.c.tokens[0], &before.c.tokens[0],
			sizeof(w.c.tokens[0])) == 0);
	}
}

static void
spaces_and_dashes_are_dropped(void **state)
{
	static const char *const shapes[] = {"123456", "123 456", "123-456",
	    " 123456", "123456 ", "12-34-56", "- 1 2 3 4 5 6 -",
	    "1--------------------------------2 3456"};

	(void)state;
	for (size_t i = 0; i < LEN(shapes); i++) {
		struct world w = world_new();
		char code[16], typed[64];

		(void)snprintf(typed, sizeof(typed), "%s", shapes[i]);
		(void)world_code(&w, 0, world_step(&w, 0), code);
		for (char *p = typed; *p != '\0'; p++)
			if (*p >= '1' && *p <= '6')
				*p = code[*p - '1'];
		CHECK_INT(shapes[i], world_type(&w, typed), EMOTP_ACCEPTED);
	}
}

static void
each_token_is_asked_for_its_own_number_of_digits(void **state)
{
	struct world w = world_new();
	size_t eight =
	    world_add_token(&w, 1, (struct emotp_params){EMOTP_SHA1, 8, 60});
	char text[16];

	(void)state;
	assert_int_equal(world_type_at(&w, eight, 0), EMOTP_ACCEPTED);
	assert_int_equal(w.judgement.token, 2);
	assert_int_equal(w.c.tokens[0].last_step, -1);
	assert_int_equal(world_type_at(&w, 0, 0), EMOTP_ACCEPTED);
	assert_int_equal(w.judgement.token, 1);
	(void)world_code(&w, eight, world_step(&w, eight) + 1, text);
	text[7] = '\0';
	assert_int_equal(world_type(&w, text), EMOTP_MALFORMED);
	assert_int_equal(world_type(&w, text + 2), EMOTP_MALFORMED);
	assert_int_equal(world_type(&w, "99999999"), EMOTP_WRONG);
}

static void
a_clock_that_was_never_set_is_an_error(void **state)
{
	static const struct {
		int64_t now_s;
		enum emotp_err err;
	} rows[] = {
	    {INT64_MIN, EMOTP_ERR_CLOCK},
	    {-1, EMOTP_ERR_CLOCK},
	    {0, EMOTP_ERR_CLOCK},
	    {1704067199, EMOTP_ERR_CLOCK},
	    {1704067200, EMOTP_OK},
	    {INT64_C(253402300799), EMOTP_OK},
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct world w = world_new();
		char text[16];

		w.now_s = rows[i].err == EMOTP_OK ? rows[i].now_s : NOW_S;
		(void)world_code(&w, 0, world_step(&w, 0), text);
		assert_int_equal(emotp_judge(&w.c, &w.config, text,
				     rows[i].now_s, &w.judgement),
		    rows[i].err);
		assert_int_equal(w.judgement.verdict,
		    rows[i].err == EMOTP_OK ? EMOTP_ACCEPTED : 0);
	}
}

/* ---- states ---- */

static void
who_has_no_usable_token_is_refused_and_not_counted(void **state)
{
	static const struct {
		bool known;
		enum emotp_user_state state;
		enum emotp_verdict verdict;
	} rows[] = {
	    {false, 0, EMOTP_UNKNOWN},
	    {true, EMOTP_REMOVED, EMOTP_UNKNOWN},
	    {true, EMOTP_INVITED, EMOTP_NOT_ENROLLED},
	    {true, EMOTP_REVOKED_USER, EMOTP_REVOKED},
	};
	static const char *const typed[] = {
	    "123456", "12345678", "", "abc", "000000", NULL};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++)
		for (size_t k = 0; k < LEN(typed); k++) {
			struct world w = world_new();

			w.c.count = 0;
			w.c.known = rows[i].known;
			w.c.user.state = rows[i].state;
			assert_int_equal(
			    world_type(&w, typed[k]), rows[i].verdict);
			assert_int_equal(w.c.user.failures, 0);
			assert_int_equal(w.c.user.failed.count, 0);
			assert_int_equal(w.judgement.token, 0);
		}
}

static void
the_first_accepted_code_confirms_token_and_user(void **state)
{
	struct world w = world_new();

	(void)state;
	w.c.tokens[0].confirmed = false;
	w.c.user.state = EMOTP_INVITED;
	assert_int_equal(world_type_at(&w, 0, 5), EMOTP_PENDING);
	assert_false(w.c.tokens[0].confirmed);
	assert_int_equal(w.c.user.state, EMOTP_INVITED);
	w.now_s += 60;
	assert_int_equal(world_type_at(&w, 0, 5), EMOTP_ACCEPTED);
	assert_true(w.c.tokens[0].confirmed);
	assert_int_equal(w.c.user.state, EMOTP_ACTIVE);
	assert_int_equal(w.c.user.last_login, w.now_s);
	assert_int_equal(w.c.tokens[0].last_used, w.now_s);
	assert_int_equal(w.c.changes[0], EMOTP_ADVANCED);
}

/* ---- failures ---- */

static void
five_wrong_codes_in_a_row_make_strict(void **state)
{
	struct world w = world_new();

	(void)state;
	world_guess(&w, 4);
	assert_false(emotp_judge_strict(&w.c.user, w.now_s));
	world_guess(&w, 1);
	assert_true(emotp_judge_strict(&w.c.user, w.now_s));
	assert_int_equal(world_type_at(&w, 0, 0), EMOTP_STRICT);
	assert_int_equal(w.c.user.failures, 5);
	w.now_s += 60;
	assert_int_equal(world_type_at(&w, 0, 0), EMOTP_ACCEPTED);
	assert_int_equal(w.c.user.failures, 0);
	assert_int_equal(w.c.user.failed.count, 5);
	w.now_s += 60;
	assert_int_equal(world_type_at(&w, 0, 0), EMOTP_ACCEPTED);
}

/* Consecutive failures do not go away with time. */
static void
five_wrong_codes_are_strict_a_year_later_too(void **state)
{
	struct world w = world_new();

	(void)state;
	world_guess(&w, 5);
	w.now_s += 365 * DAY_S;
	assert_int_equal(world_type_at(&w, 0, 0), EMOTP_STRICT);
}

static void
ten_wrong_codes_in_a_day_make_strict(void **state)
{
	struct world w = world_new();

	(void)state;
	for (int i = 0; i < 10; i++) {
		world_guess(&w, 1);
		w.now_s += 120;
		if (i < 9)
			assert_int_equal(
			    world_type_at(&w, 0, 0), EMOTP_ACCEPTED);
	}
	assert_int_equal(w.c.user.failures, 1);
	assert_int_equal(world_type_at(&w, 0, 0), EMOTP_STRICT);
	w.now_s = NOW_S + DAY_S - 1; /* the first is 23:59:59 old */
	assert_true(emotp_judge_strict(&w.c.user, w.now_s));
	w.now_s++;
	assert_false(emotp_judge_strict(&w.c.user, w.now_s));
	assert_int_equal(world_type_at(&w, 0, 0), EMOTP_ACCEPTED);
}

/* A strict login is two codes; the first of them is not a failure. */
static void
strict_logins_do_not_keep_the_owner_strict(void **state)
{
	struct world w = world_new();

	(void)state;
	world_guess(&w, 10);
	for (int i = 0; i < 10; i++) {
		w.now_s += 3600;
		assert_int_equal(world_type_at(&w, 0, 0), EMOTP_STRICT);
		world_guess(&w, i == 0 ? 3 : 0);
		w.now_s += 60;
		assert_int_equal(world_type_at(&w, 0, 0), EMOTP_ACCEPTED);
	}
	assert_int_equal(w.c.user.failed.count, 13);
	w.now_s = NOW_S + DAY_S + 3600;
	assert_int_equal(world_type_at(&w, 0, 0), EMOTP_ACCEPTED);
}

static void
failures_of_the_future_are_taken_as_now(void **state)
{
	struct world w = world_new();

	(void)state;
	for (int i = 0; i < 10; i++)
		emotp_times_add(&w.c.user.failed, NOW_S + 100 * DAY_S);
	assert_int_equal(world_type_at(&w, 0, 0), EMOTP_STRICT);
	for (size_t i = 0; i < 10; i++)
		assert_int_equal(w.c.user.failed.at[i], NOW_S);
	w.now_s += DAY_S;
	assert_int_equal(world_type_at(&w, 0, 0), EMOTP_ACCEPTED);
	assert_int_equal(w.c.user.failed.count, 0);
}

static void
a_hundred_wrong_codes_in_a_row_disable(void **state)
{
	struct world w = world_new();

	(void)state;
	for (int i = 1; i <= 100; i++) {
		assert_false(w.c.user.disabled);
		world_guess(&w, 1);
		assert_int_equal(w.judgement.disabled_now, i == 100);
		w.now_s += DAY_S;
	}
	assert_true(w.c.user.disabled);
	assert_int_equal(world_type_at(&w, 0, 0), EMOTP_DISABLED);
	assert_int_equal(world_type_at(&w, 0, 1), EMOTP_DISABLED);
	assert_int_equal(world_type_at(&w, 0, 5), EMOTP_DISABLED);
	assert_int_equal(world_type(&w, "000000"), EMOTP_DISABLED);
	assert_false(w.judgement.disabled_now);
	assert_int_equal(w.c.user.failures, 100);
	assert_int_equal(w.c.tokens[0].pending_step, -1);
	assert_int_equal(w.c.tokens[0].last_step, -1);
}

static void
acceptance_resets_the_consecutive_count_only(void **state)
{
	struct world w = world_new();

	(void)state;
	world_guess(&w, 3);
	assert_int_equal(world_type_at(&w, 0, 0), EMOTP_ACCEPTED);
	assert_int_equal(w.c.user.failures, 0);
	assert_int_equal(w.c.user.failed.count, 3);
	world_guess(&w, 4);
	assert_int_equal(w.c.user.failures, 4);
	assert_int_equal(w.c.user.failed.count, 7);
	assert_false(emotp_judge_strict(&w.c.user, w.now_s));
}

/* ---- tokens that share a secret ---- */

static void
one_code_opens_no_second_session_by_a_twin_token(void **state)
{
	struct world w = world_new();
	size_t twin = world_add_token(&w, 1, judging_ours);
	int64_t s = world_step(&w, 0);

	(void)state;
	w.c.tokens[twin].drift = 5; /* far for the one, near for the other */
	assert_int_equal(world_type_at(&w, 0, 0), EMOTP_ACCEPTED);
	assert_int_equal(w.judgement.token, 1);
	assert_int_equal(w.c.tokens[0].last_step, s);
	assert_int_equal(w.c.tokens[twin].last_step, s);
	assert_int_equal(w.c.changes[twin], EMOTP_ADVANCED);
	assert_int_equal(world_type_at(&w, twin, 0), EMOTP_REPLAYED);
	assert_int_equal(world_type_at(&w, twin, 5), EMOTP_ACCEPTED);
	assert_int_equal(w.judgement.token, 2);
	assert_int_equal(world_type_at(&w, 0, 5), EMOTP_REPLAYED);
}

/* Rule (a) speaks of each token, not of the first one that it fits. */
static void
twin_tokens_both_learn_the_drift(void **state)
{
	struct world w = world_new();
	size_t twin = world_add_token(&w, 1, judging_ours);

	(void)state;
	assert_int_equal(world_type_at(&w, 0, 5), EMOTP_PENDING);
	w.now_s += 60;
	assert_int_equal(world_type_at(&w, 0, 5), EMOTP_ACCEPTED);
	assert_int_equal(w.c.tokens[0].drift, 5);
	assert_int_equal(w.c.tokens[twin].drift, 5);
}

/* ---- apps that ignore the period ---- */

static void
a_30_second_app_is_told_apart(void **state)
{
	static const struct {
		const char *behaviour;
		int period_s;     /* of the token */
		int app_period_s; /* of what was typed */
		int offset;
		bool hint;
	} rows[] = {
	    {"ignores the period", 60, 30, 0, true},
	    {"ignores it, a step off", 60, 30, -1, true},
	    {"ignores it, five minutes off", 60, 30, 10, true},
	    {"ignores it, too far off", 60, 30, 11, false},
	    {"honours the period", 60, 60, 0, false},
	    {"was told 30 seconds", 30, 30, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct world w = world_new();
		struct emotp_case before;
		bool hint = !rows[i].hint;
		char text[16];

		w.c.tokens[0].params.period_s = rows[i].app_period_s;
		(void)world_code(
		    &w, 0, world_step(&w, 0) + rows[i].offset, text);
		w.c.tokens[0].params.period_s = rows[i].period_s;
		before = w.c;
		CHECK_INT(rows[i].behaviour,
		    emotp_judge_other_period(
			&w.c, &w.config, text, w.now_s, &hint),
		    EMOTP_OK);
		CHECK_INT(rows[i].behaviour, hint, rows[i].hint);
		CHECK(rows[i].behaviour,
		    memcmp(&before, &w.c, sizeof(before)) == 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_no_code_is_refused_and_not_counted),
	    cmocka_unit_test(spaces_and_dashes_are_dropped),
	    cmocka_unit_test(each_token_is_asked_for_its_own_number_of_digits),
	    cmocka_unit_test(a_clock_that_was_never_set_is_an_error),
	    cmocka_unit_test(
		who_has_no_usable_token_is_refused_and_not_counted),
	    cmocka_unit_test(the_first_accepted_code_confirms_token_and_user),
	    cmocka_unit_test(five_wrong_codes_in_a_row_make_strict),
	    cmocka_unit_test(five_wrong_codes_are_strict_a_year_later_too),
	    cmocka_unit_test(ten_wrong_codes_in_a_day_make_strict),
	    cmocka_unit_test(strict_logins_do_not_keep_the_owner_strict),
	    cmocka_unit_test(failures_of_the_future_are_taken_as_now),
	    cmocka_unit_test(a_hundred_wrong_codes_in_a_row_disable),
	    cmocka_unit_test(acceptance_resets_the_consecutive_count_only),
	    cmocka_unit_test(one_code_opens_no_second_session_by_a_twin_token),
	    cmocka_unit_test(twin_tokens_both_learn_the_drift),
	    cmocka_unit_test(a_30_second_app_is_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
