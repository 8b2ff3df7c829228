#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../secret.h"
#include "../text.h"
#include "mail_transport.h"

#define DEADLINE_S 60
#define TICK_MS    100
#define SAID_MAX   160 /* bytes kept of what the program complains */

enum { EXITED, COMPLAINT, DEADLINE, FDS };

/* A mail program at work. Descriptors are -1 where not open. */
struct sendmail {
	int letter; /* its standard input: a file in memory */
	int pipe[2];
	pid_t pid;
	struct pollfd fds[FDS];
	char said[SAID_MAX];
};

/* ---- before ---- */

static int
write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0)
			return -1;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

/*
 * The letter with the line ends of this system. A file, not a pipe: nobody
 * waits for a reader, and no signal comes if there is none.
 */
static int
write_letter(int fd, const struct emotp_message *message)
{
	char text[EMOTP_LETTER_MAX];
	size_t len = 0;
	int rc;

	for (size_t i = 0; i < message->len; i++)
		if (message->bytes[i] != '\r')
			text[len++] = message->bytes[i];
	rc = write_all(fd, text, len);
	emotp_wipe(text, sizeof(text));
	return rc == 0 && lseek(fd, 0, SEEK_SET) == 0 ? 0 : -1;
}

static int
prepare(struct sendmail *s, const struct emotp_message *message)
{
	s->letter = memfd_create("letter", MFD_CLOEXEC);
	if (s->letter < 0 || pipe2(s->pipe, O_CLOEXEC) != 0)
		return -1;
	/* Below 3 they would be in the way of each other in the child. */
	if (s->letter < 3 || s->pipe[0] < 3 || s->pipe[1] < 3) {
		errno = EBADF;
		return -1;
	}
	return write_letter(s->letter, message);
}

/* ---- the child ---- */

static _Noreturn void
run(const struct sendmail *s, const char *path)
{
	char name[EMOTP_CONFIG_VALUE], to[] = "-t", dots[] = "-i";
	char places[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	char *const argv[] = {name, to, dots, NULL};
	char *const env[] = {places, NULL};
	sigset_t none;
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	(void)emotp_copy(name, sizeof(name), path);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	if (dup2(s->letter, 0) == 0 && dup2(null, 1) == 1 &&
	    dup2(s->pipe[1], 2) == 2 && chdir("/") == 0 &&
	    close_range(3, ~0U, 0) == 0)
		(void)execve(path, argv, env);
	(void)dprintf(2, "%s\n", strerror(errno));
	_exit(127);
}

static int
start(struct sendmail *s, const char *path)
{
	const struct itimerspec deadline = {.it_value = {DEADLINE_S, 0}};

	s->pid = fork();
	if (s->pid == 0)
		run(s, path);
	if (s->pid < 0)
		return -1;
	(void)close(s->pipe[1]);
	s->pipe[1] = -1;
	s->fds[COMPLAINT].fd = s->pipe[0];
	s->fds[EXITED].fd = pidfd_open(s->pid, 0);
	s->fds[DEADLINE].fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (s->fds[EXITED].fd < 0 || s->fds[DEADLINE].fd < 0)
		return -1;
	return timerfd_settime(s->fds[DEADLINE].fd, 0, &deadline, NULL);
}

/* ---- while it runs ---- */

/* Keeps the beginning, and reads on so that the program can go on. */
static void
listen_to(struct sendmail *s)
{
	char buf[4096];
	ssize_t n = read(s->pipe[0], buf, sizeof(buf));
	size_t used = strlen(s->said);

	if (n <= 0) {
		s->fds[COMPLAINT].fd = -1;
		return;
	}
	for (ssize_t i = 0; i < n && used + 1 < SAID_MAX; i++)
		if (buf[i] != '\0')
			s->said[used++] = buf[i];
	s->said[used] = '\0';
}

/* False if it was not done in time. */
static bool
wait_for(struct sendmail *s, const struct emotp_progress *progress)
{
	for (size_t i = 0; i < FDS; i++)
		s->fds[i].events = POLLIN;
	for (;;) {
		int n = poll(s->fds, FDS, TICK_MS);

		if (n == 0 && progress != NULL)
			progress->tick(progress->arg);
		if (n <= 0)
			continue;
		if (s->fds[COMPLAINT].revents != 0)
			listen_to(s);
		else if (s->fds[EXITED].revents != 0)
			return true;
		if (s->fds[DEADLINE].revents != 0)
			return false;
	}
}

/* ---- after ---- */

static enum emotp_err
verdict(struct sendmail *s, const char *path, int status, struct emotp_why *why)
{
	char shown[EMOTP_ESCAPED_MAX];

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return EMOTP_OK;
	s->said[strcspn(s->said, "\r\n")] = '\0';
	(void)emotp_escape(s->said, false, shown);
	if (WIFSIGNALED(status))
		return emotp_fail(why, EMOTP_ERR_MAIL,
		    "%s: ended by signal %d%s%s", path, WTERMSIG(status),
		    shown[0] == '\0' ? "" : ": ", shown);
	return emotp_fail(why, EMOTP_ERR_MAIL, "%s: exit status %d%s%s", path,
	    WEXITSTATUS(status), shown[0] == '\0' ? "" : ": ", shown);
}

static void
close_all(struct sendmail *s)
{
	const int fds[] = {s->letter, s->pipe[0], s->pipe[1], s->fds[EXITED].fd,
	    s->fds[DEADLINE].fd};

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
}

static enum emotp_err
hand_over(struct sendmail *s, const char *path,
    const struct emotp_progress *progress, struct emotp_why *why)
{
	int status = 0;
	bool started = start(s, path) == 0;
	int error = errno;
	bool done = started && wait_for(s, progress);

	if (s->pid > 0 && !done)
		(void)kill(s->pid, SIGKILL);
	while (s->pid > 0 && waitpid(s->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!started)
		return emotp_fail(
		    why, EMOTP_ERR_MAIL, "%s: %s", path, strerror(error));
	if (!done)
		return emotp_fail(why, EMOTP_ERR_MAIL,
		    "%s: not done after %d seconds", path, DEADLINE_S);
	return verdict(s, path, status, why);
}

enum emotp_err
emotp_sendmail_send(const char *path, const struct emotp_envelope *envelope,
    const struct emotp_progress *progress, struct emotp_why *why)
{
	struct sendmail s = {
	    .letter = -1,
	    .pipe = {-1, -1},
	    .fds = {{.fd = -1}, {.fd = -1}, {.fd = -1}},
	};
	enum emotp_err err;

	if (prepare(&s, envelope->message) == 0)
		err = hand_over(&s, path, progress, why);
	else
		err = emotp_fail(
		    why, EMOTP_ERR_MAIL, "%s: %s", path, strerror(errno));
	close_all(&s);
	return err;
}
