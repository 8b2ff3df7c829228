/* The directory: who may have tokens, and their states. */
#ifndef EMOTP_DIRECTORY_H
#define EMOTP_DIRECTORY_H

#include "authority.h"

/*
 * A login name: 1 to EMOTP_NAME_MAX bytes of printable ASCII without space,
 * ':', ',', '/', '"' or '\'' and no leading '-'. Fills why.
 */
enum emotp_err emotp_name_check(const char *name, struct emotp_why *why);

/*
 * An address as it may go to a mail server: one '@' with something on either
 * side, ASCII without control characters, spaces or RFC 5322 specials, no
 * leading '-', at most 254 bytes. len is given so that a NUL inside is seen.
 */
enum emotp_err emotp_email_check(
    const char *email, size_t len, struct emotp_why *why);

/* A token's label: at most EMOTP_LABEL_MAX bytes of emotp_text_valid. */
enum emotp_err emotp_label_check(const char *label, struct emotp_why *why);

/* One of those that emotp speaks. */
enum emotp_err emotp_language_check(
    const char *language, struct emotp_why *why);

/*
 * Each is one transaction, durable on EMOTP_OK; on an error nothing has
 * changed (after a failed commit: nothing may be assumed). source says who
 * did it, for the mail to the user. EMOTP_ERR_NO_USER, EMOTP_ERR_NO_TOKEN,
 * EMOTP_ERR_EXISTS and EMOTP_ERR_INVALID as one expects.
 */

/*
 * name passes emotp_name_check and does not begin with '#'. language NULL:
 * the configured one. Takes over a tombstone's budgets.
 */
enum emotp_err emotp_directory_add(const struct emotp_authority *a,
    const char *name, const char *email, const char *language,
    struct emotp_why *why);

/* One user to add. What it points to is borrowed until the next call. */
struct emotp_addition {
	const char *name;
	const char *email;
	const char *language; /* NULL: the configured one */
};

/* Hands out one after the other; *ret_more is false when there is none. */
struct emotp_additions {
	enum emotp_err (*next)(void *arg, struct emotp_addition *ret,
	    bool *ret_more, struct emotp_why *why);
	void *arg;
};

/*
 * Adds them all in one transaction, or none; an error of next() is returned
 * as it is. With dry_run all of it is tried and nothing kept. The store is
 * locked meanwhile: next() must not wait for anybody.
 */
enum emotp_err emotp_directory_add_all(const struct emotp_authority *a,
    const struct emotp_additions *additions, bool dry_run,
    struct emotp_why *why);

/* NULL leaves a field alone. A new address kills live codes. */
enum emotp_err emotp_directory_set(const struct emotp_authority *a,
    const char *name, const char *email, const char *language,
    struct emotp_why *why);

/* Leaves a tombstone; the address is free for others at once. */
enum emotp_err emotp_directory_remove(const struct emotp_authority *a,
    const char *name, const char *source, int64_t now_s, struct emotp_why *why);

/* number 0: all of them. Taking the last one makes the user revoked. */
enum emotp_err emotp_directory_revoke(const struct emotp_authority *a,
    const char *name, int number, const char *source, int64_t now_s,
    struct emotp_why *why);

/* All tokens, codes, failures and the flag go; the user is invited again. */
enum emotp_err emotp_directory_reset(const struct emotp_authority *a,
    const char *name, const char *source, int64_t now_s, struct emotp_why *why);

/* Clears failures and the flag; never last_step. */
enum emotp_err emotp_directory_unlock(
    const struct emotp_authority *a, const char *name, struct emotp_why *why);

/* A user who is not a tombstone, with the tokens (no secret is opened). */
struct emotp_entry {
	struct emotp_user user;
	size_t count;
	struct emotp_token tokens[EMOTP_TOKENS_MAX];
	int recovery; /* codes that are left */
};
enum emotp_err emotp_directory_show(const struct emotp_authority *a,
    const char *name, struct emotp_entry *ret, struct emotp_why *why);

/*
 * The user with the smallest id above after who is invited and not disabled,
 * each call a transaction of its own. *ret_found: whether there is one.
 */
enum emotp_err emotp_directory_next_invited(const struct emotp_authority *a,
    int64_t after, struct emotp_user *ret, bool *ret_found,
    struct emotp_why *why);

/* See emotp_store_user_each. */
enum emotp_err emotp_directory_each(const struct emotp_authority *a,
    enum emotp_err (*each)(
	void *arg, const struct emotp_user *user, size_t tokens),
    void *arg, struct emotp_why *why);

#endif
