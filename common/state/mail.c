#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../file.h"
#include "../secret.h"
#include "../text.h"
#include "directory.h"
#include "mail.h"
#include "mail_transport.h"

#define DEFAULT_CA   "/etc/ssl/certs/ca-certificates.crt"
#define PASSWORD_MAX 256 /* bytes, with line break and NUL */
#define HOST_MAX     256 /* bytes of a host's full name, with the NUL */
#define MAILDIR      "maildir:"
#define SENDMAIL     "sendmail:"
#define ALTERNATIVES \
	"sendmail:/PATH, smtp://HOST, smtps://HOST or maildir:/PATH"

struct emotp_mailer {
	char host[HOST_MAX]; /* this host's full name */
	char from[EMOTP_EMAIL_MAX + 1];
	const char *maildir;  /* a path, or NULL */
	const char *sendmail; /* a path, or NULL; without either: smtp */
	char url[EMOTP_CONFIG_VALUE + HOST_MAX];
	char password[PASSWORD_MAX];
	struct emotp_smtp_settings settings;
	struct emotp_smtp *smtp;
	struct emotp_message message;
};

/* ---- settings ---- */

/* The name under which DNS or /etc/hosts knows this host, or its own. */
static void
find_host(char host[static HOST_MAX])
{
	const struct addrinfo hints = {
	    .ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_CANONNAME,
	};
	struct addrinfo *found = NULL;

	if (gethostname(host, HOST_MAX) != 0 || host[0] == '\0')
		(void)emotp_copy(host, HOST_MAX, "localhost");
	host[HOST_MAX - 1] = '\0';
	if (strchr(host, '.') != NULL ||
	    getaddrinfo(host, NULL, &hints, &found) != 0)
		return;
	if (found->ai_canonname != NULL &&
	    strchr(found->ai_canonname, '.') != NULL &&
	    strlen(found->ai_canonname) < HOST_MAX)
		(void)emotp_copy(host, HOST_MAX, found->ai_canonname);
	freeaddrinfo(found);
}

static enum emotp_err
set_from(const struct emotp_config *config, struct emotp_mailer *mailer,
    struct emotp_why *why)
{
	char from[sizeof("emotp@") + HOST_MAX];
	const char *chosen = config->mail_from;
	struct emotp_why reason;

	if (chosen[0] == '\0') {
		(void)snprintf(from, sizeof(from), "emotp@%s", mailer->host);
		chosen = from;
	}
	if (emotp_email_check(chosen, strlen(chosen), &reason) != EMOTP_OK)
		return emotp_fail(
		    why, EMOTP_ERR_CONFIG, "mail_from: %s", reason.text);
	(void)emotp_copy(mailer->from, sizeof(mailer->from), chosen);
	return EMOTP_OK;
}

/* One line; its end is dropped, and only its end. */
static enum emotp_err
read_password(
    const char *path, char password[static PASSWORD_MAX], struct emotp_why *why)
{
	size_t len;
	enum emotp_err err = emotp_file_read(path, EMOTP_FILE_PRIVATE,
	    EMOTP_ERR_CONFIG, password, PASSWORD_MAX, &len, why);

	if (err != EMOTP_OK)
		return err;
	if (len > 0 && password[len - 1] == '\n')
		password[--len] = '\0';
	if (len > 0 && emotp_text_valid(password))
		return EMOTP_OK;
	emotp_wipe(password, PASSWORD_MAX);
	return emotp_fail(why, EMOTP_ERR_CONFIG,
	    "%s: does not hold one line with a password", path);
}

static enum emotp_err
set_login(const struct emotp_config *config, struct emotp_mailer *mailer,
    struct emotp_why *why)
{
	bool user = config->mail_user[0] != '\0';
	bool file = config->mail_password_file[0] != '\0';

