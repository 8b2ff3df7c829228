/* The store's users and tokens: read as written, and guards that hold. */
#include "storing.h"

static struct emotp_token
add_token(struct place *p, int64_t user_id, int number)
{
	struct emotp_token token = {
	    .user_id = user_id,
	    .number = number,
	    .label = "phone",
	    .params = {EMOTP_SHA256, 8, 30},
	    .sealed_len = 48,
	    .confirmed = true,
	    .last_step = 100,
	    .drift = -3,
	    .pending_step = 200,
	    .pending_at = 6000,
	    .created = 5000,
	    .last_used = 5500,
	};

	(void)snprintf(token.id, sizeof(token.id), "%016llx%016x",
	    (long long)user_id, (unsigned)number);
	memset(token.sealed, number, token.sealed_len);
	OK(emotp_store_begin(p->store));
	OK(emotp_store_token_insert(p->store, &token));
	OK(emotp_store_commit(p->store));
	return token;
}

/* ---- users ---- */

static void
a_user_is_read_as_it_was_written(void **state)
{
	struct place *p = *state;
	struct emotp_user user = place_user("Alice", "Alice@Example.org");
	struct emotp_user seen;

	user.disabled = true;
	user.next_token = 9;
	user.failures = 42;
	user.tries = 17;
	user.last_login = INT64_C(253402300799);
	user.last_refusal = -1;
	user.last_verdict = EMOTP_REPLAYED;
	for (int64_t i = 0; i < EMOTP_TIMES_MAX; i++)
		emotp_times_add(&user.failed, i * i * INT64_C(1000000007));
	emotp_times_add(&user.mailed, -5);
	OK(emotp_store_begin(p->store));
	OK(emotp_store_user_insert(p->store, &user));
	OK(emotp_store_commit(p->store));
	place_reopen(p);
	seen = place_read_user(p, "Alice");
	assert_memory_equal(&seen, &user, sizeof(user));
	user.state = EMOTP_ACTIVE;
	user.disabled = false;
	user.failed.count = 0;
	memset(user.failed.at, 0, sizeof(user.failed.at));
	OK(emotp_store_begin(p->store));
	OK(emotp_store_user_update(p->store, &user));
	OK(emotp_store_commit(p->store));
	seen = place_read_user(p, "alice");
	assert_memory_equal(&seen, &user, sizeof(user));
}

static void
names_and_addresses_are_found_in_any_case(void **state)
{
	struct place *p = *state;
	struct emotp_user alice =
	    place_add_user(p, "Alice", "Alice@Example.org");
	struct emotp_user seen;

	OK(emotp_store_begin_read(p->store));
	OK(emotp_store_user_by_name(p->store, "aLICE", &seen));
	assert_int_equal(seen.id, alice.id);
	assert_string_equal(seen.name, "Alice");
	assert_string_equal(seen.email, "Alice@Example.org");
	OK(emotp_store_user_by_id(p->store, alice.id, &seen));
	assert_string_equal(seen.name, "Alice");
	emotp_store_rollback(p->store);
}

static void
who_is_not_there_is_proved_not_to_be(void **state)
{
	static const char *const names[] = {"", "alic", "alicee", "alice ", "%",
	    "a%", "a_ice", "' OR 1=1 --", "al\xc3\xafy"};
	struct place *p = *state;
	struct emotp_user alice = place_add_user(p, "alice", "a@x"), seen;

	OK(emotp_store_begin_read(p->store));
	for (size_t i = 0; i < LEN(names); i++) {
		CHECK_INT(names[i],
		    emotp_store_user_by_name(p->store, names[i], &seen),
		    EMOTP_ERR_NO_USER);
	}
	assert_int_equal(emotp_store_user_by_id(p->store, alice.id + 1, &seen),
	    EMOTP_ERR_NO_USER);
	emotp_store_rollback(p->store);
}

