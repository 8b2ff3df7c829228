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
 * Whether a host, as emotp_store_host_look_up found it, may ask. Forgets
 * refusals that are out of the window. retry_at: with EMOTP_HOST_TOO_MANY, when
 * one falls out of it.
 */
enum emotp_admission emotp_host_admit(struct emotp_host_found *host,
    const char *user, int64_t now_s, int64_t *ret_retry_at);

/*
 * Inside the caller's transaction, before the refusal of a code is written:
 * counts it to the host that was admitted. It is read again for that, locked;
 * if it may ask no more by now, *ret_admission says so, and the refusal must
 * not be written, nor told.
 */
enum emotp_err emotp_host_refused(const struct emotp_authority *a,
    struct emotp_host_found *host, const char *user, int64_t now_s,
    enum emotp_admission *ret_admission, int64_t *ret_retry_at);

#endif
