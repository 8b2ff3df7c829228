/*
 * What the store keeps, as plain values: users, tokens, registration codes,
 * intents; and the verdicts, which are stored too. Times are Unix seconds,
 * 0 where something never happened.
 */
#ifndef EMOTP_MODEL_H
#define EMOTP_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../config.h"
#include "../secret.h"
#include "../token.h"

#define EMOTP_NAME_MAX     128 /* bytes of a login name */
#define EMOTP_EMAIL_MAX    254 /* bytes of an address, RFC 5321 4.5.3.1.3 */
#define EMOTP_LABEL_MAX    64  /* bytes of a token's label */
#define EMOTP_SOURCE_MAX   64  /* bytes of "from where" */
#define EMOTP_TOKENS_MAX   8   /* tokens of a user */
#define EMOTP_TIMES_MAX    100 /* events remembered in an emotp_times */
#define EMOTP_CODES_MAX    32  /* registration codes kept for a user */
#define EMOTP_ATTEMPTS_MAX 10  /* latest logins and refusals of a user */
#define EMOTP_REFUSED_MAX  300 /* refusals of a host that are remembered */
#define EMOTP_GLOB_MAX     256 /* bytes of the users of a host */
#define EMOTP_RECOVERY_MAX 20  /* recovery codes, imported ones too */

#define EMOTP_SEALED_MAX   (12 + EMOTP_SECRET_MAX + 16) /* nonce, text, tag */

/*
 * Verdicts: "decided". The numbers are stored: append, never renumber. Zero
 * is none of them, so that forgotten memory accepts nobody.
 */
#define EMOTP_VERDICT_MAP(X)               \
	X(ACCEPTED, 1, "accepted")         \
	X(WRONG, 2, "wrong")               \
	X(REPLAYED, 3, "replayed")         \
	X(PENDING, 4, "pending")           \
	X(STRICT, 5, "strict")             \
	X(DISABLED, 6, "disabled")         \
	X(AHEAD, 7, "ahead")               \
	X(UNKNOWN, 8, "unknown")           \
	X(NOT_ENROLLED, 9, "not-enrolled") \
	X(REVOKED, 10, "revoked")          \
	X(MALFORMED, 11, "malformed")      \
	X(REFUSED, 12, "refused") /* by a service that keeps its reason */

enum emotp_verdict {
#define X(name, number, text) EMOTP_##name = number,
	EMOTP_VERDICT_MAP(X)
#undef X
};

/* The word for a verdict, as the log has it; "none" for any other number. */
const char *emotp_verdict_name(enum emotp_verdict verdict);

enum emotp_user_state { /* stored: never renumber */
	EMOTP_INVITED = 1,
	EMOTP_ACTIVE = 2,
	EMOTP_REVOKED_USER = 3,
	EMOTP_REMOVED = 4, /* a tombstone */
};

/* "invited", "active", "revoked" or "removed". */
const char *emotp_user_state_name(enum emotp_user_state state);

/* The latest events, oldest first; the oldest falls out when full. */
struct emotp_times {
	size_t count;
	int64_t at[EMOTP_TIMES_MAX];
};

void emotp_times_add(struct emotp_times *times, int64_t at_s);

/* Takes future times as now (for good) and drops all older than age_s. */
void emotp_times_trim(struct emotp_times *times, int64_t now_s, int64_t age_s);

/* A login or a refusal, as `emotp-provision why` tells of it; no code. */
struct emotp_attempt {
	int64_t at;
	enum emotp_verdict verdict;
	bool recovery; /* by a recovery code */
	int token;     /* number of the token whose code it was, or 0 */
	int offset;    /* of that code from our clock, in steps */
	int period_s;  /* of that token */
};

/* The latest, oldest first; the oldest falls out when full. */
struct emotp_attempts {
	size_t count;
	struct emotp_attempt list[EMOTP_ATTEMPTS_MAX];
};

void emotp_attempts_add(
    struct emotp_attempts *attempts, const struct emotp_attempt *attempt);

