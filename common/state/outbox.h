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
 * that is not accepted, or whose template will not do, stays and the rest go
 * on: still EMOTP_OK, but ret->kept is not 0 and why tells of the last such
 * one. What has nobody to go to any more is dropped. A tombstone's address
 * is forgotten with its last mail. Any other error ends it; *ret then counts
 * what was done before.
 */
enum emotp_err emotp_outbox_flush(const struct emotp_outbox *outbox,
    int64_t user_id, struct emotp_flushed *ret, struct emotp_why *why);

#endif
