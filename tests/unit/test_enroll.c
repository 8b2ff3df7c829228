/* The registration rule: what a mailed code is good for. */
#include "enrolling.h"

static void
a_code_registers_a_token(void **state)
{
	struct place *p = *state;
	struct emotp_ticket ticket = mail_code(p, "alice", NOW_S);
	struct emotp_token tokens[EMOTP_TOKENS_MAX];
	struct emotp_registered r;
	struct emotp_secret secret;
	struct emotp_user user;

	assert_int_equal(
	    register_with(p, "ALICE", ticket.code, NULL, NOW_S + 5, &r),
	    EMOTP_REGISTERED);
	assert_int_equal(tokens_of(p, "alice", tokens), 1);
	assert_string_equal(tokens[0].id, r.token.id);
	assert_int_equal(strspn(r.token.id, "0123456789abcdef"), 32);
	assert_string_equal(tokens[0].label, "phone");
	assert_int_equal(tokens[0].number, 1);
	assert_int_equal(tokens[0].last_step, -1);
	assert_int_equal(tokens[0].created, NOW_S + 5);
	assert_false(tokens[0].confirmed);
	OK(emotp_unseal(&p->key, &tokens[0], &secret));
	assert_int_equal(secret.len, 20);
	assert_memory_equal(secret.bytes, r.secret.bytes, 20);
	user = place_read_user(p, "alice");
	assert_int_equal(user.state, EMOTP_INVITED);
	assert_int_equal(user.next_token, 2);
	assert_int_equal(place_intents(p, user.id), 1);
	log_in(p, "alice", &r, NOW_S + 60);
	assert_int_equal(place_read_user(p, "alice").state, EMOTP_ACTIVE);
}

static void
a_token_is_as_the_configuration_says(void **state)
{
	static const struct {
		struct emotp_params params;
		size_t len;
	} rows[] = {
	    {{EMOTP_SHA1, 8, 30}, 20},
	    {{EMOTP_SHA256, 6, 60}, 32},
	    {{EMOTP_SHA512, 8, 90}, 64},
	};
	struct place *p = *state;

	for (size_t i = 0; i < LEN(rows); i++) {
		struct emotp_ticket ticket = mail_code(p, "alice", NOW_S);
		struct emotp_registered r;

		p->config.params = rows[i].params;
		assert_int_equal(
		    register_with(p, "alice", ticket.code, NULL, NOW_S, &r),
		    EMOTP_REGISTERED);
		assert_memory_equal(
		    &r.token.params, &rows[i].params, sizeof(rows[i].params));
		assert_int_equal(r.secret.len, rows[i].len);
	}
}

static void
a_code_is_read_as_people_type_it(void **state)
{
	struct place *p = *state;
	struct emotp_ticket ticket = mail_code(p, "alice", NOW_S);
	char typed[32];

	(void)snprintf(
	    typed, sizeof(typed), "  %.5s%s \n", ticket.code, ticket.code + 6);
	for (char *c = typed; *c != '\0'; c++)
		*c = (char)(*c == '0'          ? 'o' :
			*c == '1'              ? 'l' :
			*c >= 'A' && *c <= 'Z' ? *c + 32 :
						 *c);
	assert_int_equal(try_code(p, "alice", typed, NOW_S), EMOTP_REGISTERED);
}

static void
a_code_is_used_once_and_takes_the_others_along(void **state)
{
	struct place *p = *state;
	struct emotp_ticket first = mail_code(p, "alice", NOW_S);
	struct emotp_ticket second = mail_code(p, "alice", NOW_S);
	struct emotp_token tokens[EMOTP_TOKENS_MAX];

	assert_int_equal(
	    try_code(p, "alice", first.code, NOW_S), EMOTP_REGISTERED);
	assert_int_equal(
	    try_code(p, "alice", first.code, NOW_S), EMOTP_REGISTER_USED);
	assert_int_not_equal(
	    try_code(p, "alice", second.code, NOW_S), EMOTP_REGISTERED);
	assert_int_equal(tokens_of(p, "alice", tokens), 1);
}

