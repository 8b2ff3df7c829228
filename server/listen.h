/* Where to listen: the values of `listen` in emotp.conf(5). */
#ifndef SERVER_LISTEN_H
#define SERVER_LISTEN_H

#include <stdbool.h>

#include "../common/config.h"

struct listening {
	int fd; /* bound, listening, non-blocking */
	bool tls;
	bool trusted;                        /* loopback or a Unix socket */
	char shown[EMOTP_CONFIG_VALUE + 16]; /* with the port it was given */
};

/*
 * Listens at where: "https://ADDRESS:PORT", "http://127.0.0.1:PORT" (loopback
 * only) or "unix:/path"; port 0 is any. EMOTP_ERR_CONFIG if it will not do.
 */
enum emotp_err listen_open(
    const char *where, struct listening *ret, struct emotp_why *why);

#endif
