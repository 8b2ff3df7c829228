/* invite: a registration code for one user, or for all who wait for one. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include "../common/secret.h"
#include "../common/state/directory.h"
#include "audit.h"
#include "command.h"
#include "json.h"
#include "output.h"
#include "send.h"

#define FAILURES_MAX 3 /* in a row: it is the server, not an address */

/* ---- everybody ---- */

struct round {
	struct invited counts;
	int failures;         /* in a row */
	struct emotp_why why; /* of the latest failure */
	struct progress progress;
};

static volatile sig_atomic_t stopped;

static void
stop(int signal_number)
{
	(void)signal_number;
	stopped = 1;
}

/*
 * Thousands of mails take a while: Ctrl-C ends it after the mail that is
 * under way, so that the log learns how far it came. The second one kills.
 */
static void
stop_gently(void)
{
	static const int stopping[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {
	    .sa_handler = stop,
	    .sa_flags = SA_RESTART | (int)SA_RESETHAND,
	};

	for (size_t i = 0; i < sizeof(stopping) / sizeof(stopping[0]); i++)
		(void)sigaction(stopping[i], &action, NULL);
}

static enum emotp_err
count_one(void *arg, const struct emotp_user *user, size_t tokens)
{
	uint64_t *count = arg;

	(void)tokens;
	if (user->state == EMOTP_INVITED && !user->disabled)
		(*count)++;
	return EMOTP_OK;
}

/* A mail that was not accepted, or has no usable text, is not the end. */
static enum emotp_err
invite_next(struct session *s, const char *user, struct round *round)
{
	struct emotp_ticket ticket = {0};
	enum emotp_err err =
	    send_one(s, user, &round->progress, &ticket, &round->why);

	emotp_wipe(ticket.code, sizeof(ticket.code));
	progress_tick(&round->progress, 1);
	if (err == EMOTP_ERR_MAIL || err == EMOTP_ERR_CONFIG) {
		round->counts.failed++;
		round->failures++;
		return EMOTP_OK;
	}
	if (err == EMOTP_ERR_NO_USER ||
	    (err == EMOTP_OK && ticket.issue != EMOTP_ISSUE_DONE)) {
		round->counts.skipped++;
		return EMOTP_OK;
	}
	if (err != EMOTP_OK)
		return err;
	round->counts.mailed++;
	round->failures = 0;
	return EMOTP_OK;
}

/* By id, each in a transaction of its own: none is open during a mail. */
static enum emotp_err
invite_each(struct session *s, struct round *round)
{
	struct emotp_user user = {.id = 0};
	bool found = true;
	enum emotp_err err = EMOTP_OK;

	while (err == EMOTP_OK && !stopped && round->failures < FAILURES_MAX) {
		err = emotp_directory_next_invited(
		    &s->authority, user.id, &user, &found, &round->why);
		if (err != EMOTP_OK || !found)
			break;
		err = invite_next(s, user.name, round);
	}
	return err;
}

static int
tell(const struct round *round, enum emotp_err err)
{
	const struct invited *n = &round->counts;

	if (err != EMOTP_OK)
		return output_error(err, &round->why);
	if (n->failed > 0)
		return output_fail(EXIT_MAIL,
		    "%" PRIu64 " mailed, %" PRIu64 " not: %s%s", n->mailed,
		    n->failed, round->why.text,
		    round->failures == FAILURES_MAX ?
			"; given up after three failures in a row: mend the"
			" cause and invite again" :
			"; mend the cause and invite those again");
	if (stopped)
		return output_fail(EXIT_REFUSED,
		    "stopped: %" PRIu64 " mailed, the rest not", n->mailed);
	return 0;
}

/* With failures the error line has the counts. */
static void
say_counts(const struct invited *n)
{
	if (n->failed == 0)
		say("%" PRIu64 " mailed\n", n->mailed);
	if (n->skipped > 0)
		say("%" PRIu64 " skipped: mailed too many codes already, or no"
		    " longer invited\n",
		    n->skipped);
}

static int
invite_all(struct session *s, const struct arguments *args)
{
	struct round round = {.failures = 0};
	uint64_t total = 0;
	char result[96];
	enum emotp_err err;
	int code;

	err =
	    emotp_directory_each(&s->authority, count_one, &total, &round.why);
	if (err != EMOTP_OK)
		return output_error(err, &round.why);
	stop_gently();
	progress_begin(&round.progress, "Mailing codes", total);
	err = invite_each(s, &round);
	progress_end(&round.progress);
	(void)snprintf(result, sizeof(result),
	    "%" PRIu64 " mailed, %" PRIu64 " failed, %" PRIu64 " skipped",
	    round.counts.mailed, round.counts.failed, round.counts.skipped);
	if (total == 0)
		say("nobody to invite\n");
	else
		say_counts(&round.counts);
	code = output_is_json() ? json_invited(&round.counts) : 0;
	if (code == 0)
		code = tell(&round, err);
	s->result = result;
	audit(s, "invite", args, code);
	s->result = NULL;
	return code;
}

/* ---- one ---- */

int
command_invite(struct session *s, const struct arguments *args)
{
	struct emotp_ticket ticket = {0};
	int code;

	if (args->all)
		return invite_all(s, args);
	code = send_code(s, args->user, &ticket);
	if (code == 0 && ticket.user.state == EMOTP_ACTIVE)
		say("%s has a token already: registering another one takes\n"
		    "a current code of it too.\n",
		    ticket.user.name);
	emotp_wipe(ticket.code, sizeof(ticket.code));
	return code;
}
