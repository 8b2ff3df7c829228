/*
 * A line of progress on standard error, drawn over and over and erased at
 * the end; only where that is a terminal and --json was not given.
 */
#ifndef PROVISION_PROGRESS_H
#define PROVISION_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *title;
	uint64_t total; /* 0: not known */
	uint64_t done;
	int64_t began_ms, drawn_ms;
	bool shown;
	bool drawn;
};

/*
 * Begins a line: "TITLE [#####.....]  50 %  5000 of 10000, 800 a second"
 * with a total, "TITLE ... 5000, 800 a second" without, and "TITLE ... 3 s"
 * as long as nothing was counted. title is borrowed.
 */
void progress_begin(
    struct progress *progress, const char *title, uint64_t total);

/*
 * Counts n more; 0 shows only that time goes by. Cheap enough for every line
 * of a million: redraws at most ten times a second.
 */
void progress_tick(struct progress *progress, uint64_t n);

/* progress_tick(arg, 0), for a struct emotp_progress. */
void progress_wait(void *arg);

/* Erases the line, for what is said in its place. May be repeated. */
void progress_end(struct progress *progress);

#endif
