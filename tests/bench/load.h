/* A load of questions: what the two transports share. */
#ifndef TESTS_BENCH_LOAD_H
#define TESTS_BENCH_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

#define BUFFER 4096

enum client_state {
	CLIENT_CONNECTING, /* and shaking hands */
	CLIENT_WRITING,
	CLIENT_READING,
};

/* One of those that ask at the same time: always one question at once. */
struct client {
	int fd;
	SSL *ssl; /* NULL on the local socket */
	enum client_state state;
	uint64_t asked_ns;
	size_t len, done; /* of what is to be written */
	size_t got;
	char out[BUFFER];
	char in[BUFFER];
};

enum step { STEP_WAIT_READ, STEP_WAIT_WRITE, STEP_DONE, STEP_FAILED };

/* How one kind of question is asked. */
struct kind {
	const char *name;
	bool once; /* a connection for each question */
	void (*open)(struct client *c);
	void (*prepare)(struct client *c); /* out and len of the next one */
	enum step (*go_on)(struct client *c);
	bool (*good)(const struct client *c); /* of what came */
};

extern const struct kind kinds[];

/* What was said on the command line. */
struct target {
	const char *where; /* path or port */
	const char *key;   /* the host's */
	long users;
	long next; /* user to be asked for */
};

extern struct target target;

void die(const char *what);
uint64_t now_ns(void);

/* The next user's name and the code that is good now. */
void next_user(char user[static 32], char code[static 8]);

#endif
