#include <string.h>

#include "../common/file.h"
#include "../common/secret.h"
#include "../common/text.h"
#include "identity.h"
#include "log.h"

void
identity_init(struct identity *id)
{
	memset(id, 0, sizeof(*id));
	(void)pthread_mutex_init(&id->lock, NULL);
}

static enum emotp_err
read_key(
    const char *path, char key[static EMOTP_HOST_KEY], struct emotp_why *why)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	char text[EMOTP_HOST_KEY + 1]; /* with its newline */
	size_t len;
	enum emotp_err err = emotp_file_read(path, EMOTP_FILE_PRIVATE,
	    EMOTP_ERR_KEY, text, sizeof(text), &len, why);

	if (err != EMOTP_OK)
		return err;
	if (len == EMOTP_HOST_KEY && text[len - 1] == '\n')
		text[--len] = '\0';
	if (len != EMOTP_HOST_KEY - 1 || strspn(text, digits) != len)
		err = emotp_fail(why, EMOTP_ERR_KEY,
		    "%s: holds no host key, as `emotp-provision host add`"
		    " prints it",
		    path);
	else
		memcpy(key, text, EMOTP_HOST_KEY);
	emotp_wipe(text, sizeof(text));
	return err;
}

enum emotp_err
identity_load(struct identity *id, const char *path, struct emotp_why *why)
{
	char key[EMOTP_HOST_KEY];
	enum emotp_err err = read_key(path, key, why);

	if (err != EMOTP_OK)
		return err;
	(void)pthread_mutex_lock(&id->lock);
	memcpy(id->key, key, sizeof(id->key));
	id->number++;
	id->host[0] = '\0';
	(void)pthread_mutex_unlock(&id->lock);
	emotp_wipe(key, sizeof(key));
	return EMOTP_OK;
}

unsigned
identity_key(struct identity *id, char key[static EMOTP_HOST_KEY])
{
	unsigned number;

	(void)pthread_mutex_lock(&id->lock);
	memcpy(key, id->key, EMOTP_HOST_KEY);
	number = id->number;
	(void)pthread_mutex_unlock(&id->lock);
	return number;
}

bool
identity_is_old(struct identity *id, unsigned number)
{
	bool old;

	(void)pthread_mutex_lock(&id->lock);
	old = number != id->number;
	(void)pthread_mutex_unlock(&id->lock);
	return old;
}

enum emotp_err
identity_check(struct identity *id, unsigned number, const char *url,
    const char *host, struct emotp_why *why)
{
	char shown[EMOTP_ESCAPED_MAX], known[EMOTP_ESCAPED_MAX];
	bool old, first, same;

	if (host[0] == '\0')
		return emotp_fail(
		    why, EMOTP_ERR_SERVICE, "%s: answered for no host", url);
	(void)emotp_escape(host, true, shown);
	(void)pthread_mutex_lock(&id->lock);
	old = number != id->number;
	first = id->host[0] == '\0' && !old;
	if (first)
		(void)emotp_copy(id->host, sizeof(id->host), host);
	same = strcmp(id->host, host) == 0;
	(void)emotp_escape(id->host, true, known);
	(void)pthread_mutex_unlock(&id->lock);
	if (!same && !old)
		return emotp_fail(why, EMOTP_ERR_SERVICE,
		    "%s: answered for the host \"%s\", not %s", url, shown,
		    known);
	if (first)
		log_line(
		    LOG_LEVEL_NOTICE, "%s: calls this host %s", url, shown);
	return EMOTP_OK;
}

void
identity_end(struct identity *id)
{
	(void)pthread_mutex_destroy(&id->lock);
	emotp_wipe(id, sizeof(*id));
}
