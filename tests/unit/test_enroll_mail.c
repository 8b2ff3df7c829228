/* The registration rule: what may be mailed, and how long it is good. */
#include "enrolling.h"

/* ---- the life of a code ---- */

static const struct {
	const char *behaviour;
	int64_t handed_s; /* after it was made */
	int64_t used_s;   /* after it was handed over */
	enum emotp_registration outcome;
} lives[] = {
    {"at once", 0, 0, EMOTP_REGISTERED},
    {"at 3599 s", 0, 3599, EMOTP_REGISTERED},
    {"at 3600 s", 0, 3600, EMOTP_REGISTER_EXPIRED},
    {"a day later", 0, 86400, EMOTP_REGISTER_EXPIRED},
    {"handed over late, at 3599 s", 45, 3599, EMOTP_REGISTERED},
    {"handed over late, at 3600 s", 45, 3600, EMOTP_REGISTER_EXPIRED},
};

static void
a_code_lives_an_hour_from_being_handed_over(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(lives); i++) {
		int64_t at = NOW_S + lives[i].handed_s;
		struct emotp_ticket ticket;
		void *place = NULL;

		assert_int_equal(enrolling_setup(&place), 0);
		(void)issue(place, "alice", false, NOW_S, &ticket);
		OK(emotp_enroll_handed(
		    &((struct place *)place)->authority, &ticket, at, NULL));
		CHECK_INT(lives[i].behaviour,
		    try_code(place, "alice", ticket.code, at + lives[i].used_s),
		    lives[i].outcome);
		(void)place_teardown(&place);
	}
}

static void
codes_that_cross_are_each_good_for_their_own_hour(void **state)
{
	struct place *p = *state;
	struct emotp_ticket first = mail_code(p, "alice", NOW_S);
	struct emotp_ticket second = mail_code(p, "alice", NOW_S + 1800);

	assert_string_not_equal(first.code, second.code);
	assert_int_equal(try_code(p, "alice", first.code, NOW_S + 3600),
	    EMOTP_REGISTER_EXPIRED);
	assert_int_equal(
	    try_code(p, "alice", second.code, NOW_S + 3600), EMOTP_REGISTERED);
}

static void
an_older_code_is_good_after_a_newer_one_was_mailed(void **state)
{
	struct place *p = *state;
	struct emotp_ticket first = mail_code(p, "alice", NOW_S);

	(void)mail_code(p, "alice", NOW_S + 60);
	assert_int_equal(
	    try_code(p, "alice", first.code, NOW_S + 61), EMOTP_REGISTERED);
}

static void
five_codes_live_at_most(void **state)
{
	struct place *p = *state;
	struct emotp_ticket tickets[6];

	for (int i = 0; i < 6; i++)
		tickets[i] = mail_code(p, "alice", NOW_S + i);
	assert_int_equal(try_code(p, "alice", tickets[0].code, NOW_S + 9),
	    EMOTP_REGISTER_EXPIRED);
	assert_int_equal(
	    try_code(p, "alice", tickets[1].code, NOW_S + 9), EMOTP_REGISTERED);
}

static void
a_sixth_code_that_was_not_sent_costs_no_other(void **state)
{
	struct place *p = *state;
	struct emotp_ticket first = mail_code(p, "alice", NOW_S), last;

	for (int i = 1; i < 6; i++)
		last = mail_code(p, "alice", NOW_S + i);
	OK(emotp_enroll_withdraw(&p->authority, &last, NULL));
	assert_int_equal(
	    try_code(p, "alice", first.code, NOW_S + 9), EMOTP_REGISTERED);
}

/* However often root invites, the last code works. */
static void
a_hundred_invitations_work(void **state)
{
	struct place *p = *state;
	struct emotp_ticket ticket = {.code = ""};

	for (int i = 0; i < 100; i++)
		ticket = mail_code(p, "alice", NOW_S + i);
	assert_int_equal(
	    try_code(p, "alice", ticket.code, NOW_S + 100), EMOTP_REGISTERED);
}

static void
a_code_that_was_not_sent_is_dead_and_not_counted(void **state)
{
	struct place *p = *state;
	int64_t id = place_read_user(p, "alice").id;
	struct emotp_ticket ticket;

	for (int i = 0; i < 12; i++) {
		assert_int_equal(
		    issue(p, "alice", false, NOW_S, &ticket), EMOTP_ISSUE_DONE);
		assert_int_equal(place_live_codes(p, id), 1);
		OK(emotp_enroll_withdraw(&p->authority, &ticket, NULL));
		assert_int_equal(place_live_codes(p, id), 0);
	}
	assert_int_equal(place_read_user(p, "alice").mailed.count, 0);
	assert_int_not_equal(
	    try_code(p, "alice", ticket.code, NOW_S), EMOTP_REGISTERED);
}

static void
a_new_address_or_a_reset_kills_the_code(void **state)
{
	struct place *p = *state;
	struct emotp_ticket ticket = mail_code(p, "alice", NOW_S);

	OK(emotp_directory_set(&p->authority, "alice", "new@x", NULL, NULL));
	assert_int_not_equal(
	    try_code(p, "alice", ticket.code, NOW_S), EMOTP_REGISTERED);
	OK(emotp_directory_set(
	    &p->authority, "alice", "alice@example.org", NULL, NULL));
	assert_int_not_equal(
	    try_code(p, "alice", ticket.code, NOW_S), EMOTP_REGISTERED);
	ticket = mail_code(p, "alice", NOW_S);
	OK(emotp_directory_reset(&p->authority, "alice", "root", NOW_S, NULL));
	assert_int_not_equal(
	    try_code(p, "alice", ticket.code, NOW_S), EMOTP_REGISTERED);
}