struct emotp_user {
	int64_t id; /* never reused */
	char name[EMOTP_NAME_MAX + 1];
	char email[EMOTP_EMAIL_MAX + 1]; /* "" once a tombstone's mail is out */
	char language[EMOTP_LANGUAGE_MAX + 1];
	enum emotp_user_state state;
	bool disabled;
	int next_token; /* number of the next token; 1: never had one */
	int failures;   /* consecutive wrong codes */
	struct emotp_times failed; /* wrong codes of the last 24 hours */
	int tries;                 /* wrong registration codes */
	struct emotp_times mailed; /* registration codes of the last 24 hours */
	int64_t last_login;
	int64_t last_refusal;
	enum emotp_verdict last_verdict; /* of last_refusal; 0: none */
	struct emotp_attempts attempts;
};

struct emotp_token {
	char id[32 + 1]; /* 128 random bits in hexadecimal; never reused */
	int64_t user_id;
	int number; /* counted per user, never reused */
	char label[EMOTP_LABEL_MAX + 1];
	struct emotp_params params;
	size_t sealed_len;
	unsigned char sealed[EMOTP_SEALED_MAX];
	bool confirmed;
	int64_t last_step;    /* -1: none used yet */
	int drift;            /* device steps minus ours */
	int64_t pending_step; /* -1: none */
	int64_t pending_at;
	int64_t created;
	int64_t last_used;
	int tries; /* wrong codes while it was to be confirmed */
};

enum emotp_code_state {      /* stored: never renumber */
	EMOTP_CODE_LIVE = 1, /* until its hour is over */
	EMOTP_CODE_USED = 2,
	EMOTP_CODE_KILLED = 3,
};

#define EMOTP_CODE_LIFE_S (60 * 60)
#define EMOTP_CODE_KEPT_S (24 * 60 * 60) /* dead, so as to say why */

struct emotp_code {
	int64_t id;
	int64_t user_id;
	enum emotp_code_state state;
	int64_t handed_at; /* to the mail server */
	unsigned char salt[16];
	unsigned char digest[32];
};

/* Whether a code is dead for so long that not even a reason is told. */
bool emotp_code_forgotten(const struct emotp_code *code, int64_t now_s);

/* Whether a code may still be used: its hour, from handed_at, is not over. */
bool emotp_code_live(const struct emotp_code *code, int64_t now_s);

/*
 * Ours have 50 bits; those that are imported eight digits, so that a miss
 * must count.
 */
enum emotp_recovery_kind { /* stored: never renumber */
	EMOTP_RECOVERY_OURS = 1,
	EMOTP_RECOVERY_SCRATCH = 2,
};

/* Kept as a digest, like a registration code. */
struct emotp_recovery_code {
	int64_t user_id;
	int number; /* counted per user */
	enum emotp_recovery_kind kind;
	int64_t used_at; /* 0: good for a login */
	unsigned char salt[16];
	unsigned char digest[32];
};

/* A host that may ask for verification. */
struct emotp_host {
	int64_t id;
	char name[EMOTP_NAME_MAX + 1];
	char users[EMOTP_GLOB_MAX + 1]; /* a shell pattern; "*": all */
	unsigned char digest[32];       /* of its key */
	int64_t created;
	size_t refused_count;
	int64_t refused_at[EMOTP_REFUSED_MAX]; /* oldest first */
};

/* What a mail is about; each has its template KIND.txt. */
#define EMOTP_MAIL_MAP(X)              \
	X(CODE, 1, "code")             \
	X(REGISTERED, 2, "registered") \
	X(REVOKED, 3, "revoked")       \
	X(RESET, 4, "reset")           \
	X(REMOVED, 5, "removed")       \
	X(DISABLED, 6, "disabled")     \
	X(RECOVERY, 7, "recovery")

enum emotp_mail_kind { /* stored: never renumber */
#define X(name, number, text) EMOTP_MAIL_##name = number,
	EMOTP_MAIL_MAP(X)
#undef X
};

/* The template's name, or NULL for any other number. */
const char *emotp_mail_kind_name(enum emotp_mail_kind kind);

/* A mail that is to be sent: never its text, never a code. */
struct emotp_intent {
	int64_t id;
	int64_t user_id;
	enum emotp_mail_kind kind;
	int token;                         /* number, or 0 */
	char label[EMOTP_LABEL_MAX + 1];   /* of that token */
	char source[EMOTP_SOURCE_MAX + 1]; /* from where it was caused */
	int64_t created;
};

#endif
