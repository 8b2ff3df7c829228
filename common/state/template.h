/*
 * Mail texts: LANG/KIND.txt holds the subject, a blank line and the body,
 * with placeholders {issuer} {user} {code} {expires} {token} {left} {time}
 * {source} {url}.
 * Searched in the configured directory, in the installed one, and last among
 * those that are built in.
 */
#ifndef EMOTP_TEMPLATE_H
#define EMOTP_TEMPLATE_H

#include "model.h"

#define EMOTP_SUBJECT_MAX 256
#define EMOTP_BODY_MAX    8192

struct emotp_template_values {
	const char *issuer;
	const char *user;
	const char *code;    /* "" where there is none */
	const char *expires; /* of the code */
	const char *token;   /* "2 (phone)" */
	const char *left;    /* recovery codes that are not used */
	const char *time;    /* when it happened */
	const char *source;  /* from where */
	const char *url;     /* of the service; "": lines with it go */
};

struct emotp_text {
	char subject[EMOTP_SUBJECT_MAX];
	char body[EMOTP_BODY_MAX]; /* may hold the code: wipe it */
};

/*
 * Fills in the template. EMOTP_ERR_CONFIG, naming file and line, if it is
 * not trusted, not UTF-8, too long or has an unknown placeholder, {code} in
 * the subject, or no {code} alone on a line where the kind has a code.
 */
enum emotp_err emotp_template_fill(const struct emotp_config *config,
    const char *language, enum emotp_mail_kind kind,
    const struct emotp_template_values *values, struct emotp_text *ret,
    struct emotp_why *why);

#endif
