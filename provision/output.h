/* Exit codes, and everything that is written for people. */
#ifndef PROVISION_OUTPUT_H
#define PROVISION_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../common/err.h"

enum exit_code {
	EXIT_DONE = 0,
	EXIT_REFUSED = 1,
	EXIT_USAGE = 2,
	EXIT_MISSING = 3, /* no such user, token or host */
	EXIT_EXISTS = 4,
	EXIT_NOT_PERMITTED = 5,
	EXIT_UNAVAILABLE = 6, /* store, clock, memory, standard output */
	EXIT_MAIL = 7,
	EXIT_CONFIG = 8, /* configuration or key */
};

/* The buffer is ours, so that secrets in it can be wiped at the end. */
void output_begin(void);

/* From here on say() is silent: standard output is for programs. */
void output_set_json(void);
bool output_is_json(void);

/* To standard output, for people. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One line "emotp-provision: ..." to standard error; returns code. */
int output_fail(enum exit_code code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same for an error of the library, with what to do about it. */
int output_error(enum emotp_err err, const struct emotp_why *why);

/* One line "emotp-provision: warning: ..." to standard error. */
void output_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Flushes and wipes. The exit code: code, but EXIT_UNAVAILABLE for 0 if
 * standard output did not take everything.
 */
int output_end(int code);

#define LOCAL_TIME_MAX 48

/* "2026-01-31 14:05:09 CET"; returns buf. */
const char *local_time(int64_t at_s, char buf[static LOCAL_TIME_MAX]);

#endif
