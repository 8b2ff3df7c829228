/* Answers of the API: PROTOCOL.md, section 1. */
#ifndef SERVER_ANSWER_H
#define SERVER_ANSWER_H

#include "../common/message.h"
#include "http.h"

#define PROBLEM_MAP(X)                                              \
	X(MALFORMED, 400, "malformed", "Malformed request")         \
	X(NO_HOST_KEY, 401, "no-host-key", "No valid host key")     \
	X(USER, 403, "user-not-allowed", "Not a user of this host") \
	X(WRONG_CODE, 403, "wrong-code", "Wrong code")              \
	X(OTP_REQUIRED, 403, "otp-required",                        \
	    "A current one-time code is required")                  \
	X(WRONG_OTP, 403, "wrong-otp", "Wrong one-time code")       \
	X(NOT_FOUND, 404, "not-found", "Not found")                 \
	X(METHOD, 405, "wrong-method", "Wrong method")              \
	X(CONFIRMED, 409, "confirmed-already", "Confirmed already") \
	X(EXPIRED, 410, "expired", "The code has expired")          \
	X(USED, 410, "used", "The code has been used")              \
	X(TOO_MANY, 429, "too-many", "Too many refusals")           \
	X(UNAVAILABLE, 503, "unavailable", "Cannot decide now")

enum problem {
	PROBLEM_NONE = 0,
#define X(name, status, type, title) PROBLEM_##name,
	PROBLEM_MAP(X)
#undef X
};

/* "wrong-code" and the like, for the log. */
const char *problem_type(enum problem problem);

/* Each answers and releases the request. */
void answer_problem(struct http_request *request, enum problem problem);

/* The same with one header more. */
void answer_problem_with(struct http_request *request, enum problem problem,
    const char *name, const char *value);
void answer_json(struct http_request *request, int status,
    const struct emotp_field *fields, size_t count);
void answer_text(
    struct http_request *request, const char *type, const char *text);

/*
 * Reads the body's fields. False, with the request answered, if it will not
 * do.
 */
bool answer_read(struct http_request *request, const struct emotp_field *fields,
    size_t count);

#endif
