/*
 * Errors: "could not decide". Verdicts, which say "decided", are a
 * vocabulary of their own (state/model.h); nothing converts one into the
 * other.
 */
#ifndef EMOTP_ERR_H
#define EMOTP_ERR_H

#define EMOTP_ERR_MAP(X)                                        \
	X(MEMORY, "out of memory")                              \
	X(CLOCK, "the system clock is not set")                 \
	X(RANDOM, "the kernel gave no random bytes")            \
	X(CRYPTO, "the cryptographic library failed")           \
	X(CONFIG, "configuration unusable")                     \
	X(KEY, "key unusable")                                  \
	X(STORE, "store not to be had")                         \
	X(BUSY, "store locked by another process for too long") \
	X(CONFLICT, "another transaction was in the way")       \
	X(SERVICE, "service not to be had")                     \
	X(MAIL, "mail not accepted")                            \
	X(INVALID, "not valid")                                 \
	X(NO_USER, "no such user")                              \
	X(NO_TOKEN, "no such token")                            \
	X(NO_HOST, "no such host")                              \
	X(EXISTS, "exists already")                             \
	X(NOT_ALLOWED, "not allowed")

enum emotp_err {
	EMOTP_OK = 0,
#define X(name, text) EMOTP_ERR_##name,
	EMOTP_ERR_MAP(X)
#undef X
};

/* The fixed English text of an error; never NULL. */
const char *emotp_strerror(enum emotp_err err);

/*
 * What exactly went wrong, for the one who can mend it: file, line, reason.
 * Functions that take one fill it whenever they return an error, and leave
 * it alone otherwise. Holds no secret. One line, not escaped.
 */
struct emotp_why {
	char text[400];
};

/*
 * Fills why (which may be NULL) in the manner of printf and is err, so that
 * a failure reads "return emotp_fail(why, EMOTP_ERR_X, ...)". A macro, so
 * that compilers and analysers see what is returned.
 */
#define emotp_fail(why, err, ...) (emotp_explain((why), __VA_ARGS__), (err))

void emotp_explain(struct emotp_why *why, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
