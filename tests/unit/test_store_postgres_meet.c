/* Transactions on PostgreSQL that meet. Skipped without a server. */
#include <pthread.h>

#include "connecting.h"

#define ROUNDS 50

struct racer {
	struct place *p;
	struct emotp_store *store;
	const char *typed;
	int64_t now_s;
	pthread_barrier_t *start;
	enum emotp_err err;
	enum emotp_verdict verdict;
};

static void *
race(void *arg)
{
	struct racer *r = arg;
	const struct emotp_authority a = {&r->p->config, &r->p->key, r->store};
	struct emotp_judgement judgement;

	(void)pthread_barrier_wait(r->start);
	r->err =
	    emotp_verify(&a, "alice", r->typed, r->now_s, &judgement, NULL);
	r->verdict = judgement.verdict;
	return NULL;
}

static void
of_two_at_once_one_code_lets_in_one(void **state)
{
	struct place *p = need_server(state);
	struct emotp_registered r = make_active(p, "alice");
	struct racer racers[4];
	pthread_barrier_t start;
	pthread_t threads[LEN(racers)];
	char text[16];

	assert_int_equal(pthread_barrier_init(&start, NULL, LEN(racers)), 0);
	for (size_t i = 0; i < LEN(racers); i++)
		racers[i] = (struct racer){
		    .p = p, .store = place_open(p), .start = &start};
	for (int64_t round = 1; round <= ROUNDS; round++) {
		int accepted = 0, replayed = 0;
		int64_t now_s = NOW_S + round * 60;

		(void)device_code(&r, now_s, text);
		for (size_t i = 0; i < LEN(racers); i++) {
			racers[i].typed = text;
			racers[i].now_s = now_s;
			assert_int_equal(
			    pthread_create(&threads[i], NULL, race, &racers[i]),
			    0);
		}
		for (size_t i = 0; i < LEN(racers); i++) {
			(void)pthread_join(threads[i], NULL);
			assert_int_equal(racers[i].err, EMOTP_OK);
			accepted += racers[i].verdict == EMOTP_ACCEPTED;
			replayed += racers[i].verdict == EMOTP_REPLAYED;
		}
		assert_int_equal(accepted, 1);
		assert_int_equal(replayed, (int)LEN(racers) - 1);
	}
	for (size_t i = 0; i < LEN(racers); i++)
		emotp_store_close(racers[i].store);
	(void)pthread_barrier_destroy(&start);
}

/* Two services, each with the same users in another order. */
struct batch {
	struct place *p;
	struct emotp_store *store;
	const char *names[2];
	pthread_barrier_t *start;
};

static void *
run_batches(void *arg)
{
	struct batch *b = arg;
	const struct emotp_authority a = {&b->p->config, &b->p->key, b->store};
	struct emotp_verification list[2];
	struct emotp_why why = {""};

	for (int round = 0; round < ROUNDS; round++) {
		memset(list, 0, sizeof(list));
		for (size_t i = 0; i < LEN(list); i++) {
			list[i].name = b->names[i];
			list[i].typed = "000000";
			list[i].now_s = NOW_S;
		}
		(void)pthread_barrier_wait(b->start);
		emotp_verify_many(&a, list, LEN(list), &why);
		for (size_t i = 0; i < LEN(list); i++)
			if (list[i].err != EMOTP_OK)
				return "a verification was not decided";
	}
	return NULL;
}

static struct emotp_verification
wrong_code_of(const char *name)
{
	struct emotp_verification v;

	memset(&v, 0, sizeof(v));
	v.name = name;
	v.typed = "000000";
	v.now_s = NOW_S;
	return v;
}

static void
who_cannot_be_written_is_no_harm_to_the_others(void **state)
{
	struct place *p = need_server(state);
	struct emotp_verification list[] = {
	    wrong_code_of("alice"), wrong_code_of("bob")};
	struct emotp_why why = {""};
	char sql[512];

	(void)make_active(p, "alice");
	(void)make_active(p, "bob");
	(void)snprintf(sql, sizeof(sql),
	    "SET search_path = %s; "
	    "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
	    "'BEGIN RAISE ''no space left''; END'; "
	    "CREATE TRIGGER full_disk BEFORE UPDATE ON users FOR EACH ROW "
	    "WHEN (NEW.name = 'bob') EXECUTE FUNCTION refuse()",
	    p->schema);
	place_sql(getenv("EMOTP_TEST_STORE"), sql);
	emotp_verify_many(&p->authority, list, LEN(list), &why);
	assert_int_equal(list[0].err, EMOTP_OK);
	assert_int_equal(list[0].judgement.verdict, EMOTP_WRONG);
	assert_int_equal(list[1].err, EMOTP_ERR_STORE);
	assert_int_equal(list[1].judgement.verdict, 0);
	assert_string_equal(why.text, "no space left");
	assert_int_equal(place_read_user(p, "alice").failures, 1);
}

/*
 * Who locks alice takes their time. Whoever stands behind her has waited for
 * two locks then, and is not there any more to be told.
 */
