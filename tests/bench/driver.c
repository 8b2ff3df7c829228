/*
 * Logs in through PAM with the right code each time, at a clock of its own,
 * and says how long each login took.
 *
 *	driver login CONFDIR SERVICE USER SECRET PERIOD START COUNT
 *	driver race  CONFDIR SERVICE USER SECRET PERIOD START PROCESSES
 *	driver back  CONFDIR SERVICE USER SECRET PERIOD START 1
 *
 * SECRET is in base 32. login prints one line of microseconds for each of
 * COUNT logins, or "refused"; race how many of PROCESSES got in with one
 * code; back "accepted" or "refused" for a code that was used before the
 * clock went back. Where BENCH_CLOCK names a file, the clock stands there
 * too, as a 64-bit integer, for a service that is asked.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <security/pam_appl.h>

#include "../../common/base32.h"
#include "../../common/totp.h"

#define STEP_S 120 /* between two logins: a new code for every period */

static time_t virtual_now;
static char code[16];
static volatile int64_t *shared_now;

/* What the modules see, since symbols of the program come first. */
time_t
time(time_t *ret)
{
	if (ret != NULL)
		*ret = virtual_now;
	return virtual_now;
}

int
gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	(void)zone;
	*tv = (struct timeval){virtual_now, 0};
	return 0;
}

int
clock_gettime(clockid_t clock, struct timespec *ts)
{
	if (clock != CLOCK_REALTIME)
		return (int)syscall(SYS_clock_gettime, clock, ts);
	*ts = (struct timespec){virtual_now, 0};
	return 0;
}

static void
die(const char *what)
{
	(void)fprintf(stderr, "driver: %s\n", what);
	exit(1);
}

static int
converse(int count, const struct pam_message **messages,
    struct pam_response **ret, void *arg)
{
	struct pam_response *replies = calloc((size_t)count, sizeof(*replies));

	(void)arg;
	if (replies == NULL)
		return PAM_BUF_ERR;
	for (int i = 0; i < count; i++)
		if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF ||
		    messages[i]->msg_style == PAM_PROMPT_ECHO_ON)
			replies[i].resp = strdup(code);
	*ret = replies;
	return PAM_SUCCESS;
}

static void
set_code(const char *text, int period_s)
{
	const struct emotp_params params = {EMOTP_SHA1, 6, period_s};
	struct emotp_secret secret;
	uint32_t number;

	if (emotp_base32_decode(text, secret.bytes, sizeof(secret.bytes),
		&secret.len) != EMOTP_OK ||
	    emotp_totp_codes(&secret, &params,
		emotp_totp_step(virtual_now, period_s), 1, &number) != EMOTP_OK)
		die("no code");
	(void)snprintf(code, sizeof(code), "%06u", (unsigned)number);
}

static int
login(char *const *argv)
{
	const struct pam_conv conv = {converse, NULL};
	pam_handle_t *pamh = NULL;
	int result = pam_start_confdir(argv[3], argv[4], &conv, argv[2], &pamh);

	if (result != PAM_SUCCESS)
		die("pam_start_confdir");
	result = pam_authenticate(pamh, 0);
	(void)pam_end(pamh, result);
	return result == PAM_SUCCESS;
}

static void
share_clock(const char *path)
{
	int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
	void *map = mmap(NULL, sizeof(*shared_now), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);

	if (map != MAP_FAILED)
		shared_now = map;
}

static void
many(char *const *argv, int count)
{
	for (int i = 0; i < count; i++, virtual_now += STEP_S) {
		struct timespec from, to;
		int accepted;

		set_code(argv[5], atoi(argv[6]));
		if (shared_now != NULL)
			*shared_now = virtual_now;
		(void)clock_gettime(CLOCK_MONOTONIC, &from);
		accepted = login(argv);
		(void)clock_gettime(CLOCK_MONOTONIC, &to);
		if (accepted)
			(void)printf("%.1f\n",
			    (double)(to.tv_sec - from.tv_sec) * 1e6 +
				(double)(to.tv_nsec - from.tv_nsec) / 1e3);
		else
			(void)printf("refused\n");
	}
}

/* All wait on one pipe, and run when it is closed. */
static void
race(char *const *argv, int processes)
{
	int gate[2], accepted = 0;

	set_code(argv[5], atoi(argv[6]));
	if (pipe(gate) != 0)
		die("pipe");
	for (int i = 0; i < processes; i++) {
		char byte;

		if (fork() != 0)
			continue;
		(void)close(gate[1]);
		if (read(gate[0], &byte, 1) != 0)
			_exit(2);
		_exit(login(argv) ? 0 : 1);
	}
	(void)close(gate[1]);
	for (int i = 0, status; i < processes; i++)
		if (wait(&status) > 0 && status == 0)
			accepted++;
	(void)printf("%d\n", accepted);
}

static void
back(char *const *argv)
{
	char first[sizeof(code)];
	time_t start = virtual_now;

	many(argv, 1);
	memcpy(first, code, sizeof(code));
	virtual_now = start + 3600;
	many(argv, 1);
	virtual_now = start;
	memcpy(code, first, sizeof(code));
	(void)printf("%s\n", login(argv) ? "accepted" : "refused");
}

int
main(int argc, char **argv)
{
	if (argc != 9)
		die("see the head of driver.c");
	virtual_now = atol(argv[7]);
	share_clock(getenv("BENCH_CLOCK"));
	if (strcmp(argv[1], "login") == 0)
		many(argv, atoi(argv[8]));
	else if (strcmp(argv[1], "race") == 0)
		race(argv, atoi(argv[8]));
	else
		back(argv);
	return 0;
}
