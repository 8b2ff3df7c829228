/* A store that stays open: what piles up beside its file, and is put away. */
#include <sys/stat.h>

#include "storing.h"

#define USERS    200
#define PAGE     4096
#define TIDY_MAX (4600 * PAGE) /* one commit more than what asks for it */
#define KEPT_MAX (17000 * PAGE)

static struct emotp_user users[USERS];

static void
add_users(struct place *p)
{
	char name[16], email[16];

	OK(emotp_store_begin(p->store));
	for (int i = 0; i < USERS; i++) {
		(void)snprintf(name, sizeof(name), "u%d", i);
		(void)snprintf(email, sizeof(email), "u%d@x", i);
		users[i] = place_user(name, email);
		for (int64_t at = 0; at < EMOTP_TIMES_MAX; at++)
			emotp_times_add(&users[i].failed, NOW_S + at);
		OK(emotp_store_user_insert(p->store, &users[i]));
	}
	OK(emotp_store_commit(p->store));
}

static void
change_users(struct place *p, int failures)
{
	OK(emotp_store_begin(p->store));
	for (int i = 0; i < USERS; i++) {
		users[i].failures = failures;
		OK(emotp_store_user_judged(p->store, &users[i]));
	}
	OK(emotp_store_commit(p->store));
}

/* Bytes beside the file. */
static long long
piled_up(const struct place *p)
{
	char path[sizeof(p->file) + 8];
	struct stat st = {.st_size = 0};

	(void)snprintf(path, sizeof(path), "%s-wal", p->file);
	(void)stat(path, &st);
	return (long long)st.st_size;
}

static void
it_says_when_and_another_handle_puts_it_away(void **state)
{
	struct place *p = *state;
	struct emotp_store *other = place_open(p);
	int turns = 0, tidied = 0;

	emotp_store_keep(p->store);
	emotp_store_keep(other);
	add_users(p);
	while (tidied < 5 && ++turns < (p->schema[0] == 0 ? 2000 : 9)) {
		change_users(p, turns);
		if (!emotp_store_untidy(p->store))
			continue;
		emotp_store_tidy(other);
		tidied++;
		assert_in_range(piled_up(p), 65 * PAGE, TIDY_MAX);
	}
	emotp_store_close(other);
	if (p->schema[0] == '\0')
		assert_int_equal(tidied, 5);
	assert_int_equal(place_read_user(p, "u7").failures, turns);
}

static void
unasked_it_stays_bounded(void **state)
{
	struct place *p = *state;

	emotp_store_keep(p->store);
	add_users(p);
	for (int turn = 1; turn <= 600; turn++) {
		change_users(p, turn);
		assert_in_range(piled_up(p), 0, KEPT_MAX);
	}
	assert_int_equal(place_read_user(p, "u199").failures, 600);
}

static void
nothing_is_left_behind_at_close(void **state)
{
	struct place *p = *state;

	emotp_store_keep(p->store);
	add_users(p);
	for (int turn = 1; turn <= 40; turn++)
		change_users(p, turn);
	place_reopen(p);
	assert_int_equal(piled_up(p), 0);
	assert_int_equal(place_read_user(p, "u0").failures, 40);
}

static void
who_does_not_stay_puts_it_away_alone(void **state)
{
	struct place *p = *state;

	add_users(p);
	for (int turn = 1; turn <= 40; turn++) {
		change_users(p, turn);
		assert_in_range(piled_up(p), 0, 200 * PAGE);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    place_test(it_says_when_and_another_handle_puts_it_away),
	    place_test(unasked_it_stays_bounded),
	    place_test(nothing_is_left_behind_at_close),
	    place_test(who_does_not_stay_puts_it_away_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
