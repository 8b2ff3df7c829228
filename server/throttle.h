/*
 * How often a source did something of late. Bounded: where too many sources
 * come at once the longest silent one is forgotten. For one thread.
 */
#ifndef SERVER_THROTTLE_H
#define SERVER_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

struct throttle; /* opaque */

#define THROTTLE_MAX 10 /* the highest limit */

/* limit times in window_s seconds. NULL if memory is out. */
struct throttle *throttle_new(int limit, int window_s);
void throttle_free(struct throttle *throttle);

/* Counts one for source (text, see http_source), unless the limit is reached.
 */
bool throttle_take(
    struct throttle *throttle, const char *source, int64_t now_s);

/* Takes back the last one counted: it was none. */
void throttle_return(struct throttle *throttle, const char *source);

#endif
