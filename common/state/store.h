/*
 * The store: users, tokens, registration codes and intents, each row read
 * and written whole. What the rows mean is decided above. Every statement
 * runs inside a transaction that the caller began; every write returns an
 * error unless exactly one row was written. What a judgement writes (all that
 * says "judged", emotp_store_token_update and _accept) may return it from a
 * later call instead, from emotp_store_commit at the latest, which then
 * commits nothing.
 */
#ifndef EMOTP_STORE_H
#define EMOTP_STORE_H

#include "model.h"
#include "seal.h"

struct emotp_store;   /* opaque; not to be shared between threads */
struct emotp_backend; /* store_backend.h */

extern const struct emotp_backend emotp_store_sqlite;
extern const struct emotp_backend emotp_store_postgres;

/* Whether one of backends (NULL-terminated) has the scheme of uri. */
bool emotp_store_known(
    const struct emotp_backend *const *backends, const char *uri);

/*
 * Makes an empty store at uri ("sqlite:/path", with its directory, 0700, if
 * that is missing; "postgresql://...", where the database is there) for this
 * key. EMOTP_ERR_EXISTS if one is there.
 */
enum emotp_err emotp_store_create(const struct emotp_backend *const *backends,
    const char *uri, const struct emotp_key *key, struct emotp_why *why);

/*
 * Opens the store at uri through the one of backends (NULL-terminated) whose
 * scheme it has. EMOTP_ERR_CONFIG for a uri that none of them knows,
 * EMOTP_ERR_STORE if it is missing, not trusted, damaged or of a later
 * version (an earlier one is brought up to date, in one transaction),
 * EMOTP_ERR_KEY if it was made for another key. Close *ret.
 */
enum emotp_err emotp_store_open(const struct emotp_backend *const *backends,
    const char *uri, const struct emotp_key *key, struct emotp_store **ret,
    struct emotp_why *why);

/* A store's uri without what may be a password: uri itself, or buf. */
#define EMOTP_STORE_SHOWN 256
const char *emotp_store_shown(
    const char *uri, char buf[static EMOTP_STORE_SHOWN]);

/* Rolls back what is open. store may be NULL. */
void emotp_store_close(struct emotp_store *store);

/*
 * Whether several handles can write at a time: more threads then get more
 * done.
 */
bool emotp_store_locks_rows(const struct emotp_store *store);

/*
 * For a process that stays and asks the store often: more is kept in memory,
 * and what was committed piles up beside the store's file. When
 * emotp_store_untidy has said so after a commit, emotp_store_tidy, on another
 * handle, puts it in its place, meanwhile hindering nobody; it may fail,
 * and loses nothing.
 */
void emotp_store_keep(struct emotp_store *store);
bool emotp_store_untidy(struct emotp_store *store);
void emotp_store_tidy(struct emotp_store *store);

/* Why the last call on this store failed. Never NULL. */
const char *emotp_store_why(const struct emotp_store *store);

/*
 * Begins a transaction that holds the store's write lock (waiting at most 5
 * seconds in all since the last one: EMOTP_ERR_BUSY). Reads inside it
 * see what the last commit left, and nobody else writes until it ends. Where
 * a backend locks rows instead, that is true of the users, hosts and intents
 * that the transaction reads, and so of what belongs to a user: read the user
 * first. Any call within it may then return EMOTP_ERR_CONFLICT, see
 * emotp_retry (authority.h), and nothing of it has happened. A connection that
 * was lost is made anew, and what it leads to is checked as by
 * emotp_store_open.
 */
enum emotp_err emotp_store_begin(struct emotp_store *store);

/* The same for reading only: a snapshot, no lock, never committed. */
enum emotp_err emotp_store_begin_read(struct emotp_store *store);

/* Any error that was yet to be returned; after it commit has none of these. */
enum emotp_err emotp_store_settle(struct emotp_store *store);

/* Durable when it returns EMOTP_OK. On any error the outcome is unknown. */
enum emotp_err emotp_store_commit(struct emotp_store *store);

