/* The judge's eyes: which steps of a token have the code that was typed. */
#ifndef EMOTP_JUDGE_MATCH_H
#define EMOTP_JUDGE_MATCH_H

#include "model.h"

#define EMOTP_NO_STEP     (-1)
#define EMOTP_MATCHES_MAX 4 /* steps with the same code: two are a rarity */

/* What was typed, without spaces and dashes. */
struct emotp_typed {
	size_t digits; /* 0: not a code at all */
	uint32_t number;
};

/* One token's part in a judgement. Steps are EMOTP_NO_STEP where none matches.
 */
struct emotp_finding {
	int64_t pair;   /* follows a pending one */
	int64_t single; /* near enough to do alone, outside strict mode */
	int64_t far;    /* within resync only */
	bool replayed;  /* matches a step that is used up */
	size_t count;   /* of all steps that match and are not used up */
	int64_t steps[EMOTP_MATCHES_MAX];
};

/* What is no code has 0 digits. */
struct emotp_typed emotp_typed_read(const char *text);

/* Whether a step is within skew of where the device is believed to be. */
bool emotp_step_near(const struct emotp_token *token,
    const struct emotp_config *config, int64_t step, int64_t now_s);

/*
 * Every candidate is computed and compared, whatever is found on the way;
 * only a match makes a difference in time.
 */
enum emotp_err emotp_examine(const struct emotp_token *token,
    const struct emotp_secret *secret, const struct emotp_config *config,
    const struct emotp_typed *typed, int64_t now_s, struct emotp_finding *ret);

/* Who has no token costs what one default token costs. */
enum emotp_err emotp_examine_dummy(const struct emotp_config *config,
    const struct emotp_typed *typed, int64_t now_s);

#endif
