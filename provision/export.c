/* export: the tokens, secrets and all, as otpauth URIs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../common/otpauth.h"
#include "../common/secret.h"
#include "../common/state/adopt.h"
#include "../common/text.h"
#include "command.h"
#include "json.h"
#include "output.h"

struct export
{
	const char *issuer;
	bool begun; /* the array */
	bool lost;  /* standard output takes no more */
};

static enum emotp_err
write_uri(const struct export *export, const char *user,
    const struct emotp_token *token, const struct emotp_secret *secret,
    char uri[static EMOTP_OTPAUTH_MAX])
{
	struct emotp_otpauth otpauth;
	enum emotp_err err = EMOTP_ERR_INVALID;

	memset(&otpauth, 0, sizeof(otpauth));
	otpauth.secret = *secret;
	otpauth.params = token->params;
	if (emotp_copy(
		otpauth.issuer, sizeof(otpauth.issuer), export->issuer) &&
	    emotp_copy(otpauth.account, sizeof(otpauth.account), user))
		err = emotp_otpauth_write(&otpauth, uri);
	emotp_wipe(&otpauth, sizeof(otpauth));
	return err;
}

static enum emotp_err
each(void *arg, const char *user, const struct emotp_token *token,
    const struct emotp_secret *secret)
{
	struct export *export = arg;
	char uri[EMOTP_OTPAUTH_MAX];
	enum emotp_err err = write_uri(export, user, token, secret, uri);

	if (err == EMOTP_OK && output_is_json()) {
		(void)fputs(export->begun ? ",\n" : "[\n", stdout);
		err = json_uri(user, token, uri);
	} else if (err == EMOTP_OK) {
		say("%s\n", uri);
	}
	emotp_wipe(uri, sizeof(uri));
	export->begun = true;
	/* A reader that has gone gets no millions of secrets more. */
	export->lost = ferror(stdout) != 0;
	return err == EMOTP_OK && export->lost ? EMOTP_ERR_NOT_ALLOWED : err;
}

/* Told here, not at the end of all: the log must not say "done". */
static int
finish(bool lost)
{
	if (!lost && fflush(stdout) == 0)
		return 0;
	return output_fail(EXIT_UNAVAILABLE,
	    "standard output did not take everything (%s)", strerror(errno));
}

int
command_export(struct session *s, const struct arguments *args)
{
	struct export export = {.issuer = s->config.issuer};
	const struct emotp_revelation revelation = {each, &export};
	struct emotp_why why = {""};
	enum emotp_err err =
	    emotp_reveal(&s->authority, args->user, &revelation, &why);

	if (err != EMOTP_OK && !export.lost)
		return output_error(err, &why);
	if (output_is_json())
		(void)fputs(export.begun ? "\n]\n" : "[]\n", stdout);
	return finish(export.lost);
}
