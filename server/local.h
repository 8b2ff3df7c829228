/* The local socket: PROTOCOL.md, section 2. */
#ifndef SERVER_LOCAL_H
#define SERVER_LOCAL_H

#include "decide.h"

struct local; /* opaque */

#define LOCAL_MAX        512 /* connections at a time */
#define LOCAL_OTHERS     256 /* of them, for others than root */
#define LOCAL_PER_UID    16  /* of those, for one */
#define LOCAL_DEADLINE_S 10  /* from connecting to the answer */

/*
 * Makes the socket at path, for everybody to connect to. EMOTP_ERR_CONFIG if
 * its directory is not ours or root's, or others may write to it, or somebody
 * answers there already.
 */
enum emotp_err local_bind(const char *path, int *ret_fd, struct emotp_why *why);

/*
 * Serves a listening socket, which it takes over: decider decides, language is
 * that of users for whom none is known. All but fd is borrowed. Close *ret.
 */
struct local_setup {
	struct event_base *base;
	const struct decider *decider;
	const char *language;
	struct counters *counters;
};

enum emotp_err local_open(const struct local_setup *setup, int fd,
    struct local **ret, struct emotp_why *why);

/* No new questions are taken. local_idle: whether none is left. */
void local_drain(struct local *local);
bool local_idle(const struct local *local);
void local_close(struct local *local);

#endif
