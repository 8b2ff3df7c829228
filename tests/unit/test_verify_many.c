/* Many verifications in one transaction: each sees those before it. */
#include "enrolling.h"

#include "../../common/state/host.h"

#define MANY 40

static struct emotp_verification
asking(const char *name, const char *typed, int64_t now_s)
{
	struct emotp_verification v;

	memset(&v, 0, sizeof(v));
	v.name = name;
	v.typed = typed;
	v.now_s = now_s;
	return v;
}

static void
decide(struct place *p, struct emotp_verification *list, size_t count)
{
	struct emotp_why why = {""};

	emotp_verify_many(&p->authority, list, count, &why);
	for (size_t i = 0; i < count; i++)
		if (list[i].err != EMOTP_OK)
			fail_msg("%zu: %s", i, why.text);
}

static void
a_host(struct place *p, const char *name, const char *users,
    char key[static EMOTP_HOST_KEY])
{
	OK(emotp_host_add(&p->authority, name, users, NOW_S, key, NULL));
}

static void
of_one_code_that_many_send_one_is_accepted(void **state)
{
	struct place *p = *state;
	struct emotp_registered r = make_active(p, "alice");
	struct emotp_verification list[MANY];
	char text[16], key[2][EMOTP_HOST_KEY];
	int accepted = 0, replayed = 0;

	a_host(p, "web1", "*", key[0]);
	a_host(p, "web2", "*", key[1]);
	(void)device_code(&r, NOW_S + 60, text);
	for (size_t i = 0; i < MANY; i++) {
		list[i] =
		    asking(i % 2 == 0 ? "alice" : "ALICE", text, NOW_S + 60);
		if (i % 3 != 0)
			list[i].host_key = key[i % 3 - 1];
	}
	decide(p, list, MANY);
	for (size_t i = 0; i < MANY; i++) {
		assert_int_equal(list[i].admission, EMOTP_ADMITTED);
		accepted += list[i].judgement.verdict == EMOTP_ACCEPTED;
		replayed += list[i].judgement.verdict == EMOTP_REPLAYED;
	}
	assert_int_equal(accepted, 1);
	assert_int_equal(replayed, MANY - 1);
	assert_int_equal(place_read_user(p, "alice").failures, 0);
}

static void
each_user_is_judged_by_their_own_tokens(void **state)
{
	struct place *p = *state;
	struct emotp_registered alice = make_active(p, "alice");
	struct emotp_registered bob = make_active(p, "bob");
	char of_alice[16], of_bob[16];
	struct emotp_verification list[5];

	(void)device_code(&alice, NOW_S + 60, of_alice);
	(void)device_code(&bob, NOW_S + 60, of_bob);
	list[0] = asking("bob", of_alice, NOW_S + 60);
	list[1] = asking("nobody", of_alice, NOW_S + 60);
	list[2] = asking("alice", of_alice, NOW_S + 60);
	list[3] = asking("bob", of_bob, NOW_S + 60);
	list[4] = asking("al\xff\xff"
			 "ce",
	    of_alice, NOW_S + 60);
	decide(p, list, LEN(list));
	assert_int_equal(list[0].judgement.verdict, EMOTP_WRONG);
	assert_int_equal(list[1].judgement.verdict, EMOTP_UNKNOWN);
	assert_int_equal(list[2].judgement.verdict, EMOTP_ACCEPTED);
	assert_int_equal(list[3].judgement.verdict, EMOTP_ACCEPTED);
	assert_int_equal(list[4].judgement.verdict, EMOTP_UNKNOWN);
}

static void
wrong_codes_of_one_batch_all_count(void **state)
{
	struct place *p = *state;
	struct emotp_verification list[MANY];
	int strict = 0;

	(void)make_active(p, "alice");
	for (size_t i = 0; i < MANY; i++)
		list[i] = asking("alice", "000000", NOW_S + 60);
	decide(p, list, MANY);
	for (size_t i = 0; i < MANY; i++)
		strict += list[i].judgement.verdict == EMOTP_STRICT;
	assert_int_equal(place_read_user(p, "alice").failures, MANY - strict);
}

/* To the last one, also where they come in one batch with what is right. */
static void
a_host_is_refused_300_times_and_no_more(void **state)
{
	struct place *p = *state;
	struct emotp_registered bob = make_active(p, "bob");
	struct emotp_verification list[MANY];
	char text[16], key[EMOTP_HOST_KEY];
	int refused = 0, too_many = 0;

	a_host(p, "web1", "*", key);
	for (int round = 0; round < 320 / MANY; round++) {
		for (size_t i = 0; i < MANY; i++) {
			list[i] = asking("nobody", "000000", NOW_S + 60);
			list[i].host_key = key;
		}
		decide(p, list, MANY);
		for (size_t i = 0; i < MANY; i++) {
			refused += list[i].admission == EMOTP_ADMITTED;
			too_many += list[i].admission == EMOTP_HOST_TOO_MANY;
			if (list[i].admission == EMOTP_HOST_TOO_MANY)
				assert_int_equal(list[i].judgement.verdict, 0);
		}
	}
	assert_int_equal(refused, EMOTP_REFUSED_MAX);
	assert_int_equal(too_many, 320 - EMOTP_REFUSED_MAX);
	(void)device_code(&bob, NOW_S + 60, text);
	list[0] = asking("bob", text, NOW_S + 60);
	list[0].host_key = key;
	list[1] = asking("bob", text, NOW_S + 60);
	decide(p, list, 2);
	assert_int_equal(list[0].admission, EMOTP_HOST_TOO_MANY);
	assert_int_equal(list[1].judgement.verdict, EMOTP_ACCEPTED);
}

/* Neither to the user nor to anybody: nothing of it was decided. */
static void
what_a_host_may_not_ask_is_not_counted(void **state)
{
	struct place *p = *state;
	char key[EMOTP_HOST_KEY], other[EMOTP_HOST_KEY];
	struct emotp_verification list[3];

	(void)make_active(p, "alice");
	a_host(p, "web1", "b*", key);
	a_host(p, "gone", "*", other);
	OK(emotp_host_remove(&p->authority, "gone", NULL));
	for (size_t i = 0; i < LEN(list); i++)
		list[i] = asking("alice", "000000", NOW_S + 60);
	list[0].host_key = key;
	list[1].host_key = other;
	list[2].host_key = "NO KEY";
	decide(p, list, LEN(list));
	assert_int_equal(list[0].admission, EMOTP_HOST_USER);
	assert_string_equal(list[0].host, "web1");
	assert_int_equal(list[1].admission, EMOTP_HOST_UNKNOWN);
	assert_int_equal(list[2].admission, EMOTP_HOST_UNKNOWN);
	assert_string_equal(list[2].host, "");
	for (size_t i = 0; i < LEN(list); i++)
		assert_int_equal(list[i].judgement.verdict, 0);
	assert_int_equal(place_read_user(p, "alice").failures, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    enrolling_test(of_one_code_that_many_send_one_is_accepted),
	    enrolling_test(each_user_is_judged_by_their_own_tokens),
	    enrolling_test(wrong_codes_of_one_batch_all_count),
	    enrolling_test(a_host_is_refused_300_times_and_no_more),
	    enrolling_test(what_a_host_may_not_ask_is_not_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
