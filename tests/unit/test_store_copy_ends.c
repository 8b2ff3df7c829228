/* A copy that comes to an early end is no store, and is begun anew. */
#include <sys/wait.h>

#include "copying.h"

static void
run_until(const struct places *two, int last_tick)
{
	struct seen seen = {.last_tick = last_tick};
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		(void)copy_by(storing_backends, two, &seen, NULL);
		_exit(1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	CHECK_INT("the child was to end at a tick", status, 0);
}

static void
what_was_not_finished_is_no_store_and_is_begun_anew(void **state)
{
	struct places *two = *state;
	struct emotp_why why = {""};
	struct emotp_store *store = NULL;

	/* A process must not share an open store with its child. */
	emotp_store_close(two->from->store);
	for (int i = 1; i <= 2 * EMOTP_COPIED_TABLES; i++) {
		two->from->store = NULL;
		two->from->store = place_open(two->from);
		run_until(two, i);
		emotp_store_close(two->from->store);
		CHECK_INT("unfinished",
		    emotp_store_open(storing_backends, two->to->uri,
			&two->from->key, &store, &why),
		    EMOTP_ERR_STORE);
		assert_non_null(strstr(why.text, "copy"));
	}
	two->from->store = place_open(two->from);
	OK(copy(two));
	is_equal(two);
}

/* The real backend, but for one commit. */
static int commits_left; /* the one after so many is special */
static const struct places *overtaken;
static struct place *faster;

static enum emotp_err
commit_with_a_fault(void *db)
{
	if (commits_left-- == 0)
		return EMOTP_ERR_STORE;
	return emotp_store_sqlite.commit(db);
}

static void
a_commit_that_fails_leaves_no_store(void **state)
{
	struct emotp_backend faulty = emotp_store_sqlite;
	const struct emotp_backend *const backends[] = {&faulty, NULL};
	struct places *two = *state;
	struct seen seen;
	int failures = -1;
	enum emotp_err err;

	faulty.commit = commit_with_a_fault;
	do {
		seen = (struct seen){0};
		commits_left = ++failures;
		err = copy_by(backends, two, &seen, NULL);
		if (err != EMOTP_OK)
			assert_int_equal(
			    open_destination(two), EMOTP_ERR_STORE);
	} while (err != EMOTP_OK && failures < 100);
	OK(err);
	assert_true(failures > EMOTP_COPIED_TABLES);
	is_equal(two);
}

static enum emotp_err
commit_and_be_overtaken(void *db)
{
	enum emotp_err err = emotp_store_sqlite.commit(db);
	const struct places two = {faster, overtaken->to};

	if (commits_left-- == 0)
		OK(copy(&two));
	return err;
}

/* Another store for the same key, with the same in it but for chance. */
static void
make_faster(const struct place *from)
{
	void *place;

	assert_int_equal(place_setup(&place), 0);
	faster = place;
	emotp_store_close(faster->store);
	remove_store(faster);
	faster->key = from->key;
	OK(emotp_store_create(
	    storing_backends, faster->uri, &faster->key, NULL));
	faster->store = place_open(faster);
	execute(faster->file, everything);
}

/* Its rows went when the other one began: it must not call them a store. */
static void
a_copy_that_is_overtaken_ends(void **state)
{
	struct emotp_backend slow = emotp_store_sqlite;
	const struct emotp_backend *const backends[] = {&slow, NULL};
	struct places *two = *state;
	struct places fast;
	struct emotp_why why;
	void *place;

	make_faster(two->from);
	fast = (struct places){faster, two->to};
	overtaken = two;
	slow.commit = commit_and_be_overtaken;
	for (int i = 0; i < EMOTP_COPIED_TABLES; i++) {
		struct seen seen = {0};

		commits_left = i;
		assert_int_equal(
		    copy_by(backends, two, &seen, &why), EMOTP_ERR_STORE);
		assert_non_null(strstr(why.text, "another copy"));
		OK(open_destination(two));
		is_equal(&fast);
		remove_store(two->to);
	}
	place = faster;
	assert_int_equal(place_teardown(&place), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    copy_test(what_was_not_finished_is_no_store_and_is_begun_anew),
	    copy_test(a_commit_that_fails_leaves_no_store),
	    copy_test(a_copy_that_is_overtaken_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
