#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_rows.h"

#define SERVED "postgresql:"

static const char meta_insert[] =
    "INSERT INTO meta (one, schema, key_check) VALUES (1, ?1, ?2)";
static const char meta_select[] =
    "SELECT schema, key_check FROM meta WHERE one = 1";
static const char meta_update[] = "UPDATE meta SET schema = ?1 WHERE one = 1";

static const char *
place_in(const struct emotp_backend *backend, const char *uri)
{
	size_t len = strlen(backend->scheme);

	return strncmp(uri, backend->scheme, len) == 0 ? uri + len : NULL;
}

static const struct emotp_backend *
find(const struct emotp_backend *const *backends, const char *uri)
{
	while (*backends != NULL && place_in(*backends, uri) == NULL)
		backends++;
	return *backends;
}

bool
emotp_store_known(const struct emotp_backend *const *backends, const char *uri)
{
	return find(backends, uri) != NULL;
}

/* The backend for uri, or NULL. */
static const struct emotp_backend *
backend_of(const struct emotp_backend *const *backends, const char *uri,
    struct emotp_why *why)
{
	const struct emotp_backend *backend = find(backends, uri);

	if (backend == NULL)
		(void)emotp_fail(why, EMOTP_ERR_CONFIG,
		    "store: sqlite:/path expected%s",
		    strncmp(uri, SERVED, strlen(SERVED)) == 0 ?
			", or service = unix:/path of an emotpd that serves"
			" this one" :
			"");
	return backend;
}

/*
 * A password would stand before '@' or behind '?', and libpq lets it have a
 * '?' of its own in the first place.
 */
const char *
emotp_store_shown(const char *uri, char buf[static EMOTP_STORE_SHOWN])
{
	const char *place, *at;
	size_t len;

	if (strncmp(uri, SERVED, strlen(SERVED)) != 0)
		return uri;
	place = uri + strlen(SERVED);
	if (strncmp(place, "//", 2) == 0)
		place += 2;
	len = strcspn(place, "@/");
	if (place[len] == '@')
		place += len + 1;
	len = strcspn(place, "?");
	at = memrchr(place, '@', len);
	if (at != NULL) {
		len -= (size_t)(at + 1 - place);
		place = at + 1;
	}
	(void)snprintf(
	    buf, EMOTP_STORE_SHOWN, SERVED "//%.*s", (int)len, place);
	return buf;
}

struct found_meta {
	struct emotp_meta *meta;
	bool found;
};

static enum emotp_err
take_meta(void *arg, const struct emotp_value *columns)
{
	struct found_meta *found = arg;
	struct emotp_reader r = {columns, true};

	found->meta->schema = emotp_get_integer(&r);
	emotp_get_exactly(&r, found->meta->check, sizeof(found->meta->check));
	found->found = r.ok;
	return r.ok ? EMOTP_OK : EMOTP_ERR_STORE;
}

enum emotp_err
emotp_meta_read(struct emotp_store *store,
    const unsigned char check[static EMOTP_KEY_CHECK], struct emotp_meta *ret)
{
	struct found_meta found = {ret, false};
	const struct emotp_rows rows = {take_meta, &found};
	enum emotp_err err =
	    emotp_read_rows(store, meta_select, NULL, 0, &rows);

	if (err != EMOTP_OK)
		return err;
	if (!found.found)
		return emotp_complain(
		    store, EMOTP_ERR_STORE, "is not complete");
	if (ret->schema > EMOTP_SCHEMA_VERSION)
		return emotp_complain(
		    store, EMOTP_ERR_STORE, "made by a later version of emotp");
	if (!emotp_equal(ret->check, check, sizeof(ret->check)))
		return emotp_complain(store, EMOTP_ERR_KEY,
		    "was made for another key than key_file has");
	return EMOTP_OK;
}

static enum emotp_err
upgrade_locked(struct emotp_store *store, const struct emotp_key *key)
{
	const struct emotp_value arg = emotp_arg_integer(EMOTP_SCHEMA_VERSION);
	struct emotp_meta meta = {.schema = 0};
	enum emotp_err err = emotp_meta_read(store, key->check, &meta);

	if (err != EMOTP_OK || meta.schema == EMOTP_SCHEMA_VERSION)
		return err; /* another process was faster */
	for (; meta.schema < EMOTP_SCHEMA_VERSION && err == EMOTP_OK;
	     meta.schema++)
		err = store->backend->upgrade(store->db, meta.schema);
	return err == EMOTP_OK ? emotp_write_one(store, meta_update, &arg, 1) :
				 err;
}

static enum emotp_err
upgrade(struct emotp_store *store, const struct emotp_key *key)
{
	enum emotp_err err = emotp_store_begin(store);

	if (err == EMOTP_OK)
		err = upgrade_locked(store, key);
	if (err == EMOTP_OK)
		err = emotp_store_commit(store);
	emotp_store_rollback(store);
	return err;
}

static enum emotp_err
check_meta(struct emotp_store *store, const struct emotp_key *key)
{
	struct emotp_meta meta = {.schema = 0};
	enum emotp_err err = emotp_meta_read(store, key->check, &meta);

	if (err != EMOTP_OK)
		return err;
	if (meta.schema < 1)
		return emotp_complain(store, EMOTP_ERR_STORE,
		    "a copy into it was not finished: repeat"
		    " `emotp-provision copy`");
	return meta.schema < EMOTP_SCHEMA_VERSION ? upgrade(store, key) :
						    EMOTP_OK;
}

