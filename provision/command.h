/* The commands: main.c has the table of them. */
#ifndef PROVISION_COMMAND_H
#define PROVISION_COMMAND_H

#include "session.h"

#define WORDS_MAX 3

/*
 * What stood on the command line, NULL or false where it did not. The words
 * that are no options have names too, for the many commands whose first word
 * is a user.
 */
struct arguments {
	union {
		const char *words[WORDS_MAX];
		struct {
			const char *user;
			const char *second; /* add: address; revoke: token */
			const char *third;
		};
	};
	const char *email;
	const char *language;
	const char *label;
	const char *users;
	bool all;
	bool dry_run;
};

enum {
	COMMAND_CHANGES = 1 << 0,  /* logs a line */
	COMMAND_MAILS = 1 << 1,    /* needs the mailer */
	COMMAND_OPENS = 1 << 2,    /* opens the session by itself */
	COMMAND_EMAIL = 1 << 3,    /* takes --email */
	COMMAND_LANGUAGE = 1 << 4, /* takes --language */
	COMMAND_LABEL = 1 << 5,    /* takes --label */
	COMMAND_ALL = 1 << 6,      /* takes --all */
	COMMAND_DRY_RUN = 1 << 7,  /* takes --dry-run */
	COMMAND_USERS = 1 << 9,    /* takes --users */
	COMMAND_BULK = 1 << 8,     /* takes "-" in the place of its words */
	COMMAND_REMOTE = 1 << 10,  /* may be asked of a service: --server */
};

struct command {
	const char *name;
	const char *alias;     /* or NULL */
	const char *arguments; /* as the usage line has them */
	const char *help;
	int (*run)(struct session *s, const struct arguments *args);
	int least, most; /* words, at most WORDS_MAX */
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
int command_why(struct session *s, const struct arguments *args);
int command_revoke(struct session *s, const struct arguments *args);
int command_reset(struct session *s, const struct arguments *args);
int command_unlock(struct session *s, const struct arguments *args);
int command_recovery_codes(struct session *s, const struct arguments *args);
int command_verify(struct session *s, const struct arguments *args);
int command_import(struct session *s, const struct arguments *args);
int command_export(struct session *s, const struct arguments *args);
int command_host(struct session *s, const struct arguments *args);
int command_copy(struct session *s, const struct arguments *args);
int command_flush(struct session *s, const struct arguments *args);

#endif