static void
other_codes_are_wrong(void **state)
{
	static const char *const typed[] = {"", "00000-00000", "-", "abc",
	    "0000000000000", "uuuuu-uuuuu", "\x01", "123456"};
	struct place *p = *state;
	struct emotp_ticket hers = mail_code(p, "alice", NOW_S);
	struct emotp_ticket his = mail_code(p, "bob", NOW_S);

	for (size_t i = 0; i < LEN(typed); i++)
		CHECK_INT(typed[i], try_code(p, "alice", typed[i], NOW_S),
		    EMOTP_REGISTER_WRONG_CODE);
	assert_int_equal(
	    try_code(p, "alice", his.code, NOW_S), EMOTP_REGISTER_WRONG_CODE);
	assert_int_equal(place_read_user(p, "alice").tries, LEN(typed) + 1);
	assert_int_equal(place_read_user(p, "bob").tries, 0);
	assert_int_equal(
	    try_code(p, "alice", hers.code, NOW_S), EMOTP_REGISTERED);
	assert_int_equal(try_code(p, "bob", his.code, NOW_S), EMOTP_REGISTERED);
}

/* ---- tries ---- */

static void
ninety_nine_wrong_codes_do_no_harm(void **state)
{
	struct place *p = *state;
	struct emotp_ticket ticket = mail_code(p, "alice", NOW_S);

	waste_tries(p, "alice", 99, NOW_S);
	assert_int_equal(
	    try_code(p, "alice", ticket.code, NOW_S), EMOTP_REGISTERED);
}

static void
a_hundred_wrong_codes_kill_the_live_ones(void **state)
{
	struct place *p = *state;
	struct emotp_ticket ticket;

	(void)issue(p, "alice", false, NOW_S, &ticket);
	waste_tries(p, "alice", 50, NOW_S);
	(void)issue(p, "alice", false, NOW_S + 60, &ticket);
	waste_tries(p, "alice", 50, NOW_S + 60); /* no refill by that mail */
	assert_int_equal(
	    place_live_codes(p, place_read_user(p, "alice").id), 0);
	assert_int_not_equal(
	    try_code(p, "alice", ticket.code, NOW_S + 60), EMOTP_REGISTERED);
	assert_int_equal(
	    issue(p, "alice", false, NOW_S + 120, &ticket), EMOTP_ISSUE_DONE);
	waste_tries(p, "alice", 1, NOW_S + 120);
	assert_int_equal(
	    try_code(p, "alice", ticket.code, NOW_S + 120), EMOTP_REGISTERED);
}

static void
an_invitation_by_root_refills_the_tries(void **state)
{
	struct place *p = *state;
	struct emotp_ticket ticket;

	waste_tries(p, "alice", 99, NOW_S);
	ticket = mail_code(p, "alice", NOW_S);
	waste_tries(p, "alice", 99, NOW_S);
	assert_int_equal(
	    try_code(p, "alice", ticket.code, NOW_S), EMOTP_REGISTERED);
}

/* ---- states ---- */

