/* Records on emotpd's local socket (PROTOCOL.md, section 2). */
#ifndef EMOTP_LOCAL_H
#define EMOTP_LOCAL_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

#define EMOTP_LOCAL_MAX     1024 /* bytes of a record */
#define EMOTP_NONCE_MAX     32   /* hexadecimal digits */
#define EMOTP_LOCAL_USER    128
#define EMOTP_LOCAL_TYPED   128
#define EMOTP_LOCAL_SERVICE 64
#define EMOTP_LOCAL_RHOST   256
#define EMOTP_LOCAL_WORD    24

enum emotp_question_kind {
	EMOTP_ASK_VERIFY = 1,
	EMOTP_ASK_NEVER_ENROLLED,
};

/* Wipe it: it holds a code. */
struct emotp_question {
	enum emotp_question_kind kind;
	char nonce[EMOTP_NONCE_MAX + 1];
	char user[EMOTP_LOCAL_USER + 1];
	char typed[EMOTP_LOCAL_TYPED + 1]; /* or the name the system knows */
	char service[EMOTP_LOCAL_SERVICE + 1];
	char rhost[EMOTP_LOCAL_RHOST + 1];
};

struct emotp_answer {
	char nonce[EMOTP_NONCE_MAX + 1];
	char user[EMOTP_LOCAL_USER + 1];
	char result[EMOTP_LOCAL_WORD + 1];
	int token;
	int drift;
	int period_s;
	int recovery_left; /* -1: no recovery code was accepted */
	char language[8];
};

/*
 * Encode a record into buf; *ret_len its length. Decode one of len bytes:
 * EMOTP_ERR_INVALID, with *ret wiped, unless every field is there, within its
 * bounds and nothing follows. Decoding an answer checks its shape only: who
 * asked compares nonce and user. Pure.
 */
enum emotp_err emotp_question_encode(const struct emotp_question *question,
    char buf[static EMOTP_LOCAL_MAX], size_t *ret_len);
enum emotp_err emotp_question_decode(
    const char *record, size_t len, struct emotp_question *ret);
enum emotp_err emotp_answer_encode(const struct emotp_answer *answer,
    char buf[static EMOTP_LOCAL_MAX], size_t *ret_len);
enum emotp_err emotp_answer_decode(
    const char *record, size_t len, struct emotp_answer *ret);

#endif
