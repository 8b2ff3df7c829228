/* The directory: users and their states. */
#include "storing.h"

#include "../../common/state/directory.h"
#include "../../common/state/enroll.h"

static void
add(struct place *p, const char *name, const char *email)
{
	struct emotp_why why = {""};

	if (emotp_directory_add(&p->authority, name, email, NULL, &why) !=
	    EMOTP_OK)
		fail_msg("%s: %s", name, why.text);
}

/* Puts a confirmed token into a user's row, who is then active. */
static void
give_token(struct place *p, const char *name)
{
	struct emotp_user user = place_read_user(p, name);
	struct emotp_token token = {
	    .user_id = user.id,
	    .number = user.next_token++,
	    .label = "phone",
	    .params = {EMOTP_SHA1, 6, 60},
	    .sealed_len = 48,
	    .confirmed = true,
	    .last_step = 100,
	    .pending_step = -1,
	};

	user.state = EMOTP_ACTIVE;
	(void)snprintf(token.id, sizeof(token.id), "%016llx%016x",
	    (long long)user.id, (unsigned)token.number);
	OK(emotp_store_begin(p->store));
	OK(emotp_store_token_insert(p->store, &token));
	OK(emotp_store_user_update(p->store, &user));
	OK(emotp_store_commit(p->store));
}

static void
give_failures(struct place *p, const char *name)
{
	struct emotp_user user = place_read_user(p, name);

	user.failures = 100;
	user.disabled = true;
	emotp_times_add(&user.failed, NOW_S);
	emotp_times_add(&user.mailed, NOW_S);
	user.tries = 42;
	OK(emotp_store_begin(p->store));
	OK(emotp_store_user_update(p->store, &user));
	OK(emotp_store_commit(p->store));
}

static void
give_code(struct place *p, const char *name)
{
	struct emotp_ticket ticket;

	OK(emotp_enroll_issue(&p->authority, name, true, NOW_S, &ticket, NULL));
	assert_int_equal(ticket.issue, EMOTP_ISSUE_DONE);
}

static size_t
tokens_of(struct place *p, const char *name)
{
	struct emotp_token tokens[EMOTP_TOKENS_MAX];

	return place_read_tokens(p, place_read_user(p, name).id, tokens);
}

/* The kind of the newest intent of a user. */
static enum emotp_mail_kind
newest_mail(struct place *p, const char *name)
{
	struct emotp_intent intent = {.id = 0};
	int64_t user_id = place_read_user(p, name).id;
	enum emotp_mail_kind kind = 0;
	bool found = true;

	OK(emotp_store_begin(p->store));
	for (int64_t after = 0; found; after = intent.id) {
		OK(emotp_store_intent_claim(
		    p->store, user_id, after, NOW_S, 0, &intent, &found));
		if (found) {
			kind = intent.kind;
			assert_string_equal(intent.source, "root");
		}
	}
	emotp_store_rollback(p->store);
	return kind;
}

/* ---- add, set ---- */

static void
a_new_user_is_invited(void **state)
{
	struct place *p = *state;
	struct emotp_user user;

	add(p, "Alice", "Alice@Example.org");
	user = place_read_user(p, "alice");
	assert_string_equal(user.name, "Alice");
	assert_string_equal(user.email, "Alice@Example.org");
	assert_string_equal(user.language, "en");
	assert_int_equal(user.state, EMOTP_INVITED);
	assert_int_equal(user.next_token, 1);
	assert_false(user.disabled);
	OK(emotp_directory_add(&p->authority, "bob", "b@x", "zh-Hant", NULL));
	user = place_read_user(p, "bob");
	assert_string_equal(user.language, "zh-Hant");
}

static void
a_user_is_added_once(void **state)
{
	static const struct {
		const char *name;
		const char *email;
		const char *language;
		enum emotp_err err;
	} rows[] = {
	    {"alice", "other@x", NULL, EMOTP_ERR_EXISTS},
	    {"ALICE", "other@x", NULL, EMOTP_ERR_EXISTS},
	    {"bob", "a@x", NULL, EMOTP_ERR_EXISTS},
	    {"bob", "A@X", NULL, EMOTP_ERR_EXISTS},
	    {"b/b", "b@x", NULL, EMOTP_ERR_INVALID},
	    {"#bob", "b@x", NULL, EMOTP_ERR_INVALID},
	    {"bob", "b", NULL, EMOTP_ERR_INVALID},
	    {"bob", "b@x", "de", EMOTP_ERR_INVALID},
	    {"bob", "b@x", "pt", EMOTP_OK},
	};
	struct place *p = *state;

	add(p, "alice", "a@x");
	for (size_t i = 0; i < LEN(rows); i++) {
		struct emotp_why why = {""};

		CHECK_INT(rows[i].name,
		    emotp_directory_add(&p->authority, rows[i].name,
			rows[i].email, rows[i].language, &why),
		    rows[i].err);
		CHECK(rows[i].name,
		    (why.text[0] == '\0') == (rows[i].err == EMOTP_OK));
	}
}