/* The mailbox alone is never the second factor. */
static void
an_active_user_needs_a_current_code_too(void **state)
{
	struct place *p = *state;
	struct emotp_registered old = make_active(p, "alice"), r;
	struct emotp_ticket ticket = mail_code(p, "alice", NOW_S);
	struct emotp_token tokens[EMOTP_TOKENS_MAX];
	int64_t later = NOW_S + 60;
	char otp[16];

	assert_int_equal(try_code(p, "alice", ticket.code, later),
	    EMOTP_REGISTER_OTP_REQUIRED);
	assert_int_equal(register_with(p, "alice", ticket.code, "", later, &r),
	    EMOTP_REGISTER_OTP_REQUIRED);
	assert_int_equal(register_with(p, "alice", ticket.code,
			     device_code(&old, NOW_S, otp), later, &r),
	    EMOTP_REGISTER_OTP_REFUSED);
	assert_int_equal(r.judgement.verdict, EMOTP_REPLAYED);
	assert_int_equal(register_with(p, "alice", "00000-00000",
			     device_code(&old, later, otp), later, &r),
	    EMOTP_REGISTER_WRONG_CODE);
	assert_int_equal(tokens_of(p, "alice", tokens), 1);
	assert_int_equal(register_with(p, "alice", ticket.code,
			     device_code(&old, later, otp), later, &r),
	    EMOTP_REGISTERED);
	assert_int_equal(tokens_of(p, "alice", tokens), 2);
	assert_int_equal(tokens[0].last_step, later / 60);
	assert_int_equal(tokens[1].number, 2);
	log_in(p, "alice", &r, later + 60);
}

static void
a_wrong_current_code_is_a_failure(void **state)
{
	struct place *p = *state;
	struct emotp_registered old = make_active(p, "alice"), r;
	struct emotp_ticket ticket = mail_code(p, "alice", NOW_S);
	char otp[16], wrong[16];

	(void)device_code(&old, NOW_S + 86400, wrong); /* wrong today */
	assert_int_equal(
	    register_with(p, "alice", ticket.code, wrong, NOW_S + 60, &r),
	    EMOTP_REGISTER_OTP_REFUSED);
	assert_int_equal(r.judgement.verdict, EMOTP_WRONG);
	assert_int_equal(place_read_user(p, "alice").failures, 1);
	assert_int_equal(
	    register_with(p, "alice", ticket.code,
		device_code(&old, NOW_S + 60, otp), NOW_S + 60, &r),
	    EMOTP_REGISTERED);
	assert_int_equal(place_read_user(p, "alice").failures, 0);
}

static void
a_revoked_user_is_refused_until_reset(void **state)
{
	struct place *p = *state;
	struct emotp_ticket ticket, refused;

	(void)make_active(p, "alice");
	ticket = mail_code(p, "alice", NOW_S);
	OK(emotp_directory_revoke(
	    &p->authority, "alice", 0, "root", NOW_S, NULL));
	assert_int_equal(
	    issue(p, "alice", true, NOW_S, &refused), EMOTP_ISSUE_REVOKED);
	assert_int_equal(
	    try_code(p, "alice", ticket.code, NOW_S), EMOTP_REGISTER_REVOKED);
	OK(emotp_directory_reset(&p->authority, "alice", "root", NOW_S, NULL));
	ticket = mail_code(p, "alice", NOW_S);
	assert_int_equal(
	    try_code(p, "alice", ticket.code, NOW_S), EMOTP_REGISTERED);
}

static void
a_disabled_user_is_refused_until_unlock(void **state)
{
	struct place *p = *state;
	struct emotp_registered old = make_active(p, "alice"), r;
	struct emotp_ticket ticket = mail_code(p, "alice", NOW_S), refused;
	struct emotp_user user = place_read_user(p, "alice");
	char otp[16];

	user.disabled = true;
	OK(emotp_store_begin(p->store));
	OK(emotp_store_user_update(p->store, &user));
	OK(emotp_store_commit(p->store));
	assert_int_equal(
	    issue(p, "alice", true, NOW_S, &refused), EMOTP_ISSUE_DISABLED);
	(void)device_code(&old, NOW_S + 60, otp);
	assert_int_equal(
	    register_with(p, "alice", ticket.code, otp, NOW_S + 60, &r),
	    EMOTP_REGISTER_DISABLED);
	OK(emotp_directory_unlock(&p->authority, "alice", NULL));
	assert_int_equal(
	    register_with(p, "alice", ticket.code, otp, NOW_S + 60, &r),
	    EMOTP_REGISTERED);
}

/* ---- tokens ---- */

