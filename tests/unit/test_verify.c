/* Verification over a real store: what is written, and what never is. */
#include "enrolling.h"

static enum emotp_verdict
verify(struct place *p, const char *name, const char *typed, int64_t now_s)
{
	struct emotp_judgement judgement;
	struct emotp_why why = {""};

	if (emotp_verify(&p->authority, name, typed, now_s, &judgement, &why) !=
	    EMOTP_OK)
		fail_msg("%s", why.text);
	return judgement.verdict;
}

static void
a_code_opens_one_session_across_connections(void **state)
{
	struct place *p = *state;
	struct emotp_registered r = make_active(p, "alice");
	char text[16];

	(void)device_code(&r, NOW_S + 60, text);
	assert_int_equal(verify(p, "Alice", text, NOW_S + 60), EMOTP_ACCEPTED);
	place_reopen(p);
	assert_int_equal(verify(p, "alice", text, NOW_S + 60), EMOTP_REPLAYED);
	assert_int_equal(verify(p, "alice", text, NOW_S - 540), EMOTP_REPLAYED);
	assert_int_equal(place_read_user(p, "alice").last_login, NOW_S + 60);
}

static void
everything_that_was_judged_is_written(void **state)
{
	struct place *p = *state;
	struct emotp_registered r = make_active(p, "alice");
	struct emotp_token tokens[EMOTP_TOKENS_MAX];
	char text[16];

	(void)device_code(&r, NOW_S + 86400, text);
	assert_int_equal(verify(p, "alice", text, NOW_S), EMOTP_WRONG);
	place_reopen(p);
	assert_int_equal(place_read_user(p, "alice").failures, 1);
	assert_int_equal(place_read_user(p, "alice").failed.count, 1);
	assert_int_equal(place_read_user(p, "alice").last_verdict, EMOTP_WRONG);
	(void)device_code(&r, NOW_S + 300, text);
	assert_int_equal(verify(p, "alice", text, NOW_S), EMOTP_PENDING);
	(void)tokens_of(p, "alice", tokens);
	assert_int_equal(tokens[0].pending_step, NOW_S / 60 + 5);
	(void)device_code(&r, NOW_S + 360, text);
	assert_int_equal(verify(p, "alice", text, NOW_S), EMOTP_ACCEPTED);
	(void)tokens_of(p, "alice", tokens);
	assert_int_equal(tokens[0].last_step, NOW_S / 60 + 6);
	assert_int_equal(tokens[0].drift, 6);
	assert_int_equal(tokens[0].pending_step, -1);
}

static void
a_preview_writes_and_burns_nothing(void **state)
{
	struct place *p = *state;
	struct emotp_registered r = make_active(p, "alice");
	struct emotp_user before = place_read_user(p, "alice"), after;
	struct emotp_judgement judgement;
	char text[16];

	for (int i = 0; i < 200; i++) {
		OK(emotp_verify_preview(&p->authority, "alice",
		    i % 2 == 0 ? device_code(&r, NOW_S + 60, text) :
				 device_code(&r, NOW_S + 86400, text),
		    NOW_S + 60, &judgement, NULL));
		assert_int_equal(judgement.verdict,
		    i % 2 == 0 ? EMOTP_ACCEPTED : EMOTP_WRONG);
	}
	after = place_read_user(p, "alice");
	assert_memory_equal(&before, &after, sizeof(before));
	assert_int_equal(
	    verify(p, "alice", device_code(&r, NOW_S + 60, text), NOW_S + 60),
	    EMOTP_ACCEPTED);
}

static void
the_hundredth_failure_disables_and_mails_once(void **state)
{
	struct place *p = *state;
	struct emotp_registered r = make_active(p, "alice");
	int64_t id = place_read_user(p, "alice").id;
	int64_t mails = place_intents(p, id);
	char text[16];

	(void)device_code(&r, NOW_S + 86400, text);
	for (int i = 1; i <= 100; i++) {
		assert_int_equal(verify(p, "alice", text, NOW_S), EMOTP_WRONG);
		assert_int_equal(
		    place_intents(p, id), i < 100 ? mails : mails + 1);
	}
	assert_true(place_read_user(p, "alice").disabled);
	(void)device_code(&r, NOW_S + 60, text);
	assert_int_equal(verify(p, "alice", text, NOW_S + 60), EMOTP_DISABLED);
	assert_int_equal(place_intents(p, id), mails + 1);
	OK(emotp_directory_unlock(&p->authority, "alice", NULL));
	assert_int_equal(verify(p, "alice", text, NOW_S + 60), EMOTP_ACCEPTED);
}

static void
strangers_get_verdicts_of_their_own(void **state)
{
	struct place *p = *state;
	struct emotp_registered r = make_active(p, "alice");
	char text[16];

	(void)device_code(&r, NOW_S + 60, text);
	assert_int_equal(verify(p, "nobody", text, NOW_S), EMOTP_UNKNOWN);
	assert_int_equal(verify(p, "", text, NOW_S), EMOTP_UNKNOWN);
	assert_int_equal(verify(p, "bob", text, NOW_S), EMOTP_NOT_ENROLLED);
	OK(emotp_directory_revoke(&p->authority, "alice", 0, "x", NOW_S, NULL));
	assert_int_equal(verify(p, "alice", text, NOW_S), EMOTP_REVOKED);
	OK(emotp_directory_remove(&p->authority, "alice", "x", NOW_S, NULL));
	assert_int_equal(verify(p, "alice", text, NOW_S), EMOTP_UNKNOWN);
}