/* Harmless when nothing is open, so it may stand in every "out:". */
void emotp_store_rollback(struct emotp_store *store);

/*
 * Users. Found by name, tombstones included, or address in any ASCII case.
 * EMOTP_ERR_NO_USER if there is none: proved, not assumed.
 */
enum emotp_err emotp_store_user_by_name(
    struct emotp_store *store, const char *name, struct emotp_user *ret);
enum emotp_err emotp_store_user_by_email(
    struct emotp_store *store, const char *email, struct emotp_user *ret);
enum emotp_err emotp_store_user_by_id(
    struct emotp_store *store, int64_t id, struct emotp_user *ret);

/*
 * Whom a judgement is about: what emotp_store_user_by_name and
 * emotp_store_tokens read, in one go for many. *ret, which is borrowed till
 * then, is filled by emotp_store_settle at the latest. Whoever asks for
 * several in the order of their folded names, and locks hosts only after
 * that, waits for nobody who waits for them.
 */
struct emotp_subject {
	bool known; /* false: proved to be in no row */
	struct emotp_user user;
	size_t count;
	struct emotp_token tokens[EMOTP_TOKENS_MAX];
};
enum emotp_err emotp_store_subject(
    struct emotp_store *store, const char *name, struct emotp_subject *ret);

/* The one with the smallest id above after, invited and not disabled. */
enum emotp_err emotp_store_user_next_invited(struct emotp_store *store,
    int64_t after, struct emotp_user *ret, bool *ret_found);

/* Sets user->id. EMOTP_ERR_EXISTS if the name or the address is taken. */
enum emotp_err emotp_store_user_insert(
    struct emotp_store *store, struct emotp_user *user);

/* Writes all of *user by id. EMOTP_ERR_EXISTS if the address is taken. */
enum emotp_err emotp_store_user_update(
    struct emotp_store *store, const struct emotp_user *user);

/*
 * Writes what a judgement changes, and touches no index: a login writes half
 * as much as with emotp_store_user_update.
 */
enum emotp_err emotp_store_user_judged(
    struct emotp_store *store, const struct emotp_user *user);

/*
 * Calls each with every user but tombstones, by name, and the number of
 * tokens; stops at the first error and returns it.
 */
enum emotp_err emotp_store_user_each(struct emotp_store *store,
    enum emotp_err (*each)(
	void *arg, const struct emotp_user *user, size_t tokens),
    void *arg);

/* One durable write for a name in no row, so that all refusals cost alike. */
enum emotp_err emotp_store_note_unknown(
    struct emotp_store *store, int64_t now_s);

/* Tokens of a user, by number. */
enum emotp_err emotp_store_tokens(struct emotp_store *store, int64_t user_id,
    struct emotp_token ret[static EMOTP_TOKENS_MAX], size_t *ret_count);
enum emotp_err emotp_store_token_insert(
    struct emotp_store *store, const struct emotp_token *token);

/* EMOTP_ERR_NO_TOKEN if there is none. */
enum emotp_err emotp_store_token_by_id(
    struct emotp_store *store, const char *id, struct emotp_token *ret);

/* Writes tries alone. */
enum emotp_err emotp_store_token_tried(
    struct emotp_store *store, const struct emotp_token *token);
enum emotp_err emotp_store_token_delete(
    struct emotp_store *store, const struct emotp_token *token);

/* Writes drift and pendings; never last_step. */
enum emotp_err emotp_store_token_update(
    struct emotp_store *store, const struct emotp_token *token);

/*
 * Writes the same, last_step, confirmed and last_used, but only over a
 * smaller last_step: the row count of this one statement is the acceptance.
 * EMOTP_ERR_STORE if it is not 1.
 */
enum emotp_err emotp_store_token_accept(
    struct emotp_store *store, const struct emotp_token *token);

/*
 * Calls each with every token and the name of its user, by id and number;
 * stops at the first error and returns it.
 */
enum emotp_err emotp_store_token_each(struct emotp_store *store,
    enum emotp_err (*each)(
	void *arg, const char *user, const struct emotp_token *token),
    void *arg);

