/* The three ways out of mail.c; nobody else includes this. */
#ifndef EMOTP_MAIL_TRANSPORT_H
#define EMOTP_MAIL_TRANSPORT_H

#include "mail.h"
#include "mail_message.h"

/* A message and whom it is from and for; borrows all. */
struct emotp_envelope {
	const char *from;
	const char *to;
	const char *id;   /* unique, letters and digits */
	const char *host; /* this host's name */
	int64_t date_s;
	const struct emotp_message *message;
};

struct emotp_smtp; /* opaque */

/* Borrowed; user and password are "" where the server asks for none. */
struct emotp_smtp_settings {
	const char *url; /* smtp://HOST:PORT/US or smtps://HOST:PORT/US */
	const char *user;
	const char *password;
	const char *ca; /* a file of PEM certificates */
};

/* NULL if there is no memory. */
struct emotp_smtp *emotp_smtp_new(void);
void emotp_smtp_free(struct emotp_smtp *smtp);

/*
 * Hands the message to the server of the settings: EMOTP_OK once it has
 * taken it, else EMOTP_ERR_MAIL. TLS always, to a server that proves by a
 * certificate of ca to be the host of the url, and before anything else is
 * said. progress may be NULL.
 */
enum emotp_err emotp_smtp_send(struct emotp_smtp *smtp,
    const struct emotp_smtp_settings *settings,
    const struct emotp_envelope *envelope,
    const struct emotp_progress *progress, struct emotp_why *why);

/*
 * Writes the message into the Maildir at path, which is made if it is
 * missing: EMOTP_OK once it is on the disk, else EMOTP_ERR_MAIL.
 */
enum emotp_err emotp_maildir_send(const char *path,
    const struct emotp_envelope *envelope, struct emotp_why *why);

/*
 * Hands the message to the program at path, run as sendmail(8) with -t -i:
 * EMOTP_OK once it has ended with status 0, else EMOTP_ERR_MAIL. It inherits
 * no environment and no descriptors, and is killed after a minute. progress
 * may be NULL.
 */
enum emotp_err emotp_sendmail_send(const char *path,
    const struct emotp_envelope *envelope,
    const struct emotp_progress *progress, struct emotp_why *why);

#endif
