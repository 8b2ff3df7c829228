/*
 * What is typed, over and over, against tokens that are always the same. The
 * rule is told here a second time, from what the tokens were before: who is
 * let in had a right code of a step not used up, near enough, or two in a
 * row.
 *
 * Six bytes say what the user is like (see begin()); then come the tries: a
 * byte for what is done, two for how the clock moved, and the text up to a
 * line end, or a byte for the step whose code is typed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../common/state/judge.h"
#include "../../common/totp.h"
#include "fuzz.h"

#define NOW_S  1800000000
#define TOKENS 3
#define TRIES  12
#define DAY_S  86400

struct input {
	const uint8_t *at;
	size_t left;
};

struct game {
	struct emotp_config config;
	struct emotp_case c, before;
	struct emotp_judgement judgement;
	int64_t now_s;
	char typed[300];
};

static const struct emotp_params params[TOKENS] = {
    {EMOTP_SHA1, 6, 60}, {EMOTP_SHA256, 8, 30}, {EMOTP_SHA1, 6, 30}};

/* Past the end come zeros. */
static uint8_t
next_byte(struct input *in)
{
	if (in->left == 0)
		return 0;
	in->left--;
	return *in->at++;
}

static int
next_signed(struct input *in)
{
	return (int8_t)next_byte(in);
}

static void
begin(struct game *g, struct input *in)
{
	uint8_t bits = next_byte(in);

	memset(g, 0, sizeof(*g));
	g->now_s = NOW_S;
	g->config.resync = next_byte(in) % 16;
	g->config.skew = next_byte(in) % (g->config.resync + 1);
	g->c.known = (bits & 1) == 0;
	g->c.user.disabled = (bits & 2) != 0;
	g->c.user.state =
	    (enum emotp_user_state)(EMOTP_INVITED + (bits >> 2) % 3);
	g->c.user.failures = next_byte(in) % EMOTP_DISABLED_RUN;
	g->c.count = next_byte(in) % (TOKENS + 1);
	g->c.user.failed.count = next_byte(in) % 12;
	for (size_t i = 0; i < g->c.user.failed.count; i++)
		g->c.user.failed.at[i] = NOW_S - 5000 * (int64_t)(12 - i);
	for (size_t i = 0; i < g->c.count; i++) {
		g->c.tokens[i] = (struct emotp_token){.number = (int)i + 1,
		    .params = params[i],
		    .last_step = -1,
		    .pending_step = -1};
		g->c.secrets[i].len = 20;
		memset(g->c.secrets[i].bytes, 'a' + (int)i, 20);
	}
}

static uint32_t
code_of(const struct game *g, size_t token, int64_t step)
{
	uint32_t code = 0;

	HOLDS(emotp_totp_codes(&g->before.secrets[token],
		  &g->before.tokens[token].params, step, 1, &code) == EMOTP_OK);
	return code;
}

static int64_t
step_now(const struct game *g, size_t token)
{
	return g->now_s / g->before.tokens[token].params.period_s;
}

static void
type_code(struct game *g, struct input *in, size_t token)
{
	int64_t step = step_now(g, token) + next_signed(in) % 20;
	int digits = g->c.tokens[token].params.digits;
	uint32_t code = code_of(g, token, step) % 100000000;

	(void)snprintf(g->typed, sizeof(g->typed),
	    step % 2 == 0 ? "%0*u" : " %0*u-", digits, code);
}

static void
type_text(struct game *g, struct input *in)
{
	size_t len = 0;
	uint8_t c;

	while ((c = next_byte(in)) != '\n' && c != '\0' &&
	    len + 1 < sizeof(g->typed))
		g->typed[len++] = (char)c;
	g->typed[len] = '\0';
}

/* The digits typed, or 0 where there is anything but those, ' ' and '-'. */
static int
read_digits(const char *typed, uint64_t *ret)
{
	int digits = 0;

	*ret = 0;
	for (; *typed != '\0' && digits < 9; typed++) {
		if (*typed == ' ' || *typed == '-')
			continue;
		if (*typed < '0' || *typed > '9')
			return 0;
		*ret = *ret * 10 + (uint64_t)(*typed - '0');
		digits++;
	}
	return digits;
}

static bool
was_strict(const struct game *g)
{
	size_t recent = 0;

	for (size_t i = 0; i < g->before.user.failed.count; i++)
		recent += g->before.user.failed.at[i] >= g->now_s - DAY_S;
	return g->before.user.failures >= 5 || recent >= 10;
}

