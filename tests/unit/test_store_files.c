/* The store's files: whose they are, locks, and how the log behind grows. */
#include <sys/stat.h>

#include "storing.h"

static void
a_store_opens_with_its_own_key_only(void **state)
{
	struct place *p = *state;
	struct emotp_store *store = NULL;
	struct emotp_key other;
	struct emotp_why why = {""};

	place_key(p, "other", &other);
	assert_int_equal(
	    emotp_store_open(storing_backends, p->uri, &other, &store, &why),
	    EMOTP_ERR_KEY);
	assert_null(store);
	assert_non_null(strstr(why.text, p->file));
}

static void
a_store_is_made_once(void **state)
{
	struct place *p = *state;
	struct emotp_user user = place_user("alice", "a@x");
	struct emotp_why why;
	struct stat st;

	OK(emotp_store_begin(p->store));
	OK(emotp_store_user_insert(p->store, &user));
	OK(emotp_store_commit(p->store));
	assert_int_equal(
	    emotp_store_create(storing_backends, p->uri, &p->key, &why),
	    EMOTP_ERR_EXISTS);
	user = place_read_user(p, "alice");
	assert_int_equal(stat(p->file, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
}

static void
a_missing_directory_is_made_for_its_owner_alone(void **state)
{
	struct place *p = *state;
	char directory[UNIT_PATH + 16], uri[UNIT_PATH + 32];
	struct stat st;

	(void)snprintf(directory, sizeof(directory), "%s/new", p->directory);
	(void)snprintf(uri, sizeof(uri), "sqlite:%s/db", directory);
	OK(emotp_store_create(storing_backends, uri, &p->key, NULL));
	assert_int_equal(stat(directory, &st), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 0700);
}

static void
the_log_of_a_store_that_is_gone_is_not_replayed(void **state)
{
	struct place *p = *state;
	char wal[UNIT_PATH + 16];
	struct emotp_why why = {""};

	(void)place_add_user(p, "alice", "a@x");
	assert_int_equal(unlink(p->file), 0);
	assert_int_equal(
	    emotp_store_create(storing_backends, p->uri, &p->key, &why),
	    EMOTP_ERR_STORE);
	assert_non_null(strstr(why.text, "-wal"));
	(void)snprintf(wal, sizeof(wal), "%s-wal", p->file);
	assert_int_equal(unlink(wal), 0);
	OK(emotp_store_create(storing_backends, p->uri, &p->key, NULL));
}

static const struct {
	const char *uri;
	enum emotp_err err;
} uris[] = {
    {"", EMOTP_ERR_CONFIG},
    {"/var/lib/x.db", EMOTP_ERR_CONFIG},
    {"mysql://x", EMOTP_ERR_CONFIG},
    {"postgresql://x", EMOTP_ERR_CONFIG},
    {"SQLITE:/x", EMOTP_ERR_CONFIG},
    {"sqlite:", EMOTP_ERR_CONFIG},
    {"sqlite:x.db", EMOTP_ERR_CONFIG},
    {"sqlite::memory:", EMOTP_ERR_CONFIG},
    {"sqlite:/nonexistent/x.db", EMOTP_ERR_STORE},
};

/* By a process that carries this backend alone, like the module. */
static void
only_a_store_that_is_there_is_opened(void **state)
{
	static const struct emotp_backend *const backends[] = {
	    &emotp_store_sqlite, NULL};
	struct place *p = *state;

	for (size_t i = 0; i < LEN(uris); i++) {
		struct emotp_store *store = NULL;
		struct emotp_why why = {""};

		CHECK_INT(uris[i].uri,
		    emotp_store_open(
			backends, uris[i].uri, &p->key, &store, &why),
		    uris[i].err);
		CHECK(uris[i].uri, why.text[0] != '\0' && store == NULL);
	}
}

/* ---- what is not trusted ---- */

static void
put(const char *path, const char *text, size_t len)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static void
link_wal(const struct place *p, bool symbolic)
{
	char wal[UNIT_PATH + 16], target[UNIT_PATH + 16];

	(void)snprintf(wal, sizeof(wal), "%s-wal", p->file);
	(void)snprintf(target, sizeof(target), "%s/target", p->directory);
	(void)unlink(wal);
	put(target, "", 0);
	assert_int_equal(
	    symbolic ? symlink(target, wal) : link(target, wal), 0);
}

static void
symlink_wal(const struct place *p)
{
	link_wal(p, true);
}

static void
hard_link_wal(const struct place *p)
{
	link_wal(p, false);
}

static void
dangling_shm(const struct place *p)
{
	char shm[UNIT_PATH + 16];

	(void)snprintf(shm, sizeof(shm), "%s-shm", p->file);
	(void)unlink(shm);
	assert_int_equal(symlink("/nonexistent/shm", shm), 0);
}

static void
symlink_store(const struct place *p)
{
	char moved[UNIT_PATH + 16];

	(void)snprintf(moved, sizeof(moved), "%s/moved", p->directory);
	assert_int_equal(rename(p->file, moved), 0);
	assert_int_equal(symlink(moved, p->file), 0);
}

static void
hard_link_store(const struct place *p)
{
	char other[UNIT_PATH + 16];

	(void)snprintf(other, sizeof(other), "%s/other", p->directory);
	assert_int_equal(link(p->file, other), 0);
}

static void
fifo_store(const struct place *p)
{
	assert_int_equal(unlink(p->file), 0);
	assert_int_equal(mkfifo(p->file, 0600), 0);
}

static void
open_store(const struct place *p)
{
	assert_int_equal(chmod(p->file, 0666), 0);
}

static void
open_directory(const struct place *p)
{
	assert_int_equal(chmod(p->directory, 0777), 0);
}

static void
group_directory(const struct place *p)
{
	assert_int_equal(chmod(p->directory, 0770), 0);
}

static void
remove_logs(const struct place *p)
{
	char path[UNIT_PATH + 16];

	(void)snprintf(path, sizeof(path), "%s-wal", p->file);
	(void)unlink(path);
	(void)snprintf(path, sizeof(path), "%s-shm", p->file);
	(void)unlink(path);
}

static void
empty_store(const struct place *p)
{
	remove_logs(p);
	put(p->file, "", 0);
}

static void
garbage_store(const struct place *p)
{
	char page[8192];

	memset(page, 'x', sizeof(page));
	remove_logs(p);
	put(p->file, page, sizeof(page));
}

static void
missing_store(const struct place *p)
{
	assert_int_equal(unlink(p->file), 0);
}

static const struct {
	const char *what;
	void (*spoil)(const struct place *p);
} spoilt[] = {
    {"a symlinked -wal", symlink_wal},
    {"a -wal with two links", hard_link_wal},
    {"a dangling -shm", dangling_shm},
    {"a symlinked store", symlink_store},
    {"a store with two links", hard_link_store},
    {"a FIFO", fifo_store},
    {"a store that all can write", open_store},
    {"a directory that all can write", open_directory},
    {"a directory that the group can write", group_directory},
    {"an empty file", empty_store},
    {"garbage", garbage_store},
    {"nothing", missing_store},
};

/* Refused at once, and nothing is made in its stead. */
static void
a_store_that_is_not_trusted_is_refused(void **state)
{
	struct place *p = *state;

	for (size_t i = 0; i < LEN(spoilt); i++) {
		const char *row = spoilt[i].what;
		struct emotp_store *store = NULL;
		struct emotp_why why = {""};
		void *other = NULL;
		struct place *q;

		assert_int_equal(place_setup(&other), 0);
		q = other;
		emotp_store_close(q->store);
		q->store = NULL;
		spoilt[i].spoil(q);
		(void)alarm(5);
		CHECK_INT(row,
		    emotp_store_open(
			storing_backends, q->uri, &q->key, &store, &why),
		    EMOTP_ERR_STORE);
		(void)alarm(0);
		CHECK(row, strstr(why.text, q->file) != NULL);
		CHECK(row,
		    spoilt[i].spoil != missing_store ||
			access(q->file, F_OK) != 0);
		(void)chmod(q->directory, 0700);
		(void)place_teardown(&other);
	}
	(void)p;
}

/* ---- many at once ---- */

static void
a_lock_is_waited_for_5_seconds_in_all(void **state)
{
	struct place *p = *state;
	struct emotp_store *holder = place_open(p);
	struct timespec a, b;
	double waited;

	OK(emotp_store_begin(holder));
	(void)clock_gettime(CLOCK_MONOTONIC, &a);
	assert_int_equal(emotp_store_begin(p->store), EMOTP_ERR_BUSY);
	(void)clock_gettime(CLOCK_MONOTONIC, &b);
	waited = (double)(b.tv_sec - a.tv_sec) +
	    (double)(b.tv_nsec - a.tv_nsec) / 1e9;
	if (waited < 3 || waited > 8)
		fail_msg("waited %.1f s", waited);
	assert_true(emotp_store_why(p->store)[0] != '\0');
	assert_int_equal(emotp_store_begin(p->store), EMOTP_ERR_BUSY);
	(void)clock_gettime(CLOCK_MONOTONIC, &a);
	assert_true(a.tv_sec - b.tv_sec <= 2); /* its waiting is used up */
	emotp_store_rollback(holder);
	OK(emotp_store_begin(p->store));
	emotp_store_rollback(p->store);
	emotp_store_close(holder);
}

static void
a_reader_sees_the_last_commit_and_is_in_nobodys_way(void **state)
{
	struct place *p = *state;
	struct emotp_store *writer = place_open(p);
	struct emotp_user user = place_user("alice", "a@x"), seen;

	OK(emotp_store_begin_read(p->store));
	assert_int_equal(emotp_store_user_by_name(p->store, "alice", &seen),
	    EMOTP_ERR_NO_USER);
	OK(emotp_store_begin(writer));
	OK(emotp_store_user_insert(writer, &user));
	OK(emotp_store_commit(writer));
	assert_int_equal(emotp_store_user_by_name(p->store, "alice", &seen),
	    EMOTP_ERR_NO_USER);
	emotp_store_rollback(p->store);
	seen = place_read_user(p, "alice");
	emotp_store_close(writer);
}

static void
login(struct place *p, struct emotp_user *user, int64_t at_s)
{
	user->last_login = at_s;
	OK(emotp_store_begin(p->store));
	OK(emotp_store_user_judged(p->store, user));
	OK(emotp_store_commit(p->store));
	place_reopen(p);
}

/* Once it is as large as it gets, it is overwritten: nothing grows. */
static void
the_log_stays_small_over_500_logins(void **state)
{
	struct place *p = *state;
	struct emotp_user user = place_add_user(p, "alice", "a@x");
	char wal[UNIT_PATH + 16];
	struct stat st;
	off_t full = 0;

	(void)snprintf(wal, sizeof(wal), "%s-wal", p->file);
	for (int i = 0; i < 500; i++) {
		login(p, &user, NOW_S + i);
		assert_int_equal(stat(wal, &st), 0);
		if (i == 100)
			full = st.st_size;
		else if (i > 100)
			assert_int_equal(st.st_size, full);
	}
	assert_in_range(full, 1, (1 << 20) - 1);
}

static void
after_a_large_change_the_log_is_given_back(void **state)
{
	struct place *p = *state;
	char wal[UNIT_PATH + 16], name[32], email[32];
	struct stat st;

	(void)snprintf(wal, sizeof(wal), "%s-wal", p->file);
	OK(emotp_store_begin(p->store));
	for (int i = 0; i < 20000; i++) {
		struct emotp_user user;

		(void)snprintf(name, sizeof(name), "u%d", i);
		(void)snprintf(email, sizeof(email), "u%d@x", i);
		user = place_user(name, email);
		OK(emotp_store_user_insert(p->store, &user));
	}
	OK(emotp_store_commit(p->store));
	assert_int_equal(stat(wal, &st), 0);
	assert_int_equal(st.st_size, 0);
}

static void
copy_file(const char *from, const char *to)
{
	char buf[65536];
	FILE *in = fopen(from, "re"), *out = fopen(to, "we");
	size_t n;

	assert_non_null(in);
	assert_non_null(out);
	while ((n = fread(buf, 1, sizeof(buf), in)) > 0)
		assert_int_equal(fwrite(buf, 1, n, out), n);
	(void)fclose(in);
	assert_int_equal(fclose(out), 0);
}

/* What the log held before it started over must not come back. */
static void
what_a_crash_leaves_ends_with_the_last_commit(void **state)
{
	struct place *p = *state;
	struct emotp_user user = place_add_user(p, "alice", "a@x");
	struct place left = *p;
	char from[UNIT_PATH + 16], to[UNIT_PATH + 16];

	(void)snprintf(left.file, sizeof(left.file), "%s/left", p->directory);
	(void)snprintf(left.uri, sizeof(left.uri), "sqlite:%s", left.file);
	(void)snprintf(from, sizeof(from), "%s-wal", p->file);
	(void)snprintf(to, sizeof(to), "%s-wal", left.file);
	for (int i = 0; i < 200; i++) {
		struct emotp_user seen;

		login(p, &user, NOW_S + i);
		(void)unlink(left.file);
		copy_file(from, to);
		copy_file(p->file, left.file);
		assert_int_equal(chmod(left.file, 0600), 0);
		left.store = place_open(&left);
		seen = place_read_user(&left, "alice");
		emotp_store_close(left.store);
		assert_int_equal(seen.last_login, NOW_S + i);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    place_test(a_store_opens_with_its_own_key_only),
	    place_test(a_store_is_made_once),
	    place_test(the_log_of_a_store_that_is_gone_is_not_replayed),
	    place_test(a_missing_directory_is_made_for_its_owner_alone),
	    place_test(only_a_store_that_is_there_is_opened),
	    place_test(a_store_that_is_not_trusted_is_refused),
	    place_test(a_lock_is_waited_for_5_seconds_in_all),
	    place_test(a_reader_sees_the_last_commit_and_is_in_nobodys_way),
	    place_test(the_log_stays_small_over_500_logins),
	    place_test(after_a_large_change_the_log_is_given_back),
	    place_test(what_a_crash_leaves_ends_with_the_last_commit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
