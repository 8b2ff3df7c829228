#include <stdlib.h>
#include <string.h>

#include "../text.h"
#include "../totp.h"
#include "judge.h"
#include "judge_match.h"

#define DAY_S (24 * 60 * 60)

void
emotp_case_wipe(struct emotp_case *c)
{
	emotp_wipe(c->secrets, sizeof(c->secrets));
}

bool
emotp_judge_strict(struct emotp_user *user, int64_t now_s)
{
	emotp_times_trim(&user->failed, now_s, DAY_S);
	return user->failures >= EMOTP_STRICT_RUN ||
	    user->failed.count >= EMOTP_STRICT_DAY;
}

static enum emotp_err
examine_all(const struct emotp_case *c, const struct emotp_config *config,
    const struct emotp_typed *typed, int64_t now_s,
    struct emotp_finding findings[static EMOTP_TOKENS_MAX])
{
	enum emotp_err err = EMOTP_OK;

	if (c->count == 0)
		return emotp_examine_dummy(config, typed, now_s);
	for (size_t i = 0; i < c->count && err == EMOTP_OK; i++)
		err = emotp_examine(&c->tokens[i], &c->secrets[i], config,
		    typed, now_s, &findings[i]);
	return err;
}

/* Why nothing that this user types is considered, or 0. */
static enum emotp_verdict
barred_user(const struct emotp_case *c)
{
	if (!c->known || c->user.state == EMOTP_REMOVED)
		return EMOTP_UNKNOWN;
	if (c->count == 0)
		return c->user.state == EMOTP_REVOKED_USER ? EMOTP_REVOKED :
							     EMOTP_NOT_ENROLLED;
	return 0;
}

/*
 * Why what was typed is not considered as a token's code, or 0. An imported
 * recovery code is short enough to be guessed, so whatever has its form
 * counts like a code.
 */
static enum emotp_verdict
barred_code(const struct emotp_case *c, const struct emotp_typed *typed)
{
	if (c->user.disabled)
		return EMOTP_DISABLED;
	for (size_t i = 0; i < c->count; i++)
		if (typed->digits == (size_t)c->tokens[i].params.digits)
			return 0;
	if (c->recovery.shape == EMOTP_RECOVERY_SCRATCH && c->recovery.scratch)
		return 0;
	return EMOTP_MALFORMED;
}

/* The step by which a token may be accepted, or EMOTP_NO_STEP. */
static int64_t
acceptable(const struct emotp_finding *f, bool strict)
{
	if (f->pair != EMOTP_NO_STEP)
		return f->pair;
	return strict ? EMOTP_NO_STEP : f->single;
}

