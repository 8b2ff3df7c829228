/*
 * A host of a fleet holds no store: what the module asks is passed on, with
 * the host's key, to the first of several services that can be reached.
 * PROTOCOL.md, section 3.
 */
#ifndef SERVER_UPSTREAM_H
#define SERVER_UPSTREAM_H

#include "decide.h"

struct upstream; /* opaque */

#define UPSTREAM_QUESTIONS  8    /* at a time, each on its own connections */
#define UPSTREAM_ANSWER_MS  7000 /* from the question; the module waits 8 s */
#define UPSTREAM_WRITE_MS   5000 /* from the question; later is too late */
#define UPSTREAM_CONNECT_MS 2000 /* what a service that is down costs */
#define UPSTREAM_SKIP_MS    (30 * 1000) /* for so long it is passed over */
#define UPSTREAM_KEEP_S     30 /* a connection may lie idle; emotpd: 60 */

/*
 * Of callers other than root: more would use up the host's own limit, or keep
 * root waiting where a service is slow.
 */
#define UPSTREAM_OTHERS_ASKED    4  /* at a time, of UPSTREAM_QUESTIONS */
#define UPSTREAM_OTHERS_MAX      10 /* refusals for a uid */
#define UPSTREAM_OTHERS_WINDOW_S (10 * 60)

/*
 * Reads the host's key and starts the threads; connects nowhere yet. config is
 * borrowed. EMOTP_ERR_KEY, EMOTP_ERR_CONFIG. Close *ret.
 */
enum emotp_err upstream_open(struct event_base *base,
    const struct emotp_config *config, struct upstream **ret,
    struct emotp_why *why);

/* Reads the host's key again; on an error the old one stays. */
enum emotp_err upstream_reload(struct upstream *u, struct emotp_why *why);

/* Waits for what is being asked, and no longer than that may take. */
void upstream_close(struct upstream *u);

/* *ret asks them. */
void decide_by_upstream(struct upstream *u, struct decider *ret);

#endif