	if (user != file)
		return emotp_fail(why, EMOTP_ERR_CONFIG,
		    "mail_user and mail_password_file go together");
	mailer->settings.user = config->mail_user;
	mailer->settings.password = mailer->password;
	return file ?
	    read_password(config->mail_password_file, mailer->password, why) :
	    EMOTP_OK;
}

static enum emotp_err
set_ca(const struct emotp_config *config, struct emotp_mailer *mailer,
    struct emotp_why *why)
{
	const char *ca =
	    config->mail_ca[0] != '\0' ? config->mail_ca : DEFAULT_CA;

	if (access(ca, R_OK) != 0)
		return emotp_fail(why, EMOTP_ERR_CONFIG, "mail_ca: %s: %s", ca,
		    strerror(errno));
	mailer->settings.ca = ca;
	return EMOTP_OK;
}

/* Bytes of a host at the beginning of text, or 0 if there is none. */
static size_t
host_len(const char *text)
{
	size_t len;

	if (text[0] != '[')
		return strspn(text,
		    "abcdefghijklmnopqrstuvwxyz"
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_");
	len = 1 + strspn(text + 1, "0123456789abcdefABCDEF:.");
	return len > 1 && text[len] == ']' ? len + 1 : 0;
}

/* ":PORT" or nothing; -1 if it is neither. */
static int
read_port(const char *text, int fallback)
{
	size_t digits;
	int port;

	if (text[0] == '\0')
		return fallback;
	digits = strspn(text + 1, "0123456789");
	if (text[0] != ':' || digits == 0 || digits > 5 ||
	    text[1 + digits] != '\0')
		return -1;
	port = atoi(text + 1);
	return port > 0 && port <= 65535 ? port : -1;
}

/*
 * The URL for libcurl; its path is the name by which we greet. What was
 * configured is not quoted: it may hold a password, if in the wrong place.
 */
static enum emotp_err
set_url(struct emotp_mailer *mailer, const char *scheme, const char *place,
    int port, struct emotp_why *why)
{
	size_t len = host_len(place);
	const char *us = mailer->host;

	if (us[host_len(us)] != '\0')
		us = "localhost";
	port = len == 0 ? -1 : read_port(place + len, port);
	if (port < 0)
		return emotp_fail(why, EMOTP_ERR_CONFIG,
		    "mail: after %s:// comes HOST or HOST:PORT and nothing "
		    "else (see mail_user, mail_password_file)",
		    scheme);
	(void)snprintf(mailer->url, sizeof(mailer->url), "%s://%.*s:%d/%s",
	    scheme, (int)len, place, port, us);
	mailer->settings.url = mailer->url;
	return EMOTP_OK;
}

static enum emotp_err
set_smtp(const struct emotp_config *config, struct emotp_mailer *mailer,
    struct emotp_why *why)
{
	enum emotp_err err = set_login(config, mailer, why);

	if (err == EMOTP_OK)
		err = set_ca(config, mailer, why);
	if (err != EMOTP_OK)
		return err;
	mailer->smtp = emotp_smtp_new();
	if (mailer->smtp == NULL)
		return emotp_fail(why, EMOTP_ERR_MEMORY, "out of memory");
	return EMOTP_OK;
}

/* What follows the scheme, if mail has it: an absolute path. */
static enum emotp_err
set_path(const char *mail, const char *scheme, const char **ret,
    struct emotp_why *why)
{
	size_t len = strlen(scheme);

	if (strncmp(mail, scheme, len) != 0)
		return EMOTP_OK;
	*ret = mail + len;
	return mail[len] == '/' ?
	    EMOTP_OK :
	    emotp_fail(why, EMOTP_ERR_CONFIG,
		"mail: after %s comes an absolute path", scheme);
}

static const struct scheme {
	const char *begin;
	const char *name;
	int port;
} schemes[] = {{"smtp://", "smtp", 587}, {"smtps://", "smtps", 465}};

static enum emotp_err
set_transport(const struct emotp_config *config, struct emotp_mailer *mailer,
    struct emotp_why *why)
{
	const char *mail = config->mail;
	enum emotp_err err = set_path(mail, MAILDIR, &mailer->maildir, why);

	if (err == EMOTP_OK)
		err = set_path(mail, SENDMAIL, &mailer->sendmail, why);
	if (err != EMOTP_OK || mailer->maildir != NULL ||
	    mailer->sendmail != NULL)
		return err;
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		const struct scheme *s = &schemes[i];
		size_t len = strlen(s->begin);

		if (strncmp(mail, s->begin, len) != 0)
			continue;
		err = set_url(mailer, s->name, mail + len, s->port, why);
		return err == EMOTP_OK ? set_smtp(config, mailer, why) : err;
	}
	return emotp_fail(why, EMOTP_ERR_CONFIG,
	    "mail: unknown kind; set it to " ALTERNATIVES);
}

