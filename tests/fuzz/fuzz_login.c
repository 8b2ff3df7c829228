/*
 * A whole verification over a store that fails as the input says. Its bytes:
 * two that choose what is typed, then one for each call of the store; what
 * is typed follows a NUL.
 *
 * Whatever fails, lies about what it wrote, or is damaged: nobody is let in
 * unless the code is right and every call, the commit last, went well.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../common/state/adopt.h"
#include "../../common/state/directory.h"
#include "../../common/state/store_backend.h"
#include "../../common/state/verify.h"
#include "../../common/totp.h"
#include "fuzz.h"

#define NOW 1800000000

enum fault { FAIL = 1, BUSY, NO_ROW, TWO_ROWS, DAMAGE };

static struct {
	const uint8_t *script;
	size_t left;
	bool faulted;   /* a call failed or lied */
	bool damaged;   /* a row was altered */
	bool committed; /* and nothing was called since */
	bool writing;
} play;

static struct emotp_config config;
static struct emotp_key key;
static struct emotp_store *store;
static const struct emotp_secret secret = {20, "12345678901234567890"};

static enum fault
next_fault(void)
{
	play.committed = false;
	if (play.left == 0)
		return 0;
	play.left--;
	return (enum fault) * play.script++;
}

/* The error that a call has to return, EMOTP_OK for none. */
static enum emotp_err
error_of(enum fault fault)
{
	if (fault != FAIL && fault != BUSY)
		return EMOTP_OK;
	play.faulted = true;
	return fault == FAIL ? EMOTP_ERR_STORE : EMOTP_ERR_BUSY;
}

static enum emotp_err
faulty_begin(void *db, enum emotp_begin kind)
{
	enum emotp_err err = error_of(next_fault());

	play.writing = kind == EMOTP_BEGIN_WRITE;
	return err == EMOTP_OK ? emotp_store_sqlite.begin(db, kind) : err;
}

/* Nothing is kept, so that every input meets the same store. */
static enum emotp_err
faulty_commit(void *db)
{
	enum emotp_err err = error_of(next_fault());

	emotp_store_sqlite.rollback(db);
	play.committed = err == EMOTP_OK && play.writing;
	return err;
}

static enum emotp_err
take_damaged(void *arg, const struct emotp_value *columns)
{
	const struct emotp_rows *rows = arg;
	struct emotp_value copy[EMOTP_COLUMNS_MAX];
	size_t at = play.left > 0 ? play.script[0] % EMOTP_COLUMNS_MAX : 0;

	memcpy(copy, columns, sizeof(copy));
	if (at % 3 == 0)
		copy[at].type = EMOTP_NULL;
	else
		copy[at].integer = -copy[at].integer - 1;
	copy[at].len /= 2;
	play.damaged = true;
	return rows->take(rows->arg, copy);
}

static enum emotp_err
faulty_run(void *db, const struct emotp_statement *what, int64_t *ret_changes,
    int64_t *ret_id)
{
	struct emotp_statement copy = *what;
	struct emotp_rows rows = {take_damaged, NULL}, original;
	enum fault fault = next_fault();
	enum emotp_err err = error_of(fault);

	if (fault == DAMAGE && what->rows != NULL) {
		original = *what->rows;
		rows.arg = &original;
		copy.rows = &rows;
	}
	if (err == EMOTP_OK)
		err = emotp_store_sqlite.run(db, &copy, ret_changes, ret_id);
	if (err == EMOTP_OK && ret_changes != NULL &&
	    (fault == NO_ROW || fault == TWO_ROWS)) {
		*ret_changes = fault == NO_ROW ? 0 : 2;
		play.faulted = true;
	}
	return err;
}

static enum emotp_err
one_token(void *arg, struct emotp_adoption *ret, bool *ret_more,
    struct emotp_why *why)
{
	bool *more = arg;

	(void)why;
	*ret_more = *more;
	*more = false;
	memset(ret, 0, sizeof(*ret));
	(void)strcpy(ret->user, "alice");
	ret->secret = secret;
	ret->params = config.params;
	ret->last_step = -1;
	return EMOTP_OK;
}

static void
set_up(void)
{
	static struct emotp_backend faulty;
	static const struct emotp_backend *const good[] = {
	    &emotp_store_sqlite, NULL};
	static const struct emotp_backend *const bad[] = {&faulty, NULL};
	const struct emotp_authority a = {&config, &key, NULL};
	struct emotp_authority with = a;
	bool more = true;
	const struct emotp_adoptions adoptions = {one_token, &more};
	char path[128], uri[128];
	struct emotp_why why;

	HOLDS(emotp_config_load(NULL, &config, &why) == EMOTP_OK);
	(void)snprintf(path, sizeof(path), "%s/key", fuzz_dir());
	(void)snprintf(uri, sizeof(uri), "sqlite:%s/s/emotp.db", fuzz_dir());
	HOLDS(emotp_key_create(path, &why) == EMOTP_OK);
	HOLDS(emotp_key_load(path, &key, &why) == EMOTP_OK);
	HOLDS(emotp_store_create(good, uri, &key, &why) == EMOTP_OK);
	HOLDS(emotp_store_open(good, uri, &key, &store, &why) == EMOTP_OK);
	with.store = store;
	HOLDS(emotp_directory_add(
		  &with, "alice", "alice@example.org", "en", &why) == EMOTP_OK);
	HOLDS(emotp_adopt_all(&with, &adoptions, NOW - 600, false, &why) ==
	    EMOTP_OK);
	emotp_store_close(store);
	faulty = emotp_store_sqlite;
	faulty.begin = faulty_begin;
	faulty.commit = faulty_commit;
	faulty.run = faulty_run;
	HOLDS(emotp_store_open(bad, uri, &key, &store, &why) == EMOTP_OK);
}

/* The device's code, or what the input has to say. */
static const char *
choose(const uint8_t *data, char code[static 16], const char *typed)
{
	uint32_t number;

	if (data[0] % 2 == 0)
		return typed;
	HOLDS(emotp_totp_codes(&secret, &config.params,
		  NOW / 60 + data[1] % 24 - 12, 1, &number) == EMOTP_OK);
	(void)snprintf(code, 16, "%06u", (unsigned)number);
	return code;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct emotp_authority a = {&config, &key, NULL};
	struct emotp_judgement judgement = {0};
	struct emotp_why why;
	const uint8_t *end;
	const char *typed;
	char code[16], *text;

	if (store == NULL)
		set_up();
	a.store = store;
	if (size < 2)
		return 0;
	text = fuzz_text(data + 2, size - 2);
	end = memchr(data + 2, '\0', size - 2);
	memset(&play, 0, sizeof(play));
	play.script = data + 2;
	play.left = end == NULL ? size - 2 : (size_t)(end - data) - 2;
	typed =
	    choose(data, code, end == NULL ? text : text + (end - data) - 1);
	if (emotp_verify(&a, "alice", typed, NOW, &judgement, &why) ==
		EMOTP_OK &&
	    judgement.verdict == EMOTP_ACCEPTED) {
		HOLDS(play.committed);
		HOLDS(!play.faulted);
		HOLDS(play.damaged || data[0] % 2 != 0 ||
		    strspn(typed, "0123456789 -") == strlen(typed));
		if (!play.damaged && data[0] % 2 != 0)
			HOLDS(data[1] % 24 >= 11 && data[1] % 24 <= 13);
	}
	free(text);
	return 0;
}