/* Whether a step, whose code was typed, is reason enough to accept. */
static bool
suffices(const struct game *g, size_t i, int64_t step)
{
	const struct emotp_token *t = &g->before.tokens[i];
	int64_t age = g->now_s - t->pending_at;
	int64_t off = step - step_now(g, i);

	if (step <= t->last_step)
		return false;
	if (t->pending_step >= 0 && step == t->pending_step + 1 && age >= 0 &&
	    age <= 3 * t->params.period_s)
		return true;
	return !was_strict(g) && llabs(off - t->drift) <= g->config.skew;
}

/* What the rule says to what was typed; the step is used up if accepted. */
static bool
is_right(const struct game *g)
{
	uint64_t number;
	int digits = read_digits(g->typed, &number);
	bool right = false;

	if (!g->before.known || g->before.user.disabled)
		return false;
	for (size_t i = 0; i < g->before.count; i++) {
		int64_t s = step_now(g, i), r = g->config.resync;

		if (digits != g->before.tokens[i].params.digits)
			continue;
		for (int64_t step = s - r; step <= s + r; step++)
			if (code_of(g, i, step) == number &&
			    suffices(g, i, step)) {
				HOLDS(g->judgement.verdict != EMOTP_ACCEPTED ||
				    g->c.tokens[i].last_step >= step);
				right = true;
			}
	}
	return right;
}

/* In what a login writes. */
static bool
is_unchanged(const struct emotp_token *a, const struct emotp_token *b)
{
	return a->last_step == b->last_step && a->drift == b->drift &&
	    a->pending_step == b->pending_step &&
	    a->pending_at == b->pending_at && a->confirmed == b->confirmed &&
	    a->last_used == b->last_used;
}

static void
check_tokens(const struct game *g)
{
	bool accepted = g->judgement.verdict == EMOTP_ACCEPTED;

	for (size_t i = 0; i < g->c.count; i++) {
		const struct emotp_token *old = &g->before.tokens[i];
		const struct emotp_token *new = &g->c.tokens[i];

		HOLDS(new->last_step >= old->last_step);
		HOLDS(new->last_step == old->last_step || accepted);
		HOLDS(new->last_step <= step_now(g, i) + g->config.resync ||
		    new->last_step == old->last_step);
		HOLDS(llabs(new->drift) <= g->config.resync);
		HOLDS(new->drift == old->drift || accepted);
		HOLDS(!accepted || new->pending_step == -1);
		HOLDS(g->c.changes[i] != EMOTP_UNCHANGED ||
		    is_unchanged(old, new));
		HOLDS(g->c.changes[i] == EMOTP_ADVANCED ||
		    new->last_step == old->last_step);
	}
}

static void
check_counts(const struct game *g)
{
	const struct emotp_user *old = &g->before.user, *new = &g->c.user;

	switch (g->judgement.verdict) {
	case EMOTP_ACCEPTED:
		HOLDS(new->failures == 0);
		break;
	case EMOTP_WRONG:
		HOLDS(new->failures == old->failures + 1);
		HOLDS(new->disabled == (new->failures >= 100));
		break;
	default:
		HOLDS(new->failures == old->failures);
		HOLDS(new->disabled == old->disabled);
	}
}

/* The same text a second time never opens a second session. */
static void
check_replay(const struct game *g)
{
	struct game again = *g;

	if (g->judgement.verdict != EMOTP_ACCEPTED)
		return;
	HOLDS(emotp_judge(&again.c, &again.config, again.typed, again.now_s,
		  &again.judgement) == EMOTP_OK);
	HOLDS(again.judgement.verdict != EMOTP_ACCEPTED);
}

static void
try_once(struct game *g, struct input *in)
{
	uint8_t what = next_byte(in);
	enum emotp_err err;

	g->now_s += next_signed(in) * (int64_t)(1 + next_byte(in));
	g->before = g->c;
	if (g->c.count > 0 && what % 4 != 0)
		type_code(g, in, what / 4 % g->c.count);
	else
		type_text(g, in);
	err = emotp_judge(&g->c, &g->config, g->typed, g->now_s, &g->judgement);
	HOLDS(err == EMOTP_OK);
	HOLDS(g->judgement.verdict != 0);
	HOLDS((g->judgement.verdict == EMOTP_ACCEPTED) == is_right(g));
	check_tokens(g);
	check_counts(g);
	check_replay(g);
}

/* A clock that is not set decides nothing, whatever is typed. */
static void
check_clock(struct game *g)
{
	struct emotp_case c = g->c;

	HOLDS(emotp_judge(&c, &g->config, g->typed, EMOTP_CLOCK_MIN - 1,
		  &g->judgement) == EMOTP_ERR_CLOCK);
	HOLDS(g->judgement.verdict == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	static struct game g;

	begin(&g, &in);
	for (int i = 0; i < TRIES && in.left > 0; i++)
		try_once(&g, &in);
	check_clock(&g);
	return 0;
}
