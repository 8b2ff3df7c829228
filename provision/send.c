#include <stdio.h>
#include <unistd.h>

#include "output.h"
#include "send.h"

struct progress {
	int64_t started;
	bool shown;
};

/* One line, written over and over, and only where somebody watches. */
static void
tick(void *arg)
{
	struct progress *progress = arg;

	if (!isatty(STDERR_FILENO))
		return;
	(void)fprintf(stderr, "\r\033[KHanding the mail over ... %lld s",
	    (long long)(clock_now() - progress->started));
	(void)fflush(stderr);
	progress->shown = true;
}

static void
progress_end(const struct progress *progress)
{
	if (progress->shown)
		(void)fprintf(stderr, "\r\033[K");
}

static enum emotp_err
issue(struct session *s, const char *user, struct emotp_ticket *ret,
    struct emotp_why *why)
{
	struct progress progress = {clock_now(), false};
	const struct emotp_progress watch = {tick, &progress};
	const struct emotp_outbox outbox = {
	    &s->authority, s->mailer, clock_now, &watch};
	enum emotp_err err;

	(void)fflush(stdout);
	tick(&progress);
	err = emotp_outbox_send_code(&outbox, user, s->exempt, ret, why);
	progress_end(&progress);
	return err;
}

enum emotp_err
send_waiting(struct session *s, int64_t user_id, struct emotp_flushed *ret,
    struct emotp_why *why)
{
	struct progress progress = {clock_now(), false};
	const struct emotp_progress watch = {tick, &progress};
	const struct emotp_outbox outbox = {
	    &s->authority, s->mailer, clock_now, &watch};
	enum emotp_err err;

	(void)fflush(stdout);
	err = emotp_outbox_flush(&outbox, user_id, ret, why);
	progress_end(&progress);
	return err;
}

static int
tell_not_issued(struct session *s, const struct emotp_ticket *ticket)
{
	const char *user = ticket->user.name;
	char at[LOCAL_TIME_MAX];

	switch (ticket->issue) {
	case EMOTP_ISSUE_LIMIT:
		s->result = "refused: mail limit";
		return output_fail(EXIT_REFUSED,
		    "%s was mailed too many codes; possible again at %s", user,
		    local_time(ticket->retry_at, at));
	case EMOTP_ISSUE_REVOKED:
		s->result = "refused: revoked";
		return output_fail(EXIT_REFUSED,
		    "the last token of %s was"
		    " revoked; reset first: `emotp-provision reset %s`",
		    user, user);
	case EMOTP_ISSUE_DISABLED:
		s->result = "refused: disabled";
		return output_fail(EXIT_REFUSED,
		    "%s is disabled after too many"
		    " wrong codes; unlock first: `emotp-provision unlock %s`",
		    user, user);
	case EMOTP_ISSUE_DONE:
		break;
	}
	return output_fail(EXIT_UNAVAILABLE, "%s: no code was made", user);
}

int
send_code(struct session *s, const char *user, struct emotp_ticket *ret)
{
	struct emotp_why why = {""};
	char until[LOCAL_TIME_MAX];
	enum emotp_err err = issue(s, user, ret, &why);

	if (err != EMOTP_OK)
		return output_error(err, &why);
	if (ret->issue != EMOTP_ISSUE_DONE)
		return tell_not_issued(s, ret);
	say("A registration code was sent to %s. It is good for one hour,"
	    " until %s.\n",
	    ret->user.email,
	    local_time(clock_now() + EMOTP_CODE_LIFE_S, until));
	return 0;
}

/* Nothing hangs on the answer, so a store that gives none is no error. */
static enum emotp_err
count_waiting(struct session *s, const char *user, int64_t *ret)
{
	struct emotp_user row;
	enum emotp_err err = emotp_store_begin_read(s->store);

	if (err == EMOTP_OK)
		err = emotp_store_user_by_name(s->store, user, &row);
	if (err == EMOTP_OK)
		err = emotp_store_intent_count(s->store, row.id, ret);
	emotp_store_rollback(s->store);
	return err;
}

void
send_note_waiting(struct session *s, const char *user)
{
	int64_t waiting = 0;

	if (count_waiting(s, user, &waiting) == EMOTP_OK && waiting > 0)
		say("A mail to the user waits in the outbox;"
		    " `emotp-provision flush` sends it.\n");
}
