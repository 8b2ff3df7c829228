/*
 * A second telling of the verification rule: it follows the rule's sentences
 * one by one and shares nothing with the judge but the codes.
 */
#ifndef EMOTP_REFERENCE_H
#define EMOTP_REFERENCE_H

#include "judging.h"

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

static inline bool
within(int64_t a, int64_t b, int64_t distance)
{
	return a - b <= distance && b - a <= distance;
}

/* "Spaces and dashes dropped; digits only": how many, or -1. */
static inline int
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
static inline struct matches
find_matches(const struct world *w, size_t i, uint32_t number)
{
	const struct emotp_token *t = &w->c.tokens[i];
	int64_t s = world_step(w, i), first = s - w->config.resync;
	size_t count = 2 * (size_t)w->config.resync + 1;
	uint32_t codes[2 * EMOTP_RESYNC_MAX + 1];
	struct matches m = {0, {0}, false};

	assert_int_equal(
	    emotp_totp_codes(&w->c.secrets[i], &t->params, first, count, codes),
	    EMOTP_OK);
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
static inline bool
pair_step(
    const struct world *w, size_t i, const struct matches *m, int64_t *ret)
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
static inline int64_t
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
static inline bool
single_step(const struct world *w, size_t i, const struct matches *m)
{
	return m->count > 0 &&
	    within(nearest_step(w, i, m),
		world_step(w, i) + w->c.tokens[i].drift, w->config.skew);
}

/*
 * "every token of the user that matches gets last_step = max(last_step,
 * step)"; and since one code opens one session, a second step that this very
 * code would open at once is used up as well.
 */
static inline void
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
		if (m->step[k] > step &&
		    (within(m->step[k], s + after->drift, w->config.skew) ||
			within(m->step[k], s + w->c.tokens[i].drift,
			    w->config.skew)))
			step = m->step[k];
	after->last_step = step > after->last_step ? step : after->last_step;
}

static inline void
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
static inline void
refuse_pending(const struct world *w, const struct matches *m, struct answer *a)
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

static inline void
refuse_used(const struct world *w, const struct matches *m, struct answer *a)
{
	for (size_t i = 0; i < w->c.count; i++) {
		int64_t reach =
		    world_step(w, i) + w->config.resync + w->config.skew;

		if (m[i].used && w->c.tokens[i].last_step <= reach)
			a->verdict = EMOTP_REPLAYED;
		else if (m[i].used && a->verdict == 0)
			a->verdict = EMOTP_AHEAD;
	}
}

/* "future times are taken as now"; older than 24 hours are gone */
static inline void
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

static inline void
judge_codes(
    const struct world *w, uint32_t number, int digits, struct answer *a)
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

static inline enum emotp_verdict
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

static inline struct answer
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

#endif
