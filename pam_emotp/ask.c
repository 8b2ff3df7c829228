#include <errno.h>
#include <libgen.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "../common/secret.h"
#include "../common/text.h"
#include "ask.h"

#define DEADLINE_MS 8000
#define WAIT_MS     10 /* between two tries, while too many ask at once */
#define TOO_LONG    "longer than any code"

static int64_t
now_ms(void)
{
	struct timespec now = {0, 0};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static enum emotp_err
refuse(const struct asking *asking, const char *reason, struct emotp_why *why)
{
	return emotp_fail(
	    why, EMOTP_ERR_SERVICE, "%s: %s", asking->socket, reason);
}

/* ---- whom to trust ---- */

/*
 * Whoever may write to the directory could put a socket of their own there.
 * *ret_owner is the socket's.
 */
static const char *
distrust_place(const struct sockaddr_un *address, uid_t *ret_owner)
{
	char copy[sizeof(address->sun_path)];
	struct stat st, directory;

	(void)emotp_copy(copy, sizeof(copy), address->sun_path);
	if (lstat(address->sun_path, &st) != 0 ||
	    stat(dirname(copy), &directory) != 0)
		return strerror(errno);
	*ret_owner = st.st_uid;
	if (!S_ISSOCK(st.st_mode))
		return "is no socket";
	if (directory.st_uid != 0 && directory.st_uid != st.st_uid)
		return "its directory belongs to somebody else";
	if ((directory.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return "others may write to its directory";
	return NULL;
}

static const char *
distrust_peer(int fd, uid_t owner)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
		return strerror(errno);
	return peer.uid == 0 || peer.uid == owner ?
	    NULL :
	    "who answers there is neither root nor the socket's owner";
}

/* ---- one record out, one in ---- */

static const char *
reach(int fd, const struct sockaddr_un *address, int64_t until_ms)
{
	while (connect(fd, (const void *)address, sizeof(*address)) != 0) {
		if (errno != EAGAIN && errno != EINTR)
			return strerror(errno);
		if (now_ms() >= until_ms)
			return "takes no more questions";
		(void)poll(NULL, 0, WAIT_MS);
	}
	return NULL;
}

/* A record, or 0 at the end; -1 if neither comes in time. */
static ssize_t
receive(int fd, char record[static EMOTP_LOCAL_MAX], int64_t until_ms)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};

	for (;;) {
		int64_t left_ms = until_ms - now_ms();
		int count;

		if (left_ms <= 0)
			return -1;
		count = poll(&ready, 1, (int)left_ms);
		if (count > 0)
			return recv(fd, record, EMOTP_LOCAL_MAX, MSG_TRUNC);
		if (count < 0 && errno != EINTR)
			return -1;
	}
}

static const char *
exchange(int fd, const struct emotp_question *question,
    struct emotp_answer *ret, int64_t until_ms)
{
	char record[EMOTP_LOCAL_MAX];
	size_t len;
	ssize_t got;
	bool sent;

	sent = emotp_question_encode(question, record, &len) == EMOTP_OK &&
	    send(fd, record, len, MSG_NOSIGNAL) == (ssize_t)len;
	emotp_wipe(record, sizeof(record));
	if (!sent)
		return "the question could not be sent";
	got = receive(fd, record, until_ms);
	if (got <= 0)
		return "no answer";
	if ((size_t)got > sizeof(record) ||
	    emotp_answer_decode(record, (size_t)got, ret) != EMOTP_OK)
		return "the answer breaks the protocol";
	if (strcmp(ret->nonce, question->nonce) != 0 ||
	    strcmp(ret->user, question->user) != 0)
		return "the answer is to another question";
	if (receive(fd, record, until_ms) != 0)
		return "more than one answer";
	return NULL;
}

static enum emotp_err
ask(const struct asking *asking, const struct emotp_question *question,
    struct emotp_answer *ret, struct emotp_why *why)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int64_t until_ms = now_ms() + DEADLINE_MS;
	const char *reason;
	uid_t owner = 0;
	int fd;

	if (!emotp_copy(
		address.sun_path, sizeof(address.sun_path), asking->socket))
		return refuse(asking, "too long for a socket", why);
	reason = distrust_place(&address, &owner);
	if (reason != NULL)
		return refuse(asking, reason, why);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return refuse(asking, strerror(errno), why);
	reason = reach(fd, &address, until_ms);
	if (reason == NULL)
		reason = distrust_peer(fd, owner);
	if (reason == NULL)
		reason = exchange(fd, question, ret, until_ms);
	(void)close(fd);
	return reason == NULL ? EMOTP_OK : refuse(asking, reason, why);
}

