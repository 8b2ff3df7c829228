/*
 * The verification rule against a second telling of it, in random scenarios.
 *
 *	test_judge_model [SEED [SCENARIOS]]
 *
 * A seed that failed is the seed of that one scenario: give it and 1.
 */
#include <inttypes.h>

#include "reference.h"

static uint64_t seed;
static long scenarios = 200000;

/* ---- scenarios ---- */

#define ONE_OF(chance, ...)                                   \
	((const int64_t[]){__VA_ARGS__}[unit_random(chance) % \
	    (sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))])

static void
make_token(struct world *w, uint64_t *chance)
{
	const struct emotp_params params = {
	    .algorithm = (enum emotp_algorithm)ONE_OF(chance, 1, 1, 1, 2, 3),
	    .digits = (int)ONE_OF(chance, 6, 6, 8),
	    .period_s = (int)ONE_OF(chance, 60, 60, 30),
	};
	bool twin = w->c.count > 0 && unit_random(chance) % 2 == 0;
	size_t i = world_add_token(w, twin ? 1 : (int)w->c.count + 1,
	    twin && unit_random(chance) % 4 != 0 ? w->c.tokens[0].params :
						   params);
	struct emotp_token *t = &w->c.tokens[i];
	int64_t s = world_step(w, i);

	t->drift = (int)ONE_OF(chance, 0, 0, 0, 0, 1, -1, 2, -2, -5, 9, -9, 10,
	    -10, unit_between(chance, -10, 10));
	t->last_step = ONE_OF(chance, -1, -1, s - 3, s - 1, s, s + 1,
	    s + t->drift, s + t->drift - 1, s + 11, s + 12, s + 100000,
	    s + unit_between(chance, -14, 14));
	t->pending_step = ONE_OF(chance, -1, s, s - 1, s + t->drift,
	    s + unit_between(chance, -12, 12),
	    s + unit_between(chance, -12, 12));
	t->pending_at = w->now_s -
	    ONE_OF(chance, 0, 1, t->params.period_s, 3 * t->params.period_s,
		3 * t->params.period_s, 3 * t->params.period_s + 1, -1, -600,
		unit_between(chance, -10, 300));
	t->confirmed = unit_random(chance) % 4 != 0;
}

static void
make_failures(struct world *w, uint64_t *chance)
{
	int64_t count = ONE_OF(chance, 0, 0, 0, 1, 9, 10, 11, 99, 100);

	w->c.user.failures =
	    (int)ONE_OF(chance, 0, 0, 0, 1, 3, 4, 4, 5, 6, 20, 98, 99);
	for (int64_t i = 0; i < count; i++)
		emotp_times_add(&w->c.user.failed,
		    w->now_s -
			ONE_OF(chance, 0, 1, 3600, 86399, 86400, 86401, -1,
			    -1000000, 90000));
	w->c.user.disabled = unit_random(chance) % 20 == 0;
}

static struct world
make_world(uint64_t *chance)
{
	struct world w = world_new();
	int64_t tokens = ONE_OF(chance, 0, 1, 1, 1, 1, 1, 2, 2, 2, 3);

	w.config.skew = (int)ONE_OF(chance, 1, 1, 1, 1, 0, 2);
	w.config.resync = (int)ONE_OF(chance, 10, 10, 10, 10, 2, 12);
	w.now_s = unit_between(chance, EMOTP_CLOCK_MIN, 4000000000);
	w.now_s += ONE_OF(chance, 0, -w.now_s % 60, 59 - w.now_s % 60);
	if (w.now_s < EMOTP_CLOCK_MIN)
		w.now_s = EMOTP_CLOCK_MIN;
	w.c.count = 0;
	while (tokens-- > 0)
		make_token(&w, chance);
	make_failures(&w, chance);
	w.c.user.state = w.c.count > 0 ?
	    (enum emotp_user_state)ONE_OF(
		chance, EMOTP_ACTIVE, EMOTP_ACTIVE, EMOTP_INVITED) :
	    (enum emotp_user_state)unit_between(
		chance, EMOTP_INVITED, EMOTP_REMOVED);
	w.c.known = w.c.count > 0 || unit_random(chance) % 4 != 0;
	return w;
}