static void
a_name_or_address_is_taken_once(void **state)
{
	static const struct {
		const char *name;
		const char *email;
		enum emotp_err err;
	} rows[] = {
	    {"alice", "b@x", EMOTP_ERR_EXISTS},
	    {"ALICE", "b@x", EMOTP_ERR_EXISTS},
	    {"bob", "a@x", EMOTP_ERR_EXISTS},
	    {"bob", "A@X", EMOTP_ERR_EXISTS},
	    {"bob", "b@x", EMOTP_OK},
	};
	struct place *p = *state;
	struct emotp_user alice = place_add_user(p, "alice", "a@x"), user;

	for (size_t i = 0; i < LEN(rows); i++) {
		user = place_user(rows[i].name, rows[i].email);
		OK(emotp_store_begin(p->store));
		CHECK_INT(rows[i].name,
		    emotp_store_user_insert(p->store, &user), rows[i].err);
		if (rows[i].err == EMOTP_OK)
			OK(emotp_store_commit(p->store));
		emotp_store_rollback(p->store);
	}
	(void)strcpy(user.email, "a@X");
	OK(emotp_store_begin(p->store));
	assert_int_equal(
	    emotp_store_user_update(p->store, &user), EMOTP_ERR_EXISTS);
	emotp_store_rollback(p->store);
	alice.id = 999;
	OK(emotp_store_begin(p->store));
	assert_int_not_equal(
	    emotp_store_user_update(p->store, &alice), EMOTP_OK);
	emotp_store_rollback(p->store);
}

static void
a_tombstone_keeps_its_name_and_frees_its_address(void **state)
{
	struct place *p = *state;
	struct emotp_user alice = place_add_user(p, "alice", "a@x"), seen;

	alice.state = EMOTP_REMOVED;
	OK(emotp_store_begin(p->store));
	OK(emotp_store_user_update(p->store, &alice));
	OK(emotp_store_commit(p->store));
	OK(emotp_store_begin_read(p->store));
	OK(emotp_store_user_by_name(p->store, "alice", &seen));
	assert_int_equal(seen.state, EMOTP_REMOVED);
	assert_string_equal(seen.email, "a@x");
	emotp_store_rollback(p->store);
	(void)place_add_user(p, "bob", "a@x");
}

struct listing {
	char names[64];
	size_t tokens;
	size_t stop_after;
};

static enum emotp_err
list_user(void *arg, const struct emotp_user *user, size_t tokens)
{
	struct listing *listing = arg;

	(void)strcat(listing->names, user->name);
	(void)strcat(listing->names, " ");
	listing->tokens = listing->tokens * 10 + tokens;
	return --listing->stop_after == 0 ? EMOTP_ERR_MEMORY : EMOTP_OK;
}

static void
users_are_listed_by_name_without_tombstones(void **state)
{
	struct place *p = *state;
	struct emotp_user gone = place_add_user(p, "bert", "b@x");
	struct emotp_user carol = place_add_user(p, "carol", "c@x");
	struct listing all = {.stop_after = 99}, one = {.stop_after = 1};

	(void)place_add_user(p, "Alice", "a@x");
	(void)place_add_user(p, "bob", "o@x");
	(void)add_token(p, carol.id, 1);
	(void)add_token(p, carol.id, 3);
	gone.state = EMOTP_REMOVED;
	OK(emotp_store_begin(p->store));
	OK(emotp_store_user_update(p->store, &gone));
	OK(emotp_store_commit(p->store));
	OK(emotp_store_begin_read(p->store));
	OK(emotp_store_user_each(p->store, list_user, &all));
	assert_int_equal(
	    emotp_store_user_each(p->store, list_user, &one), EMOTP_ERR_MEMORY);
	emotp_store_rollback(p->store);
	assert_string_equal(all.names, "Alice bob carol ");
	assert_int_equal(all.tokens, 2);
	assert_string_equal(one.names, "Alice ");
}

/* ---- tokens ---- */

static void
tokens_are_read_as_they_were_written(void **state)
{
	struct place *p = *state;
	struct emotp_user user = place_add_user(p, "alice", "a@x");
	struct emotp_token tokens[EMOTP_TOKENS_MAX], expected[2];

	memset(expected, 0, sizeof(expected));
	memset(tokens, 0, sizeof(tokens));
	expected[1] = add_token(p, user.id, 5);
	expected[0] = add_token(p, user.id, 2);
	place_reopen(p);
	assert_int_equal(place_read_tokens(p, user.id, tokens), 2);
	assert_memory_equal(tokens, expected, sizeof(expected));
	assert_int_equal(place_read_tokens(p, user.id + 1, tokens), 0);
}

