#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../text.h"
#include "verify.h"

#define DIGEST 32 /* bytes of a host key's */

/* A verification, and what it is decided on, shared with others. */
struct item {
	struct emotp_verification *v;
	struct subject *subject;
	unsigned char digest[DIGEST];
	struct emotp_host_found *host; /* NULL for who needs no key */
};

struct subject {
	struct emotp_subject read;
	bool written; /* since it was read */
};

struct batch {
	size_t count;
	struct item *items;
	struct subject *subjects; /* as many as are needed */
	struct emotp_host_found *hosts;
};

static void
batch_free(struct batch *b)
{
	free(b->items);
	free(b->subjects);
	free(b->hosts);
}

static enum emotp_err
batch_fill(struct batch *b, const struct emotp_authority *a,
    struct emotp_verification *list, size_t count)
{
	enum emotp_err err = EMOTP_OK;

	b->count = count;
	b->items = calloc(count, sizeof(*b->items));
	b->subjects = calloc(count, sizeof(*b->subjects));
	b->hosts = calloc(count, sizeof(*b->hosts));
	if (b->items == NULL || b->subjects == NULL || b->hosts == NULL)
		return EMOTP_ERR_MEMORY;
	for (size_t i = 0; i < count && err == EMOTP_OK; i++) {
		b->items[i].v = &list[i];
		if (list[i].host_key != NULL)
			err = emotp_host_digest(
			    a->key, list[i].host_key, b->items[i].digest);
	}
	return err;
}

/* ---- reading, in an order that is everybody's ---- */

static int
by_arrival(const struct item *x, const struct item *y)
{
	return x->v < y->v ? -1 : x->v > y->v;
}

static int
by_name(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int order = strcasecmp(x->v->name, y->v->name);

	return order != 0 ? order : by_arrival(x, y);
}

/* Those who need no key come first. */
static int
by_host(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int order = memcmp(x->digest, y->digest, DIGEST);

	return order != 0 ? order : by_arrival(x, y);
}

static enum emotp_err
read_users(struct batch *b, const struct emotp_authority *a)
{
	struct subject *next = b->subjects;
	enum emotp_err err = EMOTP_OK;

	qsort(b->items, b->count, sizeof(*b->items), by_name);
	for (size_t i = 0; i < b->count && err == EMOTP_OK; i++) {
		struct item *item = &b->items[i];

		if (i > 0 && strcasecmp(item->v->name, item[-1].v->name) == 0) {
			item->subject = item[-1].subject;
			continue;
		}
		item->subject = next++;
		err = emotp_store_subject(
		    a->store, item->v->name, &item->subject->read);
	}
	return err;
}

static enum emotp_err
read_hosts(struct batch *b, const struct emotp_authority *a)
{
	struct emotp_host_found *next = b->hosts;
	enum emotp_err err = EMOTP_OK;

	qsort(b->items, b->count, sizeof(*b->items), by_host);
	for (size_t i = 0; i < b->count && err == EMOTP_OK; i++) {
		struct item *item = &b->items[i];

		if (item->v->host_key == NULL)
			continue;
		if (i > 0 && item[-1].host != NULL &&
		    memcmp(item->digest, item[-1].digest, DIGEST) == 0) {
			item->host = item[-1].host;
			continue;
		}
		item->host = next++;
		err = emotp_store_host_look_up(
		    a->store, item->digest, item->host);
	}
	return err;
}

/*
 * All at once. Users are locked in the order of their names, and hosts after
 * them (by emotp_host_refused) in the order in which the items are now: two
 * services that took them in another order would wait for each other.
 */
static enum emotp_err
batch_read(struct batch *b, const struct emotp_authority *a)
{
	enum emotp_err err = read_users(b, a);

	if (err == EMOTP_OK)
		err = read_hosts(b, a);
	return err == EMOTP_OK ? emotp_store_settle(a->store) : err;
}

/* ---- deciding ---- */

/* What was written for another item is to be seen by this one. */
static enum emotp_err
refresh(const struct emotp_authority *a, struct item *item)
{
	enum emotp_err err = EMOTP_OK;

	if (item->subject->written)
		err = emotp_store_subject(
		    a->store, item->v->name, &item->subject->read);
	if (err == EMOTP_OK && item->subject->written)
		err = emotp_store_settle(a->store);
	item->subject->written = false;
	return err;
}

