/* A copy has everything, and goes over nothing that is in use. */
#include "copying.h"

static void
every_column_of_every_table_is_copied(void **state)
{
	struct places *two = *state;
	struct seen seen = {0};

	OK(copy_by(storing_backends, two, &seen, NULL));
	assert_int_equal(seen.total, ROWS);
	is_equal(two);
	OK(open_destination(two));
}

static void
ids_of_rows_that_are_gone_are_not_given_again(void **state)
{
	struct places *two = *state;
	struct emotp_user user = place_user("carol", "c@x");
	struct emotp_code code = {.user_id = 7, .state = EMOTP_CODE_LIVE};
	struct emotp_intent intent = {.user_id = 7, .kind = EMOTP_MAIL_CODE};
	struct emotp_host host = {.name = "db", .users = "*"};
	struct emotp_store *to;

	OK(copy(two));
	two->to->key = two->from->key;
	to = two->to->store = place_open(two->to);
	OK(emotp_store_begin(to));
	OK(emotp_store_user_insert(to, &user));
	OK(emotp_store_code_insert(to, &code));
	OK(emotp_store_intent_insert(to, &intent));
	OK(emotp_store_host_insert(to, &host));
	OK(emotp_store_commit(to));
	assert_int_equal(user.id, 10);
	assert_int_equal(code.id, 21);
	assert_int_equal(intent.id, 31);
	assert_int_equal(host.id, 7);
}

static void
an_empty_store_is_copied_too(void **state)
{
	struct places *two = *state;

	execute(two->from->file,
	    "DELETE FROM tokens; DELETE FROM codes; DELETE FROM recovery;"
	    "DELETE FROM intents; DELETE FROM hosts; DELETE FROM users");
	OK(copy(two));
	OK(open_destination(two));
}

/* Pages, and a last one that is full. */
static void
many_rows_are_copied_in_their_order(void **state)
{
	struct places *two = *state;

	execute(two->from->file,
	    "WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n "
	    "WHERE i < 2097) INSERT INTO users SELECT i, 'u' || i, 'u' || i, "
	    "'u', 'u' || i, 'en', 1, 0, 9, 0, x'', 0, x'', 0, 0, 0, x'' FROM n;"
	    "INSERT INTO tokens SELECT u.id, t.number, u.id || '/' || t.number,"
	    " '', 1, 6, 60, x'01', 1, u.id, 0, -1, 0, 0, 0, 0 FROM users u, "
	    "(SELECT 1 AS number UNION SELECT 3 UNION SELECT 8) t");
	OK(copy(two));
	is_equal(two);
}

/* ---- what is refused ---- */

static const struct {
	const char *row;
	const char *sql; /* for a complete copy of it */
	enum emotp_err err;
} refusals[] = {
    {"complete", "UPDATE meta SET unknown_at = 5", EMOTP_ERR_EXISTS},
    {"a tombstone is left",
	"DELETE FROM tokens; DELETE FROM codes; DELETE FROM recovery;"
	"DELETE FROM intents; DELETE FROM hosts; DELETE FROM users "
	"WHERE state <> 4",
	EMOTP_ERR_EXISTS},
    {"a host is left",
	"DELETE FROM tokens; DELETE FROM codes; DELETE FROM recovery;"
	"DELETE FROM intents; DELETE FROM users",
	EMOTP_ERR_EXISTS},
    {"an earlier version", "UPDATE meta SET schema = 2", EMOTP_ERR_EXISTS},
    {"unfinished, of an earlier version", "UPDATE meta SET schema = -5002",
	EMOTP_ERR_EXISTS},
    {"a later version", "UPDATE meta SET schema = 99", EMOTP_ERR_STORE},
    {"another key", "UPDATE meta SET key_check = zeroblob(16)", EMOTP_ERR_KEY},
    {"unfinished, for another key",
	"UPDATE meta SET schema = -5003, key_check = zeroblob(16)",
	EMOTP_ERR_KEY},
    {"no meta row", "DELETE FROM meta", EMOTP_ERR_STORE},
    {"no table of users",
	"UPDATE meta SET schema = -5003; ALTER TABLE users RENAME TO x",
	EMOTP_ERR_STORE},
};

/* A sum over all there is. */
static int64_t
fingerprint(const char *file)
{
	sqlite3 *db = raw(file);
	int64_t sum = ask(db,
	    "SELECT (SELECT count(*) FROM tokens) * 10000 + "
	    "(SELECT count(*) FROM hosts) * 1000 + "
	    "(SELECT count(*) FROM codes) * 100 + "
	    "coalesce((SELECT schema + unknown_at FROM meta), 9)");

	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return sum;
}

static void
what_is_there_is_left_alone(void **state)
{
	struct places *two = *state;

	for (size_t i = 0; i < LEN(refusals); i++) {
		int64_t before;

		OK(copy(two));
		execute(two->to->file, refusals[i].sql);
		before = fingerprint(two->to->file);
		CHECK_INT(refusals[i].row, copy(two), refusals[i].err);
		if (i + 1 < LEN(refusals)) /* of the last one all is emptied */
			CHECK_INT(refusals[i].row, fingerprint(two->to->file),
			    before);
		remove_store(two->to);
	}
}

static void
a_store_that_was_never_used_is_taken(void **state)
{
	struct places *two = *state;

	OK(emotp_store_create(
	    storing_backends, two->to->uri, &two->from->key, NULL));
	OK(copy(two));
	is_equal(two);
}

/* One write transaction that goes before it is told of anything. */
static void
a_source_that_somebody_writes_to_is_waited_for(void **state)
{
	struct places *two = *state;
	sqlite3 *db = raw(two->from->file);

	assert_int_equal(
	    sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(copy(two), EMOTP_ERR_BUSY);
	assert_int_equal(access(two->to->file, F_OK), -1);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	OK(copy(two));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    copy_test(every_column_of_every_table_is_copied),
	    copy_test(ids_of_rows_that_are_gone_are_not_given_again),
	    copy_test(an_empty_store_is_copied_too),
	    copy_test(many_rows_are_copied_in_their_order),
	    copy_test(what_is_there_is_left_alone),
	    copy_test(a_store_that_was_never_used_is_taken),
	    copy_test(a_source_that_somebody_writes_to_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
