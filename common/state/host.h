/*
 * The hosts of a fleet: who may ask for verification, by a key that only its
 * digest is kept of, for which users, and how often a refusal is borne.
 */
#ifndef EMOTP_HOST_H
#define EMOTP_HOST_H

#include "authority.h"

#define EMOTP_HOST_KEY      53        /* characters of a key, and the NUL */
#define EMOTP_HOST_WINDOW_S (10 * 60) /* for EMOTP_REFUSED_MAX refusals */

/*
 * Adds a host for the users whose names match the shell pattern users; key is
 * told this once: wipe it. EMOTP_ERR_EXISTS, EMOTP_ERR_INVALID for a name or
 * pattern that will not do.
 */
enum emotp_err emotp_host_add(const struct emotp_authority *a, const char *name,
    const char *users, int64_t now_s, char key[static EMOTP_HOST_KEY],
    struct emotp_why *why);

/* Its key ends at once, everywhere. EMOTP_ERR_NO_HOST. */
enum emotp_err emotp_host_remove(
    const struct emotp_authority *a, const char *name, struct emotp_why *why);

/* See emotp_store_host_each. */
enum emotp_err emotp_host_each(const struct emotp_authority *a,
    enum emotp_err (*each)(void *arg, const struct emotp_host *host), void *arg,
    struct emotp_why *why);

/* Whether a host may ask now for a user. */
enum emotp_admission {
	EMOTP_ADMITTED = 1,
	EMOTP_HOST_UNKNOWN,
	EMOTP_HOST_USER,     /* not one of its users */
	EMOTP_HOST_TOO_MANY, /* refusals; see retry_at */
};

/*
 * Inside the caller's transaction: admits the host that key is of, and fills
 * *ret where it is known. retry_at: when one refusal falls out of the window.
 */
enum emotp_err emotp_host_admit(const struct emotp_authority *a,
    const char *key, const char *user, int64_t now_s, struct emotp_host *ret,
    enum emotp_admission *ret_admission, int64_t *ret_retry_at);

/* Inside the same: a code was refused. */
enum emotp_err emotp_host_refused(
    const struct emotp_authority *a, struct emotp_host *host, int64_t now_s);

#endif
