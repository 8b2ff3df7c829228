/*
 * The verification rule against a second telling of it, in random scenarios.
 *
 *	test_judge_model [SEED [SCENARIOS]]
 *
 * The reference below follows the rule's sentences one by one and shares
 * nothing with the judge but the codes.
 */
#include <inttypes.h>

#include "judging.h"

static uint64_t seed;
static long scenarios = 200000;

/* ---- the reference ---- */

/* The steps of one token that show what was typed. */
struct matches {
	int count;
	int64_t step[2 * EMOTP_RESYNC_MAX + 1];
	bool used; /* one at or below last_step */
};

struct answer {
	enum emotp_verdict verdict;
	int token; /* index, or -1 */
	struct emotp_user user;
	struct emotp_token tokens[EMOTP_TOKENS_MAX];
};

static bool
within(int64_t a, int64_t b, int64_t distance)
{
	return a - b <= distance && b - a <= distance;
}

/* "Spaces and dashes dropped; digits only": how many, or -1. */
static int
digits_in(const char *typed, uint32_t *ret)
{
	char only[9] = "";
	int n = 0;

	for (; *typed != '\0'; typed++) {
		if (strchr(" -", *typed) != NULL)
			continue;
		if (strchr("0123456789", *typed) == NULL || n == 8)
			return -1;
		only[n++] = *typed;
	}
	*ret = (uint32_t)strtoul(only, NULL, 10);
	return n;
}

/* "A step counts only if > last_step and |step - s| <= resync." */
static struct matches
find_matches(const struct world *w, size_t i, uint32_t number)
{
	const struct emotp_token *t = &w->c.tokens[i];
	int64_t s = world_step(w, i), first = s - w->config.resync;
	size_t count = 2 * (size_t)w->config.resync + 1;
	uint32_t codes[2 * EMOTP_RESYNC_MAX + 1];
	struct matches m = {0, {0}, false};

	assert_int_equal(emotp_totp_codes(&w->c.secrets[i], &t->params, first,
	    count, codes), EMOTP_OK);
	for (size_t k = 0; k < count; k++) {
		int64_t step = first + (int64_t)k;

		if (codes[k] != number)
			continue;
		if (step > t->last_step)
			m.step[m.count++] = step;
		else
			m.used = true;
	}
	return m;
}

/* (a) "step = pending_step + 1 and 0 <= now - pending_at <= 3 * period" */
static bool
pair_step(const struct world *w, size_t i, const struct matches *m,
    int64_t *ret)
{
	const struct emotp_token *t = &w->c.tokens[i];
	int64_t age = w->now_s - t->pending_at;

	for (int k = 0; k < m->count; k++)
		if (t->pending_step >= 0 && age >= 0 &&
		    age <= 3 * t->params.period_s &&
		    m->step[k] == t->pending_step + 1) {
			*ret = m->step[k];
			return true;
		}
	return false;
}

/* "the one nearest to s + drift" */
static int64_t
nearest_step(const struct world *w, size_t i, const struct matches *m)
{
	int64_t centre = world_step(w, i) + w->c.tokens[i].drift;
	int64_t best = m->step[0];

	for (int k = 1; k < m->count; k++)
		if (llabs(m->step[k] - centre) < llabs(best - centre))
			best = m->step[k];
	return best;
}

/* (b) "|step - s - drift| <= skew" */
static bool
single_step(const struct world *w, size_t i, const struct matches *m)
{
	return m->count > 0 && within(nearest_step(w, i, m),
	    world_step(w, i) + w->c.tokens[i].drift, w->config.skew);
}

/*
 * "every token of the user that matches gets last_step = max(last_step,
 * step)"; and since one code opens one session, a second step that this very
 * code would open at once is used up as well.
 */
static void
use_up(const struct world *w, size_t i, const struct matches *m,
    struct emotp_token *after)
{
	int64_t s = world_step(w, i), pair;
	int64_t step;