/* A row of the time when '#' could begin the name of a new user. */
static void
a_name_with_a_number_sign_is_kept_by_who_has_it(void **state)
{
	struct place *p = *state;
	struct emotp_user user = {
	    .name = "#bob",
	    .email = "b@x",
	    .language = "en",
	    .state = EMOTP_INVITED,
	    .next_token = 1,
	};
	struct emotp_entry entry;

	OK(emotp_store_begin(p->store));
	OK(emotp_store_user_insert(p->store, &user));
	OK(emotp_store_commit(p->store));
	give_code(p, "#bob");
	give_token(p, "#bob");
	OK(emotp_directory_set(&p->authority, "#bob", "new@x", NULL, NULL));
	OK(emotp_directory_show(&p->authority, "#BOB", &entry, NULL));
	assert_int_equal(entry.count, 1);
	OK(emotp_directory_reset(&p->authority, "#bob", "root", NOW_S, NULL));
	OK(emotp_directory_remove(&p->authority, "#bob", "root", NOW_S, NULL));
	add(p, "b#ob", "b@x");
}

static void
a_new_address_kills_live_codes(void **state)
{
	struct place *p = *state;
	int64_t id;

	add(p, "alice", "a@x");
	add(p, "bob", "b@x");
	id = place_read_user(p, "alice").id;
	give_code(p, "alice");
	OK(emotp_directory_set(&p->authority, "ALICE", NULL, "pt", NULL));
	assert_int_equal(place_live_codes(p, id), 1);
	assert_int_equal(
	    emotp_directory_set(&p->authority, "alice", "B@x", NULL, NULL),
	    EMOTP_ERR_EXISTS);
	assert_int_equal(
	    emotp_directory_set(&p->authority, "alice", "b", NULL, NULL),
	    EMOTP_ERR_INVALID);
	assert_int_equal(place_live_codes(p, id), 1);
	OK(emotp_directory_set(&p->authority, "alice", "new@x", NULL, NULL));
	assert_int_equal(place_live_codes(p, id), 0);
	assert_string_equal(place_read_user(p, "alice").email, "new@x");
	assert_string_equal(place_read_user(p, "alice").language, "pt");
}

/* ---- remove, revoke, reset, unlock ---- */

static void
removing_leaves_a_tombstone_that_add_takes_over(void **state)
{
	struct place *p = *state;
	struct emotp_user before, after;

	add(p, "alice", "a@x");
	give_token(p, "alice");
	give_code(p, "alice");
	give_failures(p, "alice");
	before = place_read_user(p, "alice");
	OK(emotp_directory_remove(&p->authority, "alice", "root", NOW_S, NULL));
	after = place_read_user(p, "alice");
	assert_int_equal(after.state, EMOTP_REMOVED);
	assert_int_equal(after.id, before.id);
	assert_int_equal(tokens_of(p, "alice"), 0);
	assert_int_equal(place_live_codes(p, after.id), 0);
	assert_int_equal(newest_mail(p, "alice"), EMOTP_MAIL_REMOVED);
	add(p, "bob", "a@x");
	assert_int_equal(
	    emotp_directory_remove(&p->authority, "alice", "root", NOW_S, NULL),
	    EMOTP_ERR_NO_USER);
	assert_int_equal(
	    emotp_directory_add(&p->authority, "alice", "A@x", NULL, NULL),
	    EMOTP_ERR_EXISTS);
	add(p, "ALICE", "new@x");
	after = place_read_user(p, "alice");
	assert_int_equal(after.id, before.id);
	assert_string_equal(after.name, "ALICE");
	assert_string_equal(after.email, "new@x");
	assert_int_equal(after.state, EMOTP_INVITED);
	assert_int_equal(after.next_token, 2);
	assert_int_equal(after.failures, before.failures);
	assert_int_equal(after.failed.count, before.failed.count);
	assert_int_equal(after.mailed.count, before.mailed.count);
}

static void
revoking_the_last_token_makes_revoked(void **state)
{
	struct place *p = *state;
	struct emotp_why why = {""};

	add(p, "alice", "a@x");
	give_token(p, "alice");
	give_token(p, "alice");
	assert_int_equal(emotp_directory_revoke(
			     &p->authority, "alice", 3, "root", NOW_S, &why),
	    EMOTP_ERR_NO_TOKEN);
	assert_true(why.text[0] != '\0');
	OK(emotp_directory_revoke(
	    &p->authority, "alice", 1, "root", NOW_S, NULL));
	assert_int_equal(tokens_of(p, "alice"), 1);
	assert_int_equal(place_read_user(p, "alice").state, EMOTP_ACTIVE);
	OK(emotp_directory_revoke(
	    &p->authority, "alice", 2, "root", NOW_S, NULL));
	assert_int_equal(place_read_user(p, "alice").state, EMOTP_REVOKED_USER);
	assert_int_equal(newest_mail(p, "alice"), EMOTP_MAIL_REVOKED);
	assert_int_equal(emotp_directory_revoke(
			     &p->authority, "alice", 0, "root", NOW_S, &why),
	    EMOTP_ERR_NO_TOKEN);
}

