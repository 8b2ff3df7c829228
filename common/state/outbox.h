/*
 * The only caller of mail: makes a code when it is sent, sends what was
 * queued, and never sends the same intent from two processes at once.
 */
#ifndef EMOTP_OUTBOX_H
#define EMOTP_OUTBOX_H

#include "authority.h"
#include "enroll.h"
#include "mail.h"

struct emotp_outbox {
	const struct emotp_authority *authority;
	struct emotp_mailer *mailer;
	int64_t (*clock)(void); /* Unix seconds: a mail takes its time */
	const struct emotp_progress *progress; /* or NULL */
};

/*
 * Mails a registration code now. EMOTP_ERR_MAIL: nothing was sent, nothing
 * is queued, no code lives. On EMOTP_OK ret->issue is what became of it
 * (ret->code is wiped).
 */
enum emotp_err emotp_outbox_send_code(const struct emotp_outbox *outbox,
    const char *name, bool exempt, struct emotp_ticket *ret,
    struct emotp_why *why);

struct emotp_flushed {
	size_t sent;
	size_t kept; /* could not be sent and wait */
};

/*
 * Sends what is queued, for one user (by id) or, with 0, for all. A mail
 * that is not accepted stays and the rest go on; why then tells of the last
 * such one. A tombstone's address is forgotten with its last mail.
 */
enum emotp_err emotp_outbox_flush(const struct emotp_outbox *outbox,
    int64_t user_id, struct emotp_flushed *ret, struct emotp_why *why);

#endif
