#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../secret.h"
#include "outbox.h"
#include "template.h"

#define STALE_S   600 /* whoever claimed an intent this long ago is gone */
#define TIME_MAX  64
#define LEFT_MAX  12
#define TOKEN_MAX (EMOTP_LABEL_MAX + 16)

/* What became of an intent. */
enum fate {
	SENT = 1,
	KEPT,    /* not accepted: waits */
	DROPPED, /* there is nobody to send it to, or no reason any more */
};

/* ---- texts ---- */

/* "2026-11-23 14:05 UTC": the reader's zone is not known. */
static void
show_time(int64_t at_s, char buf[static TIME_MAX])
{
	time_t at = (time_t)at_s;
	struct tm tm;

	if (gmtime_r(&at, &tm) == NULL)
		(void)snprintf(buf, TIME_MAX, "an unknown time");
	else
		(void)snprintf(buf, TIME_MAX, "%04d-%02d-%02d %02d:%02d UTC",
		    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		    tm.tm_min);
}

static void
show_token(const struct emotp_intent *intent, char buf[static TOKEN_MAX])
{
	if (intent->label[0] != '\0')
		(void)snprintf(
		    buf, TOKEN_MAX, "%d (%s)", intent->token, intent->label);
	else
		(void)snprintf(buf, TOKEN_MAX, "%d", intent->token);
}

static enum emotp_err
mail_text(const struct emotp_outbox *o, const struct emotp_user *user,
    enum emotp_mail_kind kind, const struct emotp_template_values *values,
    struct emotp_why *why)
{
	struct emotp_text text;
	const struct emotp_letter letter = {
	    .to = user->email,
	    .subject = text.subject,
	    .body = text.body,
	    .date_s = o->clock(),
	};
	enum emotp_err err = emotp_template_fill(
	    o->authority->config, user->language, kind, values, &text, why);

	if (err == EMOTP_OK)
		err = emotp_mailer_send(o->mailer, &letter, o->progress, why);
	emotp_wipe(&text, sizeof(text));
	return err;
}

/* ---- codes ---- */

static enum emotp_err
mail_code(const struct emotp_outbox *o, const struct emotp_ticket *ticket,
    struct emotp_why *why)
{
	char expires[TIME_MAX], now[TIME_MAX];
	const struct emotp_template_values values = {
	    .issuer = o->authority->config->issuer,
	    .user = ticket->user.name,
	    .code = ticket->code,
	    .expires = expires,
	    .token = "",
	    .left = "",
	    .time = now,
	    .source = "",
	    .url = o->authority->config->public_url,
	};

	show_time(ticket->issued_at + EMOTP_CODE_LIFE_S, expires);
	show_time(ticket->issued_at, now);
	return mail_text(o, &ticket->user, EMOTP_MAIL_CODE, &values, why);
}

/* A code that was not sent dies; if that fails, this is the worse news. */
static enum emotp_err
deliver_code(const struct emotp_outbox *o, const struct emotp_ticket *ticket,
    struct emotp_why *why)
{
	enum emotp_err err = mail_code(o, ticket, why);
	enum emotp_err withdrawn;

	if (err == EMOTP_OK) {
		/* It is out. At worst its hour began when it was made. */
		(void)emotp_enroll_handed(
		    o->authority, ticket, o->clock(), NULL);
		return EMOTP_OK;
	}
	withdrawn = emotp_enroll_withdraw(o->authority, ticket, NULL);
	if (withdrawn == EMOTP_OK)
		return err;
	return emotp_fail(why, withdrawn,
	    "a code was not sent and could not be withdrawn: %s",
	    emotp_store_why(o->authority->store));
}

enum emotp_err
emotp_outbox_send_code(const struct emotp_outbox *o, const char *name,
    bool exempt, struct emotp_ticket *ret, struct emotp_why *why)
{
	enum emotp_err err = emotp_enroll_issue(
	    o->authority, name, exempt, o->clock(), ret, why);

	if (err == EMOTP_OK && ret->issue == EMOTP_ISSUE_DONE)
		err = deliver_code(o, ret, why);
	emotp_wipe(ret->code, sizeof(ret->code));
	return err;
}

