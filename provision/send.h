/* Mail, as the commands send it: at once, with a line of progress. */
#ifndef PROVISION_SEND_H
#define PROVISION_SEND_H

#include "../common/state/outbox.h"
#include "progress.h"
#include "session.h"

/*
 * Mails a registration code. 0, or an exit code with the error line written:
 * then none was sent. ret->user is who it went to, by the stored name.
 */
int send_code(struct session *s, const char *user, struct emotp_ticket *ret);

/*
 * The same without a word: emotp_outbox_send_code(), while progress, which
 * is the caller's, shows that time goes by.
 */
enum emotp_err send_one(struct session *s, const char *user,
    struct progress *progress, struct emotp_ticket *ret, struct emotp_why *why);

/* emotp_outbox_flush(), with progress. */
enum emotp_err send_waiting(struct session *s, int64_t user_id,
    struct emotp_flushed *ret, struct emotp_why *why);

/* Says so if a mail waits for that user (who may be gone by now). */
void send_note_waiting(struct session *s, const char *user);

#endif
