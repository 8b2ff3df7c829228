/* Several services in turn: who is asked first, who is passed over. */
#include "unit.h"

#include "../../server/targets.h"

#define SKIP_MS 30000
#define BEGIN   1000000

static struct targets three;

static int
setup(void **state)
{
	(void)state;
	memset(&three, 0, sizeof(three));
	assert_true(targets_read(&three, "https://a https://b https://c"));
	return 0;
}

/* By a question that has tried none again. */
static bool
take(int i, int64_t now_ms)
{
	bool again = false;

	return targets_take(&three, i, now_ms, SKIP_MS, &again);
}

static void
addresses_are_read_in_order(void **state)
{
	static struct targets t;

	(void)state;
	assert_true(targets_read(&t, "  https://a   https://b:8443 "));
	assert_int_equal(t.count, 2);
	assert_string_equal(t.list[0].url, "https://a");
	assert_string_equal(t.list[1].url, "https://b:8443");
}

static void
none_and_too_many_are_refused(void **state)
{
	static struct targets none, eight, nine, long_one;
	char name[TARGETS_URL + 1];

	(void)state;
	assert_false(targets_read(&none, ""));
	assert_false(targets_read(&none, "   "));
	assert_true(targets_read(&eight, "a b c d e f g h"));
	assert_int_equal(eight.count, TARGETS_MAX);
	assert_false(targets_read(&nine, "a b c d e f g h i"));
	memset(name, 'x', TARGETS_URL);
	name[TARGETS_URL] = '\0';
	assert_false(targets_read(&long_one, name));
	name[TARGETS_URL - 1] = '\0';
	assert_true(targets_read(&long_one, name));
	assert_string_equal(long_one.list[0].url, name);
}

static void
one_that_is_down_is_passed_over(void **state)
{
	(void)state;
	assert_true(take(0, BEGIN));
	targets_down(&three, 0, BEGIN, SKIP_MS);
	assert_false(take(0, BEGIN));
	assert_false(take(0, BEGIN + SKIP_MS - 1));
	assert_true(take(1, BEGIN));
	assert_true(take(2, BEGIN));
}

/* Of many that come when its time is over, one pays for trying. */
static void
one_caller_tries_it_again(void **state)
{
	const int64_t over = BEGIN + SKIP_MS;

	(void)state;
	targets_down(&three, 0, BEGIN, SKIP_MS);
	assert_true(take(0, over));
	assert_false(take(0, over));
	assert_false(take(0, over + SKIP_MS - 1));
	assert_true(take(0, over + SKIP_MS));
}

static void
a_question_tries_one_again(void **state)
{
	const int64_t over = BEGIN + SKIP_MS;
	bool again = false;

	(void)state;
	targets_down(&three, 0, BEGIN, SKIP_MS);
	targets_down(&three, 1, BEGIN, SKIP_MS);
	assert_true(targets_take(&three, 0, over, SKIP_MS, &again));
	assert_false(targets_take(&three, 1, over, SKIP_MS, &again));
	assert_true(targets_take(&three, 2, over, SKIP_MS, &again));
	assert_true(take(1, over)); /* the next one does */
}

static void
one_that_answers_is_asked_again(void **state)
{
	(void)state;
	assert_false(targets_up(&three, 0)); /* it was never away */
	targets_down(&three, 0, BEGIN, SKIP_MS);
	assert_true(targets_up(&three, 0));
	assert_true(take(0, BEGIN));
	assert_true(take(0, BEGIN));
	assert_false(targets_up(&three, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(addresses_are_read_in_order),
	    cmocka_unit_test(none_and_too_many_are_refused),
	    cmocka_unit_test_setup(one_that_is_down_is_passed_over, setup),
	    cmocka_unit_test_setup(one_caller_tries_it_again, setup),
	    cmocka_unit_test_setup(a_question_tries_one_again, setup),
	    cmocka_unit_test_setup(one_that_answers_is_asked_again, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
