#include <string.h>

#include "../text.h"
#include "store_rows.h"

#define HOST_COLUMNS "id, name, digest, users, created, refused"

static const char host_by_digest[] =
    "SELECT " HOST_COLUMNS " FROM hosts WHERE digest = ?1";
static const char host_each[] =
    "SELECT " HOST_COLUMNS " FROM hosts ORDER BY name_key";
static const char host_insert[] =
    "INSERT INTO hosts (name, name_key, digest, users, created, refused) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
static const char host_delete[] =
    "DELETE FROM hosts WHERE name_key = ?1 RETURNING id";
static const char host_judged[] = "UPDATE hosts SET refused = ?2 WHERE id = ?1";

struct found_host {
	struct emotp_host *host;
	bool found;
};

static bool
read_host(struct emotp_reader *r, struct emotp_host *host)
{
	host->id = emotp_get_integer(r);
	emotp_get_text(r, host->name, sizeof(host->name));
	emotp_get_exactly(r, host->digest, sizeof(host->digest));
	emotp_get_text(r, host->users, sizeof(host->users));
	host->created = emotp_get_integer(r);
	host->refused_count =
	    emotp_get_times(r, host->refused_at, EMOTP_REFUSED_MAX);
	return r->ok;
}

static enum emotp_err
take_host(void *arg, const struct emotp_value *columns)
{
	struct found_host *found = arg;
	struct emotp_reader r = {columns, true};

	found->found = read_host(&r, found->host);
	return found->found ? EMOTP_OK : EMOTP_ERR_STORE;
}

enum emotp_err
emotp_store_host_by_digest(struct emotp_store *store,
    const unsigned char digest[static 32], struct emotp_host *ret)
{
	const struct emotp_value arg = emotp_arg_blob(digest, 32);
	struct found_host found = {ret, false};
	const struct emotp_rows rows = {take_host, &found};
	enum emotp_err err =
	    emotp_read_locked(store, host_by_digest, &arg, 1, &rows);

	if (err == EMOTP_OK && !found.found)
		err = emotp_complain(store, EMOTP_ERR_NO_HOST, "no such host");
	return err;
}

static enum emotp_err
take_found(void *arg, const struct emotp_value *columns)
{
	struct emotp_host_found *found = arg;
	struct emotp_reader r = {columns, true};

	found->known = read_host(&r, &found->host);
	return found->known ? EMOTP_OK : EMOTP_ERR_STORE;
}

enum emotp_err
emotp_store_host_look_up(struct emotp_store *store,
    const unsigned char digest[static 32], struct emotp_host_found *ret)
{
	const struct emotp_value arg = emotp_arg_blob(digest, 32);
	const struct emotp_rows rows = {take_found, ret};

	ret->known = false;
	return emotp_read_later(store, host_by_digest, &arg, &rows, false);
}

static const char *
fold_name(char key[static EMOTP_NAME_MAX + 1], const char *name)
{
	(void)emotp_copy(key, EMOTP_NAME_MAX + 1, name);
	emotp_fold(key);
	return key;
}

enum emotp_err
emotp_store_host_insert(struct emotp_store *store, struct emotp_host *host)
{
	char key[EMOTP_NAME_MAX + 1];
	const struct emotp_value args[] = {
	    emotp_arg_text(host->name),
	    emotp_arg_text(fold_name(key, host->name)),
	    emotp_arg_blob(host->digest, sizeof(host->digest)),
	    emotp_arg_text(host->users),
	    emotp_arg_integer(host->created),
	    emotp_arg_blob("", 0),
	};

	return emotp_write_any(
	    store, host_insert, args, EMOTP_LEN(args), &host->id);
}

static enum emotp_err
take_any(void *arg, const struct emotp_value *columns)
{
	bool *found = arg;

	(void)columns;
	*found = true;
	return EMOTP_OK;
}

enum emotp_err
emotp_store_host_delete(struct emotp_store *store, const char *name)
{
	char key[EMOTP_NAME_MAX + 1];
	bool found = false;
	const struct emotp_rows rows = {take_any, &found};
	struct emotp_value arg;
	enum emotp_err err;

	arg = emotp_arg_text(fold_name(key, name));
	err = emotp_read_rows(store, host_delete, &arg, 1, &rows);
	if (err == EMOTP_OK && !found)
		err = emotp_complain(store, EMOTP_ERR_NO_HOST, "no such host");
	return err;
}

enum emotp_err
emotp_store_host_judged(
    struct emotp_store *store, const struct emotp_host *host)
{
	unsigned char refused[EMOTP_REFUSED_MAX * 8];
	const struct emotp_value args[] = {emotp_arg_integer(host->id),
	    emotp_arg_blob(refused,
		emotp_pack_times(
		    host->refused_at, host->refused_count, refused))};

	return emotp_write_later(store, host_judged, args, EMOTP_LEN(args));
}

struct each_host {
	enum emotp_err (*each)(void *arg, const struct emotp_host *host);
	void *arg;
};

static enum emotp_err
take_each(void *arg, const struct emotp_value *columns)
{
	const struct each_host *each = arg;
	struct emotp_reader r = {columns, true};
	struct emotp_host host;

	return read_host(&r, &host) ? each->each(each->arg, &host) :
				      EMOTP_ERR_STORE;
}

enum emotp_err
emotp_store_host_each(struct emotp_store *store,
    enum emotp_err (*each)(void *arg, const struct emotp_host *host), void *arg)
{
	struct each_host context = {each, arg};
	const struct emotp_rows rows = {take_each, &context};

	return emotp_read_many(store, host_each, &rows);
}
