/*
 * Several services in their order: which is asked first, and which are passed
 * over because they were down of late. Time is an argument. Not for several
 * threads at once.
 */
#ifndef SERVER_TARGETS_H
#define SERVER_TARGETS_H

#include <stdbool.h>
#include <stdint.h>

#define TARGETS_MAX 8
#define TARGETS_URL 201 /* bytes, with the NUL */

struct target {
	char url[TARGETS_URL];
	int64_t skip_until_ms; /* 0: it answers */
};

/* Begin with all zero. */
struct targets {
	int count;
	struct target list[TARGETS_MAX];
};

/* Reads urls with spaces between. False if there are none, or too many. */
bool targets_read(struct targets *targets, const char *urls);

/*
 * Whether number i may be asked before those that are passed over. When its
 * time is over, the one who is told so tries it, and for all others it is
 * passed over for another skip_ms. *again, at first false, is whether this
 * question has tried such a one: it could not wait for a second.
 */
bool targets_take(struct targets *targets, int i, int64_t now_ms,
    int64_t skip_ms, bool *again);

/* It decided. True if it was passed over until now. */
bool targets_up(struct targets *targets, int i);

/* It did not: it is passed over for skip_ms. */
void targets_down(
    struct targets *targets, int i, int64_t now_ms, int64_t skip_ms);

#endif
