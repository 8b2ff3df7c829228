#include <stdlib.h>

#include "../totp.h"
#include "judge_match.h"

#define CANDIDATES_MAX (2 * EMOTP_RESYNC_MAX + 1)
#define PAIR_PERIODS   3 /* how long the first of two codes is remembered */

struct emotp_typed
emotp_typed_read(const char *text)
{
	struct emotp_typed typed = {0, 0};

	for (; text != NULL && *text != '\0'; text++) {
		if (*text == ' ' || *text == '-')
			continue;
		if (*text < '0' || *text > '9' || typed.digits == 8)
			return (struct emotp_typed){0, 0};
		typed.number = typed.number * 10 + (uint32_t)(*text - '0');
		typed.digits++;
	}
	return typed;
}

/* The one of two matching steps that is nearer to centre. */
static int64_t
nearer(int64_t a, int64_t b, int64_t centre)
{
	return a == EMOTP_NO_STEP || llabs(b - centre) < llabs(a - centre) ? b :
									     a;
}

static bool
follows_pending(const struct emotp_token *token, int64_t step, int64_t now_s)
{
	int64_t age = now_s - token->pending_at;

	return token->pending_step != EMOTP_NO_STEP &&
	    step == token->pending_step + 1 && age >= 0 &&
	    age <= PAIR_PERIODS * (int64_t)token->params.period_s;
}

bool
emotp_step_near(const struct emotp_token *token,
    const struct emotp_config *config, int64_t step, int64_t now_s)
{
	int64_t centre =
	    emotp_totp_step(now_s, token->params.period_s) + token->drift;

	return llabs(step - centre) <= config->skew;
}

/* Files one matching step under what it is good for. */
static void
file_match(const struct emotp_token *token, const struct emotp_config *config,
    int64_t step, int64_t now_s, struct emotp_finding *f)
{
	int64_t centre =
	    emotp_totp_step(now_s, token->params.period_s) + token->drift;

	if (step <= token->last_step) {
		f->replayed = true;
		return;
	}
	if (f->count < EMOTP_MATCHES_MAX)
		f->steps[f->count++] = step;
	if (follows_pending(token, step, now_s))
		f->pair = step;
	if (emotp_step_near(token, config, step, now_s))
		f->single = nearer(f->single, step, centre);
	else
		f->far = nearer(f->far, step, centre);
}

enum emotp_err
emotp_examine(const struct emotp_token *token,
    const struct emotp_secret *secret, const struct emotp_config *config,
    const struct emotp_typed *typed, int64_t now_s, struct emotp_finding *ret)
{
	uint32_t codes[CANDIDATES_MAX];
	size_t count = 2 * (size_t)config->resync + 1;
	int64_t first =
	    emotp_totp_step(now_s, token->params.period_s) - config->resync;
	uint32_t foreign = typed->digits != (size_t)token->params.digits;
	enum emotp_err err =
	    emotp_totp_codes(secret, &token->params, first, count, codes);

	*ret = (struct emotp_finding){
	    EMOTP_NO_STEP, EMOTP_NO_STEP, EMOTP_NO_STEP, false, 0, {0}};
	if (err != EMOTP_OK)
		return err;
	for (size_t i = 0; i < count; i++)
		if (((codes[i] ^ typed->number) | foreign) == 0)
			file_match(
			    token, config, first + (int64_t)i, now_s, ret);
	emotp_wipe(codes, sizeof(codes));
	return EMOTP_OK;
}

enum emotp_err
emotp_examine_dummy(const struct emotp_config *config,
    const struct emotp_typed *typed, int64_t now_s)
{
	static const struct emotp_secret secret = {20, "not a secret at all"};
	static const struct emotp_token token = {
	    .params = {EMOTP_SHA1, 6, EMOTP_PERIOD_OURS},
	    .last_step = EMOTP_NO_STEP,
	    .pending_step = EMOTP_NO_STEP,
	};
	struct emotp_finding ignored;

	return emotp_examine(&token, &secret, config, typed, now_s, &ignored);
}
