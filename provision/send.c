#include "output.h"
#include "send.h"

#define HANDING_OVER "Handing the mail over"

enum emotp_err
send_one(struct session *s, const char *user, struct progress *progress,
    struct emotp_ticket *ret, struct emotp_why *why)
{
	const struct emotp_progress watch = {progress_wait, progress};
	const struct emotp_outbox outbox = {
	    &s->authority, s->mailer, clock_now, &watch};

	return emotp_outbox_send_code(&outbox, user, s->exempt, ret, why);
}

enum emotp_err
send_waiting(struct session *s, int64_t user_id, struct emotp_flushed *ret,
    struct emotp_why *why)
{
	struct progress progress;
	const struct emotp_progress watch = {progress_wait, &progress};
	const struct emotp_outbox outbox = {
	    &s->authority, s->mailer, clock_now, &watch};
	enum emotp_err err;

	progress_begin(&progress, HANDING_OVER, 0);
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
	struct progress progress;
	char until[LOCAL_TIME_MAX];
	enum emotp_err err;

	progress_begin(&progress, HANDING_OVER, 0);
	err = send_one(s, user, &progress, ret, &why);
	progress_end(&progress);
	if (err != EMOTP_OK)
		return output_error(err, &why);
	if (ret->issue != EMOTP_ISSUE_DONE)
		return tell_not_issued(s, ret);
	say("A registration code was sent to %s.\n"
	    "It is good for one hour, until %s.\n",
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
