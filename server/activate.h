/* Sockets that the service manager made: sd_listen_fds(3), sd_notify(3). */
#ifndef SERVER_ACTIVATE_H
#define SERVER_ACTIVATE_H

#include <stdbool.h>

#include "../common/config.h"

enum activated_kind {
	ACTIVATED_LOCAL = 1, /* SOCK_SEQPACKET */
	ACTIVATED_TLS,       /* a stream named "https" */
	ACTIVATED_PLAIN,     /* a stream on loopback or a Unix socket */
};

struct activated {
	int fd; /* non-blocking, closed on exec */
	enum activated_kind kind;
};

#define ACTIVATED_MAX 16

/*
 * The sockets that were handed to this process; -1 if one of them will not
 * do. Forgets the environment's word of them.
 */
int activate_sockets(struct activated list[static ACTIVATED_MAX]);

/*
 * Where the service manager has put a secret that it hands over, as with
 * LoadCredential= in systemd.exec(5): into path, if it did.
 */
void activate_credential(
    const char *name, char path[static EMOTP_CONFIG_VALUE]);

/* Tells the service manager, if there is one: "READY=1", "STOPPING=1". */
void activate_notify(const char *state);

#endif
