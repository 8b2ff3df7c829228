/* A line of users.oath, the file of libpam-oath (pam_oath). Pure. */
#ifndef PROVISION_OATH_LINE_H
#define PROVISION_OATH_LINE_H

#include <time.h>

#include "../common/state/adopt.h"

#define OATH_LINE_SIZE 1024 /* with the NUL; the longest that can be: 400 */

struct oath_line {
	bool empty;        /* nothing, or a comment; the rest is 0 */
	bool pin;          /* it asks for a PIN, which emotp has not */
	bool used;         /* then these two are there: */
	char otp[8 + 1];   /* the last code that was accepted, */
	struct tm used_at; /* and when, in the host's local time */
	struct emotp_adoption token; /* last_step is -1 for the caller to set */
};

/*
 * Reads "TYPE USER PIN SECRET [COUNTER [OTP [TIME]]]" without its line end.
 * EMOTP_ERR_NOT_ALLOWED if the codes are none that emotp has (HOTP, seven
 * digits), EMOTP_ERR_INVALID for what is no such line; *ret is then wiped,
 * which the caller does otherwise. why holds nothing of the line.
 */
enum emotp_err oath_line_read(
    const char *line, struct oath_line *ret, struct emotp_why *why);

#endif
