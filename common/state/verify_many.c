#include <string.h>

#include "../text.h"
#include "verify.h"

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

/* *ret_one: whether it was one of them that could not be decided. */
static enum emotp_err
decide_together(const struct emotp_authority *a,
    struct emotp_verification *list, size_t count, bool *ret_one,
    struct emotp_why *why)
{
	enum emotp_err err = emotp_store_begin(a->store);
	bool begun = err == EMOTP_OK;

	for (size_t i = 0; i < count && err == EMOTP_OK; i++)
		err = decide(a, &list[i]);
	*ret_one = begun && err != EMOTP_OK;
	err = emotp_authority_end(a, err, list[0].name, why);
	fail(list, err == EMOTP_OK ? 0 : count, err);
	return err;
}

void
emotp_verify_many(const struct emotp_authority *a,
    struct emotp_verification *list, size_t count, struct emotp_why *why)
{
	bool one;

	fail(list, count, EMOTP_OK);
	if (count == 0 ||
	    decide_together(a, list, count, &one, why) == EMOTP_OK || !one)
		return;
	for (size_t i = 0; i < count && count > 1; i++) {
		fail(&list[i], 1, EMOTP_OK);
		(void)decide_together(a, &list[i], 1, &one, why);
	}
}