/* What is judged is written, unless the host has spent its refusals by now. */
static enum emotp_err
judge(const struct emotp_authority *a, struct item *item)
{
	struct emotp_verification *v = item->v;
	struct emotp_judgement judgement = {0};
	struct emotp_case c;
	enum emotp_err err = emotp_verify_judge(
	    a, &item->subject->read, v->typed, v->now_s, &c, &judgement);

	if (err == EMOTP_OK && item->host != NULL &&
	    judgement.verdict != EMOTP_ACCEPTED)
		err = emotp_host_refused(a, item->host, v->name, v->now_s,
		    &v->admission, &v->retry_at);
	if (err == EMOTP_OK && v->admission == EMOTP_ADMITTED) {
		err = emotp_verify_write(a, &c, &judgement, v->now_s);
		item->subject->written = true;
		v->judgement = judgement;
	}
	emotp_case_wipe(&c);
	return err;
}

static enum emotp_err
decide(const struct emotp_authority *a, struct item *item)
{
	struct emotp_verification *v = item->v;
	enum emotp_err err;

	v->admission = EMOTP_ADMITTED;
	v->host[0] = '\0';
	if (item->host != NULL)
		v->admission = emotp_host_admit(
		    item->host, v->name, v->now_s, &v->retry_at);
	if (item->host != NULL && item->host->known)
		(void)emotp_copy(
		    v->host, sizeof(v->host), item->host->host.name);
	if (v->admission != EMOTP_ADMITTED)
		return EMOTP_OK;
	err = refresh(a, item);
	return err == EMOTP_OK ? judge(a, item) : err;
}

static enum emotp_err
decide_all(const struct emotp_authority *a, struct batch *b)
{
	enum emotp_err err = EMOTP_OK;

	for (size_t i = 0; i < b->count && err == EMOTP_OK; i++)
		err = decide(a, &b->items[i]);
	return err == EMOTP_OK ? emotp_store_settle(a->store) : err;
}

/* Nothing of a verdict that did not become durable may be seen. */
static void
fail(struct emotp_verification *list, size_t count, enum emotp_err err)
{
	for (size_t i = 0; i < count; i++) {
		list[i].err = err;
		list[i].admission = 0;
		memset(&list[i].judgement, 0, sizeof(list[i].judgement));
	}
}

/* *ret_one: whether it was one of them that could not be decided. */
static enum emotp_err
decide_once(const struct emotp_authority *a, struct emotp_verification *list,
    size_t count, bool *ret_one, struct emotp_why *why)
{
	struct batch b = {.count = 0};
	enum emotp_err err = batch_fill(&b, a, list, count);
	bool begun;

	if (err == EMOTP_OK)
		err = emotp_store_begin(a->store);
	begun = err == EMOTP_OK;
	if (err == EMOTP_OK)
		err = batch_read(&b, a);
	if (err == EMOTP_OK)
		err = decide_all(a, &b);
	*ret_one = begun && err != EMOTP_OK;
	err = emotp_authority_end(a, err, list[0].name, why);
	batch_free(&b);
	return err;
}

static enum emotp_err
decide_together(const struct emotp_authority *a,
    struct emotp_verification *list, size_t count, bool *ret_one,
    struct emotp_why *why)
{
	enum emotp_err err =
	    emotp_retry(why, decide_once(a, list, count, ret_one, why));

	fail(list, err == EMOTP_OK ? 0 : count, err);
	return err;
}

/*
 * One by one they stop where the store is not to be had, or was waited for
 * in vain: for each after that one it would take as long again, and nobody
 * is there any more whom it could be told.
 */
void
emotp_verify_many(const struct emotp_authority *a,
    struct emotp_verification *list, size_t count, struct emotp_why *why)
{
	enum emotp_err err;
	bool one;

	fail(list, count, EMOTP_OK);
	if (count == 0 ||
	    decide_together(a, list, count, &one, why) == EMOTP_OK || !one)
		return;
	for (size_t i = 0; i < count && count > 1; i++) {
		fail(&list[i], 1, EMOTP_OK);
		err = decide_together(a, &list[i], 1, &one, why);
		if (err == EMOTP_OK || (one && err != EMOTP_ERR_BUSY))
			continue;
		fail(&list[i], count - i, err);
		return;
	}
}
