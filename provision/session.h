/* What a command works with: configuration, key, mailer, store. */
#ifndef PROVISION_SESSION_H
#define PROVISION_SESSION_H

#include "../common/state/authority.h"
#include "../common/state/mail.h"

#define CALLER_MAX 600 /* two escaped names and some words */

struct session {
	const char *config_path;
	const char *server;      /* the service that is asked, or NULL */
	const char *server_ca;   /* or NULL */
	bool exempt;             /* started by uid 0: meets no mail limit */
	bool audited;            /* the line of this command is out already */
	const char *result;      /* a word for that line, or NULL */
	char caller[CALLER_MAX]; /* "root (sudo: alice)" */
	char source[EMOTP_SOURCE_MAX + 1]; /* for mails to the user */
	struct emotp_config config;
	struct emotp_key key;
	struct emotp_mailer *mailer;
	struct emotp_store *store;
	struct emotp_authority authority;
};

/* Unix seconds of the system clock. */
int64_t clock_now(void);

/* Notes who called, while that can still be told. */
void session_begin(struct session *s, const char *config_path);

/*
 * The steps of opening. Each returns 0, or an exit code with the error line
 * written. The store comes last: a process of root that opens another
 * user's store becomes that user first, for good.
 */
int session_load_config(struct session *s);
int session_load_key(struct session *s);
int session_open_mailer(struct session *s);
int session_open_store(struct session *s);

/* All four in order; the mailer only if the command mails. */
int session_open(struct session *s, bool mails);

/*
 * The last two, key and store, whosever they are. other, which may be NULL,
 * is another store's file that is to be used as well: who owns it is become
 * if the store has no file.
 */
int session_open_owned(struct session *s, const char *other);

/* Closes and wipes whatever is open. */
void session_close(struct session *s);

/* The path of an SQLite store, or NULL if the store is of another kind. */
const char *session_store_path(const struct session *s);
const char *session_path_in(const char *uri);

/* The kinds of stores that this program can open. */
extern const struct emotp_backend *const session_backends[];

/* Makes an empty store. EMOTP_ERR_EXISTS if there is one. */
enum emotp_err session_create_store(struct session *s, struct emotp_why *why);

/*
 * The exit code for an error on the file at path: 5 if this user may not
 * touch it (mode as for access(2)), else as output_error() has it.
 */
int session_file_error(const char *path, int mode, enum emotp_err err,
    const struct emotp_why *why);

#endif
