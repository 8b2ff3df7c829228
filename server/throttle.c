#include <stdlib.h>
#include <string.h>

#include "../common/secret.h"
#include "../common/text.h"
#include "http.h"
#include "throttle.h"

#define SETS 4096
#define WAYS 8 /* sources that share a set */

struct entry {
	char source[HTTP_SOURCE_MAX];
	int count;
	int64_t at[THROTTLE_MAX]; /* oldest first */
};

struct throttle {
	int limit;
	int window_s;
	uint64_t seed; /* or a stranger could choose who shares a set */
	struct entry sets[SETS][WAYS];
};

struct throttle *
throttle_new(int limit, int window_s)
{
	struct throttle *t = calloc(1, sizeof(*t));

	if (t == NULL || limit > THROTTLE_MAX ||
	    emotp_random(&t->seed, sizeof(t->seed)) != EMOTP_OK) {
		free(t);
		return NULL;
	}
	t->limit = limit;
	t->window_s = window_s;
	return t;
}

void
throttle_free(struct throttle *t)
{
	free(t);
}

/* FNV-1a, seeded. */
static struct entry *
set_of(struct throttle *t, const char *source)
{
	uint64_t hash = t->seed ^ UINT64_C(0xcbf29ce484222325);

	for (; *source != '\0'; source++)
		hash =
		    (hash ^ (unsigned char)*source) * UINT64_C(0x100000001b3);
	return t->sets[(hash ^ hash >> 32) % SETS];
}

static int64_t
last(const struct entry *e)
{
	return e->count == 0 ? INT64_MIN : e->at[e->count - 1];
}

/* The entry of source, or the longest silent one. */
static struct entry *
find(struct throttle *t, const char *source, bool *ret_found)
{
	struct entry *set = set_of(t, source), *oldest = set;

	for (struct entry *e = set; e < set + WAYS; e++) {
		*ret_found = strcmp(e->source, source) == 0;
		if (*ret_found)
			return e;
		if (last(e) < last(oldest))
			oldest = e;
	}
	return oldest;
}

/* Times to come are taken as now: a clock was once wrong. */
static void
trim(const struct throttle *t, struct entry *e, int64_t now_s)
{
	int kept = 0;

	for (int i = 0; i < e->count; i++) {
		int64_t at = e->at[i] > now_s ? now_s : e->at[i];

		if (now_s - at < t->window_s)
			e->at[kept++] = at;
	}
	e->count = kept;
}

bool
throttle_take(struct throttle *t, const char *source, int64_t now_s)
{
	bool found;
	struct entry *e = find(t, source, &found);

	if (!found) {
		memset(e, 0, sizeof(*e));
		(void)emotp_copy(e->source, sizeof(e->source), source);
	}
	trim(t, e, now_s);
	if (e->count >= t->limit)
		return false;
	e->at[e->count++] = now_s;
	return true;
}

void
throttle_return(struct throttle *t, const char *source)
{
	bool found;
	struct entry *e = find(t, source, &found);

	if (found && e->count > 0)
		e->count--;
}
