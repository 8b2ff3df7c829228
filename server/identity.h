/*
 * Who the host of a fleet is to its services: its key, and the name that they
 * have for it. For several threads.
 */
#ifndef SERVER_IDENTITY_H
#define SERVER_IDENTITY_H

#include <pthread.h>

#include "../common/state/host.h"

struct identity {
	pthread_mutex_t lock;
	char key[EMOTP_HOST_KEY];
	unsigned number;               /* of the key: there may be a new one */
	char host[EMOTP_NAME_MAX + 1]; /* by the first answer to that key */
};

void identity_init(struct identity *id);

/*
 * Reads the key, as `emotp-provision host add` printed it, from path; the name
 * is then to be learned anew. EMOTP_ERR_KEY, and the old key stays.
 */
enum emotp_err identity_load(
    struct identity *id, const char *path, struct emotp_why *why);

/* The key (wipe it), and its number. */
unsigned identity_key(struct identity *id, char key[static EMOTP_HOST_KEY]);

/* Whether another key was read since. */
bool identity_is_old(struct identity *id, unsigned number);

/*
 * Judges an answer for host, from the service at url, to the key with that
 * number. A key is one host's, and whose the first answer to it says: an
 * answer for another (EMOTP_ERR_SERVICE) is not meant for us. Nothing is known
 * of an old key's any more.
 */
enum emotp_err identity_check(struct identity *id, unsigned number,
    const char *url, const char *host, struct emotp_why *why);

/* Wipes it. */
void identity_end(struct identity *id);

#endif