static void
who_waits_behind_a_lock_too_long_is_not_decided_late(void **state)
{
	struct place *p = need_server(state);
	struct emotp_store *other = place_open(p);
	struct emotp_verification list[] = {
	    wrong_code_of("bob"), wrong_code_of("alice"), wrong_code_of("bob")};
	struct emotp_why why = {""};
	struct emotp_user user;

	(void)make_active(p, "alice");
	(void)make_active(p, "bob");
	OK(emotp_store_begin(other));
	OK(emotp_store_user_by_name(other, "alice", &user));
	emotp_verify_many(&p->authority, list, LEN(list), &why);
	emotp_store_close(other);
	assert_int_equal(list[0].err, EMOTP_OK);
	assert_int_equal(list[0].judgement.verdict, EMOTP_WRONG);
	assert_int_equal(list[1].err, EMOTP_ERR_BUSY);
	assert_int_equal(list[2].err, EMOTP_ERR_BUSY);
	assert_int_equal(place_read_user(p, "alice").failures, 0);
	assert_int_equal(place_read_user(p, "bob").failures, 1);
}

static const char deadlocks[] = "SELECT deadlocks FROM pg_stat_database "
				"WHERE datname = current_database()";

static void
batches_in_another_order_do_not_wait_for_each_other(void **state)
{
	struct place *p = need_server(state);
	pthread_barrier_t start;
	struct batch batches[] = {
	    {p, place_open(p), {"alice", "bob"}, &start},
	    {p, place_open(p), {"bob", "alice"}, &start},
	};
	pthread_t threads[LEN(batches)];
	PGconn *conn = PQconnectdb(getenv("EMOTP_TEST_STORE"));
	char before[32], after[32];

	assert_true(ask(conn, deadlocks, NULL, before));
	(void)make_active(p, "alice");
	(void)make_active(p, "bob");
	assert_int_equal(pthread_barrier_init(&start, NULL, LEN(batches)), 0);
	for (size_t i = 0; i < LEN(batches); i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, run_batches, &batches[i]),
		    0);
	for (size_t i = 0; i < LEN(batches); i++) {
		void *complaint;

		(void)pthread_join(threads[i], &complaint);
		assert_null(complaint);
		emotp_store_close(batches[i].store);
	}
	(void)pthread_barrier_destroy(&start);
	/* Each was counted once: what met was neither lost nor done twice. */
	assert_int_equal(place_read_user(p, "alice").failures, 2 * ROUNDS);
	assert_true(ask(conn, deadlocks, NULL, after));
	assert_string_equal(after, before);
	PQfinish(conn);
}

/* Each holds what the other wants; the server ends one of the two. */
struct knot {
	struct place *p;
	struct emotp_store *store;
	const char *first, *second;
	pthread_barrier_t *start;
	enum emotp_err err;
};

static void *
tie(void *arg)
{
	struct knot *k = arg;
	struct emotp_user user;

	k->err = emotp_store_begin(k->store);
	if (k->err == EMOTP_OK)
		k->err = emotp_store_user_by_name(k->store, k->first, &user);
	(void)pthread_barrier_wait(k->start);
	if (k->err == EMOTP_OK)
		k->err = emotp_store_user_by_name(k->store, k->second, &user);
	emotp_store_rollback(k->store);
	return NULL;
}

static void
a_deadlock_is_a_conflict_for_one_of_the_two(void **state)
{
	struct place *p = need_server(state);
	pthread_barrier_t start;
	struct knot knots[] = {
	    {p, place_open(p), "alice", "bob", &start, EMOTP_OK},
	    {p, place_open(p), "bob", "alice", &start, EMOTP_OK},
	};
	pthread_t threads[LEN(knots)];
	int conflicts = 0;

	assert_int_equal(pthread_barrier_init(&start, NULL, LEN(knots)), 0);
	for (size_t i = 0; i < LEN(knots); i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, tie, &knots[i]), 0);
	for (size_t i = 0; i < LEN(knots); i++) {
		(void)pthread_join(threads[i], NULL);
		conflicts += knots[i].err == EMOTP_ERR_CONFLICT;
		assert_true(knots[i].err == EMOTP_OK ||
		    knots[i].err == EMOTP_ERR_CONFLICT);
		emotp_store_close(knots[i].store);
	}
	assert_int_equal(conflicts, 1);
	(void)pthread_barrier_destroy(&start);
}

static enum emotp_err
conflict_until(int *left)
{
	return --*left >= 0 ? EMOTP_ERR_CONFLICT : EMOTP_OK;
}

static void
a_conflict_is_tried_again_and_not_for_ever(void **state)
{
	struct emotp_why why = {"as it was"};
	int left = EMOTP_TRIES - 1;

	(void)state;
	assert_int_equal(emotp_retry(&why, conflict_until(&left)), EMOTP_OK);
	assert_string_equal(why.text, "as it was");
	left = EMOTP_TRIES;
	assert_int_equal(
	    emotp_retry(&why, conflict_until(&left)), EMOTP_ERR_BUSY);
	assert_int_equal(left, 0);
	assert_non_null(strstr(why.text, "in the way"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    postgres_test(of_two_at_once_one_code_lets_in_one),
	    postgres_test(batches_in_another_order_do_not_wait_for_each_other),
	    postgres_test(who_cannot_be_written_is_no_harm_to_the_others),
	    postgres_test(who_waits_behind_a_lock_too_long_is_not_decided_late),
	    postgres_test(a_deadlock_is_a_conflict_for_one_of_the_two),
	    cmocka_unit_test(a_conflict_is_tried_again_and_not_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