	if (m->count == 0)
		return;
	step = nearest_step(w, i, m);
	if (pair_step(w, i, m, &pair)) {
		step = pair;
		if (!within(step, s + after->drift, w->config.skew))
			after->drift = (int)(step - s);
	}
	for (int k = 0; k < m->count; k++)
		if (m->step[k] > step && (within(m->step[k], s + after->drift,
		    w->config.skew) || within(m->step[k],
		    s + w->c.tokens[i].drift, w->config.skew)))
			step = m->step[k];
	after->last_step = step > after->last_step ? step : after->last_step;
}

static void
accept_by(const struct world *w, size_t chosen, const struct matches *m,
    struct answer *a)
{
	a->verdict = EMOTP_ACCEPTED;
	a->token = (int)chosen;
	for (size_t i = 0; i < w->c.count; i++) {
		use_up(w, i, &m[i], &a->tokens[i]);
		a->tokens[i].pending_step = -1;
	}
	a->tokens[chosen].confirmed = true;
	a->tokens[chosen].last_used = w->now_s;
	a->user.failures = 0;
	a->user.last_login = w->now_s;
	a->user.state = EMOTP_ACTIVE;
}

/* (c) "remember pending_step = step, pending_at = now; refuse" */
static void
refuse_pending(const struct world *w, const struct matches *m,
    struct answer *a)
{
	for (size_t i = 0; i < w->c.count; i++) {
		if (m[i].count == 0)
			continue;
		a->tokens[i].pending_step = nearest_step(w, i, &m[i]);
		a->tokens[i].pending_at = w->now_s;
		if (single_step(w, i, &m[i]))
			a->verdict = EMOTP_STRICT;
		else if (a->verdict == 0)
			a->verdict = EMOTP_PENDING;
	}
}

static void
refuse_used(const struct world *w, const struct matches *m, struct answer *a)
{
	for (size_t i = 0; i < w->c.count; i++) {
		int64_t reach = world_step(w, i) + w->config.resync +
		    w->config.skew;

		if (m[i].used && w->c.tokens[i].last_step <= reach)
			a->verdict = EMOTP_REPLAYED;
		else if (m[i].used && a->verdict == 0)
			a->verdict = EMOTP_AHEAD;
	}
}

/* "future times are taken as now"; older than 24 hours are gone */
static void
forget_old(struct emotp_user *user, int64_t now_s)
{
	struct emotp_times left = {0};

	for (size_t i = 0; i < user->failed.count; i++) {
		int64_t at = user->failed.at[i];

		if (at > now_s)
			at = now_s;
		if (at > now_s - 24 * 3600)
			left.at[left.count++] = at;
	}
	user->failed = left;
}

static void
judge_codes(const struct world *w, uint32_t number, int digits,
    struct answer *a)
{
	struct matches m[EMOTP_TOKENS_MAX] = {{0}};
	size_t pair = 99, single = 99;
	bool strict;
	int64_t step;

	forget_old(&a->user, w->now_s);
	strict = a->user.failures >= 5 || a->user.failed.count >= 10;
	for (size_t i = w->c.count; i-- > 0;) {
		if (w->c.tokens[i].params.digits == digits)
			m[i] = find_matches(w, i, number);
		if (pair_step(w, i, &m[i], &step))
			pair = i;
		if (!strict && single_step(w, i, &m[i]))
			single = i;
	}
	if (pair != 99 || single != 99) {
		accept_by(w, pair != 99 ? pair : single, m, a);
		return;
	}
	refuse_pending(w, m, a);
	if (a->verdict == 0)
		refuse_used(w, m, a);
	if (a->verdict != 0)
		return;
	a->verdict = EMOTP_WRONG;
	emotp_times_add(&a->user.failed, w->now_s);
	a->user.disabled = ++a->user.failures >= 100;
}