/* ---- the queue ---- */

static enum emotp_err
store_failed(
    const struct emotp_outbox *o, enum emotp_err err, struct emotp_why *why)
{
	const char *reason = emotp_store_why(o->authority->store);

	if (reason[0] == '\0')
		reason = emotp_strerror(err);
	return emotp_fail(why, err, "%s", reason);
}

/*
 * Takes the next intent, and reads whom it is for, in a transaction of its
 * own: nobody waits for the store while a mail is under way. A user who is
 * gone has the id 0.
 */
static enum emotp_err
claim_once(const struct emotp_outbox *o, int64_t user_id, int64_t after,
    struct emotp_intent *intent, struct emotp_user *user, bool *ret_found,
    struct emotp_why *why)
{
	struct emotp_store *store = o->authority->store;
	enum emotp_err err = emotp_store_begin(store);

	*ret_found = false;
	memset(user, 0, sizeof(*user));
	if (err == EMOTP_OK)
		err = emotp_store_intent_claim(store, user_id, after,
		    o->clock(), STALE_S, intent, ret_found);
	if (err != EMOTP_OK || !*ret_found)
		goto out;
	err = emotp_store_user_by_id(store, intent->user_id, user);
	if (err == EMOTP_ERR_NO_USER) {
		memset(user, 0, sizeof(*user));
		err = EMOTP_OK;
	}
	if (err == EMOTP_OK)
		err = emotp_store_commit(store);
out:
	if (err != EMOTP_OK && err != EMOTP_ERR_CONFLICT)
		(void)store_failed(o, err, why);
	emotp_store_rollback(store);
	return err;
}

static enum emotp_err
claim(const struct emotp_outbox *o, int64_t user_id, int64_t after,
    struct emotp_intent *intent, struct emotp_user *user, bool *ret_found,
    struct emotp_why *why)
{
	return emotp_retry(
	    why, claim_once(o, user_id, after, intent, user, ret_found, why));
}

/* A tombstone's address is kept only for the mails that are to go there. */
static enum emotp_err
forget_address(const struct emotp_authority *a, int64_t user_id)
{
	struct emotp_user user;
	int64_t left;
	enum emotp_err err = emotp_store_user_by_id(a->store, user_id, &user);

	if (err == EMOTP_ERR_NO_USER)
		return EMOTP_OK;
	if (err != EMOTP_OK || user.state != EMOTP_REMOVED)
		return err;
	err = emotp_store_intent_count(a->store, user_id, &left);
	if (err != EMOTP_OK || left > 0)
		return err;
	user.email[0] = '\0';
	return emotp_store_user_update(a->store, &user);
}

static enum emotp_err
settle_once(const struct emotp_outbox *o, const struct emotp_intent *intent,
    enum fate fate, struct emotp_why *why)
{
	struct emotp_store *store = o->authority->store;
	enum emotp_err err = emotp_store_begin(store);

	if (err == EMOTP_OK)
		err = fate == KEPT ?
		    emotp_store_intent_release(store, intent->id) :
		    emotp_store_intent_delete(store, intent->id);
	if (err == EMOTP_OK && fate != KEPT)
		err = forget_address(o->authority, intent->user_id);
	if (err == EMOTP_OK)
		err = emotp_store_commit(store);
	if (err != EMOTP_OK && err != EMOTP_ERR_CONFLICT)
		(void)store_failed(o, err, why);
	emotp_store_rollback(store);
	return err;
}

static enum emotp_err
settle(const struct emotp_outbox *o, const struct emotp_intent *intent,
    enum fate fate, struct emotp_why *why)
{
	return emotp_retry(why, settle_once(o, intent, fate, why));
}

