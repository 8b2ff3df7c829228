#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "output.h"
#include "progress.h"

#define REDRAW_MS 100
#define BAR_WIDTH 20

static int64_t
monotonic_ms(void)
{
	struct timespec now = {0, 0};

	/* Coarse: what is asked for every line of a million must be cheap. */
	(void)clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static void
draw_bar(uint64_t done, uint64_t total)
{
	int filled = (int)(done * BAR_WIDTH / total);
	char bar[BAR_WIDTH + 1];

	memset(bar, '.', BAR_WIDTH);
	memset(bar, '#', (size_t)filled);
	bar[BAR_WIDTH] = '\0';
	(void)fprintf(stderr, " [%s] %3d %%  %llu of %llu", bar,
	    (int)(done * 100 / total), (unsigned long long)done,
	    (unsigned long long)total);
}

static void
draw(struct progress *p, int64_t now_ms)
{
	int64_t ms = now_ms - p->began_ms;
	uint64_t done =
	    p->total != 0 && p->done > p->total ? p->total : p->done;

	p->drawn_ms = now_ms;
	p->drawn = true;
	(void)fprintf(stderr, "\r\033[K%s", p->title);
	if (p->total != 0)
		draw_bar(done, p->total);
	else if (done != 0)
		(void)fprintf(stderr, " ... %llu", (unsigned long long)done);
	else
		(void)fprintf(stderr, " ... %lld s", (long long)(ms / 1000));
	if (done != 0 && ms != 0)
		(void)fprintf(stderr, ", %llu a second",
		    (unsigned long long)(done * 1000 / (uint64_t)ms));
	(void)fflush(stderr);
}

void
progress_begin(struct progress *progress, const char *title, uint64_t total)
{
	memset(progress, 0, sizeof(*progress));
	progress->title = title;
	progress->total = total;
	progress->shown = !output_is_json() && isatty(STDERR_FILENO);
	if (!progress->shown)
		return;
	(void)fflush(stdout);
	progress->began_ms = monotonic_ms();
	draw(progress, progress->began_ms);
}

void
progress_tick(struct progress *progress, uint64_t n)
{
	int64_t now_ms;

	progress->done += n;
	if (!progress->shown)
		return;
	now_ms = monotonic_ms();
	if (now_ms - progress->drawn_ms >= REDRAW_MS ||
	    (progress->total != 0 && progress->done == progress->total))
		draw(progress, now_ms);
}

void
progress_wait(void *arg)
{
	progress_tick(arg, 0);
}

void
progress_end(struct progress *progress)
{
	if (progress->drawn)
		(void)fprintf(stderr, "\r\033[K");
	progress->drawn = false;
}
