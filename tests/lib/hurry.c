/*
 * LD_PRELOAD: what is timed by timerfd_settime(2) is over EMOTP_TEST_HURRY
 * times as soon, so that a test need not wait for a deadline of a minute.
 */
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)

static struct timespec
sooner(const struct timespec *ts, int64_t times)
{
	int64_t ns = (ts->tv_sec * SECOND + ts->tv_nsec) / times;

	return (struct timespec){ns / SECOND, ns % SECOND};
}

int
timerfd_settime(
    int fd, int flags, const struct itimerspec *new, struct itimerspec *old)
{
	const char *value = getenv("EMOTP_TEST_HURRY");
	int64_t times = value == NULL ? 1 : strtoll(value, NULL, 10);
	struct itimerspec changed = {
	    sooner(&new->it_interval, times),
	    sooner(&new->it_value, times),
	};

	return (int)syscall(SYS_timerfd_settime, fd, flags, &changed, old);
}