/* An error is never an acceptance, and holds no verdict. */
static void
a_secret_moved_to_another_row_is_an_error(void **state)
{
	struct place *p = *state;
	struct emotp_registered r = make_active(p, "alice");
	struct emotp_user bob = place_read_user(p, "bob");
	struct emotp_token moved = r.token;
	struct emotp_judgement judgement;
	struct emotp_why why = {""};
	char text[16];

	moved.user_id = bob.id;
	moved.confirmed = true;
	moved.id[0] = moved.id[0] == '0' ? '1' : '0';
	OK(emotp_store_begin(p->store));
	OK(emotp_store_token_insert(p->store, &moved));
	OK(emotp_store_commit(p->store));
	(void)device_code(&r, NOW_S + 60, text);
	assert_int_equal(emotp_verify(&p->authority, "bob", text, NOW_S + 60,
			     &judgement, &why),
	    EMOTP_ERR_KEY);
	assert_int_equal(judgement.verdict, 0);
	assert_true(why.text[0] != '\0');
	assert_null(strstr(why.text, text));
	assert_int_equal(verify(p, "alice", text, NOW_S + 60), EMOTP_ACCEPTED);
}

static void
a_clock_that_was_never_set_decides_nothing(void **state)
{
	struct place *p = *state;
	struct emotp_judgement judgement;
	struct emotp_why why = {""};

	(void)make_active(p, "alice");
	assert_int_equal(emotp_verify(&p->authority, "alice", "123456",
			     EMOTP_CLOCK_MIN - 1, &judgement, &why),
	    EMOTP_ERR_CLOCK);
	assert_int_equal(judgement.verdict, 0);
	assert_string_equal(why.text, emotp_strerror(EMOTP_ERR_CLOCK));
	assert_int_equal(emotp_verify_preview(&p->authority, "alice", "123456",
			     EMOTP_CLOCK_MIN - 1, &judgement, &why),
	    EMOTP_ERR_CLOCK);
	assert_int_equal(judgement.verdict, 0);
}

static void
check_never_enrolled(struct place *p, const char *name, bool expected)
{
	static const char *const names[][2] = {
	    {NULL, NULL}, {NULL, "stranger"}, {"stranger", NULL}};

	for (size_t i = 0; i < LEN(names); i++) {
		bool seen = !expected;

		OK(emotp_verify_never_enrolled(&p->authority,
		    names[i][0] == NULL ? name : names[i][0],
		    names[i][1] == NULL ? name : names[i][1], NOW_S, &seen,
		    NULL));
		CHECK_INT(name, seen, expected);
	}
}

/*
 * For nullok: proved unknown, or invited and never with a token; and that
 * under both names, or else the other one would be a way around.
 */
static void
never_enrolled_is_proved_not_assumed(void **state)
{
	struct place *p = *state;
	const struct emotp_authority *a = &p->authority;
	struct emotp_ticket ticket;

	check_never_enrolled(p, "nobody", true);
	check_never_enrolled(p, "bob", true);
	check_never_enrolled(p, "BOB", true);
	ticket = mail_code(p, "bob", NOW_S);
	check_never_enrolled(p, "bob", true);
	assert_int_equal(
	    try_code(p, "bob", ticket.code, NOW_S), EMOTP_REGISTERED);
	check_never_enrolled(p, "bob", false); /* a token, not confirmed */
	(void)make_active(p, "alice");
	check_never_enrolled(p, "alice", false);
	check_never_enrolled(p, "ALICE", false);
	OK(emotp_directory_revoke(a, "alice", 0, "x", NOW_S, NULL));
	check_never_enrolled(p, "alice", false);
	OK(emotp_directory_reset(a, "alice", "x", NOW_S, NULL));
	check_never_enrolled(p, "alice", false);
	OK(emotp_directory_remove(a, "alice", "x", NOW_S, NULL));
	check_never_enrolled(p, "alice", false);
	OK(emotp_directory_add(a, "alice", "new@x", NULL, NULL));
	check_never_enrolled(p, "alice", false);
}

static void
a_clock_that_was_never_set_proves_nothing(void **state)
{
	struct place *p = *state;
	bool seen = true;

	assert_int_equal(emotp_verify_never_enrolled(&p->authority, "nobody",
			     "nobody", EMOTP_CLOCK_MIN - 1, &seen, NULL),
	    EMOTP_ERR_CLOCK);
	assert_false(seen);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    enrolling_test(a_code_opens_one_session_across_connections),
	    enrolling_test(everything_that_was_judged_is_written),
	    enrolling_test(a_preview_writes_and_burns_nothing),
	    enrolling_test(the_hundredth_failure_disables_and_mails_once),
	    enrolling_test(strangers_get_verdicts_of_their_own),
	    enrolling_test(a_secret_moved_to_another_row_is_an_error),
	    enrolling_test(a_clock_that_was_never_set_decides_nothing),
	    enrolling_test(never_enrolled_is_proved_not_assumed),
	    enrolling_test(a_clock_that_was_never_set_proves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
