#include <string.h>

#include "enroll.h"

#define HOUR_S (60 * 60)
#define DAY_S  (24 * 60 * 60)

/* At most count mails in any age_s seconds. */
static const struct mail_limit {
	size_t count;
	int64_t age_s;
} mail_limits[] = {{1, 60}, {5, HOUR_S}, {10, DAY_S}};

#define MAIL_LIMITS (sizeof(mail_limits) / sizeof(mail_limits[0]))

/* Deletes what is dead for a day, or beyond what is ever read. */
static enum emotp_err
make_room(const struct emotp_authority *a, int64_t user_id, int64_t now_s)
{
	struct emotp_code codes[EMOTP_CODES_MAX];
	size_t count;
	enum emotp_err err =
	    emotp_store_codes(a->store, user_id, codes, &count);

	for (size_t i = 0; i < count && err == EMOTP_OK; i++)
		if (emotp_code_forgotten(&codes[i], now_s) ||
		    i + 1 == EMOTP_CODES_MAX)
			err = emotp_store_code_delete(a->store, codes[i].id);
	return err;
}

/* When the next mail is allowed: now_s or earlier if at once. */
static int64_t
mail_allowed_at(struct emotp_user *user, int64_t now_s)
{
	const struct emotp_times *mailed = &user->mailed;
	int64_t at = now_s;

	emotp_times_trim(&user->mailed, now_s, DAY_S);
	for (size_t i = 0; i < MAIL_LIMITS; i++) {
		size_t n = mail_limits[i].count;
		int64_t free;

		if (mailed->count < n)
			continue;
		free = mailed->at[mailed->count - n] + mail_limits[i].age_s;
		if (free > at)
			at = free;
	}
	return at;
}

static enum emotp_issue
may_mail(
    struct emotp_user *user, bool exempt, int64_t now_s, int64_t *ret_retry_at)
{
	if (user->disabled)
		return EMOTP_ISSUE_DISABLED;
	if (user->state == EMOTP_REVOKED_USER)
		return EMOTP_ISSUE_REVOKED;
	*ret_retry_at = mail_allowed_at(user, now_s);
	return exempt || *ret_retry_at <= now_s ? EMOTP_ISSUE_DONE :
						  EMOTP_ISSUE_LIMIT;
}

static enum emotp_err
make_code(
    const struct emotp_authority *a, int64_t now_s, struct emotp_ticket *ticket)
{
	struct emotp_code code = {
	    .user_id = ticket->user.id,
	    .state = EMOTP_CODE_LIVE,
	    .handed_at = now_s,
	};
	unsigned char random[7];
	enum emotp_err err = emotp_random(random, sizeof(random));

	if (err == EMOTP_OK)
		err = emotp_random(code.salt, sizeof(code.salt));
	if (err != EMOTP_OK)
		return err;
	emotp_crockford_show(random, ticket->code);
	emotp_wipe(random, sizeof(random));
	err = emotp_code_digest(
	    a->key, &ticket->user, ticket->code, code.salt, code.digest);
	if (err == EMOTP_OK)
		err = make_room(a, ticket->user.id, now_s);
	if (err == EMOTP_OK)
		err = emotp_store_code_insert(a->store, &code);
	ticket->code_id = code.id;
	return err;
}

static enum emotp_err
issue_locked(const struct emotp_authority *a, bool exempt, int64_t now_s,
    struct emotp_ticket *ret)
{
	enum emotp_err err;

	ret->issued_at = now_s;
	ret->issue = may_mail(&ret->user, exempt, now_s, &ret->retry_at);
	if (ret->issue != EMOTP_ISSUE_DONE) /* trimmed times are kept */
		return emotp_store_user_update(a->store, &ret->user);
	if (exempt)
		ret->user.tries = 0;
	emotp_times_add(&ret->user.mailed, now_s);
	err = make_code(a, now_s, ret);
	return err == EMOTP_OK ? emotp_store_user_update(a->store, &ret->user) :
				 err;
}

static enum emotp_err
issue_once(const struct emotp_authority *a, const char *name, bool exempt,
    int64_t now_s, struct emotp_ticket *ret, struct emotp_why *why)
{
	enum emotp_err err;

	memset(ret, 0, sizeof(*ret));
	if (now_s < EMOTP_CLOCK_MIN)
		return emotp_fail(why, EMOTP_ERR_CLOCK, "%s",
		    emotp_strerror(EMOTP_ERR_CLOCK));
	err = emotp_authority_begin(a, name, &ret->user);
	if (err == EMOTP_OK)
		err = issue_locked(a, exempt, now_s, ret);
	err = emotp_authority_end(a, err, name, why);
	if (err != EMOTP_OK)
		emotp_wipe(ret->code, sizeof(ret->code));
	return err;
}

enum emotp_err
emotp_enroll_issue(const struct emotp_authority *a, const char *name,
    bool exempt, int64_t now_s, struct emotp_ticket *ret, struct emotp_why *why)
{
	return emotp_retry(why, issue_once(a, name, exempt, now_s, ret, why));
}

