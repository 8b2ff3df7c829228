#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "local.h"
#include "secret.h"
#include "text.h"

#define PROTOCOL  "emotp1"
#define INT_CHARS 12

static const char *const kinds[] = {
    [EMOTP_ASK_VERIFY] = "verify",
    [EMOTP_ASK_NEVER_ENROLLED] = "never-enrolled",
};

/* ---- fields ---- */

struct writer {
	char *at;
	size_t left;
	bool ok;
};

static void
put(struct writer *w, const char *text)
{
	size_t size = strlen(text) + 1;

	w->ok = w->ok && size <= w->left;
	if (!w->ok)
		return;
	memcpy(w->at, text, size);
	w->at += size;
	w->left -= size;
}

static void
put_int(struct writer *w, int number)
{
	char text[INT_CHARS];

	(void)snprintf(text, sizeof(text), "%d", number);
	put(w, text);
}

static enum emotp_err
end_write(
    const struct writer *w, char buf[static EMOTP_LOCAL_MAX], size_t *ret_len)
{
	*ret_len = EMOTP_LOCAL_MAX - w->left;
	if (w->ok)
		return EMOTP_OK;
	emotp_wipe(buf, EMOTP_LOCAL_MAX);
	return EMOTP_ERR_INVALID;
}

struct reader {
	const char *at;
	size_t left;
	bool ok;
};

static struct reader
begin_read(const char *record, size_t len)
{
	return (struct reader){record, len, len <= EMOTP_LOCAL_MAX};
}

/* The next field, borrowed; "" once anything was wrong. */
static const char *
get(struct reader *r)
{
	const char *text = r->at;
	size_t len = r->ok ? strnlen(text, r->left) : 0;

	r->ok = r->ok && len < r->left;
	if (!r->ok)
		return "";
	r->at += len + 1;
	r->left -= len + 1;
	return text;
}

static void
get_text(struct reader *r, char *out, size_t size, size_t min)
{
	const char *text = get(r);

	r->ok = emotp_copy(out, size, text) && r->ok && strlen(text) >= min;
}

/* In the one way that put_int has of writing it. */
static int
get_int(struct reader *r)
{
	const char *text = get(r);
	char again[INT_CHARS];
	long number = strtol(text, NULL, 10);

	if (number < INT_MIN || number > INT_MAX)
		number = 0;
	(void)snprintf(again, sizeof(again), "%d", (int)number);
	r->ok = r->ok && strcmp(text, again) == 0;
	return (int)number;
}

static void
get_nonce(struct reader *r, char out[static EMOTP_NONCE_MAX + 1])
{
	get_text(r, out, EMOTP_NONCE_MAX + 1, EMOTP_NONCE_MAX);
	r->ok = r->ok && strspn(out, "0123456789abcdef") == EMOTP_NONCE_MAX;
}

static enum emotp_err
end_read(const struct reader *r, void *ret, size_t size)
{
	if (r->ok && r->left == 0)
		return EMOTP_OK;
	emotp_wipe(ret, size);
	return EMOTP_ERR_INVALID;
}

/* ---- records ---- */

enum emotp_err
emotp_question_encode(const struct emotp_question *question,
    char buf[static EMOTP_LOCAL_MAX], size_t *ret_len)
{
	struct writer w = {buf, EMOTP_LOCAL_MAX, true};

	put(&w, PROTOCOL);
	put(&w, kinds[question->kind]);
	put(&w, question->nonce);
	put(&w, question->user);
	put(&w, question->typed);
	put(&w, question->service);
	put(&w, question->rhost);
	return end_write(&w, buf, ret_len);
}

static enum emotp_question_kind
get_kind(struct reader *r)
{
	const char *word = get(r);

	if (strcmp(word, kinds[EMOTP_ASK_VERIFY]) == 0)
		return EMOTP_ASK_VERIFY;
	r->ok = r->ok && strcmp(word, kinds[EMOTP_ASK_NEVER_ENROLLED]) == 0;
	return EMOTP_ASK_NEVER_ENROLLED;
}

enum emotp_err
emotp_question_decode(
    const char *record, size_t len, struct emotp_question *ret)
{
	struct reader r = begin_read(record, len);

	r.ok = strcmp(get(&r), PROTOCOL) == 0 && r.ok;
	ret->kind = get_kind(&r);
	get_nonce(&r, ret->nonce);
	get_text(&r, ret->user, sizeof(ret->user), 1);
	get_text(&r, ret->typed, sizeof(ret->typed), 0);
	get_text(&r, ret->service, sizeof(ret->service), 0);
	get_text(&r, ret->rhost, sizeof(ret->rhost), 0);
	return end_read(&r, ret, sizeof(*ret));
}

enum emotp_err
emotp_answer_encode(const struct emotp_answer *answer,
    char buf[static EMOTP_LOCAL_MAX], size_t *ret_len)
{
	struct writer w = {buf, EMOTP_LOCAL_MAX, true};

	put(&w, PROTOCOL);
	put(&w, answer->nonce);
	put(&w, answer->user);
	put(&w, answer->result);
	put_int(&w, answer->token);
	put_int(&w, answer->drift);
	put_int(&w, answer->period_s);
	put_int(&w, answer->recovery_left);
	put(&w, answer->language);
	return end_write(&w, buf, ret_len);
}

enum emotp_err
emotp_answer_decode(const char *record, size_t len, struct emotp_answer *ret)
{
	struct reader r = begin_read(record, len);

	r.ok = strcmp(get(&r), PROTOCOL) == 0 && r.ok;
	get_nonce(&r, ret->nonce);
	get_text(&r, ret->user, sizeof(ret->user), 1);
	get_text(&r, ret->result, sizeof(ret->result), 1);
	ret->token = get_int(&r);
	ret->drift = get_int(&r);
	ret->period_s = get_int(&r);
	ret->recovery_left = get_int(&r);
	get_text(&r, ret->language, sizeof(ret->language), 0);
	return end_read(&r, ret, sizeof(*ret));
}