/* The token to accept: a pair before a single code. c->count: none. */
static size_t
choose(const struct emotp_case *c, const struct emotp_finding *findings,
    bool strict)
{
	size_t chosen = c->count;

	for (size_t i = 0; i < c->count; i++) {
		if (acceptable(&findings[i], strict) == EMOTP_NO_STEP)
			continue;
		if (chosen == c->count ||
		    (findings[i].pair != EMOTP_NO_STEP &&
			findings[chosen].pair == EMOTP_NO_STEP))
			chosen = i;
	}
	return chosen;
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Any step that matches, the most telling first. */
static int64_t
matching(const struct emotp_finding *f, bool strict)
{
	int64_t step = acceptable(f, strict);

	if (step == EMOTP_NO_STEP)
		step = f->single != EMOTP_NO_STEP ? f->single : f->far;
	return step;
}

/* The drift is learned from pairs only: they are no accident. */
static void
learn_drift(struct emotp_token *token, const struct emotp_finding *f,
    const struct emotp_config *config, int64_t now_s)
{
	int64_t offset =
	    f->pair - emotp_totp_step(now_s, token->params.period_s);

	if (f->pair != EMOTP_NO_STEP &&
	    llabs(offset - token->drift) > config->skew)
		token->drift = (int)offset;
}

/*
 * Uses up the step of a token that matches. Where another step near now
 * happens to have the same code it is used up as well, or else the code just
 * seen on the wire would open a second session.
 */
static void
advance(struct emotp_token *token, const struct emotp_finding *f,
    const struct emotp_config *config, int64_t step, int64_t now_s)
{
	token->last_step = later(token->last_step, step);
	for (size_t i = 0; i < f->count; i++)
		if (emotp_step_near(token, config, f->steps[i], now_s))
			token->last_step = later(token->last_step, f->steps[i]);
}

/* What every acceptance does to the user. */
static void
let_in(struct emotp_case *c, int64_t now_s)
{
	for (size_t i = 0; i < c->count; i++) {
		if (c->tokens[i].pending_step != EMOTP_NO_STEP)
			c->changes[i] = EMOTP_CHANGED;
		c->tokens[i].pending_step = EMOTP_NO_STEP;
	}
	c->user.failures = 0;
	c->user.last_login = now_s;
}

static void
accept(struct emotp_case *c, const struct emotp_config *config,
    const struct emotp_finding *findings, size_t chosen, int64_t now_s)
{
	bool strict = emotp_judge_strict(&c->user, now_s);
	struct emotp_token *token = &c->tokens[chosen];

	let_in(c, now_s);
	token->confirmed = true;
	token->last_used = now_s;
	for (size_t i = 0; i < c->count; i++) {
		if (findings[i].count == 0)
			continue;
		learn_drift(&c->tokens[i], &findings[i], config, now_s);
		advance(&c->tokens[i], &findings[i], config,
		    matching(&findings[i], strict), now_s);
		c->changes[i] = EMOTP_ADVANCED;
	}
	if (c->user.state == EMOTP_INVITED)
		c->user.state = EMOTP_ACTIVE;
}

/* Notes whose code it was, and how far from our clock. */
static void
note_match(const struct emotp_token *token, int64_t step, int64_t now_s,
    struct emotp_judgement *ret)
{
	int period_s = token->params.period_s;

	ret->attempt.token = token->number;
	ret->attempt.offset = (int)(step - emotp_totp_step(now_s, period_s));
	ret->attempt.period_s = period_s;
}

/* Remembers what may be the first of two codes. */
static enum emotp_verdict
remember(struct emotp_case *c, const struct emotp_finding *findings,
    int64_t now_s, struct emotp_judgement *ret)
{
	enum emotp_verdict verdict = 0;

	for (size_t i = 0; i < c->count; i++) {
		int64_t step = matching(&findings[i], true);

		if (step == EMOTP_NO_STEP)
			continue;
		c->tokens[i].pending_step = step;
		c->tokens[i].pending_at = now_s;
		c->changes[i] = EMOTP_CHANGED;
		note_match(&c->tokens[i], step, now_s, ret);
		if (verdict != EMOTP_STRICT)
			verdict = findings[i].single != EMOTP_NO_STEP ?
			    EMOTP_STRICT :
			    EMOTP_PENDING;
	}
	return verdict;
}

/* A token that has seen a time far after now: its right codes are "used". */
static bool
is_ahead(const struct emotp_token *token, const struct emotp_config *config,
    int64_t now_s)
{
	return token->last_step >
	    emotp_totp_step(now_s, token->params.period_s) + config->resync +
	    config->skew;
}

static enum emotp_verdict
used_up(const struct emotp_case *c, const struct emotp_config *config,
    const struct emotp_finding *findings, int64_t now_s,
    struct emotp_judgement *ret)
{
	enum emotp_verdict verdict = 0;

	for (size_t i = 0; i < c->count; i++) {
		const struct emotp_token *token = &c->tokens[i];

		if (!findings[i].replayed)
			continue;
		ret->attempt.token = token->number;
		if (!is_ahead(token, config, now_s))
			return EMOTP_REPLAYED;
		verdict = EMOTP_AHEAD;
		ret->ahead_until = (token->last_step + 1 - token->drift) *
		    token->params.period_s;
	}
	return verdict;
}

static enum emotp_verdict
count_failure(
    struct emotp_user *user, int64_t now_s, struct emotp_judgement *ret)
{
	user->failures++;
	emotp_times_add(&user->failed, now_s);
	if (user->failures >= EMOTP_DISABLED_RUN) {
		user->disabled = true;
		ret->disabled_now = true;
	}
	return EMOTP_WRONG;
}

static enum emotp_verdict
decide(struct emotp_case *c, const struct emotp_config *config,
    const struct emotp_finding *findings, int64_t now_s,
    struct emotp_judgement *ret)
{
	bool strict = emotp_judge_strict(&c->user, now_s);
	size_t chosen = choose(c, findings, strict);
	enum emotp_verdict verdict;

	if (chosen < c->count) {
		note_match(&c->tokens[chosen],
		    acceptable(&findings[chosen], strict), now_s, ret);
		accept(c, config, findings, chosen, now_s);
		ret->token = c->tokens[chosen].number;
		ret->drift = c->tokens[chosen].drift;
		ret->period_s = c->tokens[chosen].params.period_s;
		return EMOTP_ACCEPTED;
	}
	verdict = remember(c, findings, now_s, ret);
	if (verdict == 0)
		verdict = used_up(c, config, findings, now_s, ret);
	if (verdict == 0)
		verdict = count_failure(&c->user, now_s, ret);
	return verdict;
}

/*
 * What was typed as a recovery code; 0: it is to be judged as a token's.
 * They are good in strict mode, and ours for a disabled user too. A miss on
 * ours counts towards nothing: nobody guesses 50 bits.
 */
static enum emotp_verdict
recover(struct emotp_case *c, int64_t now_s, struct emotp_judgement *ret)
{
	struct emotp_recovery_finding *r = &c->recovery;

	if (r->shape == 0 ||
	    (r->shape == EMOTP_RECOVERY_SCRATCH &&
		(!r->found || c->user.disabled)))
		return 0;
	ret->recovery = ret->attempt.recovery = true;
	if (!r->found)
		return EMOTP_WRONG;
	if (r->code.used_at != 0)
		return EMOTP_REPLAYED;
	r->code.used_at = now_s;
	ret->recovery_left = r->left - 1;
	let_in(c, now_s);
	return EMOTP_ACCEPTED;
}

/* Keeps what became of it for show and why. */
static void
record(struct emotp_user *user, enum emotp_verdict verdict, int64_t now_s,
    struct emotp_judgement *ret)
{
	ret->verdict = verdict;
	ret->attempt.at = now_s;
	ret->attempt.verdict = verdict;
	emotp_attempts_add(&user->attempts, &ret->attempt);
	if (verdict == EMOTP_ACCEPTED)
		return;
	user->last_refusal = now_s;
	user->last_verdict = verdict;
}

enum emotp_err
emotp_judge(struct emotp_case *c, const struct emotp_config *config,
    const char *typed, int64_t now_s, struct emotp_judgement *ret)
{
	struct emotp_finding findings[EMOTP_TOKENS_MAX];
	struct emotp_typed code = emotp_typed_read(typed);
	enum emotp_verdict verdict;
	enum emotp_err err;

	memset(ret, 0, sizeof(*ret));
	memset(c->changes, 0, sizeof(c->changes));
	if (now_s < EMOTP_CLOCK_MIN)
		return EMOTP_ERR_CLOCK;
	err = examine_all(c, config, &code, now_s, findings);
	if (err != EMOTP_OK)
		return err;
	verdict = barred_user(c);
	(void)emotp_copy(ret->language, sizeof(ret->language),
	    verdict == EMOTP_UNKNOWN ? config->language : c->user.language);
	if (verdict == 0)
		verdict = recover(c, now_s, ret);
	if (verdict == 0)
		verdict = barred_code(c, &code);
	if (verdict == 0)
		verdict = decide(c, config, findings, now_s, ret);
	record(&c->user, verdict, now_s, ret);
	emotp_wipe(&code, sizeof(code));
	return EMOTP_OK;
}

enum emotp_err
emotp_judge_other_period(const struct emotp_case *c,
    const struct emotp_config *config, const char *typed, int64_t now_s,
    bool *ret)
{
	struct emotp_typed code = emotp_typed_read(typed);
	enum emotp_err err = EMOTP_OK;

	*ret = false;
	for (size_t i = 0; i < c->count && err == EMOTP_OK; i++) {
		struct emotp_token other = c->tokens[i];
		struct emotp_finding f;

		if (other.params.period_s == 30)
			continue;
		other.params.period_s = 30;
		other.last_step = other.pending_step = EMOTP_NO_STEP;
		other.drift = 0;
		err = emotp_examine(
		    &other, &c->secrets[i], config, &code, now_s, &f);
		if (err == EMOTP_OK && matching(&f, false) != EMOTP_NO_STEP)
			*ret = true;
	}
	return err;
}
