/* A letter as the bytes that travel: RFC 5322, with MIME (RFC 2045, 2047). */
#ifndef EMOTP_MAIL_MESSAGE_H
#define EMOTP_MAIL_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "mail.h"

#define EMOTP_LETTER_MAX 40960 /* bytes */

/* Lines end with CR LF. May hold a registration code: wipe it. */
struct emotp_message {
	size_t len;
	bool full; /* something did not fit: not to be sent */
	char bytes[EMOTP_LETTER_MAX];
};

/*
 * Writes header and body. id is the part of the Message-ID before '@', the
 * rest is taken from the address from. EMOTP_ERR_MAIL, with *ret wiped, if
 * the subject holds a control character or the letter is too long. Pure.
 */
enum emotp_err emotp_message_write(const struct emotp_letter *letter,
    const char *from, const char *id, struct emotp_message *ret,
    struct emotp_why *why);

#endif