/*
 * A mail that is not accepted, or has no usable text, is the intent's fate;
 * anything else is an error that ends the flush.
 */
static enum emotp_err
fate_of(enum emotp_err err, enum fate *ret)
{
	*ret = err == EMOTP_OK ? SENT : KEPT;
	return err == EMOTP_ERR_MAIL || err == EMOTP_ERR_CONFIG ? EMOTP_OK :
								  err;
}

/* The state and the limits are judged now; what they forbid is dropped. */
static enum emotp_err
send_queued_code(const struct emotp_outbox *o, const struct emotp_user *user,
    enum fate *ret, struct emotp_why *why)
{
	struct emotp_ticket ticket;
	enum emotp_err err =
	    emotp_outbox_send_code(o, user->name, false, &ticket, why);

	if (err == EMOTP_ERR_NO_USER ||
	    (err == EMOTP_OK && ticket.issue != EMOTP_ISSUE_DONE)) {
		*ret = DROPPED;
		return EMOTP_OK;
	}
	return fate_of(err, ret);
}

/* How many recovery codes are left by now. */
static enum emotp_err
show_left(const struct emotp_outbox *o, const struct emotp_user *user,
    char buf[static LEFT_MAX], struct emotp_why *why)
{
	const struct emotp_authority *a = o->authority;
	int left = 0;
	enum emotp_err err = emotp_store_begin_read(a->store);

	if (err == EMOTP_OK)
		err = emotp_store_recovery_left(a->store, user->id, &left);
	emotp_store_rollback(a->store);
	(void)snprintf(buf, LEFT_MAX, "%d", left);
	return err == EMOTP_OK ? err : store_failed(o, err, why);
}

static enum emotp_err
send_notice(const struct emotp_outbox *o, const struct emotp_user *user,
    const struct emotp_intent *intent, enum fate *ret, struct emotp_why *why)
{
	char when[TIME_MAX], token[TOKEN_MAX], left[LEFT_MAX];
	const struct emotp_template_values values = {
	    .issuer = o->authority->config->issuer,
	    .user = user->name,
	    .code = "",
	    .expires = "",
	    .token = token,
	    .left = left,
	    .time = when,
	    .source = intent->source[0] != '\0' ? intent->source : "-",
	    .url = o->authority->config->public_url,
	};
	enum emotp_err err;

	show_time(intent->created, when);
	show_token(intent, token);
	err = show_left(o, user, left, why);
	if (err != EMOTP_OK)
		return err;
	return fate_of(mail_text(o, user, intent->kind, &values, why), ret);
}

static enum emotp_err
send_intent(const struct emotp_outbox *o, const struct emotp_user *user,
    const struct emotp_intent *intent, enum fate *ret, struct emotp_why *why)
{
	*ret = DROPPED;
	if (user->id == 0 || user->email[0] == '\0')
		return EMOTP_OK;
	if (intent->kind == EMOTP_MAIL_CODE)
		return send_queued_code(o, user, ret, why);
	return send_notice(o, user, intent, ret, why);
}

enum emotp_err
emotp_outbox_flush(const struct emotp_outbox *o, int64_t user_id,
    struct emotp_flushed *ret, struct emotp_why *why)
{
	struct emotp_intent intent = {.id = 0};
	struct emotp_user user;
	enum emotp_err err;

	memset(ret, 0, sizeof(*ret));
	for (;;) {
		enum fate fate;
		bool found;

		/* Each is tried once: after it, only later ones. */
		err = claim(o, user_id, intent.id, &intent, &user, &found, why);
		if (err != EMOTP_OK || !found)
			return err;
		err = send_intent(o, &user, &intent, &fate, why);
		if (err != EMOTP_OK) {
			(void)settle(o, &intent, KEPT, NULL);
			return err;
		}
		err = settle(o, &intent, fate, why);
		if (err != EMOTP_OK)
			return err;
		ret->sent += fate == SENT;
		ret->kept += fate == KEPT;
	}
}