/* Registration codes of a user, newest first. insert sets code->id. */
enum emotp_err emotp_store_codes(struct emotp_store *store, int64_t user_id,
    struct emotp_code ret[static EMOTP_CODES_MAX], size_t *ret_count);
enum emotp_err emotp_store_code_insert(
    struct emotp_store *store, struct emotp_code *code);
enum emotp_err emotp_store_code_update(
    struct emotp_store *store, const struct emotp_code *code);
enum emotp_err emotp_store_code_delete(struct emotp_store *store, int64_t id);

/* Every live code of a user, however many, becomes used or killed. */
enum emotp_err emotp_store_codes_end(
    struct emotp_store *store, int64_t user_id, enum emotp_code_state state);

/* Recovery codes of a user, by number. */
enum emotp_err emotp_store_recovery(struct emotp_store *store, int64_t user_id,
    struct emotp_recovery_code ret[static EMOTP_RECOVERY_MAX],
    size_t *ret_count);
/* How many of them are not used. */
enum emotp_err emotp_store_recovery_left(
    struct emotp_store *store, int64_t user_id, int *ret);
enum emotp_err emotp_store_recovery_insert(
    struct emotp_store *store, const struct emotp_recovery_code *code);

/*
 * Writes used_at, but only over 0: the row count of this one statement is
 * the acceptance. EMOTP_ERR_STORE if it is not 1.
 */
enum emotp_err emotp_store_recovery_use(
    struct emotp_store *store, const struct emotp_recovery_code *code);
enum emotp_err emotp_store_recovery_drop(
    struct emotp_store *store, int64_t user_id);

/* Intents. insert sets intent->id. */
enum emotp_err emotp_store_intent_insert(
    struct emotp_store *store, struct emotp_intent *intent);

/*
 * The oldest intent with an id above after that nobody has claimed within
 * stale_s of now_s, of one user or (user_id 0) of any, now claimed at now_s.
 * *ret_found tells whether there is one.
 */
enum emotp_err emotp_store_intent_claim(struct emotp_store *store,
    int64_t user_id, int64_t after, int64_t now_s, int64_t stale_s,
    struct emotp_intent *ret, bool *ret_found);

/*
 * Gives a claimed intent back, to be sent later; or ends it. Both are fine
 * with one that is gone: the user may have been given another address.
 */
enum emotp_err emotp_store_intent_release(
    struct emotp_store *store, int64_t id);
enum emotp_err emotp_store_intent_delete(struct emotp_store *store, int64_t id);
enum emotp_err emotp_store_intents_drop(
    struct emotp_store *store, int64_t user_id);
enum emotp_err emotp_store_intent_count(
    struct emotp_store *store, int64_t user_id, int64_t *ret);

/* How many of one kind wait for a user. */
enum emotp_err emotp_store_intent_waits(struct emotp_store *store,
    int64_t user_id, enum emotp_mail_kind kind, int64_t *ret);

/*
 * Hosts, by name in any ASCII case or by the digest of their key.
 * EMOTP_ERR_NO_HOST if there is none; insert sets host->id,
 * EMOTP_ERR_EXISTS if the name is taken.
 */
enum emotp_err emotp_store_host_by_digest(struct emotp_store *store,
    const unsigned char digest[static 32], struct emotp_host *ret);

/* The same without a lock, and as late as emotp_store_subject. */
struct emotp_host_found {
	bool known;
	struct emotp_host host;
};
enum emotp_err emotp_store_host_look_up(struct emotp_store *store,
    const unsigned char digest[static 32], struct emotp_host_found *ret);

enum emotp_err emotp_store_host_insert(
    struct emotp_store *store, struct emotp_host *host);
enum emotp_err emotp_store_host_delete(
    struct emotp_store *store, const char *name);

/* Writes what was refused. */
enum emotp_err emotp_store_host_judged(
    struct emotp_store *store, const struct emotp_host *host);

/* By name; stops at the first error and returns it. */
enum emotp_err emotp_store_host_each(struct emotp_store *store,
    enum emotp_err (*each)(void *arg, const struct emotp_host *host),
    void *arg);

#endif
