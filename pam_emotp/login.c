#include <string.h>
#include <syslog.h>
#include <time.h>

#include <pwd.h>

#include <security/pam_ext.h>
#include <security/pam_modutil.h>

#include "../common/state/verify.h"
#include "../common/text.h"
#include "ask.h"
#include "log.h"
#include "login.h"
#include "prompt.h"
#include "result.h"

/* A login in progress. */
struct login {
	pam_handle_t *pamh;
	const struct options *options;
	const char *user; /* as typed */
	bool silent;
	struct emotp_config config;
	struct asking asking; /* socket: NULL where the store is ours to open */
	struct emotp_key key;
	struct emotp_store *store;
};

static int64_t
now(void)
{
	struct timespec ts;

	return clock_gettime(CLOCK_REALTIME, &ts) == 0 ? ts.tv_sec : 0;
}

static int
fail(const struct login *l, enum emotp_err err, const struct emotp_why *why)
{
	log_error(l->pamh, l->user, err, why);
	return result_of_error(err);
}

static const char *
item(const struct login *l, int which)
{
	const void *value = NULL;

	return pam_get_item(l->pamh, which, &value) == PAM_SUCCESS ? value :
								     NULL;
}

static void
note_service(struct login *l)
{
	l->asking = (struct asking){
	    emotp_config_service_socket(&l->config),
	    item(l, PAM_SERVICE),
	    item(l, PAM_RHOST),
	};
}

static int
open_all(struct login *l)
{
	static const struct emotp_backend *const backends[] = {
	    &emotp_store_sqlite, NULL};
	struct emotp_why why;
	enum emotp_err err;

	err = emotp_config_load(l->options->conf, &l->config, &why);
	if (err == EMOTP_OK)
		note_service(l);
	if (err == EMOTP_OK && l->asking.socket != NULL)
		return PAM_SUCCESS;
	if (err == EMOTP_OK)
		err = emotp_key_load(l->config.key_file, &l->key, &why);
	if (err == EMOTP_OK)
		err = emotp_store_open(
		    backends, l->config.store, &l->key, &l->store, &why);
	return err == EMOTP_OK ? PAM_SUCCESS : fail(l, err, &why);
}

/* With the argument debug; what was typed is never told. */
static void
debug_opened(const struct login *l)
{
	if (l->options->debug)
		pam_syslog(l->pamh, LOG_DEBUG,
		    "configuration %s, store %s, skew %d, resync %d, up to %d "
		    "prompts",
		    l->options->conf,
		    l->asking.socket != NULL ? l->config.service :
					       l->config.store,
		    l->config.skew, l->config.resync, l->options->prompts);
}

static void
debug_judged(const struct login *l, size_t len, enum emotp_verdict verdict)
{
	if (l->options->debug)
		pam_syslog(l->pamh, LOG_DEBUG, "%zu bytes were typed: %s", len,
		    emotp_verdict_name(verdict));
}

static void
close_all(struct login *l)
{
	emotp_store_close(l->store);
	emotp_key_wipe(&l->key);
}

static struct emotp_authority
authority(const struct login *l)
{
	return (struct emotp_authority){&l->config, &l->key, l->store};
}

/*
 * PAM_IGNORE only for who is proved never to have been enrolled, under the
 * name as typed and as the system has it: "ALICE" must not walk past the
 * token of alice. PAM_SUCCESS means: go on and ask.
 */
static int
waive(const struct login *l)
{
	const struct emotp_authority a = authority(l);
	const struct passwd *pw = pam_modutil_getpwnam(l->pamh, l->user);
	struct emotp_why why;
	char shown[EMOTP_ESCAPED_MAX];
	bool waived = false;
	enum emotp_err err;

	if (pw == NULL)
		return PAM_SUCCESS;
	err = l->asking.socket != NULL ?
	    ask_never_enrolled(
		&l->asking, l->user, pw->pw_name, &waived, &why) :
	    emotp_verify_never_enrolled(
		&a, l->user, pw->pw_name, now(), &waived, &why);
	if (err != EMOTP_OK)
		return fail(l, err, &why);
	if (!waived)
		return PAM_SUCCESS;
	pam_syslog(l->pamh, LOG_NOTICE,
	    "%s let by without a code: nullok, "
	    "and never enrolled",
	    emotp_escape(pw->pw_name, true, shown));
	return PAM_IGNORE;
}

/*
 * Tells the log and the user. What an earlier module left is usually a
 * password: no failure to log, and nothing to tell who is asked next.
 */
static void
tell(const struct login *l, enum prompt_source source,
    const struct emotp_judgement *judgement)
{
	const struct texts *texts = texts_in(judgement->language);
	bool asked = source == PROMPT_USER || l->options->use_first_pass;

	if (judgement->verdict == EMOTP_ACCEPTED)
		log_accepted(l->pamh, l->user, judgement);
	else if (asked || judgement->verdict != EMOTP_MALFORMED)
		log_refused(l->pamh, l->user, judgement);
	if (l->silent)
		return;
	if (judgement->verdict == EMOTP_ACCEPTED)
		prompt_accepted(l->pamh, texts, judgement);
	else if (asked)
		prompt_denied(l->pamh, texts);
}

/* One code: asked for, judged, told. */
static int
attempt(const struct login *l, enum prompt_source source)
{
	const struct emotp_authority a = authority(l);
	struct emotp_judgement judgement = {0};
	char typed[PROMPT_TYPED_MAX] = "";
	size_t len;
	struct emotp_why why;
	enum emotp_err err;
	int result = prompt_code(
	    l->pamh, l->options, source, l->config.params.digits, typed);

	if (result != PAM_SUCCESS) {
		emotp_wipe(typed, sizeof(typed));
		return result;
	}
	len = strlen(typed);
	err = l->asking.socket != NULL ?
	    ask_verify(&l->asking, l->user, typed, &judgement, &why) :
	    emotp_verify(&a, l->user, typed, now(), &judgement, &why);
	emotp_wipe(typed, sizeof(typed));
	if (err != EMOTP_OK)
		return fail(l, err, &why);
	debug_judged(l, len, judgement.verdict);
	tell(l, source, &judgement);
	return result_of_verdict(judgement.verdict);
}

/* With try_first_pass the user is asked as if nothing had been tried. */
static int
converse(const struct login *l)
{
	const struct options *options = l->options;
	int result = PAM_AUTH_ERR;

	if (options->use_first_pass ||
	    (options->try_first_pass && prompt_has_earlier(l->pamh)))
		result = attempt(l, PROMPT_EARLIER);
	if (options->use_first_pass)
		return result;
	for (int i = 0; i < options->prompts && result == PAM_AUTH_ERR; i++)
		result = attempt(l, PROMPT_USER);
	return result;
}

int
login(pam_handle_t *pamh, const struct options *options, bool silent)
{
	struct login l = {.pamh = pamh, .options = options, .silent = silent};
	int result = pam_get_user(pamh, &l.user, NULL);

	if (result != PAM_SUCCESS || l.user == NULL)
		return result == PAM_CONV_AGAIN ? PAM_INCOMPLETE : PAM_CONV_ERR;
	result = open_all(&l);
	if (result == PAM_SUCCESS)
		debug_opened(&l);
	if (result == PAM_SUCCESS && options->nullok)
		result = waive(&l);
	if (result == PAM_SUCCESS)
		result = converse(&l);
	close_all(&l);
	return result;
}
