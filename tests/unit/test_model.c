/* Times that are remembered; words for what is stored as numbers. */
#include "unit.h"

#include "../../common/state/model.h"

static void
the_oldest_time_falls_out_when_full(void **state)
{
	struct emotp_times times = {0};

	(void)state;
	for (int64_t at = 1; at <= EMOTP_TIMES_MAX; at++)
		emotp_times_add(&times, at);
	assert_int_equal(times.count, EMOTP_TIMES_MAX);
	assert_int_equal(times.at[0], 1);
	emotp_times_add(&times, 777);
	assert_int_equal(times.count, EMOTP_TIMES_MAX);
	assert_int_equal(times.at[0], 2);
	assert_int_equal(times.at[EMOTP_TIMES_MAX - 2], EMOTP_TIMES_MAX);
	assert_int_equal(times.at[EMOTP_TIMES_MAX - 1], 777);
}

static void
old_times_go_and_future_ones_become_now(void **state)
{
	struct emotp_times times = {6, {0, 899, 900, 901, 1000, 5000}};

	(void)state;
	emotp_times_trim(&times, 1000, 100);
	assert_int_equal(times.count, 3);
	assert_int_equal(times.at[0], 901);
	assert_int_equal(times.at[1], 1000);
	assert_int_equal(times.at[2], 1000);
	emotp_times_trim(&times, 1100, 100);
	assert_int_equal(times.count, 0);
	emotp_times_trim(&times, 1100, 100);
	assert_int_equal(times.count, 0);
}

static void
the_words_are_those_of_the_log(void **state)
{
	static const char *const verdicts[] = {"none", "accepted", "wrong",
	    "replayed", "pending", "strict", "disabled", "ahead", "unknown",
	    "not-enrolled", "revoked", "malformed", "refused", "none"};
	static const char *const states[] = {
	    "none", "invited", "active", "revoked", "removed", "none"};

	(void)state;
	for (size_t i = 0; i < LEN(verdicts); i++)
		assert_string_equal(
		    emotp_verdict_name((enum emotp_verdict)i), verdicts[i]);
	for (size_t i = 0; i < LEN(states); i++)
		assert_string_equal(
		    emotp_user_state_name((enum emotp_user_state)i), states[i]);
	assert_string_equal(emotp_mail_kind_name(EMOTP_MAIL_CODE), "code");
	assert_string_equal(
	    emotp_mail_kind_name(EMOTP_MAIL_DISABLED), "disabled");
	assert_null(emotp_mail_kind_name(0));
	assert_null(emotp_mail_kind_name(99));
}

static void
errors_have_words_and_reasons_one_line(void **state)
{
	struct emotp_why why = {"before"};
	char big[1000];

	(void)state;
	for (int err = EMOTP_OK; err <= EMOTP_ERR_EXISTS + 1; err++)
		assert_true(strlen(emotp_strerror((enum emotp_err)err)) > 3);
	assert_string_equal(emotp_strerror(EMOTP_ERR_BUSY),
	    "store locked by another process for too long");
	assert_int_equal(
	    emotp_fail(NULL, EMOTP_ERR_KEY, "%d", 1), EMOTP_ERR_KEY);
	assert_int_equal(emotp_fail(&why, EMOTP_ERR_KEY, "%s:%d: no", "f", 3),
	    EMOTP_ERR_KEY);
	assert_string_equal(why.text, "f:3: no");
	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	(void)emotp_fail(&why, EMOTP_ERR_KEY, "%s", big);
	assert_int_equal(strlen(why.text), sizeof(why.text) - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_oldest_time_falls_out_when_full),
	    cmocka_unit_test(old_times_go_and_future_ones_become_now),
	    cmocka_unit_test(the_words_are_those_of_the_log),
	    cmocka_unit_test(errors_have_words_and_reasons_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
