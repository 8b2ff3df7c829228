/* A user, tokens and a clock for the tests of the verification rule. */
#ifndef EMOTP_JUDGING_H
#define EMOTP_JUDGING_H

#include "unit.h"

#include "../../common/state/judge.h"
#include "../../common/totp.h"

#define NOW_S 1800000000 /* a multiple of 60, and of 30 */

struct world {
	struct emotp_config config;
	struct emotp_case c;
	struct emotp_judgement judgement;
	int64_t now_s;
};

/* A confirmed token that was never used; which tells secrets apart. */
static inline size_t
world_add_token(struct world *w, int which, struct emotp_params params)
{
	size_t i = w->c.count++;
	struct emotp_token *token = &w->c.tokens[i];
	struct emotp_secret *secret = &w->c.secrets[i];

	*token = (struct emotp_token){
	    .user_id = 1,
	    .number = (int)i + 1,
	    .params = params,
	    .confirmed = true,
	    .last_step = -1,
	    .pending_step = -1,
	};
	secret->len = 20;
	(void)snprintf((char *)secret->bytes, sizeof(secret->bytes),
	    "the secret number %02d", which);
	return i;
}

static const struct emotp_params judging_ours = {EMOTP_SHA1, 6, 60};

/* An active user with one default token at NOW_S. */
static inline struct world
world_new(void)
{
	struct world w;

	memset(&w, 0, sizeof(w));
	w.config.skew = 1;
	w.config.resync = 10;
	w.now_s = NOW_S;
	w.c.known = true;
	w.c.user.id = 1;
	w.c.user.state = EMOTP_ACTIVE;
	w.c.user.next_token = 2;
	(void)world_add_token(&w, 1, judging_ours);
	return w;
}

/* The code of a token at a step, as a device shows it. */
static inline const char *
world_code(
    const struct world *w, size_t token, int64_t step, char text[static 16])
{
	const struct emotp_params *params = &w->c.tokens[token].params;
	uint32_t code;

	assert_int_equal(
	    emotp_totp_codes(&w->c.secrets[token], params, step, 1, &code),
	    EMOTP_OK);
	(void)snprintf(text, 16, "%0*u", params->digits, code % 100000000);
	return text;
}

static inline int64_t
world_step(const struct world *w, size_t token)
{
	return emotp_totp_step(w->now_s, w->c.tokens[token].params.period_s);
}

static inline enum emotp_verdict
world_type(struct world *w, const char *typed)
{
	assert_int_equal(
	    emotp_judge(&w->c, &w->config, typed, w->now_s, &w->judgement),
	    EMOTP_OK);
	return w->judgement.verdict;
}

/* Types the code of a token whose device is so many steps off. */
static inline enum emotp_verdict
world_type_at(struct world *w, size_t token, int64_t offset)
{
	char text[16];

	return world_type(
	    w, world_code(w, token, world_step(w, token) + offset, text));
}

/* A six-digit code that no token has anywhere near. */
static inline const char *
world_wrong(const struct world *w, char text[static 16])
{
	uint32_t guess = 0;

	for (size_t i = 0; i < w->c.count; i++) {
		uint32_t codes[61];

		assert_int_equal(
		    emotp_totp_codes(&w->c.secrets[i], &w->c.tokens[i].params,
			world_step(w, i) - 30, LEN(codes), codes),
		    EMOTP_OK);
		for (size_t k = 0; k < LEN(codes); k++)
			if (codes[k] == guess) {
				guess++;
				i = 0;
				break;
			}
	}
	(void)snprintf(text, 16, "%06u", guess % 1000000);
	return text;
}

static inline void
world_guess(struct world *w, int count)
{
	char text[16];

	for (int i = 0; i < count; i++)
		assert_int_equal(
		    world_type(w, world_wrong(w, text)), EMOTP_WRONG);
}

#endif