enum emotp_err
emotp_store_create_as(const struct emotp_backend *const *backends,
    const char *uri, const struct emotp_key *key, int64_t schema,
    struct emotp_why *why)
{
	const struct emotp_value args[] = {emotp_arg_integer(schema),
	    emotp_arg_blob(key->check, sizeof(key->check))};
	const struct emotp_statement first = {
	    .sql = meta_insert, .args = args, .count = EMOTP_LEN(args)};
	const struct emotp_backend *backend = backend_of(backends, uri, why);

	if (backend == NULL)
		return EMOTP_ERR_CONFIG;
	return backend->create(place_in(backend, uri), &first, why);
}

enum emotp_err
emotp_store_create(const struct emotp_backend *const *backends, const char *uri,
    const struct emotp_key *key, struct emotp_why *why)
{
	return emotp_store_create_as(
	    backends, uri, key, EMOTP_SCHEMA_VERSION, why);
}

enum emotp_err
emotp_store_connect(const struct emotp_backend *const *backends,
    const char *uri, struct emotp_store **ret, struct emotp_why *why)
{
	const struct emotp_backend *backend = backend_of(backends, uri, why);
	struct emotp_store *store;
	enum emotp_err err;

	if (backend == NULL)
		return EMOTP_ERR_CONFIG;
	store = calloc(1, sizeof(*store));
	if (store == NULL)
		return emotp_fail(why, EMOTP_ERR_MEMORY, "out of memory");
	store->backend = backend;
	err = backend->open(place_in(backend, uri), &store->db, why);
	if (err == EMOTP_OK)
		*ret = store;
	else
		free(store);
	return err;
}

/* 0 where there is but one, all the time. */
static uint64_t
connection_of(const struct emotp_store *store)
{
	return store->backend->connection != NULL ?
	    store->backend->connection(store->db) :
	    0;
}

enum emotp_err
emotp_store_open(const struct emotp_backend *const *backends, const char *uri,
    const struct emotp_key *key, struct emotp_store **ret,
    struct emotp_why *why)
{
	struct emotp_store *store = NULL;
	char place[EMOTP_STORE_SHOWN];
	enum emotp_err err = emotp_store_connect(backends, uri, &store, why);

	if (err != EMOTP_OK)
		return err;
	err = check_meta(store, key);
	if (err != EMOTP_OK) {
		(void)emotp_fail(why, err, "%s: %s",
		    emotp_store_shown(uri, place), emotp_store_why(store));
		emotp_store_close(store);
		return err;
	}
	memcpy(store->check, key->check, sizeof(store->check));
	store->connection = connection_of(store);
	*ret = store;
	return EMOTP_OK;
}

void
emotp_store_close(struct emotp_store *store)
{
	if (store == NULL)
		return;
	store->backend->rollback(store->db);
	store->backend->close(store->db);
	free(store);
}

bool
emotp_store_locks_rows(const struct emotp_store *store)
{
	return store->backend->locks_rows;
}

void
emotp_store_keep(struct emotp_store *store)
{
	if (store->backend->keep != NULL)
		store->backend->keep(store->db);
}

bool
emotp_store_untidy(struct emotp_store *store)
{
	return store->backend->untidy != NULL &&
	    store->backend->untidy(store->db);
}

void
emotp_store_tidy(struct emotp_store *store)
{
	if (store->backend->tidy != NULL)
		store->backend->tidy(store->db);
}

const char *
emotp_store_why(const struct emotp_store *store)
{
	return store->own_why ? store->why.text :
				store->backend->why(store->db);
}

/*
 * After a connection was made anew another server may answer, or the same one
 * with what somebody restored: to a store without its users everybody would
 * be unknown, and so perhaps let by.
 */
static enum emotp_err
check_again(struct emotp_store *store)
{
	uint64_t connection = connection_of(store);
	struct emotp_meta meta = {.schema = 0};
	enum emotp_err err;

	if (store->connection == 0 || store->connection == connection)
		return EMOTP_OK;
	err = emotp_meta_read(store, store->check, &meta);
	if (err == EMOTP_OK && meta.schema != EMOTP_SCHEMA_VERSION)
		err = emotp_complain(
		    store, EMOTP_ERR_STORE, "is not the store that it was");
	if (err == EMOTP_OK)
		store->connection = connection;
	return err;
}

enum emotp_err
emotp_begin_as(struct emotp_store *store, enum emotp_begin kind)
{
	enum emotp_err err;

	store->own_why = false;
	err = store->backend->begin(store->db, kind);
	return err == EMOTP_OK ? check_again(store) : err;
}

enum emotp_err
emotp_store_begin(struct emotp_store *store)
{
	return emotp_begin_as(store, EMOTP_BEGIN_WRITE);
}

enum emotp_err
emotp_store_begin_read(struct emotp_store *store)
{
	return emotp_begin_as(store, EMOTP_BEGIN_READ);
}

enum emotp_err
emotp_store_settle(struct emotp_store *store)
{
	store->own_why = false;
	return store->backend->settle != NULL ?
	    store->backend->settle(store->db) :
	    EMOTP_OK;
}

enum emotp_err
emotp_store_commit(struct emotp_store *store)
{
	store->own_why = false;
	return store->backend->commit(store->db);
}

void
emotp_store_rollback(struct emotp_store *store)
{
	store->backend->rollback(store->db);
}
