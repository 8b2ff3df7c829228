/* Handing a mail over: sendmail(8), SMTP with TLS, or a Maildir. */
#ifndef EMOTP_MAIL_H
#define EMOTP_MAIL_H

#include <stdint.h>

#include "../config.h"

struct emotp_mailer; /* opaque */

struct emotp_letter {
	const char *to;      /* passed emotp_email_check */
	const char *subject; /* UTF-8, one line */
	const char *body;    /* UTF-8, lines ended by '\n' */
	int64_t date_s;
};

/* Called now and then while a mail is under way. */
struct emotp_progress {
	void (*tick)(void *arg);
	void *arg;
};

/*
 * Reads the mail_* settings and the password file, sends nothing.
 * EMOTP_ERR_CONFIG if they will not do. Close *ret; config is borrowed.
 */
enum emotp_err emotp_mailer_open(const struct emotp_config *config,
    struct emotp_mailer **ret, struct emotp_why *why);
void emotp_mailer_close(struct emotp_mailer *mailer);

/*
 * Hands one letter over: EMOTP_OK once the server or program has taken it
 * (the Maildir: once it is on the disk), else EMOTP_ERR_MAIL. Never over the
 * network in clear. progress may
 * be NULL.
 */
enum emotp_err emotp_mailer_send(struct emotp_mailer *mailer,
    const struct emotp_letter *letter, const struct emotp_progress *progress,
    struct emotp_why *why);

#endif
