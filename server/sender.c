#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "../common/state/outbox.h"
#include "log.h"
#include "sender.h"

#define END_S 5

struct sender {
	struct emotp_authority authority;
	struct emotp_mailer *mailer;
	pthread_mutex_t lock;
	pthread_cond_t woken;
	pthread_t thread;
	bool waiting; /* there is something new to send */
	bool closing;
};

static struct timespec
in_seconds(int pause_s)
{
	struct timespec at = {0, 0};

	(void)clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += pause_s;
	return at;
}

/* False: it is time to end. */
static bool
pause_for(struct sender *s, int pause_s)
{
	const struct timespec until = in_seconds(pause_s);
	bool closing;

	(void)pthread_mutex_lock(&s->lock);
	while (!s->waiting && !s->closing &&
	    pthread_cond_timedwait(&s->woken, &s->lock, &until) == 0)
		continue;
	s->waiting = false;
	closing = s->closing;
	(void)pthread_mutex_unlock(&s->lock);
	return !closing;
}

/* Whether all that waited is out. */
static bool
flush(struct sender *s)
{
	const struct emotp_outbox outbox = {
	    .authority = &s->authority,
	    .mailer = s->mailer,
	    .clock = work_clock,
	};
	struct emotp_flushed flushed;
	struct emotp_why why = {""};
	enum emotp_err err = emotp_outbox_flush(&outbox, 0, &flushed, &why);

	if (flushed.sent > 0)
		log_line(LOG_LEVEL_INFO, "mail: %zu sent", flushed.sent);
	if (err != EMOTP_OK || flushed.kept > 0)
		log_line(LOG_LEVEL_WARNING, "mail: %zu wait: %s", flushed.kept,
		    why.text);
	return err == EMOTP_OK && flushed.kept == 0;
}

static void *
send_all(void *arg)
{
	struct sender *s = arg;
	int retry_s = SENDER_PAUSE_MIN_S, pause_s;

	do {
		if (flush(s)) {
			retry_s = SENDER_PAUSE_MIN_S;
			pause_s = SENDER_IDLE_S;
		} else {
			pause_s = retry_s;
			retry_s = 2 * retry_s < SENDER_PAUSE_MAX_S ?
			    2 * retry_s :
			    SENDER_PAUSE_MAX_S;
		}
	} while (pause_for(s, pause_s));
	return NULL;
}

static enum emotp_err
start(struct sender *s, const struct work_setup *setup, struct emotp_why *why)
{
	pthread_condattr_t monotonic;
	enum emotp_err err = emotp_store_open(setup->backends,
	    setup->config->store, setup->key, &s->authority.store, why);

	if (err == EMOTP_OK)
		err = emotp_mailer_open(setup->config, &s->mailer, why);
	if (err != EMOTP_OK)
		return err;
	emotp_store_keep(s->authority.store);
	s->authority.config = setup->config;
	s->authority.key = setup->key;
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&s->woken, &monotonic);
	if (pthread_create(&s->thread, NULL, send_all, s) != 0)
		return emotp_fail(why, EMOTP_ERR_MEMORY, "no thread to be had");
	return EMOTP_OK;
}

static void
release(struct sender *s)
{
	emotp_store_close(s->authority.store);
	emotp_mailer_close(s->mailer);
	free(s);
}

enum emotp_err
sender_open(
    const struct work_setup *setup, struct sender **ret, struct emotp_why *why)
{
	struct sender *s = calloc(1, sizeof(*s));
	enum emotp_err err;

	if (s == NULL)
		return emotp_fail(why, EMOTP_ERR_MEMORY, "out of memory");
	err = start(s, setup, why);
	if (err == EMOTP_OK)
		*ret = s;
	else
		release(s);
	return err;
}

void
sender_wake(struct sender *s)
{
	(void)pthread_mutex_lock(&s->lock);
	s->waiting = true;
	(void)pthread_cond_signal(&s->woken);
	(void)pthread_mutex_unlock(&s->lock);
}

void
sender_close(struct sender *s)
{
	struct timespec until = {0, 0};

	if (s == NULL)
		return;
	(void)pthread_mutex_lock(&s->lock);
	s->closing = true;
	(void)pthread_cond_signal(&s->woken);
	(void)pthread_mutex_unlock(&s->lock);
	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += END_S;
	if (pthread_timedjoin_np(s->thread, NULL, &until) == 0)
		release(s);
}
