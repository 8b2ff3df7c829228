#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/client.h"
#include "../common/secret.h"
#include "../common/text.h"
#include "identity.h"
#include "log.h"
#include "targets.h"
#include "upstream.h"

#define NO_CODE "not UTF-8, so no code"

/* What one question is asked with: a client, and a connection, for each. */
struct seat {
	struct seat *next;
	unsigned key_number; /* of the key that the clients have */
	struct emotp_client *clients[TARGETS_MAX];
};

struct upstream {
	const struct emotp_config *config;
	struct work *work;
	struct work *look_ups;   /* of users: they may hang, and take no seat */
	struct throttle *others; /* of the loop's thread, as the next */
	int others_asked;

	pthread_mutex_t lock; /* of what follows, but the targets' names */
	struct targets targets;
	struct seat seats[UPSTREAM_QUESTIONS];
	struct seat *idle; /* the one used last comes first: it is connected */

	struct identity identity; /* has a lock of its own */
};

/* ---- seats ---- */

static void
seat_close(struct seat *seat)
{
	for (int i = 0; i < TARGETS_MAX; i++) {
		emotp_client_close(seat->clients[i]);
		seat->clients[i] = NULL;
	}
}

/* Its clients, with the key that is the host's now. */
static enum emotp_err
seat_open(struct upstream *u, struct seat *seat, struct emotp_why *why)
{
	char key[EMOTP_HOST_KEY];
	struct emotp_client_settings settings = {
	    .ca = u->config->upstream_ca[0] != '\0' ? u->config->upstream_ca :
						      NULL,
	    .host_key = key,
	    .keep_s = UPSTREAM_KEEP_S,
	};
	enum emotp_err err = EMOTP_OK;

	seat->key_number = identity_key(&u->identity, key);
	for (int i = 0; i < u->targets.count && err == EMOTP_OK; i++) {
		settings.url = u->targets.list[i].url;
		err = emotp_client_open(&settings, &seat->clients[i], why);
	}
	emotp_wipe(key, sizeof(key));
	if (err != EMOTP_OK)
		seat_close(seat);
	return err;
}

/* There are as many as there are threads. */
static struct seat *
seat_take(struct upstream *u)
{
	struct seat *seat;

	(void)pthread_mutex_lock(&u->lock);
	seat = u->idle;
	u->idle = seat->next;
	(void)pthread_mutex_unlock(&u->lock);
	if (identity_is_old(&u->identity, seat->key_number))
		seat_close(seat);
	return seat;
}

static void
seat_give(struct upstream *u, struct seat *seat)
{
	(void)pthread_mutex_lock(&u->lock);
	seat->next = u->idle;
	u->idle = seat;
	(void)pthread_mutex_unlock(&u->lock);
}

/* ---- which of the services ---- */

static bool
may_be_first(struct upstream *u, int i, bool *again)
{
	bool may;

	(void)pthread_mutex_lock(&u->lock);
	may = targets_take(
	    &u->targets, i, work_elapsed_ms(), UPSTREAM_SKIP_MS, again);
	(void)pthread_mutex_unlock(&u->lock);
	return may;
}

static void
remember(struct upstream *u, int i, bool well)
{
	bool back = false;

	(void)pthread_mutex_lock(&u->lock);
	if (well)
		back = targets_up(&u->targets, i);
	else
		targets_down(
		    &u->targets, i, work_elapsed_ms(), UPSTREAM_SKIP_MS);
	(void)pthread_mutex_unlock(&u->lock);
	if (back)
		log_line(LOG_LEVEL_NOTICE, "%s: answers again",
		    u->targets.list[i].url);
}

/* ---- one question ---- */

static void
settle(struct decision *d, const char *url, bool accepted)
{
	d->err = EMOTP_OK;
	d->judgement.verdict = accepted ? EMOTP_ACCEPTED : EMOTP_REFUSED;
	(void)snprintf(d->note, sizeof(d->note), "by=%s", url);
}

static void
log_undecided(const struct decision *d, bool asked, const struct emotp_why *why)
{
	char user[EMOTP_ESCAPED_MAX];

	log_line(asked ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING,
	    "%s not decided: %s (%s)",
	    emotp_escape(d->question->user, true, user), why->text,
	    asked ? "it was asked, so no other is" : "it was not asked");
}

/*
 * Asks one service. False if nothing left this host and another may be asked.
 * One that is not understood or could not decide is passed over from now on,
 * like one that is down: the next question goes to the next service.
 */
