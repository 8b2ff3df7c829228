/* What the unit tests share: rows of tables, chance, temporary places. */
#ifndef EMOTP_UNIT_H
#define EMOTP_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

/* A condition that must hold; row says in which row of a table. */
#define CHECK(row, condition)                                        \
	do {                                                         \
		if (!(condition))                                    \
			fail_msg("%s: not so: %s", row, #condition); \
	} while (0)

/* The same for numbers, which are then shown. */
#define CHECK_INT(row, seen, expected)                                   \
	do {                                                             \
		long long seen_ = (long long)(seen);                     \
		long long expected_ = (long long)(expected);             \
		if (seen_ != expected_)                                  \
			fail_msg("%s: %s is %lld, not %lld", row, #seen, \
			    seen_, expected_);                           \
	} while (0)

#define CHECK_TEXT(row, seen, expected)                                      \
	do {                                                                 \
		if (strcmp(seen, expected) != 0)                             \
			fail_msg("%s: %s is \"%s\", not \"%s\"", row, #seen, \
			    seen, expected);                                 \
	} while (0)

/* SplitMix64: chance that can be repeated from its seed. */
static inline uint64_t
unit_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* From low to high, both included. */
static inline int64_t
unit_between(uint64_t *state, int64_t low, int64_t high)
{
	return low + (int64_t)(unit_random(state) % (uint64_t)(high - low + 1));
}

/* A new seed for each run: from the clock, or from the first argument. */
static inline uint64_t
unit_seed(int argc, char **argv)
{
	return argc > 1 ? strtoull(argv[1], NULL, 0) :
			  (uint64_t)time(NULL) * 1000003U + (uint64_t)getpid();
}

#define UNIT_PATH 160

/* A directory of our own, mode 0700. */
static inline void
unit_make_directory(char path[static UNIT_PATH])
{
	const char *parent = getenv("TMPDIR");

	(void)snprintf(path, UNIT_PATH, "%s/emotp-unit-XXXXXX",
	    parent == NULL || parent[0] == '\0' ? "/tmp" : parent);
	if (mkdtemp(path) == NULL)
		fail_msg("%s: %s", path, strerror(errno));
}

static inline int
unit_remove_one(
    const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static inline void
unit_remove_directory(const char *path)
{
	(void)nftw(path, unit_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

#endif
