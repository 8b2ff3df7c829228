#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../secret.h"
#include "../text.h"
#include "mail_message.h"

#define LINE_COLUMNS 76 /* RFC 2045 6.7: a line of quoted-printable */
#define WORD_COLUMNS 75 /* RFC 2047 2: an encoded word */
#define WORD_BEGIN   "=?utf-8?Q?"
#define WORD_END     "?="

static const char hex[] = "0123456789ABCDEF";

/* ---- bytes ---- */

static void
put(struct emotp_message *m, const char *text, size_t len)
{
	if (len >= sizeof(m->bytes) - m->len) {
		m->full = true;
		return;
	}
	memcpy(m->bytes + m->len, text, len);
	m->len += len;
}

static void
put_text(struct emotp_message *m, const char *text)
{
	put(m, text, strlen(text));
}

static void
put_escaped(struct emotp_message *m, unsigned char c)
{
	const char text[3] = {'=', hex[c >> 4], hex[c & 15]};

	put(m, text, sizeof(text));
}

static void header(struct emotp_message *m, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* One field, with its CR LF. */
static void
header(struct emotp_message *m, const char *format, ...)
{
	char line[1000]; /* RFC 5322 2.1.1: 998 and CR LF at most */
	va_list ap;
	int len;

	va_start(ap, format);
	len = vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	if (len < 0 || (size_t)len >= sizeof(line)) {
		m->full = true;
		return;
	}
	put_text(m, line);
	put_text(m, "\r\n");
}

/* ---- Date ---- */

/* By hand: strftime would speak the language of the process. */
static enum emotp_err
put_date(struct emotp_message *m, int64_t date_s)
{
	static const char days[][4] = {
	    "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May",
	    "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t at = (time_t)date_s;
	struct tm tm;

	if (gmtime_r(&at, &tm) == NULL)
		return EMOTP_ERR_MAIL;
	header(m, "Date: %s, %d %s %d %02d:%02d:%02d +0000", days[tm.tm_wday],
	    tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour,
	    tm.tm_min, tm.tm_sec);
	return EMOTP_OK;
}

/* ---- Subject ---- */

static bool
is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

/* What a Q word may show as itself, in any field (RFC 2047 5 (3)). */
static bool
is_word_safe(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	    (c >= 'a' && c <= 'z') || strchr("!*+-/", c) != NULL;
}

static size_t
word_width(unsigned char c)
{
	return c == ' ' || is_word_safe(c) ? 1 : 3;
}

static void
put_word_byte(struct emotp_message *m, unsigned char c)
{
	const char as_is = c == ' ' ? '_' : (char)c;

	if (word_width(c) == 1)
		put(m, &as_is, 1);
	else
		put_escaped(m, c);
}

/* Bytes of the UTF-8 character at text, which is known to be one. */
static size_t
char_len(const char *text)
{
	size_t len = 1;

	while (((unsigned char)text[len] & 0xc0) == 0x80)
		len++;
	return len;
}

/* Encoded words, one to a line; no character is torn in two (RFC 2047 5). */
static void
put_words(struct emotp_message *m, const char *text)
{
	const size_t room =
	    WORD_COLUMNS - strlen(WORD_BEGIN WORD_END) - strlen("Subject: ");
	size_t used = 0;

	put_text(m, WORD_BEGIN);
	while (*text != '\0') {
		size_t len = char_len(text);
		size_t width = 0;

		for (size_t i = 0; i < len; i++)
			width += word_width((unsigned char)text[i]);
		if (used + width > room) {
			put_text(m, WORD_END "\r\n " WORD_BEGIN);
			used = 0;
		}
		for (size_t i = 0; i < len; i++)
			put_word_byte(m, (unsigned char)text[i]);
		used += width;
		text += len;
	}
	put_text(m, WORD_END "\r\n");
}

/* Long ones too are encoded: words can be folded wherever they end. */
static void
put_subject(struct emotp_message *m, const char *subject)
{
	put_text(m, "Subject: ");
	if (is_ascii(subject) && strstr(subject, "=?") == NULL &&
	    strlen("Subject: ") + strlen(subject) <= LINE_COLUMNS) {
		put_text(m, subject);
		put_text(m, "\r\n");
	} else {
		put_words(m, subject);
	}
}

/* ---- body ---- */

/* Whether the body can travel as it is. */
static bool
is_plain(const char *body)
{
	size_t column = 0;

	for (; *body != '\0'; body++) {
		unsigned char c = (unsigned char)*body;

		if (c == '\n')
			column = 0;
		else if (c < 0x20 || c >= 0x7f || ++column > LINE_COLUMNS)
			return false;
	}
	return true;
}

static void
put_plain(struct emotp_message *m, const char *body)
{
	while (*body != '\0') {
		size_t len = strcspn(body, "\n");

		put(m, body, len);
		put_text(m, "\r\n");
		body += body[len] == '\n' ? len + 1 : len;
	}
}

/* A blank at the end of a line would be lost on the way (rule 3). */
static bool
is_quoted_safe(unsigned char c, char next)
{
	if (c == ' ')
		return next != '\n' && next != '\0';
	return c > 0x20 && c < 0x7f && c != '=';
}

/* Quoted-printable, RFC 2045 6.7. */
static void
put_quoted(struct emotp_message *m, const char *body)
{
	size_t column = 0;

	for (; *body != '\0'; body++) {
		unsigned char c = (unsigned char)*body;
		bool safe = is_quoted_safe(c, body[1]);
		size_t width = safe ? 1 : 3;

		if (c == '\n') {
			put_text(m, "\r\n");
			column = 0;
			continue;
		}
		if (column + width > LINE_COLUMNS - 1) {
			put_text(m, "=\r\n");
			column = 0;
		}
		if (safe)
			put(m, body, 1);
		else
			put_escaped(m, c);
		column += width;
	}
	if (column > 0)
		put_text(m, "\r\n");
}

enum emotp_err
emotp_message_write(const struct emotp_letter *letter, const char *from,
    const char *id, struct emotp_message *ret, struct emotp_why *why)
{
	bool plain = is_plain(letter->body);

	ret->len = 0;
	ret->full = false;
	/* A line break would start a header of somebody else's making. */
	if (!emotp_text_valid(letter->subject))
		return emotp_fail(why, EMOTP_ERR_MAIL,
		    "the subject is not one line of UTF-8");
	if (put_date(ret, letter->date_s) != EMOTP_OK)
		return emotp_fail(why, EMOTP_ERR_MAIL, "no such date");
	header(ret, "From: %s", from);
	header(ret, "To: %s", letter->to);
	put_subject(ret, letter->subject);
	header(ret, "Message-ID: <%s%s>", id, strrchr(from, '@'));
	header(ret, "MIME-Version: 1.0");
	header(ret, "Content-Type: text/plain; charset=utf-8");
	header(ret, "Content-Transfer-Encoding: %s",
	    plain ? "7bit" : "quoted-printable");
	header(ret, "Auto-Submitted: auto-generated");
	header(ret, "%s", "");
	if (plain)
		put_plain(ret, letter->body);
	else
		put_quoted(ret, letter->body);
	if (!ret->full)
		return EMOTP_OK;
	emotp_wipe(ret, sizeof(*ret));
	return emotp_fail(why, EMOTP_ERR_MAIL, "the mail is too long");
}
