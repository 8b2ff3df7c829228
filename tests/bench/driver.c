/*
 * Logs in through PAM, at a clock of its own, and says how long it took.
 *
 *	driver login CONFDIR SERVICE START STEP
 *	driver exec  CONFDIR SERVICE START STEP
 *	driver race  CONFDIR SERVICE START
 *	driver run   PROGRAM [ARGUMENT...]
 *
 * "USER CODE" lines are read. login does one login for each, the first at
 * START, the others STEP seconds after the one before, and prints the
 * microseconds or "refused"; then its peak resident size. exec does the same
 * with a program of its own for each, from fork to wait. race does them all
 * at once, in a process each, and prints how many got in. run prints the
 * seconds that a program takes, and its peak resident size. Sizes are KiB.
 * Where BENCH_CLOCK names a file, the clock stands there too, as a 64-bit
 * integer, for a service that is asked.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <security/pam_appl.h>

#define LOGINS_MAX 1024

struct attempt {
	char user[64];
	char code[16];
	double us; /* negative: refused */
};

static struct attempt attempts[LOGINS_MAX];
static time_t virtual_now;
static volatile int64_t *shared_now; /* of BENCH_CLOCK */

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

/*
 * What is logged goes nowhere. A host without a logger would have
 * google-authenticator write to its console, a millisecond for each line.
 */
void
openlog(const char *name, int option, int facility)
{
	(void)name;
	(void)option;
	(void)facility;
}

void
closelog(void)
{
}

void
syslog(int priority, const char *format, ...)
{
	(void)priority;
	(void)format;
}

void
vsyslog(int priority, const char *format, va_list args)
{
	(void)priority;
	(void)format;
	(void)args;
}

/* The same, in programs compiled with _FORTIFY_SOURCE. */
void __syslog_chk(int priority, int flag, const char *format, ...);
void __vsyslog_chk(int priority, int flag, const char *format, va_list args);

void
__syslog_chk(int priority, int flag, const char *format, ...)
{
	(void)priority;
	(void)flag;
	(void)format;
}

void
__vsyslog_chk(int priority, int flag, const char *format, va_list args)
{
	(void)priority;
	(void)flag;
	(void)format;
	(void)args;
}

static void
die(const char *what)
{
	(void)fprintf(stderr, "driver: %s\n", what);
	exit(1);
}

static double
now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int
converse(int count, const struct pam_message **messages,
    struct pam_response **ret, void *arg)
{
	const struct attempt *attempt = arg;
	struct pam_response *replies = calloc((size_t)count, sizeof(*replies));

	if (replies == NULL)
		return PAM_BUF_ERR;
	for (int i = 0; i < count; i++)
		if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF ||
		    messages[i]->msg_style == PAM_PROMPT_ECHO_ON)
			replies[i].resp = strdup(attempt->code);
	*ret = replies;
	return PAM_SUCCESS;
}

static void
login(char *const *argv, struct attempt *attempt)
{
	const struct pam_conv conv = {converse, attempt};
	pam_handle_t *pamh = NULL;
	double began = now_us();
	int result =
	    pam_start_confdir(argv[3], attempt->user, &conv, argv[2], &pamh);

	if (result != PAM_SUCCESS)
		die("pam_start_confdir");
	result = pam_authenticate(pamh, 0);
	(void)pam_end(pamh, result);
	attempt->us = result == PAM_SUCCESS ? now_us() - began : -1;
}

static int
read_attempts(void)
{
	int count = 0;

	while (count < LOGINS_MAX &&
	    scanf("%63s %15s", attempts[count].user, attempts[count].code) == 2)
		count++;
	return count;
}

static long
peak_kib(void)
{
	FILE *status = fopen("/proc/self/status", "re");
	char line[256];
	long kib = -1;

	while (status != NULL && fgets(line, sizeof(line), status) != NULL)
		(void)sscanf(line, "VmHWM: %ld", &kib);
	if (status != NULL)
		(void)fclose(status);
	return kib;
}

/* A login by another process, which starts as this one did. */
static void
login_apart(char *const *argv, struct attempt *attempt)
{
	char start[32];
	char *const args[] = {argv[0], "one", argv[2], argv[3], start,
	    attempt->user, attempt->code, NULL};
	double began = now_us();
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		(void)snprintf(start, sizeof(start), "%ld", (long)virtual_now);
		(void)execv("/proc/self/exe", args);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid || WEXITSTATUS(status) == 127)
		die("exec");
	attempt->us = status == 0 ? now_us() - began : -1;
}

static int
one(char *const *argv)
{
	struct attempt *attempt = &attempts[0];

	(void)snprintf(attempt->user, sizeof(attempt->user), "%s", argv[5]);
	(void)snprintf(attempt->code, sizeof(attempt->code), "%s", argv[6]);
	login(argv, attempt);
	return attempt->us < 0;
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
one_by_one(char *const *argv, int step_s,
    void (*log_in)(char *const *, struct attempt *))
{
	int count = read_attempts();

	share_clock(getenv("BENCH_CLOCK"));
	for (int i = 0; i < count; i++, virtual_now += step_s) {
		if (shared_now != NULL)
			*shared_now = virtual_now;
		log_in(argv, &attempts[i]);
	}
	for (int i = 0; i < count; i++)
		if (attempts[i].us < 0)
			(void)printf("refused\n");
		else
			(void)printf("%.1f\n", attempts[i].us);
	(void)printf("%ld\n", peak_kib());
}

/* All wait on one pipe, and run when it is closed. */
static void
at_once(char *const *argv)
{
	int gate[2], accepted = 0, count = read_attempts();

	if (pipe(gate) != 0)
		die("pipe");
	for (int i = 0; i < count; i++) {
		char byte;

		if (fork() != 0)
			continue;
		(void)close(gate[1]);
		if (read(gate[0], &byte, 1) != 0)
			_exit(2);
		login(argv, &attempts[i]);
		_exit(attempts[i].us < 0 ? 1 : 0);
	}
	(void)close(gate[1]);
	for (int i = 0, status; i < count; i++)
		if (wait(&status) > 0 && status == 0)
			accepted++;
	(void)printf("%d\n", accepted);
}

/* From here: what is started by a large process counts that one's size. */
static void
run(char **argv)
{
	double began = now_us();
	struct rusage used;
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		(void)dup2(STDERR_FILENO, STDOUT_FILENO);
		(void)execv(argv[0], argv);
		_exit(127);
	}
	if (wait4(pid, &status, 0, &used) != pid || status != 0)
		die("the program failed");
	(void)printf("%.2f\n%ld\n", (now_us() - began) / 1e6, used.ru_maxrss);
}

int
main(int argc, char **argv)
{
	if (argc < 5 && (argc < 3 || strcmp(argv[1], "run") != 0))
		die("see the head of driver.c");
	if (strcmp(argv[1], "run") == 0) {
		run(argv + 2);
		return 0;
	}
	virtual_now = atol(argv[4]);
	if (strcmp(argv[1], "one") == 0 && argc == 7)
		return one(argv);
	if (strcmp(argv[1], "login") == 0 && argc == 6)
		one_by_one(argv, atoi(argv[5]), login);
	else if (strcmp(argv[1], "exec") == 0 && argc == 6)
		one_by_one(argv, atoi(argv[5]), login_apart);
	else if (strcmp(argv[1], "race") == 0)
		at_once(argv);
	else
		die("see the head of driver.c");
	return 0;
}