static bool
ask_one(struct upstream *u, struct seat *seat, int i, struct decision *d,
    const struct emotp_client_question *question)
{
	const char *url = u->targets.list[i].url;
	enum emotp_problem problem = EMOTP_PROBLEM_NONE;
	struct emotp_client_verdict verdict;
	struct emotp_why why = {""};
	enum emotp_err err = emotp_client_verify(
	    seat->clients[i], question, &verdict, &problem, &why);
	bool asked = err == EMOTP_OK ||
	    (err == EMOTP_ERR_SERVICE && emotp_client_asked(seat->clients[i]));
	bool next = err == EMOTP_ERR_SERVICE && !asked;

	if (problem != EMOTP_PROBLEM_NONE)
		emotp_explain(
		    &why, "%s: answered %s", url, emotp_problem_type(problem));
	else if (err == EMOTP_OK)
		err = identity_check(
		    &u->identity, seat->key_number, url, verdict.host, &why);
	if (err == EMOTP_OK || err == EMOTP_ERR_SERVICE)
		remember(u, i,
		    err == EMOTP_OK && problem != EMOTP_PROBLEM_UNAVAILABLE);
	if (err == EMOTP_OK && problem == EMOTP_PROBLEM_NONE)
		settle(d, url, verdict.accepted);
	else
		log_undecided(d, asked, &why);
	return !next;
}

/* How long connecting may still take; 0: it is too late to ask at all. */
static int
limit(struct emotp_client *client, const struct decision *d)
{
	int64_t age_ms = work_elapsed_ms() - d->asked_ms;
	int64_t connect_ms = UPSTREAM_WRITE_MS - age_ms;

	if (connect_ms <= 0)
		return 0;
	if (connect_ms > UPSTREAM_CONNECT_MS)
		connect_ms = UPSTREAM_CONNECT_MS;
	emotp_client_limit(
	    client, (int)connect_ms, (int)(UPSTREAM_ANSWER_MS - age_ms));
	return (int)connect_ms;
}

/* In their order; then, if none could be reached, those passed over. */
static void
ask_in_turn(struct upstream *u, struct seat *seat, struct decision *d,
    const struct emotp_client_question *question)
{
	bool tried[TARGETS_MAX] = {false}, again = false;
	const struct emotp_why late = {"it had to wait for too long"};

	for (int turn = 0; turn < 2 * u->targets.count; turn++) {
		int i = turn % u->targets.count;

		if (tried[i])
			continue;
		if (limit(seat->clients[i], d) == 0) {
			log_undecided(d, false, &late);
			return;
		}
		if (turn < u->targets.count && !may_be_first(u, i, &again))
			continue;
		tried[i] = true;
		if (ask_one(u, seat, i, d, question))
			return;
	}
}

/*
 * JSON carries UTF-8 alone. What is no UTF-8 is no code either: the service
 * refuses something else in its place, so that this takes as long. For a user
 * whose name is none nobody can be asked.
 */
static void
relay(struct job *job, const struct emotp_authority *none)
{
	struct decision *d = (struct decision *)(void *)job;
	struct upstream *u = d->decider->of;
	const struct emotp_question *q = d->question;
	struct seat *seat = seat_take(u);
	struct emotp_why why = {""};
	const struct emotp_why nameless = {"the name cannot be sent"};
	const struct emotp_client_question question = {
	    .user = q->user,
	    .otp = emotp_utf8_valid(q->typed) ? q->typed : NO_CODE,
	    .nonce = q->nonce,
	    .service = emotp_utf8_valid(q->service) ? q->service : "",
	    .rhost = emotp_utf8_valid(q->rhost) ? q->rhost : "",
	};

	(void)none;
	d->err = EMOTP_ERR_SERVICE;
	if (!emotp_utf8_valid(q->user))
		log_undecided(d, false, &nameless);
	else if (seat->clients[0] != NULL ||
	    seat_open(u, seat, &why) == EMOTP_OK)
		ask_in_turn(u, seat, d, &question);
	else
		log_undecided(d, false, &why);
	seat_give(u, seat);
}

/* ---- in the loop's thread ---- */

static void
relayed(struct job *job)
{
	struct decision *d = (struct decision *)(void *)job;
	struct upstream *u = d->decider->of;
	char who[24];

	if (job->late)
		d->err = EMOTP_ERR_BUSY;
	u->others_asked -= d->uid != 0;
	(void)snprintf(who, sizeof(who), "%ld", (long)d->uid);
	if (d->uid != 0 && d->err == EMOTP_OK &&
	    d->judgement.verdict == EMOTP_ACCEPTED)
		throttle_return(u->others, who);
	d->done(d);
}

