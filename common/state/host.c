#include <fnmatch.h>
#include <string.h>

#include "../base32.h"
#include "../text.h"
#include "directory.h"
#include "host.h"

#define KEY_BYTES 32

static enum emotp_err
check(const char *name, const char *users, struct emotp_why *why)
{
	enum emotp_err err = emotp_name_check(name, why);

	if (err != EMOTP_OK)
		return err;
	if (users[0] == '\0' || strlen(users) > EMOTP_GLOB_MAX ||
	    !emotp_text_valid(users))
		return emotp_fail(why, EMOTP_ERR_INVALID,
		    "users: a shell pattern of 1 to %d bytes, such as \"*\"",
		    EMOTP_GLOB_MAX);
	return EMOTP_OK;
}

/* 256 random bits; they need no salt. */
static enum emotp_err
make_key(const struct emotp_key *master, struct emotp_host *host,
    char key[static EMOTP_HOST_KEY])
{
	unsigned char random[KEY_BYTES];
	enum emotp_err err = emotp_random(random, sizeof(random));

	if (err != EMOTP_OK)
		return err;
	emotp_base32_encode(random, sizeof(random), key);
	emotp_wipe(random, sizeof(random));
	return emotp_host_digest(master, key, host->digest);
}

static enum emotp_err
add_once(const struct emotp_authority *a, const char *name, const char *users,
    int64_t now_s, char key[static EMOTP_HOST_KEY], struct emotp_why *why)
{
	struct emotp_host host = {.created = now_s};
	enum emotp_err err = check(name, users, why);

	if (err != EMOTP_OK)
		return err;
	(void)emotp_copy(host.name, sizeof(host.name), name);
	(void)emotp_copy(host.users, sizeof(host.users), users);
	err = make_key(a->key, &host, key);
	if (err == EMOTP_OK)
		err = emotp_store_begin(a->store);
	if (err == EMOTP_OK)
		err = emotp_store_host_insert(a->store, &host);
	err = emotp_authority_end(a, err, name, why);
	if (err != EMOTP_OK)
		emotp_wipe(key, EMOTP_HOST_KEY);
	return err;
}

enum emotp_err
emotp_host_add(const struct emotp_authority *a, const char *name,
    const char *users, int64_t now_s, char key[static EMOTP_HOST_KEY],
    struct emotp_why *why)
{
	return emotp_retry(why, add_once(a, name, users, now_s, key, why));
}

static enum emotp_err
remove_host_once(
    const struct emotp_authority *a, const char *name, struct emotp_why *why)
{
	enum emotp_err err = emotp_store_begin(a->store);

	if (err == EMOTP_OK)
		err = emotp_store_host_delete(a->store, name);
	return emotp_authority_end(a, err, name, why);
}

enum emotp_err
emotp_host_remove(
    const struct emotp_authority *a, const char *name, struct emotp_why *why)
{
	return emotp_retry(why, remove_host_once(a, name, why));
}

enum emotp_err
emotp_host_each(const struct emotp_authority *a,
    enum emotp_err (*each)(void *arg, const struct emotp_host *host), void *arg,
    struct emotp_why *why)
{
	enum emotp_err err = emotp_store_begin_read(a->store);

	if (err == EMOTP_OK)
		err = emotp_store_host_each(a->store, each, arg);
	return emotp_authority_end(a, err, "", why);
}

/* Times to come are taken as now: a clock was once wrong. */
static void
trim(struct emotp_host *host, int64_t now_s)
{
	size_t kept = 0;

	for (size_t i = 0; i < host->refused_count; i++) {
		int64_t at = host->refused_at[i];

		if (at > now_s)
			at = now_s;
		if (now_s - at < EMOTP_HOST_WINDOW_S)
			host->refused_at[kept++] = at;
	}
	host->refused_count = kept;
}

enum emotp_admission
emotp_host_admit(struct emotp_host_found *host, const char *user, int64_t now_s,
    int64_t *ret_retry_at)
{
	if (!host->known)
		return EMOTP_HOST_UNKNOWN;
	trim(&host->host, now_s);
	if (fnmatch(host->host.users, user, 0) != 0)
		return EMOTP_HOST_USER;
	if (host->host.refused_count < EMOTP_REFUSED_MAX)
		return EMOTP_ADMITTED;
	*ret_retry_at = host->host.refused_at[0] + EMOTP_HOST_WINDOW_S;
	return EMOTP_HOST_TOO_MANY;
}

enum emotp_err
emotp_host_refused(const struct emotp_authority *a,
    struct emotp_host_found *host, const char *user, int64_t now_s,
    enum emotp_admission *ret_admission, int64_t *ret_retry_at)
{
	struct emotp_host fresh;
	enum emotp_err err =
	    emotp_store_host_by_digest(a->store, host->host.digest, &fresh);

	host->known = err == EMOTP_OK;
	if (err != EMOTP_OK && err != EMOTP_ERR_NO_HOST)
		return err;
	if (host->known)
		host->host = fresh;
	*ret_admission = emotp_host_admit(host, user, now_s, ret_retry_at);
	if (*ret_admission != EMOTP_ADMITTED)
		return EMOTP_OK;
	host->host.refused_at[host->host.refused_count++] = now_s;
	return emotp_store_host_judged(a->store, &host->host);
}