static enum emotp_verdict
refused_unseen(const struct world *w, int digits)
{
	if (!w->c.known || w->c.user.state == EMOTP_REMOVED)
		return EMOTP_UNKNOWN;
	if (w->c.user.state == EMOTP_REVOKED_USER)
		return EMOTP_REVOKED;
	if (w->c.count == 0)
		return EMOTP_NOT_ENROLLED;
	if (w->c.user.disabled)
		return EMOTP_DISABLED;
	for (size_t i = 0; i < w->c.count; i++)
		if (w->c.tokens[i].params.digits == digits)
			return 0;
	return EMOTP_MALFORMED;
}

static struct answer
reference(const struct world *w, const char *typed)
{
	struct answer a = {.token = -1, .user = w->c.user};
	uint32_t number = 0;
	int digits = digits_in(typed, &number);

	memcpy(a.tokens, w->c.tokens, sizeof(a.tokens));
	a.verdict = refused_unseen(w, digits);
	if (a.verdict == 0)
		judge_codes(w, number, digits, &a);
	if (a.verdict != EMOTP_ACCEPTED) {
		a.user.last_refusal = w->now_s;
		a.user.last_verdict = a.verdict;
	}
	return a;
}

/* ---- scenarios ---- */

#define ONE_OF(chance, ...)                                          \
	((const int64_t[]){__VA_ARGS__}[unit_random(chance) %        \
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

	t->drift = (int)ONE_OF(chance, 0, 0, 0, 0, 1, -1, 2, -2, -5, 9, -9,
	    10, -10, unit_between(chance, -10, 10));
	t->last_step = ONE_OF(chance, -1, -1, s - 3, s - 1, s, s + 1,
	    s + t->drift, s + t->drift - 1, s + 11, s + 12, s + 100000,
	    s + unit_between(chance, -14, 14));
	t->pending_step = ONE_OF(chance, -1, s, s - 1, s + t->drift,
	    s + unit_between(chance, -12, 12),
	    s + unit_between(chance, -12, 12));
	t->pending_at = w->now_s - ONE_OF(chance, 0, 1, t->params.period_s,
	    3 * t->params.period_s, 3 * t->params.period_s,
	    3 * t->params.period_s + 1, -1, -600,
	    unit_between(chance, -10, 300));
	t->confirmed = unit_random(chance) % 4 != 0;
}

static void
make_failures(struct world *w, uint64_t *chance)
{
	int64_t count = ONE_OF(chance, 0, 0, 0, 1, 9, 10, 11, 99, 100);

	w->c.user.failures = (int)ONE_OF(chance, 0, 0, 0, 1, 3, 4, 4, 5, 6,
	    20, 98, 99);
	for (int64_t i = 0; i < count; i++)
		emotp_times_add(&w->c.user.failed, w->now_s -
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
	    (enum emotp_user_state)ONE_OF(chance, EMOTP_ACTIVE, EMOTP_ACTIVE,
		EMOTP_INVITED) :
	    (enum emotp_user_state)unit_between(chance, EMOTP_INVITED,
		EMOTP_REMOVED);
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
		memmove(typed + 4, typed + 3, strlen(typed + 3) + 1);
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
compare(const char *row, const struct world *before,
    const struct world *after, const struct answer *a)
{
	const struct emotp_user *seen = &after->c.user;

	CHECK_INT(row, after->judgement.verdict, a->verdict);
	CHECK_INT(row, after->judgement.token, a->token + 1);
	if (a->token >= 0)
		CHECK_INT(row, after->judgement.drift,
		    a->tokens[a->token].drift);
	CHECK_INT(row, after->judgement.disabled_now,
	    a->user.disabled && !before->c.user.disabled);
	compare_tokens(row, before, after, a);
	if (!before->c.known)
		return;
	CHECK_INT(row, seen->state, a->user.state);
	CHECK_INT(row, seen->disabled, a->user.disabled);
	CHECK_INT(row, seen->failures, a->user.failures);
	CHECK_INT(row, seen->failed.count, a->user.failed.count);
	CHECK(row, memcmp(seen->failed.at, a->user.failed.at,
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
		(void)snprintf(row, sizeof(row), "seed %#" PRIx64
		    ", typed \"%s\"", seed + (uint64_t)n, typed);
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
