/*
 * Mail, in a thread of its own: sends what waits in the outbox, and tries
 * again after growing pauses.
 */
#ifndef SERVER_SENDER_H
#define SERVER_SENDER_H

#include "work.h"

struct sender; /* opaque */

/*
 * Seconds: another process may have queued a mail; after a mail that was not
 * accepted, doubled each time, up to the last one.
 */
#define SENDER_IDLE_S      30
#define SENDER_PAUSE_MIN_S 15
#define SENDER_PAUSE_MAX_S 600

/* Reads the mail settings. setup is borrowed. Close *ret. */
enum emotp_err sender_open(
    const struct work_setup *setup, struct sender **ret, struct emotp_why *why);

/* Something was queued. For any thread. */
void sender_wake(struct sender *sender);

/*
 * Ends the thread once the mail under way is out, but waits a few seconds at
 * most: the process ends then.
 */
void sender_close(struct sender *sender);

#endif
