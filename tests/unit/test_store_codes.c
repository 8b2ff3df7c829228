/* The store's codes and intents; what transactions leave behind. */
#include "storing.h"

static void
codes_come_newest_first_and_end_together(void **state)
{
	struct place *p = *state;
	struct emotp_user user = place_add_user(p, "alice", "a@x");
	struct emotp_code code = {.user_id = user.id,
	    .state = EMOTP_CODE_LIVE,
	    .salt = {1},
	    .digest = {2}};
	struct emotp_code codes[EMOTP_CODES_MAX];
	size_t count;

	OK(emotp_store_begin(p->store));
	for (int i = 0; i < 40; i++) {
		code.handed_at = i;
		OK(emotp_store_code_insert(p->store, &code));
	}
	OK(emotp_store_codes(p->store, user.id, codes, &count));
	assert_int_equal(count, EMOTP_CODES_MAX);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(codes[i].handed_at, 39 - (int)i);
	assert_memory_equal(codes[0].salt, code.salt, 16);
	assert_memory_equal(codes[0].digest, code.digest, 32);
	codes[0].state = EMOTP_CODE_USED;
	codes[0].handed_at = 77;
	OK(emotp_store_code_update(p->store, &codes[0]));
	OK(emotp_store_code_delete(p->store, codes[1].id));
	assert_int_equal(
	    emotp_store_code_delete(p->store, codes[1].id), EMOTP_ERR_STORE);
	OK(emotp_store_codes_end(p->store, user.id, EMOTP_CODE_KILLED));
	OK(emotp_store_commit(p->store));
	OK(emotp_store_begin_read(p->store));
	OK(emotp_store_codes(p->store, user.id, codes, &count));
	assert_int_equal(codes[0].state, EMOTP_CODE_USED);
	assert_int_equal(codes[0].handed_at, 77);
	assert_int_equal(codes[1].handed_at, 37);
	assert_int_equal(codes[1].state, EMOTP_CODE_KILLED);
	emotp_store_rollback(p->store);
}

static int64_t
claim(struct place *p, int64_t user_id, int64_t after, int64_t now_s)
{
	struct emotp_intent intent = {.id = 0};
	bool found;

	OK(emotp_store_begin(p->store));
	OK(emotp_store_intent_claim(
	    p->store, user_id, after, now_s, 600, &intent, &found));
	OK(emotp_store_commit(p->store));
	assert_int_equal(found, intent.id != 0);
	return intent.id;
}

static void
an_intent_is_claimed_by_one_at_a_time(void **state)
{
	struct place *p = *state;
	struct emotp_user alice = place_add_user(p, "alice", "a@x");
	struct emotp_user bob = place_add_user(p, "bob", "b@x");
	struct emotp_intent intent = {.user_id = alice.id,
	    .kind = EMOTP_MAIL_REGISTERED,
	    .token = 2,
	    .label = "phone",
	    .source = "192.0.2.7",
	    .created = NOW_S};
	int64_t first, second;

	OK(emotp_store_begin(p->store));
	OK(emotp_store_intent_insert(p->store, &intent));
	first = intent.id;
	intent.user_id = bob.id;
	OK(emotp_store_intent_insert(p->store, &intent));
	second = intent.id;
	OK(emotp_store_commit(p->store));
	assert_int_equal(claim(p, bob.id, 0, NOW_S), second);
	assert_int_equal(claim(p, 0, 0, NOW_S), first);
	assert_int_equal(claim(p, 0, 0, NOW_S), 0);
	assert_int_equal(claim(p, 0, 0, NOW_S + 600), 0);
	assert_int_equal(claim(p, 0, 0, NOW_S + 601), first);
	OK(emotp_store_begin(p->store));
	OK(emotp_store_intent_release(p->store, second));
	OK(emotp_store_commit(p->store));
	assert_int_equal(claim(p, 0, second, NOW_S), 0);
	assert_int_equal(claim(p, 0, first, NOW_S), second);
	OK(emotp_store_begin(p->store));
	OK(emotp_store_intent_delete(p->store, second));
	OK(emotp_store_commit(p->store));
	assert_int_equal(place_intents(p, bob.id), 0);
	assert_int_equal(place_intents(p, alice.id), 1);
}

/* ---- transactions ---- */

static void
a_rollback_leaves_nothing(void **state)
{
	struct place *p = *state;
	struct emotp_user user = place_user("alice", "a@x"), seen;

	OK(emotp_store_begin(p->store));
	OK(emotp_store_user_insert(p->store, &user));
	emotp_store_rollback(p->store);
	emotp_store_rollback(p->store);
	OK(emotp_store_begin_read(p->store));
	assert_int_equal(emotp_store_user_by_name(p->store, "alice", &seen),
	    EMOTP_ERR_NO_USER);
	emotp_store_rollback(p->store);
}

static void
what_was_not_committed_goes_at_close(void **state)
{
	struct place *p = *state;

	for (int i = 0; i < 3; i++) {
		struct emotp_user user = place_user("alice", "a@x"), seen;

		OK(emotp_store_begin(p->store));
		OK(emotp_store_user_insert(p->store, &user));
		place_reopen(p);
		OK(emotp_store_begin_read(p->store));
		assert_int_equal(
		    emotp_store_user_by_name(p->store, "alice", &seen),
		    EMOTP_ERR_NO_USER);
		emotp_store_rollback(p->store);
	}
	emotp_store_close(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    place_test(codes_come_newest_first_and_end_together),
	    place_test(an_intent_is_claimed_by_one_at_a_time),
	    place_test(a_rollback_leaves_nothing),
	    place_test(what_was_not_committed_goes_at_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