static void
all_tokens_go_at_once(void **state)
{
	struct place *p = *state;

	add(p, "alice", "a@x");
	for (int i = 0; i < EMOTP_TOKENS_MAX; i++)
		give_token(p, "alice");
	OK(emotp_directory_revoke(
	    &p->authority, "alice", 0, "root", NOW_S, NULL));
	assert_int_equal(tokens_of(p, "alice"), 0);
	assert_int_equal(place_read_user(p, "alice").state, EMOTP_REVOKED_USER);
}

static void
a_reset_leads_back_to_invited(void **state)
{
	struct place *p = *state;
	struct emotp_user user;

	add(p, "alice", "a@x");
	give_token(p, "alice");
	give_code(p, "alice");
	give_failures(p, "alice");
	OK(emotp_directory_reset(&p->authority, "alice", "root", NOW_S, NULL));
	user = place_read_user(p, "alice");
	assert_int_equal(user.state, EMOTP_INVITED);
	assert_false(user.disabled);
	assert_int_equal(user.failures, 0);
	assert_int_equal(user.failed.count, 0);
	assert_int_equal(user.next_token, 2);
	assert_int_equal(tokens_of(p, "alice"), 0);
	assert_int_equal(place_live_codes(p, user.id), 0);
	assert_int_equal(newest_mail(p, "alice"), EMOTP_MAIL_RESET);
}

static void
an_unlock_clears_failures_and_never_last_step(void **state)
{
	struct place *p = *state;
	struct emotp_token tokens[EMOTP_TOKENS_MAX];
	struct emotp_user user;

	add(p, "alice", "a@x");
	give_token(p, "alice");
	give_failures(p, "alice");
	OK(emotp_directory_unlock(&p->authority, "alice", NULL));
	user = place_read_user(p, "alice");
	assert_int_equal(user.state, EMOTP_ACTIVE);
	assert_false(user.disabled);
	assert_int_equal(user.failures, 0);
	assert_int_equal(user.failed.count, 0);
	assert_int_equal(place_read_tokens(p, user.id, tokens), 1);
	assert_int_equal(tokens[0].last_step, 100);
}

/* ---- who is not there ---- */

static void
check_nobody(struct place *p, const char *name)
{
	const struct emotp_authority *a = &p->authority;
	struct emotp_why why = {""};
	struct emotp_entry entry;

	assert_int_equal(
	    emotp_directory_set(a, name, NULL, "en", &why), EMOTP_ERR_NO_USER);
	assert_non_null(strstr(why.text, name));
	assert_int_equal(emotp_directory_remove(a, name, "root", NOW_S, NULL),
	    EMOTP_ERR_NO_USER);
	assert_int_equal(
	    emotp_directory_revoke(a, name, 0, "root", NOW_S, NULL),
	    EMOTP_ERR_NO_USER);
	assert_int_equal(emotp_directory_reset(a, name, "root", NOW_S, NULL),
	    EMOTP_ERR_NO_USER);
	assert_int_equal(
	    emotp_directory_unlock(a, name, NULL), EMOTP_ERR_NO_USER);
	assert_int_equal(
	    emotp_directory_show(a, name, &entry, NULL), EMOTP_ERR_NO_USER);
}

static void
nobody_and_a_tombstone_are_no_user(void **state)
{
	struct place *p = *state;
	struct emotp_entry entry;

	check_nobody(p, "alice");
	add(p, "alice", "a@x");
	give_token(p, "alice");
	OK(emotp_directory_show(&p->authority, "ALICE", &entry, NULL));
	assert_int_equal(entry.count, 1);
	assert_string_equal(entry.user.name, "alice");
	OK(emotp_directory_remove(&p->authority, "alice", "root", NOW_S, NULL));
	check_nobody(p, "alice");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    place_test(a_new_user_is_invited),
	    place_test(a_user_is_added_once),
	    place_test(a_name_with_a_number_sign_is_kept_by_who_has_it),
	    place_test(a_new_address_kills_live_codes),
	    place_test(removing_leaves_a_tombstone_that_add_takes_over),
	    place_test(revoking_the_last_token_makes_revoked),
	    place_test(all_tokens_go_at_once),
	    place_test(a_reset_leads_back_to_invited),
	    place_test(an_unlock_clears_failures_and_never_last_step),
	    place_test(nobody_and_a_tombstone_are_no_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
