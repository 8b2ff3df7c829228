#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../text.h"
#include "verify.h"

#define DIGEST 32 /* bytes of a host key's */

/* Inside a transaction. v->err is the caller's to set. */
static enum emotp_err
decide(const struct emotp_authority *a, struct emotp_verification *v)
{
	struct emotp_host host = {.refused_count = 0};
	enum emotp_err err = EMOTP_OK;

	v->admission = EMOTP_ADMITTED;
	if (v->host_key != NULL)
		err = emotp_host_admit(a, v->host_key, v->name, v->now_s, &host,
		    &v->admission, &v->retry_at);
	(void)emotp_copy(v->host, sizeof(v->host), host.name);
	if (err != EMOTP_OK || v->admission != EMOTP_ADMITTED)
		return err;
	err = emotp_verify_named(a, v->name, v->typed, v->now_s, &v->judgement);
	if (err == EMOTP_OK && v->host_key != NULL &&
	    v->judgement.verdict != EMOTP_ACCEPTED)
		err = emotp_host_refused(a, &host, v->now_s);
	return err;
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

/* ---- locks, in an order that is everybody's ---- */

static int
by_name(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcasecmp(*x, *y);
}

static int
by_digest(const void *a, const void *b)
{
	return memcmp(a, b, DIGEST);
}

static enum emotp_err
lock_hosts(const struct emotp_authority *a,
    const struct emotp_verification *list, size_t count,
    unsigned char (*digests)[DIGEST])
{
	enum emotp_err err = EMOTP_OK;
	size_t hosts = 0;

	for (size_t i = 0; i < count && err == EMOTP_OK; i++)
		if (list[i].host_key != NULL)
			err = emotp_host_digest(
			    a->key, list[i].host_key, digests[hosts++]);
	qsort(digests, hosts, DIGEST, by_digest);
	for (size_t i = 0; i < hosts && err == EMOTP_OK; i++)
		if (i == 0 || memcmp(digests[i], digests[i - 1], DIGEST) != 0)
			err = emotp_store_host_lock(a->store, digests[i]);
	return err;
}

static enum emotp_err
lock_users(const struct emotp_authority *a,
    const struct emotp_verification *list, size_t count, const char **names)
{
	enum emotp_err err = EMOTP_OK;

	for (size_t i = 0; i < count; i++)
		names[i] = list[i].name;
	qsort(names, count, sizeof(*names), by_name);
	for (size_t i = 0; i < count && err == EMOTP_OK; i++)
		if (i == 0 || strcasecmp(names[i], names[i - 1]) != 0)
			err = emotp_store_user_lock(a->store, names[i]);
	return err;
}

/*
 * Two services that decide on the same users in another order would each
 * wait for the other. One alone locks its host and its user in this order
 * anyway.
 */
static enum emotp_err
lock_all(const struct emotp_authority *a, const struct emotp_verification *list,
    size_t count)
{
	unsigned char(*digests)[DIGEST];
	const char **names;
	enum emotp_err err = EMOTP_ERR_MEMORY;

	if (count < 2 || !emotp_store_locks_rows(a->store))
		return EMOTP_OK;
	names = calloc(count, sizeof(*names));
	digests = calloc(count, sizeof(*digests));
	if (names != NULL && digests != NULL)
		err = lock_hosts(a, list, count, digests);
	if (err == EMOTP_OK)
		err = lock_users(a, list, count, names);
	free(names);
	free(digests);
	return err;
}

/* *ret_one: whether it was one of them that could not be decided. */
static enum emotp_err
decide_once(const struct emotp_authority *a, struct emotp_verification *list,
    size_t count, bool *ret_one, struct emotp_why *why)
{
	enum emotp_err err = emotp_store_begin(a->store);
	bool begun;

	if (err == EMOTP_OK)
		err = lock_all(a, list, count);
	begun = err == EMOTP_OK;
	for (size_t i = 0; i < count && err == EMOTP_OK; i++)
		err = decide(a, &list[i]);
	if (err == EMOTP_OK)
		err = emotp_store_settle(a->store);
	*ret_one = begun && err != EMOTP_OK;
	return emotp_authority_end(a, err, list[0].name, why);
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
