#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <security/pam_ext.h>

#include "../common/text.h"
#include "log.h"

/* A PAM item that came from outside, escaped; "" if it is not set. */
static const char *
item(pam_handle_t *pamh, int which, char buf[static EMOTP_ESCAPED_MAX])
{
	const void *value = NULL;

	if (pam_get_item(pamh, which, &value) != PAM_SUCCESS)
		value = NULL;
	return emotp_escape(value, true, buf);
}

void
log_accepted(pam_handle_t *pamh, const char *user,
    const struct emotp_judgement *judgement)
{
	char name[EMOTP_ESCAPED_MAX], rhost[EMOTP_ESCAPED_MAX];

	const char *from;

	(void)item(pamh, PAM_RHOST, rhost);
	(void)emotp_escape(user, true, name);
	from = rhost[0] == '\0' ? "" : " from ";
	if (judgement->recovery)
		pam_syslog(pamh, LOG_NOTICE,
		    "accepted recovery code for %s%s%s left=%d", name, from,
		    rhost, judgement->recovery_left);
	else
		pam_syslog(pamh, LOG_NOTICE,
		    "accepted code for %s%s%s token=%d drift=%d", name, from,
		    rhost, judgement->token, judgement->drift);
}

static void
log_ahead(pam_handle_t *pamh, const char *name, int64_t until_s)
{
	time_t until = (time_t)until_s;
	struct tm tm;
	char when[32] = "?";

	if (gmtime_r(&until, &tm) != NULL)
		(void)strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	pam_syslog(pamh, LOG_NOTICE,
	    "%s refused: ahead: a clock was once "
	    "wrong; codes work again after %s, or after \"emotp-provision "
	    "reset\"",
	    name, when);
}

void
log_refused(pam_handle_t *pamh, const char *user,
    const struct emotp_judgement *judgement)
{
	char name[EMOTP_ESCAPED_MAX], tty[EMOTP_ESCAPED_MAX];
	char ruser[EMOTP_ESCAPED_MAX], rhost[EMOTP_ESCAPED_MAX];

	(void)emotp_escape(user, true, name);
	pam_syslog(pamh, LOG_NOTICE,
	    "authentication failure; logname= "
	    "uid=%u euid=%u tty=%s ruser=%s rhost=%s  user=%s",
	    (unsigned)getuid(), (unsigned)geteuid(), item(pamh, PAM_TTY, tty),
	    item(pamh, PAM_RUSER, ruser), item(pamh, PAM_RHOST, rhost), name);
	if (judgement->verdict == EMOTP_AHEAD && judgement->ahead_until != 0)
		log_ahead(pamh, name, judgement->ahead_until);
	else
		pam_syslog(pamh, LOG_NOTICE, "%s refused: %s", name,
		    emotp_verdict_name(judgement->verdict));
	if (judgement->disabled_now)
		pam_syslog(pamh, LOG_WARNING,
		    "%s is now disabled: %d wrong "
		    "codes in a row; see \"emotp-provision unlock\"",
		    name, EMOTP_DISABLED_RUN);
}

void
log_error(pam_handle_t *pamh, const char *user, enum emotp_err err,
    const struct emotp_why *why)
{
	char name[EMOTP_ESCAPED_MAX], reason[EMOTP_ESCAPED_MAX];

	pam_syslog(pamh, LOG_ERR, "%s refused, could not decide: %s: %s",
	    emotp_escape(user, true, name), emotp_strerror(err),
	    emotp_escape(why->text, false, reason));
}