/* The user of a ticket, and its code, if that is still there. */
static enum emotp_err
find_code(const struct emotp_authority *a, const struct emotp_ticket *ticket,
    struct emotp_user *user, struct emotp_code *ret, bool *ret_found)
{
	struct emotp_code codes[EMOTP_CODES_MAX];
	size_t count = 0;
	enum emotp_err err =
	    emotp_store_user_by_id(a->store, ticket->user.id, user);

	*ret_found = false;
	if (err == EMOTP_OK)
		err = emotp_store_codes(a->store, user->id, codes, &count);
	for (size_t i = 0; i < count && err == EMOTP_OK; i++)
		if (codes[i].id == ticket->code_id) {
			*ret = codes[i];
			*ret_found = true;
		}
	return err;
}

static enum emotp_err
handed_once(const struct emotp_authority *a, const struct emotp_ticket *ticket,
    int64_t now_s, struct emotp_why *why)
{
	struct emotp_user user;
	struct emotp_code code = {0};
	bool found = false;
	enum emotp_err err = emotp_store_begin(a->store);

	if (err == EMOTP_OK)
		err = find_code(a, ticket, &user, &code, &found);
	if (err == EMOTP_OK && found) {
		code.handed_at = now_s;
		err = emotp_store_code_update(a->store, &code);
	}
	return emotp_authority_end(a, err, ticket->user.name, why);
}

enum emotp_err
emotp_enroll_handed(const struct emotp_authority *a,
    const struct emotp_ticket *ticket, int64_t now_s, struct emotp_why *why)
{
	return emotp_retry(why, handed_once(a, ticket, now_s, why));
}

/* Takes the mail of issued_at out of the budget. */
static void
give_back(struct emotp_times *mailed, int64_t issued_at)
{
	for (size_t i = mailed->count; i > 0; i--)
		if (mailed->at[i - 1] == issued_at) {
			mailed->count--;
			memmove(&mailed->at[i - 1], &mailed->at[i],
			    (mailed->count - (i - 1)) * sizeof(mailed->at[0]));
			return;
		}
}

static enum emotp_err
withdraw_once(const struct emotp_authority *a,
    const struct emotp_ticket *ticket, struct emotp_why *why)
{
	struct emotp_user user;
	struct emotp_code code = {0};
	bool found = false;
	enum emotp_err err = emotp_store_begin(a->store);

	if (err == EMOTP_OK)
		err = find_code(a, ticket, &user, &code, &found);
	if (err == EMOTP_OK && found)
		err = emotp_store_code_delete(a->store, code.id);
	if (err == EMOTP_OK) {
		give_back(&user.mailed, ticket->issued_at);
		err = emotp_store_user_update(a->store, &user);
	}
	return emotp_authority_end(a, err, ticket->user.name, why);
}

enum emotp_err
emotp_enroll_withdraw(const struct emotp_authority *a,
    const struct emotp_ticket *ticket, struct emotp_why *why)
{
	return emotp_retry(why, withdraw_once(a, ticket, why));
}

static enum emotp_err
queue_code(const struct emotp_authority *a, struct emotp_user *user,
    int64_t now_s, bool *ret_queued)
{
	struct emotp_intent intent = {
	    .user_id = user->id,
	    .kind = EMOTP_MAIL_CODE,
	    .created = now_s,
	};
	int64_t retry_at, waiting;
	enum emotp_err err = emotp_store_intent_waits(
	    a->store, user->id, EMOTP_MAIL_CODE, &waiting);

	*ret_queued = err == EMOTP_OK && waiting == 0 &&
	    may_mail(user, false, now_s, &retry_at) == EMOTP_ISSUE_DONE;
	return *ret_queued ? emotp_store_intent_insert(a->store, &intent) : err;
}

static enum emotp_err
ask_once(const struct emotp_authority *a, const char *email, int64_t now_s,
    struct emotp_why *why)
{
	struct emotp_user user;
	bool queued = false;
	enum emotp_err err = now_s < EMOTP_CLOCK_MIN ?
	    EMOTP_ERR_CLOCK :
	    emotp_store_begin(a->store);

	if (err == EMOTP_OK)
		err = emotp_store_user_by_email(a->store, email, &user);
	if (err == EMOTP_OK)
		err = queue_code(a, &user, now_s, &queued);
	if (err == EMOTP_ERR_NO_USER)
		err = EMOTP_OK;
	if (err == EMOTP_OK && !queued)
		err = emotp_store_note_unknown(a->store, now_s);
	return emotp_authority_end(a, err, email, why);
}

enum emotp_err
emotp_enroll_ask(const struct emotp_authority *a, const char *email,
    int64_t now_s, struct emotp_why *why)
{
	return emotp_retry(why, ask_once(a, email, now_s, why));
}