/*
 * The services count what they refuse to this host, whoever of its users it
 * was; one of them must not spend it all, and keep the others out. Nor may
 * they all together take every seat.
 */
static bool
may_ask(struct upstream *u, uid_t uid)
{
	char who[24];

	if (uid == 0)
		return true;
	if (u->others_asked >= UPSTREAM_OTHERS_ASKED)
		return false;
	(void)snprintf(who, sizeof(who), "%ld", (long)uid);
	if (throttle_take(u->others, who, work_clock()))
		return true;
	log_line(
	    LOG_LEVEL_WARNING, "uid %s was refused too often: not asked", who);
	return false;
}

static bool
add(const struct decider *decider, struct job *job)
{
	const struct upstream *u = decider->of;

	return work_add(u->look_ups, job);
}

/* That a user never had a token cannot be proved from here. */
static bool
decide(const struct decider *decider, struct decision *d)
{
	struct upstream *u = decider->of;

	d->decider = decider;
	if (d->question->kind != EMOTP_ASK_VERIFY) {
		d->never_enrolled = false;
		d->done(d);
		return true;
	}
	if (!may_ask(u, d->uid))
		return false;
	d->job.do_work = relay;
	d->job.done = relayed;
	if (!work_add(u->work, &d->job))
		return false;
	u->others_asked += d->uid != 0;
	return true;
}

void
decide_by_upstream(struct upstream *u, struct decider *ret)
{
	*ret = (struct decider){decide, add, u};
}

/* ---- opening ---- */

/* Whether clients can be had: what is wrong now would be wrong then. */
static enum emotp_err
try_seat(struct upstream *u, struct emotp_why *why)
{
	const char *ca = u->config->upstream_ca;
	struct emotp_why reason = {""};
	enum emotp_err err;

	if (ca[0] != '\0' && access(ca, R_OK) != 0)
		return emotp_fail(why, EMOTP_ERR_CONFIG, "upstream_ca: %s: %s",
		    ca, strerror(errno));
	err = seat_open(u, u->idle, &reason);
	if (err == EMOTP_OK)
		return EMOTP_OK;
	return emotp_fail(why,
	    err == EMOTP_ERR_INVALID ? EMOTP_ERR_CONFIG : err, "upstream: %s",
	    reason.text);
}

enum emotp_err
upstream_reload(struct upstream *u, struct emotp_why *why)
{
	return identity_load(&u->identity, u->config->host_key_file, why);
}

enum emotp_err
upstream_open(struct event_base *base, const struct emotp_config *config,
    struct upstream **ret, struct emotp_why *why)
{
	struct upstream *u = calloc(1, sizeof(*u));
	enum emotp_err err;

	if (u == NULL)
		return emotp_fail(why, EMOTP_ERR_MEMORY, "out of memory");
	u->config = config;
	(void)pthread_mutex_init(&u->lock, NULL);
	identity_init(&u->identity);
	for (int i = 0; i < UPSTREAM_QUESTIONS; i++)
		seat_give(u, &u->seats[i]);
	u->others = throttle_new(UPSTREAM_OTHERS_MAX, UPSTREAM_OTHERS_WINDOW_S);
	err = upstream_reload(u, why);
	if (err == EMOTP_OK && u->others == NULL)
		err = emotp_fail(why, EMOTP_ERR_MEMORY, "out of memory");
	if (err == EMOTP_OK && !targets_read(&u->targets, config->upstream))
		err = emotp_fail(why, EMOTP_ERR_CONFIG,
		    "upstream: 1 to %d services", TARGETS_MAX);
	if (err == EMOTP_OK)
		err = try_seat(u, why);
	if (err == EMOTP_OK)
		err = work_open_plain(base, UPSTREAM_QUESTIONS, &u->work, why);
	if (err == EMOTP_OK)
		err = work_open_plain(base, 1, &u->look_ups, why);
	if (err == EMOTP_OK)
		*ret = u;
	else
		upstream_close(u);
	return err;
}

void
upstream_close(struct upstream *u)
{
	if (u == NULL)
		return;
	work_close(u->work);
	work_close(u->look_ups);
	for (int i = 0; i < UPSTREAM_QUESTIONS; i++)
		seat_close(&u->seats[i]);
	throttle_free(u->others);
	identity_end(&u->identity);
	(void)pthread_mutex_destroy(&u->lock);
	free(u);
}
