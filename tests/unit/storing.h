/*
 * A key, an empty store and an authority over them, in a directory: the
 * contract of store.h, which holds for every backend. The store is a SQLite
 * file there or, where the environment has EMOTP_TEST_STORE=postgresql://...,
 * a schema of its own in that database.
 */
#ifndef EMOTP_STORING_H
#define EMOTP_STORING_H

#include <stdlib.h>
#include <unistd.h>

#include <postgresql/libpq-fe.h>

#include "unit.h"

#include "../../common/state/authority.h"

#define NOW_S 1800000000

struct place {
	char directory[UNIT_PATH];
	char file[UNIT_PATH + 8];
	char uri[512];
	char schema[32]; /* "": a SQLite file */
	struct emotp_key key;
	struct emotp_config config;
	struct emotp_store *store;
	struct emotp_authority authority;
};

static const struct emotp_backend *const storing_backends[] = {
    &emotp_store_sqlite, &emotp_store_postgres, NULL};

static inline void
place_key(const struct place *p, const char *name, struct emotp_key *ret)
{
	char path[UNIT_PATH + 16];

	(void)snprintf(path, sizeof(path), "%s/%s", p->directory, name);
	assert_int_equal(emotp_key_create(path, NULL), EMOTP_OK);
	assert_int_equal(emotp_key_load(path, ret, NULL), EMOTP_OK);
}

static inline struct emotp_store *
place_open(const struct place *p)
{
	struct emotp_store *store = NULL;
	struct emotp_why why = {""};

	if (emotp_store_open(storing_backends, p->uri, &p->key, &store, &why) !=
	    EMOTP_OK)
		fail_msg("%s", why.text);
	return store;
}

static inline void
place_reopen(struct place *p)
{
	emotp_store_close(p->store);
	p->store = p->authority.store = place_open(p);
}

static inline void
place_sql(const char *base, const char *sql)
{
	PGconn *conn = PQconnectdb(base);
	PGresult *result = PQexec(conn, sql);

	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		fail_msg("%s: %s", sql, PQerrorMessage(conn));
	PQclear(result);
	PQfinish(conn);
}

static inline void
place_schema(struct place *p, const char *verb)
{
	char sql[96];

	(void)snprintf(sql, sizeof(sql),
	    "SET client_min_messages = warning; %s SCHEMA %s%s", verb,
	    p->schema, strcmp(verb, "DROP") == 0 ? " CASCADE" : "");
	place_sql(getenv("EMOTP_TEST_STORE"), sql);
}

static inline void
place_name(struct place *p)
{
	const char *base = getenv("EMOTP_TEST_STORE");

	if (base == NULL) {
		(void)snprintf(p->uri, sizeof(p->uri), "sqlite:%s", p->file);
		return;
	}
	(void)snprintf(
	    p->schema, sizeof(p->schema), "unit_%ld", (long)getpid());
	(void)snprintf(p->uri, sizeof(p->uri),
	    "%s%coptions=-csearch_path%%3D%s", base,
	    strchr(base, '?') == NULL ? '?' : '&', p->schema);
	place_schema(p, "CREATE");
}

static inline int
place_setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return -1;
	unit_make_directory(p->directory);
	(void)snprintf(p->file, sizeof(p->file), "%s/db", p->directory);
	place_name(p);
	place_key(p, "key", &p->key);
	assert_int_equal(emotp_config_load(NULL, &p->config, NULL), EMOTP_OK);
	assert_int_equal(
	    emotp_store_create(storing_backends, p->uri, &p->key, NULL),
	    EMOTP_OK);
	p->store = place_open(p);
	p->authority = (struct emotp_authority){&p->config, &p->key, p->store};
	*state = p;
	return 0;
}

static inline int
place_teardown(void **state)
{
	struct place *p = *state;

	emotp_store_close(p->store);
	if (p->schema[0] != '\0')
		place_schema(p, "DROP");
	unit_remove_directory(p->directory);
	emotp_key_wipe(&p->key);
	free(p);
	return 0;
}

#define place_test(name) \
	cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

#define OK(call) assert_int_equal(call, EMOTP_OK)

/* An invited user with everything set that can be set. */
static inline struct emotp_user
place_user(const char *name, const char *email)
{
	struct emotp_user user;

	memset(&user, 0, sizeof(user));
	(void)snprintf(user.name, sizeof(user.name), "%s", name);
	(void)snprintf(user.email, sizeof(user.email), "%s", email);
	(void)strcpy(user.language, "en");
	user.state = EMOTP_INVITED;
	user.next_token = 1;
	return user;
}

/* Inserts a user and commits. */
static inline struct emotp_user
place_add_user(struct place *p, const char *name, const char *email)
{
	struct emotp_user user = place_user(name, email);

	OK(emotp_store_begin(p->store));
	OK(emotp_store_user_insert(p->store, &user));
	OK(emotp_store_commit(p->store));
	return user;
}

/* Reads a user as a stranger would. */
static inline struct emotp_user
place_read_user(struct place *p, const char *name)
{
	struct emotp_user user;

	memset(&user, 0, sizeof(user));
	OK(emotp_store_begin_read(p->store));
	OK(emotp_store_user_by_name(p->store, name, &user));
	emotp_store_rollback(p->store);
	return user;
}

static inline size_t
place_read_tokens(struct place *p, int64_t user_id,
    struct emotp_token tokens[static EMOTP_TOKENS_MAX])
{
	size_t count;

	OK(emotp_store_begin_read(p->store));
	OK(emotp_store_tokens(p->store, user_id, tokens, &count));
	emotp_store_rollback(p->store);
	return count;
}

static inline size_t
place_live_codes(struct place *p, int64_t user_id)
{
	struct emotp_code codes[EMOTP_CODES_MAX];
	size_t count, live = 0;

	OK(emotp_store_begin_read(p->store));
	OK(emotp_store_codes(p->store, user_id, codes, &count));
	emotp_store_rollback(p->store);
	for (size_t i = 0; i < count; i++)
		live += codes[i].state == EMOTP_CODE_LIVE;
	return live;
}

static inline int64_t
place_intents(struct place *p, int64_t user_id)
{
	int64_t count;

	OK(emotp_store_begin_read(p->store));
	OK(emotp_store_intent_count(p->store, user_id, &count));
	emotp_store_rollback(p->store);
	return count;
}

#endif