enum emotp_err
emotp_mailer_open(const struct emotp_config *config, struct emotp_mailer **ret,
    struct emotp_why *why)
{
	struct emotp_mailer *mailer = calloc(1, sizeof(*mailer));
	enum emotp_err err;

	if (mailer == NULL)
		return emotp_fail(why, EMOTP_ERR_MEMORY, "out of memory");
	find_host(mailer->host);
	err = set_transport(config, mailer, why);
	if (err == EMOTP_OK)
		err = set_from(config, mailer, why);
	if (err != EMOTP_OK) {
		emotp_mailer_close(mailer);
		return err;
	}
	*ret = mailer;
	return EMOTP_OK;
}

void
emotp_mailer_close(struct emotp_mailer *mailer)
{
	if (mailer == NULL)
		return;
	emotp_smtp_free(mailer->smtp);
	emotp_wipe(mailer, sizeof(*mailer));
	free(mailer);
}

/* ---- sending ---- */

static enum emotp_err
make_id(char id[static 33], struct emotp_why *why)
{
	unsigned char bytes[16];
	enum emotp_err err = emotp_random(bytes, sizeof(bytes));

	if (err != EMOTP_OK)
		return emotp_fail(
		    why, EMOTP_ERR_MAIL, "%s", emotp_strerror(err));
	for (size_t i = 0; i < sizeof(bytes); i++)
		(void)sprintf(id + 2 * i, "%02x", bytes[i]);
	return EMOTP_OK;
}

static enum emotp_err
hand_over(struct emotp_mailer *mailer, const struct emotp_envelope *envelope,
    const struct emotp_progress *progress, struct emotp_why *why)
{
	if (mailer->maildir != NULL)
		return emotp_maildir_send(mailer->maildir, envelope, why);
	if (mailer->sendmail != NULL)
		return emotp_sendmail_send(
		    mailer->sendmail, envelope, progress, why);
	return emotp_smtp_send(
	    mailer->smtp, &mailer->settings, envelope, progress, why);
}

enum emotp_err
emotp_mailer_send(struct emotp_mailer *mailer,
    const struct emotp_letter *letter, const struct emotp_progress *progress,
    struct emotp_why *why)
{
	char id[33];
	const struct emotp_envelope envelope = {
	    .from = mailer->from,
	    .to = letter->to,
	    .id = id,
	    .host = mailer->host,
	    .date_s = letter->date_s,
	    .message = &mailer->message,
	};
	struct emotp_why reason;
	enum emotp_err err;

	/* Once more here: libcurl would put a line break on the wire. */
	if (emotp_email_check(letter->to, strlen(letter->to), &reason) !=
	    EMOTP_OK)
		return emotp_fail(why, EMOTP_ERR_MAIL, "%s", reason.text);
	err = make_id(id, why);
	if (err == EMOTP_OK)
		err = emotp_message_write(
		    letter, mailer->from, id, &mailer->message, why);
	if (err == EMOTP_OK)
		err = hand_over(mailer, &envelope, progress, why);
	emotp_wipe(&mailer->message, sizeof(mailer->message));
	return err;
}
