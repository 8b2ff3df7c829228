#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "../common/secret.h"
#include "../common/text.h"
#include "input.h"
#include "output.h"

static volatile sig_atomic_t stopped;

static void
stop(int signal_number)
{
	(void)signal_number;
	stopped = 1;
}

static const int stopping[] = {SIGINT, SIGTERM, SIGHUP};

#define STOPPING (sizeof(stopping) / sizeof(stopping[0]))

/* -1 with EINTR once a signal has asked to stop, else as read(2). */
static ssize_t
read_byte(char *c)
{
	ssize_t n;

	do {
		if (stopped) {
			errno = EINTR;
			return -1;
		}
		n = read(STDIN_FILENO, c, 1);
	} while (n < 0 && errno == EINTR);
	return n;
}

/* A byte at a time: nothing is left in a buffer that nobody wipes. */
static bool
read_line(char line[static INPUT_MAX])
{
	size_t len = 0;
	bool bad = false;
	ssize_t n;
	char c = '\0';

	while ((n = read_byte(&c)) == 1 && c != '\n') {
		if (c == '\0' || len + 1 == INPUT_MAX)
			bad = true;
		else
			line[len++] = c;
	}
	if (n < 0 || (n == 0 && len == 0 && !bad))
		return false;
	if (len > 0 && line[len - 1] == '\r')
		len--;
	line[len] = '\0';
	if (bad)
		(void)emotp_copy(line, INPUT_MAX, "?");
	return true;
}

/*
 * While a person is asked, Ctrl-C ends the question and not the process, so
 * that secrets are wiped and the log learns of what was done.
 */
bool
input_line(const char *prompt, char line[static INPUT_MAX])
{
	struct sigaction action = {.sa_handler = stop};
	struct sigaction before[STOPPING];
	bool ok;

	if (prompt != NULL)
		say("%s", prompt);
	(void)fflush(stdout);
	for (size_t i = 0; i < STOPPING; i++)
		(void)sigaction(stopping[i], &action, &before[i]);
	ok = read_line(line);
	for (size_t i = 0; i < STOPPING; i++)
		(void)sigaction(stopping[i], &before[i], NULL);
	if (prompt != NULL && (!ok || !isatty(STDIN_FILENO)))
		say("\n");
	if (!ok)
		emotp_wipe(line, INPUT_MAX);
	return ok;
}
