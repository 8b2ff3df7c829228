/* alice and bob, invited, and what they do to get a token. */
#ifndef EMOTP_ENROLLING_H
#define EMOTP_ENROLLING_H

#include "storing.h"

#include "../../common/state/directory.h"
#include "../../common/state/enroll.h"
#include "../../common/state/verify.h"
#include "../../common/totp.h"

static inline int
enrolling_setup(void **state)
{
	const struct emotp_authority *a;
	int rc = place_setup(state);

	a = &((struct place *)*state)->authority;
	OK(emotp_directory_add(a, "alice", "alice@example.org", NULL, NULL));
	OK(emotp_directory_add(a, "bob", "bob@example.org", NULL, NULL));
	return rc;
}

#define enrolling_test(name) \
	cmocka_unit_test_setup_teardown(name, enrolling_setup, place_teardown)

static inline enum emotp_issue
issue(struct place *p, const char *name, bool exempt, int64_t now_s,
    struct emotp_ticket *ticket)
{
	OK(emotp_enroll_issue(
	    &p->authority, name, exempt, now_s, ticket, NULL));
	CHECK("ticket",
	    (ticket->issue == EMOTP_ISSUE_DONE) == (ticket->code[0] != '\0'));
	return ticket->issue;
}

/* A code as root mails it, handed over at once. */
static inline struct emotp_ticket
mail_code(struct place *p, const char *name, int64_t now_s)
{
	struct emotp_ticket ticket;

	assert_int_equal(
	    issue(p, name, true, now_s, &ticket), EMOTP_ISSUE_DONE);
	OK(emotp_enroll_handed(&p->authority, &ticket, now_s, NULL));
	return ticket;
}

static inline enum emotp_registration
register_with(struct place *p, const char *name, const char *code,
    const char *otp, int64_t now_s, struct emotp_registered *ret)
{
	const struct emotp_request request = {
	    name, NULL, code, otp, "phone", "192.0.2.7"};
	struct emotp_why why = {""};

	if (emotp_enroll_register(&p->authority, &request, now_s, ret, &why) !=
	    EMOTP_OK)
		fail_msg("%s", why.text);
	return ret->outcome;
}

static inline enum emotp_registration
try_code(struct place *p, const char *name, const char *code, int64_t now_s)
{
	struct emotp_registered ret;

	return register_with(p, name, code, NULL, now_s, &ret);
}

/* What the device of a registered token shows at a time. */
static inline const char *
device_code(
    const struct emotp_registered *r, int64_t now_s, char text[static 16])
{
	uint32_t code;

	OK(emotp_totp_codes(&r->secret, &r->token.params,
	    emotp_totp_step(now_s, r->token.params.period_s), 1, &code));
	(void)snprintf(
	    text, 16, "%0*u", r->token.params.digits, code % 100000000);
	return text;
}

static inline void
log_in(struct place *p, const char *name, const struct emotp_registered *r,
    int64_t now_s)
{
	struct emotp_judgement judgement;
	char text[16];

	OK(emotp_verify(&p->authority, name, device_code(r, now_s, text), now_s,
	    &judgement, NULL));
	assert_int_equal(judgement.verdict, EMOTP_ACCEPTED);
}

/* Registers at NOW_S and logs in: the user is active afterwards. */
static inline struct emotp_registered
make_active(struct place *p, const char *name)
{
	struct emotp_ticket ticket = mail_code(p, name, NOW_S);
	struct emotp_registered r;

	assert_int_equal(register_with(p, name, ticket.code, NULL, NOW_S, &r),
	    EMOTP_REGISTERED);
	log_in(p, name, &r, NOW_S);
	assert_int_equal(place_read_user(p, name).state, EMOTP_ACTIVE);
	return r;
}

static inline void
waste_tries(struct place *p, const char *name, int count, int64_t now_s)
{
	for (int i = 0; i < count; i++)
		assert_int_equal(try_code(p, name, "00000-00000", now_s),
		    EMOTP_REGISTER_WRONG_CODE);
}

static inline size_t
tokens_of(struct place *p, const char *name,
    struct emotp_token tokens[static EMOTP_TOKENS_MAX])
{
	return place_read_tokens(p, place_read_user(p, name).id, tokens);
}

#endif
