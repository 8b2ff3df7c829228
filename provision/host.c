/* host: keys of the hosts that may ask for verification. */
#include <stdio.h>
#include <string.h>

#include "../common/secret.h"
#include "../common/state/host.h"
#include "command.h"
#include "json.h"
#include "output.h"

#define USAGE                                                          \
	"usage: emotp-provision host add NAME [--users GLOB] | list |" \
	" remove NAME"

/* The key and nothing else, so that a script can take it. */
static int
add(struct session *s, const struct arguments *args)
{
	char key[EMOTP_HOST_KEY] = "";
	struct emotp_why why = {""};
	enum emotp_err err = emotp_host_add(&s->authority, args->second,
	    args->users != NULL ? args->users : "*", clock_now(), key, &why);

	if (err == EMOTP_ERR_EXISTS)
		return output_fail(EXIT_EXISTS,
		    "there is a host %s;"
		    " `emotp-provision host remove` ends its key first",
		    args->second);
	if (err != EMOTP_OK)
		return output_error(err, &why);
	(void)printf("%s\n", key);
	emotp_wipe(key, sizeof(key));
	return 0;
}

static enum emotp_err
print_row(void *arg, const struct emotp_host *host)
{
	char created[LOCAL_TIME_MAX];

	(void)arg;
	say("%-24s  %-24s  %s\n", host->name, host->users,
	    local_time(host->created, created));
	return EMOTP_OK;
}

static enum emotp_err
print_json(void *arg, const struct emotp_host *host)
{
	bool *first = arg;

	(void)fputs(*first ? "\n" : ",\n", stdout);
	*first = false;
	return json_host(host);
}

static int
list(struct session *s)
{
	struct emotp_why why = {""};
	bool first = true;
	enum emotp_err err;

	if (output_is_json()) {
		(void)fputs("[", stdout);
		err = emotp_host_each(&s->authority, print_json, &first, &why);
		(void)fputs("\n]\n", stdout);
	} else {
		say("%-24s  %-24s  %s\n", "HOST", "USERS", "SINCE");
		err = emotp_host_each(&s->authority, print_row, NULL, &why);
	}
	return err == EMOTP_OK ? 0 : output_error(err, &why);
}

static int
drop(struct session *s, const struct arguments *args)
{
	struct emotp_why why = {""};
	enum emotp_err err =
	    emotp_host_remove(&s->authority, args->second, &why);

	if (err != EMOTP_OK)
		return output_error(err, &why);
	say("The key of %s is good no more.\n", args->second);
	return 0;
}

int
command_host(struct session *s, const struct arguments *args)
{
	const char *verb = args->words[0];
	bool named = args->second != NULL;

	if (strcmp(verb, "add") == 0 && named)
		return add(s, args);
	if (strcmp(verb, "remove") == 0 && named && args->users == NULL)
		return drop(s, args);
	if (strcmp(verb, "list") == 0 && !named && args->users == NULL)
		return list(s);
	return output_fail(EXIT_USAGE, "%s", USAGE);
}
