#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "log.h"
#include "work.h"

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t filled;
	struct job *head, **tail;
	bool closing;
};

struct worker {
	struct work *work;
	struct queue *queue;
	struct emotp_authority authority;
	pthread_t thread;
	bool started;
};

enum { VERIFIER, CLERK, QUEUES };

struct work {
	struct queue queues[QUEUES];
	struct worker workers[WORK_THREADS_MAX];
	struct queue done;
	int done_fd;
	struct event *done_event;
	int pending; /* of the loop's thread */
	atomic_uint_fast64_t batches;
	atomic_bool untidy; /* told by the verifier, */
	struct job tidying; /* done by the clerk */
	bool busy_tidying;  /* of the loop's thread */
};

static int64_t
seconds(clockid_t clock)
{
	struct timespec now;

	return clock_gettime(clock, &now) == 0 ? now.tv_sec : 0;
}

int64_t
work_clock(void)
{
	return seconds(CLOCK_REALTIME);
}

int64_t
work_elapsed_ms(void)
{
	struct timespec now = {0, 0};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- queues ---- */

static void
queue_open(struct queue *q)
{
	(void)pthread_mutex_init(&q->lock, NULL);
	(void)pthread_cond_init(&q->filled, NULL);
	q->tail = &q->head;
}

static void
queue_put(struct queue *q, struct job *jobs)
{
	(void)pthread_mutex_lock(&q->lock);
	*q->tail = jobs;
	while (*q->tail != NULL)
		q->tail = &(*q->tail)->next;
	(void)pthread_cond_signal(&q->filled);
	(void)pthread_mutex_unlock(&q->lock);
}

/* Up to max jobs, as a list; waits for the first. NULL: the queue closes. */
static struct job *
queue_take(struct queue *q, size_t max, bool wait)
{
	struct job *list, **end = &list;

	(void)pthread_mutex_lock(&q->lock);
	while (wait && q->head == NULL && !q->closing)
		(void)pthread_cond_wait(&q->filled, &q->lock);
	list = q->closing ? NULL : q->head;
	for (size_t i = 0; *end != NULL && i < max; i++)
		end = &(*end)->next;
	if (list != NULL) {
		q->head = *end;
		if (q->head == NULL)
			q->tail = &q->head;
		*end = NULL;
	}
	(void)pthread_mutex_unlock(&q->lock);
	return list;
}

static void
queue_close(struct queue *q)
{
	(void)pthread_mutex_lock(&q->lock);
	q->closing = true;
	(void)pthread_cond_broadcast(&q->filled);
	(void)pthread_mutex_unlock(&q->lock);
}

/* ---- in a worker's thread ---- */

/* Who asked has gone, or soon will have: a code must not be used up. */
static bool
too_late(struct job *job)
{
	job->late = seconds(CLOCK_MONOTONIC) - job->added_at_s > WORK_WAIT_S;
	return job->late;
}

static void
verify(struct worker *w, struct job *jobs)
{
	struct emotp_verification *list = calloc(WORK_BATCH_MAX, sizeof(*list));
	struct emotp_why why = {""};
	size_t count = 0;

	for (struct job *j = jobs; j != NULL; j = j->next) {
		if (list == NULL)
			j->late = true;
		if (list == NULL || too_late(j))
			continue;
		list[count] = *j->verification;
		list[count++].now_s = work_clock();
	}
	if (list == NULL)
		return;
	emotp_verify_many(&w->authority, list, count, &why);
	atomic_fetch_add(&w->work->batches, 1);
	if (emotp_store_untidy(w->authority.store))
		w->work->untidy = true;
	count = 0;
	for (struct job *j = jobs; j != NULL; j = j->next)
		if (!j->late)
			*j->verification = list[count++];
	free(list);
	if (why.text[0] != '\0')
		log_line(LOG_LEVEL_ERROR, "store: %s", why.text);
}

static void *
verifier(void *arg)
{
	struct worker *w = arg;
	struct job *jobs;

	while ((jobs = queue_take(w->queue, WORK_BATCH_MAX, true)) != NULL) {
		verify(w, jobs);
		queue_put(&w->work->done, jobs);
		(void)eventfd_write(w->work->done_fd, 1);
	}
	return NULL;
}

static void *
clerk(void *arg)
{
	struct worker *w = arg;
	struct job *job;

	while ((job = queue_take(w->queue, 1, true)) != NULL) {
		if (!too_late(job))
			job->do_work(job,
			    w->authority.store != NULL ? &w->authority : NULL);
		queue_put(&w->work->done, job);
		(void)eventfd_write(w->work->done_fd, 1);
	}
	return NULL;
}

static void
tidy(struct job *job, const struct emotp_authority *a)
{
	(void)job;
	emotp_store_tidy(a->store);
}

/* ---- in the loop's thread ---- */

bool
work_add(struct work *work, struct job *job)
{
	struct queue *q =
	    &work->queues[job->verification != NULL ? VERIFIER : CLERK];

	if (work->pending >= WORK_QUEUE_MAX)
		return false;
	work->pending++;
	job->next = NULL;
	job->late = false;
	job->added_at_s = seconds(CLOCK_MONOTONIC);
	queue_put(q, job);
	return true;
}

static void
tidied(struct job *job)
{
	struct work *work = (struct work *)(void *)((char *)job -
	    offsetof(struct work, tidying));

	work->busy_tidying = false;
}

static void
start_tidying(struct work *work)
{
	if (!work->untidy || work->busy_tidying)
		return;
	work->untidy = false;
	work->tidying.do_work = tidy;
	work->tidying.done = tidied;
	work->busy_tidying = work_add(work, &work->tidying);
}

static void
finish(evutil_socket_t fd, short what, void *arg)
{
	struct work *work = arg;
	eventfd_t count;
	struct job *job;

	(void)what;
	(void)eventfd_read(fd, &count);
	while ((job = queue_take(&work->done, 1, false)) != NULL) {
		work->pending--;
		job->done(job);
	}
	start_tidying(work);
}

int
work_pending(const struct work *work)
{
	return work->pending;
}

uint64_t
work_batches(const struct work *work)
{
	return work->batches;
}

static enum emotp_err
start(struct work *work, int number, int queue, struct emotp_why *why)
{
	struct worker *w = &work->workers[number];

	w->work = work;
	w->queue = &work->queues[queue];
	if (pthread_create(
		&w->thread, NULL, queue == VERIFIER ? verifier : clerk, w) != 0)
		return emotp_fail(why, EMOTP_ERR_MEMORY, "no thread to be had");
	w->started = true;
	return EMOTP_OK;
}

static enum emotp_err
start_with_store(struct work *work, int number, int queue,
    const struct work_setup *setup, struct emotp_why *why)
{
	struct emotp_authority *a = &work->workers[number].authority;
	enum emotp_err err = emotp_store_open(
	    setup->backends, setup->config->store, setup->key, &a->store, why);

	if (err != EMOTP_OK)
		return err;
	emotp_store_keep(a->store);
	a->config = setup->config;
	a->key = setup->key;
	return start(work, number, queue, why);
}

/* Without threads yet. */
static enum emotp_err
work_new(struct event_base *base, struct work **ret, struct emotp_why *why)
{
	struct work *work = calloc(1, sizeof(*work));

	if (work == NULL)
		return emotp_fail(why, EMOTP_ERR_MEMORY, "out of memory");
	for (int i = 0; i < QUEUES; i++)
		queue_open(&work->queues[i]);
	queue_open(&work->done);
	work->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	work->done_event =
	    event_new(base, work->done_fd, EV_READ | EV_PERSIST, finish, work);
	if (work->done_fd >= 0 && work->done_event != NULL &&
	    event_add(work->done_event, NULL) == 0) {
		*ret = work;
		return EMOTP_OK;
	}
	work_close(work);
	return emotp_fail(why, EMOTP_ERR_MEMORY, "out of memory");
}

static enum emotp_err
opened(enum emotp_err err, struct work *work, struct work **ret)
{
	if (err == EMOTP_OK)
		*ret = work;
	else
		work_close(work);
	return err;
}

enum emotp_err
work_open(struct event_base *base, const struct work_setup *setup,
    struct work **ret, struct emotp_why *why)
{
	struct work *work = NULL;
	enum emotp_err err = work_new(base, &work, why);
	int verifiers = 1;

	if (err == EMOTP_OK)
		err = start_with_store(work, 0, CLERK, setup, why);
	/* Where one writes at a time, more threads would only wait. */
	if (err == EMOTP_OK &&
	    emotp_store_locks_rows(work->workers[0].authority.store))
		verifiers = WORK_VERIFIERS;
	for (int i = 1; i <= verifiers && err == EMOTP_OK; i++)
		err = start_with_store(work, i, VERIFIER, setup, why);
	return opened(err, work, ret);
}

enum emotp_err
work_open_plain(struct event_base *base, int threads, struct work **ret,
    struct emotp_why *why)
{
	struct work *work = NULL;
	enum emotp_err err = work_new(base, &work, why);

	for (int i = 0; i < threads && err == EMOTP_OK; i++)
		err = start(work, i, CLERK, why);
	return opened(err, work, ret);
}

void
work_close(struct work *work)
{
	if (work == NULL)
		return;
	for (int i = 0; i < QUEUES; i++)
		queue_close(&work->queues[i]);
	for (int i = 0; i < WORK_THREADS_MAX; i++) {
		if (work->workers[i].started)
			(void)pthread_join(work->workers[i].thread, NULL);
		emotp_store_close(work->workers[i].authority.store);
	}
	if (work->done_event != NULL)
		event_free(work->done_event);
	if (work->done_fd >= 0)
		(void)close(work->done_fd);
	free(work);
}
