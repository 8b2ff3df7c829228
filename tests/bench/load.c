/*
 * Asks emotpd as fast as it answers, with many clients at the same time, and
 * says how many answers were good.
 *
 *	load KIND WHERE CLIENTS SECONDS USERS FIRST SECRET [HOSTKEY]
 *
 * KIND is local (WHERE: path), https, get or connect (WHERE: port). Users are
 * u0 to uUSERS-1, each with SECRET (base 32) and a period of 30 s; they are
 * asked for in turn from uFIRST on. Prints: good bad seconds p50_us p99_us next
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "../../common/base32.h"
#include "../../common/totp.h"
#include "load.h"

#define CLIENTS_MAX 1024
#define SAMPLES     (1 << 20) /* the last of the latencies */
#define PERIOD_S    30
#define SCATTER     611953 /* a prime */

struct target target;

static struct client clients[CLIENTS_MAX];
static uint32_t samples[SAMPLES];
static uint64_t good, bad;
static struct emotp_secret secret;

void
die(const char *what)
{
	(void)fprintf(stderr, "load: ");
	perror(what);
	exit(1);
}

uint64_t
now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

void
next_user(char user[static 32], char code[static 8])
{
	const struct emotp_params params = {EMOTP_SHA1, 6, PERIOD_S};
	static int64_t known;
	static uint32_t number;
	int64_t step = emotp_totp_step(time(NULL), PERIOD_S);

	if (step != known &&
	    emotp_totp_codes(&secret, &params, step, 1, &number) != EMOTP_OK)
		die("no code");
	known = step;
	/* Far from one another in the store, as people are. */
	(void)snprintf(user, 32, "u%ld", target.next * SCATTER % target.users);
	(void)snprintf(code, 8, "%06u", (unsigned)number);
	target.next = (target.next + 1) % target.users;
}

static void
watch(int epoll, struct client *c, uint32_t events, bool first)
{
	struct epoll_event event = {.events = events, .data.ptr = c};

	if (epoll_ctl(epoll, first ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, c->fd,
		&event) != 0)
		die("epoll_ctl");
}

static void
begin(int epoll, const struct kind *kind, struct client *c, bool connect)
{
	c->asked_ns = now_ns();
	if (connect) {
		kind->open(c);
		watch(epoll, c, EPOLLOUT, true);
	}
	c->done = c->got = 0;
	kind->prepare(c);
}

static void
finish(const struct kind *kind, struct client *c, bool well)
{
	if (well && kind->good(c)) {
		samples[good % SAMPLES] =
		    (uint32_t)((now_ns() - c->asked_ns) / 1000);
		good++;
	} else {
		bad++;
	}
	if (!kind->once && well)
		return;
	SSL_free(c->ssl);
	c->ssl = NULL;
	(void)close(c->fd);
	c->state = CLIENT_CONNECTING;
}

/* As far as it goes. */
static void
run(int epoll, const struct kind *kind, struct client *c, bool over)
{
	for (;;) {
		enum step step = kind->go_on(c);

		if (step == STEP_WAIT_READ || step == STEP_WAIT_WRITE) {
			watch(epoll, c,
			    step == STEP_WAIT_READ ? EPOLLIN : EPOLLOUT, false);
			return;
		}
		finish(kind, c, step == STEP_DONE);
		if (over)
			return;
		begin(epoll, kind, c, kind->once || step == STEP_FAILED);
	}
}

static double
load(const struct kind *kind, int count, double seconds)
{
	int epoll = epoll_create1(0);
	uint64_t start = now_ns(),
		 end = start + (uint64_t)(seconds * 1000000000);
	struct epoll_event events[CLIENTS_MAX];

	for (int i = 0; i < count; i++)
		begin(epoll, kind, &clients[i], true);
	while (now_ns() < end) {
		int ready = epoll_wait(epoll, events, CLIENTS_MAX, 1000);

		for (int i = 0; i < ready; i++)
			run(epoll, kind, events[i].data.ptr, now_ns() >= end);
		if (ready == 0)
			die("nothing comes any more");
	}
	return (double)(now_ns() - start) / 1e9;
}

static int
by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

int
main(int argc, char **argv)
{
	const struct kind *kind = kinds;
	size_t count;
	double took;

	if (argc < 8)
		die("see the head of load.c");
	while (kind->name != NULL && strcmp(kind->name, argv[1]) != 0)
		kind++;
	if (kind->name == NULL || atoi(argv[3]) > CLIENTS_MAX ||
	    emotp_base32_decode(argv[7], secret.bytes, sizeof(secret.bytes),
		&secret.len) != EMOTP_OK)
		die("kind, clients or secret");
	target = (struct target){
	    argv[2], argc > 8 ? argv[8] : "", atol(argv[5]), atol(argv[6])};
	took = load(kind, atoi(argv[3]), atof(argv[4]));
	count = good < SAMPLES ? good : SAMPLES;
	qsort(samples, count, sizeof(samples[0]), by_size);
	(void)printf("%lu %lu %.3f %u %u %ld\n", good, bad, took,
	    samples[count / 2], samples[count * 99 / 100], target.next);
	return 0;
}