/* ---- questions ---- */

/* What is only logged may be cut. */
static void
cut(char *out, size_t size, const char *text)
{
	(void)snprintf(
	    out, size, "%.*s", (int)size - 1, text == NULL ? "" : text);
}

static enum emotp_err
make_question(const struct asking *asking, enum emotp_question_kind kind,
    const char *user, struct emotp_question *ret, struct emotp_why *why)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char random[EMOTP_NONCE_MAX / 2];
	enum emotp_err err = emotp_random(random, sizeof(random));

	memset(ret, 0, sizeof(*ret));
	if (err != EMOTP_OK)
		return emotp_fail(why, err, "%s", emotp_strerror(err));
	ret->kind = kind;
	for (size_t i = 0; i < EMOTP_NONCE_MAX; i++)
		ret->nonce[i] =
		    digits[random[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15];
	cut(ret->service, sizeof(ret->service), asking->service);
	cut(ret->rhost, sizeof(ret->rhost), asking->rhost);
	if (user[0] != '\0' && emotp_copy(ret->user, sizeof(ret->user), user))
		return EMOTP_OK;
	return emotp_fail(
	    why, EMOTP_ERR_SERVICE, "the user's name is empty or too long");
}

/* False for a word that is no verdict. */
static bool
read_verdict(const char *word, enum emotp_verdict *ret)
{
#define X(name, number, text)            \
	if (strcmp(word, (text)) == 0) { \
		*ret = EMOTP_##name;     \
		return true;             \
	}
	EMOTP_VERDICT_MAP(X)
#undef X
	return false;
}

enum emotp_err
ask_verify(const struct asking *asking, const char *user, const char *typed,
    struct emotp_judgement *ret, struct emotp_why *why)
{
	struct emotp_judgement judgement = {0};
	struct emotp_question question;
	struct emotp_answer answer = {.result = ""};
	enum emotp_err err =
	    make_question(asking, EMOTP_ASK_VERIFY, user, &question, why);

	memset(ret, 0, sizeof(*ret));
	if (err == EMOTP_OK &&
	    !emotp_copy(question.typed, sizeof(question.typed), typed))
		(void)emotp_copy(
		    question.typed, sizeof(question.typed), TOO_LONG);
	if (err == EMOTP_OK)
		err = ask(asking, &question, &answer, why);
	emotp_wipe(&question, sizeof(question));
	if (err != EMOTP_OK)
		return err;
	if (!read_verdict(answer.result, &judgement.verdict))
		return refuse(asking, answer.result, why);
	judgement.token = answer.token;
	judgement.drift = answer.drift;
	judgement.period_s = answer.period_s;
	judgement.recovery = answer.recovery_left >= 0;
	judgement.recovery_left = answer.recovery_left;
	(void)emotp_copy(
	    judgement.language, sizeof(judgement.language), answer.language);
	*ret = judgement;
	return EMOTP_OK;
}

enum emotp_err
ask_never_enrolled(const struct asking *asking, const char *typed,
    const char *known, bool *ret, struct emotp_why *why)
{
	struct emotp_question question;
	struct emotp_answer answer = {.result = ""};
	enum emotp_err err = make_question(
	    asking, EMOTP_ASK_NEVER_ENROLLED, typed, &question, why);

	*ret = false;
	if (err == EMOTP_OK &&
	    !emotp_copy(question.typed, sizeof(question.typed), known))
		err = refuse(asking, "the user's name is too long", why);
	if (err == EMOTP_OK)
		err = ask(asking, &question, &answer, why);
	if (err != EMOTP_OK)
		return err;
	*ret = strcmp(answer.result, "yes") == 0;
	return *ret || strcmp(answer.result, "no") == 0 ?
	    EMOTP_OK :
	    refuse(asking, answer.result, why);
}