static void
an_update_never_touches_last_step(void **state)
{
	struct place *p = *state;
	struct emotp_user user = place_add_user(p, "alice", "a@x");
	struct emotp_token token = add_token(p, user.id, 1);
	struct emotp_token tokens[EMOTP_TOKENS_MAX];

	token.last_step = 7;
	token.confirmed = false;
	token.drift = 10;
	token.pending_step = -1;
	token.pending_at = 0;
	OK(emotp_store_begin(p->store));
	OK(emotp_store_token_update(p->store, &token));
	OK(emotp_store_commit(p->store));
	assert_int_equal(place_read_tokens(p, user.id, tokens), 1);
	assert_int_equal(tokens[0].last_step, 100);
	assert_true(tokens[0].confirmed);
	assert_int_equal(tokens[0].drift, 10);
	assert_int_equal(tokens[0].pending_step, -1);
}

static enum emotp_err
accept_step(struct place *p, struct emotp_token *token, int64_t step)
{
	enum emotp_err err;

	token->last_step = step;
	OK(emotp_store_begin(p->store));
	err = emotp_store_token_accept(p->store, token);
	if (err == EMOTP_OK)
		err = emotp_store_commit(p->store);
	emotp_store_rollback(p->store);
	return err;
}

/* The row count of the one statement is the acceptance. */
static void
a_step_is_accepted_once(void **state)
{
	struct place *p = *state;
	struct emotp_user user = place_add_user(p, "alice", "a@x");
	struct emotp_token token = add_token(p, user.id, 1);
	struct emotp_token tokens[EMOTP_TOKENS_MAX];

	assert_int_equal(accept_step(p, &token, 100), EMOTP_ERR_STORE);
	assert_int_equal(accept_step(p, &token, 101), EMOTP_OK);
	assert_int_equal(accept_step(p, &token, 101), EMOTP_ERR_STORE);
	assert_true(emotp_store_why(p->store)[0] != '\0');
	assert_int_equal(accept_step(p, &token, 99), EMOTP_ERR_STORE);
	assert_int_equal(accept_step(p, &token, 102), EMOTP_OK);
	assert_int_equal(place_read_tokens(p, user.id, tokens), 1);
	assert_int_equal(tokens[0].last_step, 102);
	token.number = 2;
	assert_int_equal(accept_step(p, &token, 103), EMOTP_ERR_STORE);
}

static void
a_token_goes_alone(void **state)
{
	struct place *p = *state;
	struct emotp_user user = place_add_user(p, "alice", "a@x");
	struct emotp_token one = add_token(p, user.id, 1);
	struct emotp_token tokens[EMOTP_TOKENS_MAX];

	(void)add_token(p, user.id, 2);
	OK(emotp_store_begin(p->store));
	OK(emotp_store_token_delete(p->store, &one));
	assert_int_equal(
	    emotp_store_token_delete(p->store, &one), EMOTP_ERR_STORE);
	OK(emotp_store_commit(p->store));
	assert_int_equal(place_read_tokens(p, user.id, tokens), 1);
	assert_int_equal(tokens[0].number, 2);
	OK(emotp_store_begin(p->store));
	assert_int_equal(
	    emotp_store_token_insert(p->store, &tokens[0]), EMOTP_ERR_EXISTS);
	emotp_store_rollback(p->store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    place_test(a_user_is_read_as_it_was_written),
	    place_test(names_and_addresses_are_found_in_any_case),
	    place_test(who_is_not_there_is_proved_not_to_be),
	    place_test(a_name_or_address_is_taken_once),
	    place_test(a_tombstone_keeps_its_name_and_frees_its_address),
	    place_test(users_are_listed_by_name_without_tombstones),
	    place_test(tokens_are_read_as_they_were_written),
	    place_test(an_update_never_touches_last_step),
	    place_test(a_step_is_accepted_once),
	    place_test(a_token_goes_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