static void
make_typed(const struct world *w, uint64_t *chance, char typed[static 16])
{
	const struct emotp_token *t;
	int64_t s, step;
	size_t i;

	if (w->c.count == 0 || unit_random(chance) % 8 == 0) {
		static const char *const texts[] = {"", "abc", "123456",
		    "000000", "12345678", "1234567", "123 45", "ABCDE-FGHJK"};

		(void)strcpy(typed, texts[unit_random(chance) % LEN(texts)]);
		return;
	}
	i = unit_random(chance) % w->c.count;
	t = &w->c.tokens[i];
	s = world_step(w, i);
	step = ONE_OF(chance, s, s + t->drift, s + t->drift + 1,
	    s + t->drift - 1, t->pending_step + 1, t->pending_step + 1,
	    t->pending_step, t->last_step, t->last_step + 1,
	    s + unit_between(chance, -13, 13));
	(void)world_code(w, i, step < 0 ? s : step, typed);
	if (unit_random(chance) % 8 == 0) {
		for (size_t k = strlen(typed) + 1; k > 3; k--)
			typed[k] = typed[k - 1];
		typed[3] = (char)ONE_OF(chance, ' ', '-');
	}
}

/* ---- comparing ---- */

static void
compare_tokens(const char *row, const struct world *before,
    const struct world *after, const struct answer *a)
{
	for (size_t i = 0; i < before->c.count; i++) {
		const struct emotp_token *seen = &after->c.tokens[i];
		const struct emotp_token *expected = &a->tokens[i];
		enum emotp_change change = EMOTP_CHANGED;

		CHECK_INT(row, seen->last_step, expected->last_step);
		CHECK_INT(row, seen->drift, expected->drift);
		CHECK_INT(row, seen->pending_step, expected->pending_step);
		if (expected->pending_step != -1)
			CHECK_INT(row, seen->pending_at, expected->pending_at);
		CHECK_INT(row, seen->confirmed, expected->confirmed);
		CHECK_INT(row, seen->last_used, expected->last_used);
		if (seen->last_step != before->c.tokens[i].last_step)
			change = EMOTP_ADVANCED;
		else if (seen->pending_step ==
			before->c.tokens[i].pending_step &&
		    seen->pending_at == before->c.tokens[i].pending_at)
			change = EMOTP_UNCHANGED;
		CHECK(row, after->c.changes[i] >= change);
	}
}

static void
compare(const char *row, const struct world *before, const struct world *after,
    const struct answer *a)
{
	const struct emotp_user *seen = &after->c.user;

	CHECK_INT(row, after->judgement.verdict, a->verdict);
	CHECK_INT(row, after->judgement.token, a->token + 1);
	if (a->token >= 0)
		CHECK_INT(
		    row, after->judgement.drift, a->tokens[a->token].drift);
	CHECK_INT(row, after->judgement.disabled_now,
	    a->user.disabled && !before->c.user.disabled);
	compare_tokens(row, before, after, a);
	if (!before->c.known)
		return;
	CHECK_INT(row, seen->state, a->user.state);
	CHECK_INT(row, seen->disabled, a->user.disabled);
	CHECK_INT(row, seen->failures, a->user.failures);
	CHECK_INT(row, seen->failed.count, a->user.failed.count);
	CHECK(row,
	    memcmp(seen->failed.at, a->user.failed.at,
		seen->failed.count * sizeof(int64_t)) == 0);
	CHECK_INT(row, seen->last_login, a->user.last_login);
	CHECK_INT(row, seen->last_refusal, a->user.last_refusal);
	CHECK_INT(row, seen->last_verdict, a->user.last_verdict);
}

static void
the_judge_and_the_reference_agree(void **state)
{
	long tally[EMOTP_MALFORMED + 1] = {0};

	(void)state;
	for (long n = 0; n < scenarios; n++) {
		uint64_t chance = seed + (uint64_t)n;
		struct world w = make_world(&chance), before;
		char typed[16], row[80];
		struct answer a;

		make_typed(&w, &chance, typed);
		before = w;
		a = reference(&w, typed);
		(void)snprintf(row, sizeof(row),
		    "seed %#" PRIx64 ", typed \"%s\"", seed + (uint64_t)n,
		    typed);
		tally[world_type(&w, typed)]++;
		compare(row, &before, &w, &a);
		if (a.verdict == EMOTP_ACCEPTED)
			CHECK(row, world_type(&w, typed) != EMOTP_ACCEPTED);
	}
	if (scenarios < 10000)
		return; /* too few to meet every verdict */
	for (int v = EMOTP_ACCEPTED; v <= EMOTP_MALFORMED; v++)
		CHECK(emotp_verdict_name((enum emotp_verdict)v),
		    tally[v] * 400 >= scenarios);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_judge_and_the_reference_agree),
	};

	seed = unit_seed(argc, argv);
	if (argc > 2)
		scenarios = strtol(argv[2], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
