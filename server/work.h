/*
 * Work that waits for the store, away from the event loop. Verifications that
 * wait together are decided in one transaction with one fsync.
 */
#ifndef SERVER_WORK_H
#define SERVER_WORK_H

#include <stdbool.h>

#include "../common/state/verify.h"

struct event_base;
struct work; /* opaque: the threads and what waits for them */

#define WORK_QUEUE_MAX   2048 /* jobs that wait; more are turned away */
#define WORK_BATCH_MAX   128  /* verifications in one transaction */
#define WORK_WAIT_S      8    /* a job older than that is not begun */

#define WORK_THREADS_MAX 16

/*
 * On a store that several write to at a time. More would do less: each would
 * take a few questions, where few take many in one transaction. One alone
 * would have everybody wait where it waits for a lock.
 */
#define WORK_VERIFIERS 2

/* Embedded at the head of what it is about. */
struct job {
	struct job *next;
	int64_t added_at_s; /* of the monotonic clock */

	/*
	 * For a verification: filled in by the worker. Else do_work is called
	 * in a worker's thread.
	 */
	struct emotp_verification *verification;
	void (*do_work)(struct job *job, const struct emotp_authority *a);

	/*
	 * Called in the loop's thread when that is done; or undone, because it
	 * waited too long (late). The job is the caller's again.
	 */
	void (*done)(struct job *job);
	bool late;
};

struct work_setup {
	const struct emotp_config *config;
	const struct emotp_key *key;
	const struct emotp_backend *const *backends;
};

/*
 * Starts the threads, each with a store handle of its own. setup and what it
 * points to are borrowed. Close *ret.
 */
enum emotp_err work_open(struct event_base *base,
    const struct work_setup *setup, struct work **ret, struct emotp_why *why);

/*
 * Threads, at most WORK_THREADS_MAX, without a store: jobs have a do_work,
 * which gets NULL. Close *ret.
 */
enum emotp_err work_open_plain(struct event_base *base, int threads,
    struct work **ret, struct emotp_why *why);

/* From the loop's thread. False, and nothing done, if too many wait. */
bool work_add(struct work *work, struct job *job);

/* Jobs added and not yet done; and transactions of verifications so far. */
int work_pending(const struct work *work);
uint64_t work_batches(const struct work *work);

/* Waits for what is being done, drops what waits (done is not called). */
void work_close(struct work *work);

/* Unix seconds of the system clock; 0, which is refused, if it fails. */
int64_t work_clock(void);

/* Milliseconds of a clock that nobody sets. */
int64_t work_elapsed_ms(void);

#endif