static void
registering_again_replaces_an_unconfirmed_token(void **state)
{
	struct place *p = *state;
	struct emotp_token tokens[EMOTP_TOKENS_MAX];
	struct emotp_registered first, second;
	struct emotp_judgement judgement;
	struct emotp_ticket ticket = mail_code(p, "alice", NOW_S);
	char otp[16];

	assert_int_equal(
	    register_with(p, "alice", ticket.code, NULL, NOW_S, &first),
	    EMOTP_REGISTERED);
	ticket = mail_code(p, "alice", NOW_S);
	assert_int_equal(
	    register_with(p, "alice", ticket.code, NULL, NOW_S, &second),
	    EMOTP_REGISTERED);
	assert_int_equal(tokens_of(p, "alice", tokens), 1);
	assert_int_equal(tokens[0].number, 2);
	assert_string_equal(tokens[0].id, second.token.id);
	assert_memory_not_equal(first.secret.bytes, second.secret.bytes, 20);
	OK(emotp_verify(&p->authority, "alice", device_code(&first, NOW_S, otp),
	    NOW_S, &judgement, NULL));
	assert_int_not_equal(judgement.verdict, EMOTP_ACCEPTED);
	log_in(p, "alice", &second, NOW_S);
}

static void
eight_tokens_are_all(void **state)
{
	struct place *p = *state;
	struct emotp_registered first = make_active(p, "alice"), r;
	struct emotp_token tokens[EMOTP_TOKENS_MAX];
	int64_t now_s = NOW_S;
	char otp[16];

	for (size_t n = 2; n <= 9; n++) {
		struct emotp_ticket ticket;

		now_s += 120;
		ticket = mail_code(p, "alice", now_s);
		assert_int_equal(
		    register_with(p, "alice", ticket.code,
			device_code(&first, now_s, otp), now_s, &r),
		    n <= 8 ? EMOTP_REGISTERED : EMOTP_REGISTER_TOO_MANY);
		if (n <= 8)
			log_in(p, "alice", &r, now_s);
		assert_int_equal(tokens_of(p, "alice", tokens), n <= 8 ? n : 8);
	}
}

static void
a_label_that_will_not_do_uses_nothing_up(void **state)
{
	struct place *p = *state;
	struct emotp_ticket ticket = mail_code(p, "alice", NOW_S);
	struct emotp_request request = {
	    "alice", NULL, ticket.code, NULL, "bad\nlabel", "x"};
	struct emotp_registered ret;
	struct emotp_why why = {""};

	assert_int_equal(
	    emotp_enroll_register(&p->authority, &request, NOW_S, &ret, &why),
	    EMOTP_ERR_INVALID);
	assert_true(why.text[0] != '\0');
	request.label = NULL;
	OK(emotp_enroll_register(&p->authority, &request, NOW_S, &ret, &why));
	assert_int_equal(ret.outcome, EMOTP_REGISTERED);
	assert_string_equal(ret.token.label, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    enrolling_test(a_code_registers_a_token),
	    enrolling_test(a_token_is_as_the_configuration_says),
	    enrolling_test(a_code_is_read_as_people_type_it),
	    enrolling_test(a_code_is_used_once_and_takes_the_others_along),
	    enrolling_test(other_codes_are_wrong),
	    enrolling_test(ninety_nine_wrong_codes_do_no_harm),
	    enrolling_test(a_hundred_wrong_codes_kill_the_live_ones),
	    enrolling_test(an_invitation_by_root_refills_the_tries),
	    enrolling_test(an_active_user_needs_a_current_code_too),
	    enrolling_test(a_wrong_current_code_is_a_failure),
	    enrolling_test(a_revoked_user_is_refused_until_reset),
	    enrolling_test(a_disabled_user_is_refused_until_unlock),
	    enrolling_test(registering_again_replaces_an_unconfirmed_token),
	    enrolling_test(eight_tokens_are_all),
	    enrolling_test(a_label_that_will_not_do_uses_nothing_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
