/*
 * LD_PRELOAD: the wall clock as a test wants it. EMOTP_TEST_CLOCK holds
 * either Unix seconds, at which time stands still, or the path of a file
 * with them as a 64-bit integer, which the test changes while a daemon runs
 * (0: the real time). Read once, at start, since sshd empties the environment
 * of its children; raw system calls, since ASan wants nothing else so early.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int64_t fixed;
static volatile const int64_t *clock_at = &fixed;

__attribute__((constructor)) static void
set_up(void)
{
	const char *value = getenv("EMOTP_TEST_CLOCK");
	void *map;
	int fd;

	if (value == NULL)
		return;
	if (value[0] != '/') {
		fixed = strtoll(value, NULL, 10);
		return;
	}
	fd = open(value, O_RDONLY | O_CLOEXEC);
	map = mmap(NULL, sizeof(fixed), PROT_READ, MAP_SHARED, fd, 0);
	if (fd < 0 || map == MAP_FAILED)
		abort();
	clock_at = map;
	close(fd);
}

int
clock_gettime(clockid_t id, struct timespec *ts)
{
	long r = syscall(SYS_clock_gettime, id, ts);

	if (r == 0 && *clock_at != 0 &&
	    (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) {
		ts->tv_sec = *clock_at;
		ts->tv_nsec = 0;
	}
	return (int)r;
}

time_t
time(time_t *ret)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	if (ret != NULL)
		*ret = ts.tv_sec;
	return ts.tv_sec;
}

int
gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
	struct timespec ts;

	(void)tz;
	clock_gettime(CLOCK_REALTIME, &ts);
	tv->tv_sec = ts.tv_sec;
	tv->tv_usec = ts.tv_nsec / 1000;
	return 0;
}
