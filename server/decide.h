/*
 * Who decides what is asked on the local socket: the store of this host
 * (decide_store.c), or services that are asked in its place (upstream.c).
 * local.c asks, and knows neither.
 */
#ifndef SERVER_DECIDE_H
#define SERVER_DECIDE_H

#include <sys/types.h>

#include "../common/local.h"
#include "service.h"

#define DECIDE_NOTE 240 /* bytes, with the NUL */

/* One question, and what came of it. Lives until done is called. */
struct decision {
	struct job job; /* first; this and the next are the decider's */
	struct emotp_verification verification;
	const struct decider *decider;
	const struct emotp_question *question; /* borrowed */
	uid_t uid;                             /* who asks */
	int64_t asked_ms;                      /* by work_elapsed_ms() */

	/* EMOTP_OK: decided, and durable. Else nobody may be let in. */
	enum emotp_err err;
	struct emotp_judgement judgement; /* of EMOTP_ASK_VERIFY */
	bool never_enrolled;              /* of EMOTP_ASK_NEVER_ENROLLED */
	char note[DECIDE_NOTE];           /* "token=1": for the log */

	/* Called in the loop's thread, once; maybe before decide returns. */
	void (*done)(struct decision *decision);
};

struct decider {
	/* False, and done is never called, if too many wait. */
	bool (*decide)(
	    const struct decider *decider, struct decision *decision);

	/* For a job that needs no store: its do_work gets none. */
	bool (*add)(const struct decider *decider, struct job *job);

	void *of; /* the implementation's */
};

/* The store's: *ret decides by service's work. */
void decide_by_store(struct service *service, struct decider *ret);

#endif