static void
a_removed_user_is_nobody(void **state)
{
	struct place *p = *state;
	struct emotp_ticket ticket = mail_code(p, "alice", NOW_S), other;
	struct emotp_request request = {
	    "alice", NULL, ticket.code, NULL, NULL, "x"};
	struct emotp_registered ret;

	OK(emotp_directory_remove(&p->authority, "alice", "root", NOW_S, NULL));
	assert_int_equal(emotp_enroll_issue(
			     &p->authority, "alice", true, NOW_S, &other, NULL),
	    EMOTP_ERR_NO_USER);
	assert_int_equal(
	    emotp_enroll_register(&p->authority, &request, NOW_S, &ret, NULL),
	    EMOTP_ERR_NO_USER);
	request.name = "nobody";
	assert_int_equal(
	    emotp_enroll_register(&p->authority, &request, NOW_S, &ret, NULL),
	    EMOTP_ERR_NO_USER);
	OK(emotp_directory_add(
	    &p->authority, "alice", "alice@example.org", NULL, NULL));
	assert_int_not_equal(
	    try_code(p, "alice", ticket.code, NOW_S), EMOTP_REGISTERED);
}

/* ---- limits ---- */

/* Requests in turn: 1 a minute, 5 an hour, 10 a day. */
static const struct {
	int64_t at_s;
	int64_t retry_s; /* 0: mailed */
} requests[] = {
    {0, 0},
    {0, 60},
    {59, 60},
    {60, 0},
    {119, 120},
    {120, 0},
    {180, 0},
    {240, 0},
    {300, 3600},
    {3599, 3600},
    {3600, 0},
    {3601, 3660},
    {3660, 0},
    {7200, 0},
    {7260, 0},
    {7320, 0},
    {7380, 86400},
    {86399, 86400},
    {86400, 0},
    {86460, 0},
    {86520, 0},
    {86580, 0},
    {86640, 0},
    {86700, 90000},
    {90000, 0},
    {90060, 0},
    {93600, 0},
    {93660, 0},
    {93720, 0},
    {93780, 172800},
};

static void
mails_are_limited_by_minute_hour_and_day(void **state)
{
	struct place *p = *state;

	for (size_t i = 0; i < LEN(requests); i++) {
		struct emotp_ticket ticket;
		char row[32];

		(void)snprintf(
		    row, sizeof(row), "at %lld s", (long long)requests[i].at_s);
		CHECK_INT(row,
		    issue(p, "alice", false, NOW_S + requests[i].at_s, &ticket),
		    requests[i].retry_s == 0 ? EMOTP_ISSUE_DONE :
					       EMOTP_ISSUE_LIMIT);
		if (requests[i].retry_s != 0)
			CHECK_INT(
			    row, ticket.retry_at - NOW_S, requests[i].retry_s);
	}
}

static void
root_meets_no_limit_and_others_budgets_are_their_own(void **state)
{
	struct place *p = *state;
	struct emotp_ticket ticket;

	for (int i = 0; i < 20; i++)
		assert_int_equal(
		    issue(p, "alice", true, NOW_S, &ticket), EMOTP_ISSUE_DONE);
	assert_int_equal(
	    issue(p, "bob", false, NOW_S, &ticket), EMOTP_ISSUE_DONE);
}

static void
a_clock_set_back_does_not_stop_the_mail_for_ever(void **state)
{
	struct place *p = *state;
	struct emotp_ticket ticket;

	for (int i = 0; i < 5; i++)
		assert_int_equal(issue(p, "alice", false,
				     NOW_S + 60 * 86400 + i * 60, &ticket),
		    EMOTP_ISSUE_DONE);
	assert_int_equal(
	    issue(p, "alice", false, NOW_S, &ticket), EMOTP_ISSUE_LIMIT);
	assert_true(ticket.retry_at <= NOW_S + 3600);
	assert_int_equal(
	    issue(p, "alice", false, NOW_S + 3600, &ticket), EMOTP_ISSUE_DONE);
}

static void
a_clock_that_was_never_set_is_an_error(void **state)
{
	struct place *p = *state;
	const struct emotp_request request = {
	    "alice", NULL, "00000-00000", NULL, NULL, "x"};
	struct emotp_registered ret;
	struct emotp_ticket ticket;

	assert_int_equal(emotp_enroll_issue(&p->authority, "alice", true,
			     EMOTP_CLOCK_MIN - 1, &ticket, NULL),
	    EMOTP_ERR_CLOCK);
	assert_int_equal(emotp_enroll_register(&p->authority, &request,
			     EMOTP_CLOCK_MIN - 1, &ret, NULL),
	    EMOTP_ERR_CLOCK);
	OK(emotp_store_begin(p->store)); /* nothing was left open */
	emotp_store_rollback(p->store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_code_lives_an_hour_from_being_handed_over),
	    enrolling_test(codes_that_cross_are_each_good_for_their_own_hour),
	    enrolling_test(an_older_code_is_good_after_a_newer_one_was_mailed),
	    enrolling_test(five_codes_live_at_most),
	    enrolling_test(a_sixth_code_that_was_not_sent_costs_no_other),
	    enrolling_test(a_hundred_invitations_work),
	    enrolling_test(a_code_that_was_not_sent_is_dead_and_not_counted),
	    enrolling_test(a_new_address_or_a_reset_kills_the_code),
	    enrolling_test(a_removed_user_is_nobody),
	    enrolling_test(mails_are_limited_by_minute_hour_and_day),
	    enrolling_test(
		root_meets_no_limit_and_others_budgets_are_their_own),
	    enrolling_test(a_clock_set_back_does_not_stop_the_mail_for_ever),
	    enrolling_test(a_clock_that_was_never_set_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
