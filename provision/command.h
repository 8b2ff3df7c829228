/* The commands: main.c has the table of them. */
#ifndef PROVISION_COMMAND_H
#define PROVISION_COMMAND_H

#include "session.h"

/* What stood on the command line, NULL where it did not. */
struct arguments {
	const char *user;
	const char *second; /* add: the address; revoke: the token */
	const char *email;
	const char *language;
	const char *label;
};

enum {
	COMMAND_CHANGES = 1 << 0,  /* logs a line */
	COMMAND_MAILS = 1 << 1,    /* needs the mailer */
	COMMAND_OPENS = 1 << 2,    /* opens the session by itself */
	COMMAND_EMAIL = 1 << 3,    /* takes --email */
	COMMAND_LANGUAGE = 1 << 4, /* takes --language */
	COMMAND_LABEL = 1 << 5,    /* takes --label */
};

struct command {
	const char *name;
	const char *alias;     /* or NULL */
	const char *arguments; /* as the usage line has them */
	const char *help;
	int (*run)(struct session *s, const struct arguments *args);
	int least, most; /* positional arguments */
	unsigned flags;
};

extern const struct command commands[]; /* ended by a name of NULL */

/*
 * Each returns an exit code; where that is not 0 the error line is written.
 */
int command_init(struct session *s, const struct arguments *args);
int command_add(struct session *s, const struct arguments *args);
int command_set(struct session *s, const struct arguments *args);
int command_remove(struct session *s, const struct arguments *args);
int command_list(struct session *s, const struct arguments *args);
int command_show(struct session *s, const struct arguments *args);
int command_enroll(struct session *s, const struct arguments *args);
int command_invite(struct session *s, const struct arguments *args);
int command_register(struct session *s, const struct arguments *args);
int command_revoke(struct session *s, const struct arguments *args);
int command_reset(struct session *s, const struct arguments *args);
int command_unlock(struct session *s, const struct arguments *args);
int command_verify(struct session *s, const struct arguments *args);
int command_flush(struct session *s, const struct arguments *args);

#endif
