/*
 * Tokens that come from another OTP module, and go to one: import, export.
 */
#ifndef EMOTP_ADOPT_H
#define EMOTP_ADOPT_H

#include "authority.h"
#include "judge.h"

#define EMOTP_SCRATCH_MAX  10 /* codes of an imported token */
#define EMOTP_SCRATCH_SIZE 9  /* eight digits and the NUL */

struct emotp_adoption {
	char user[EMOTP_NAME_MAX + 1]; /* in the directory already */
	char label[EMOTP_LABEL_MAX + 1];
	struct emotp_secret secret;
	struct emotp_params params;
	int64_t last_step; /* the latest that is used up, or -1 */
	int drift;         /* device steps minus ours; one out of reach is 0 */
	size_t scratch_count;
	char scratch[EMOTP_SCRATCH_MAX][EMOTP_SCRATCH_SIZE];
};

/* Hands out one after the other; *ret_more is false when there is none. */
struct emotp_adoptions {
	enum emotp_err (*next)(void *arg, struct emotp_adoption *ret,
	    bool *ret_more, struct emotp_why *why);
	void *arg;
};

/*
 * Gives each user the token, confirmed, and the scratch codes as recovery
 * codes: all in one transaction, or none. What is used up becomes at least
 * the step of now_s (with the drift), so that no code of the old module
 * works again. EMOTP_ERR_NO_USER; EMOTP_ERR_EXISTS if the user has a token
 * with that secret; EMOTP_ERR_NOT_ALLOWED if the user is revoked or has
 * EMOTP_TOKENS_MAX tokens; an error of next() as it is. The store is locked
 * meanwhile: next() must not wait for anybody.
 */
enum emotp_err emotp_adopt_all(const struct emotp_authority *a,
    const struct emotp_adoptions *adoptions, int64_t now_s, bool dry_run,
    struct emotp_why *why);

/* Takes a token with its secret, which is wiped when it returns. */
struct emotp_revelation {
	enum emotp_err (*each)(void *arg, const char *user,
	    const struct emotp_token *token, const struct emotp_secret *secret);
	void *arg;
};

/*
 * Hands every token out, by user (as they were added) and number; of one user
 * if name is not NULL (EMOTP_ERR_NO_USER). Stops at the first error and returns
 * it.
 */
enum emotp_err emotp_reveal(const struct emotp_authority *a, const char *name,
    const struct emotp_revelation *revelation, struct emotp_why *why);

#endif
