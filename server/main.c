/* emotpd: the service. See emotpd(8). */
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/event.h>

#include "../common/secret.h"
#include "../common/state/owner.h"
#include "../common/state/store_variables.h"
#include "activate.h"
#include "listen.h"
#include "local.h"
#include "log.h"
#include "upstream.h"

#define SQLITE        "sqlite:"
#define DRAIN_S       15 /* after SIGTERM; then connections are cut */
#define DRAIN_LOOK_MS 50
#define CONNECTIONS   4096
#define PER_SOURCE    64
#define DESCRIPTORS   (CONNECTIONS + 1024)

enum exit_code { EXIT_USAGE = 2, EXIT_UNAVAILABLE = 6, EXIT_BAD_CONFIG = 8 };

static const struct emotp_backend *const backends[] = {
    &emotp_store_sqlite,
    &emotp_store_postgres,
    NULL,
};

struct daemon;

/* What emotpd is here: the service, or a host's relay to it. */
struct role {
	enum emotp_err (*open)(struct daemon *d, struct emotp_why *why);
	bool (*idle)(const struct daemon *d);
	void (*reload)(struct daemon *d);
};

struct daemon {
	const struct role *role;
	struct emotp_config config;
	struct emotp_key key;
	struct event_base *base;
	struct service service;
	struct upstream *upstream;
	struct decider decider;
	struct local *local; /* NULL: none was handed over */
	struct event *signals[3];
	struct event *draining; /* looks whether all is done */
	int looks_left;
};

/* ---- sockets ---- */

static enum emotp_err
set_certificate(struct daemon *d, struct emotp_why *why)
{
	if (d->config.tls_certificate[0] == '\0' ||
	    d->config.tls_key[0] == '\0')
		return emotp_fail(why, EMOTP_ERR_CONFIG,
		    "https needs tls_certificate and tls_key");
	return http_set_certificate(
	    d->service.http, d->config.tls_certificate, d->config.tls_key, why);
}

static enum emotp_err
serve(struct daemon *d, const struct listening *socket, struct emotp_why *why)
{
	enum emotp_err err = EMOTP_OK;

	if (d->service.http == NULL)
		return emotp_fail(why, EMOTP_ERR_CONFIG,
		    "upstream: this host serves itself alone; hand over the"
		    " local socket and no other");
	if (socket->tls)
		err = set_certificate(d, why);
	if (err == EMOTP_OK)
		err = http_listen(d->service.http, socket->fd, socket->tls,
		    socket->trusted, why);
	if (err == EMOTP_OK)
		log_line(LOG_LEVEL_NOTICE, "listening on %s", socket->shown);
	return err;
}

static enum emotp_err
serve_local(struct daemon *d, int fd, struct emotp_why *why)
{
	const struct local_setup setup = {
	    d->base, &d->decider, d->config.language, &d->service.counters};
	enum emotp_err err = local_open(&setup, fd, &d->local, why);

	if (err == EMOTP_OK)
		log_line(LOG_LEVEL_NOTICE, "listening on the local socket");
	return err;
}

/* The sockets of the service manager, or else those of emotp.conf. */
static enum emotp_err
serve_activated(struct daemon *d, const struct activated *list, int count,
    struct emotp_why *why)
{
	enum emotp_err err = EMOTP_OK;

	for (int i = 0; i < count && err == EMOTP_OK; i++) {
		const struct listening socket = {
		    .fd = list[i].fd,
		    .tls = list[i].kind == ACTIVATED_TLS,
		    .trusted = list[i].kind == ACTIVATED_PLAIN,
		    .shown = "a socket of the service manager",
		};

		if (list[i].kind != ACTIVATED_LOCAL)
			err = serve(d, &socket, why);
		else if (d->local == NULL)
			err = serve_local(d, list[i].fd, why);
	}
	return err;
}

static enum emotp_err
serve_configured(struct daemon *d, struct emotp_why *why)
{
	char list[EMOTP_CONFIG_VALUE], *rest = list, *where;
	enum emotp_err err = EMOTP_OK;
	int fd;

	memcpy(list, d->config.listen, sizeof(list));
	while (err == EMOTP_OK && (where = strsep(&rest, " ")) != NULL) {
		struct listening socket;

		if (where[0] == '\0')
			continue;
		err = listen_open(where, &socket, why);
		if (err == EMOTP_OK)
			err = serve(d, &socket, why);
	}
	if (err == EMOTP_OK)
		err = local_bind(d->config.socket, &fd, why);
	return err == EMOTP_OK ? serve_local(d, fd, why) : err;
}

static enum emotp_err
open_sockets(struct daemon *d, struct emotp_why *why)
{
	struct activated list[ACTIVATED_MAX];
	int count = activate_sockets(list);

	if (count < 0)
		return emotp_fail(why, EMOTP_ERR_CONFIG,
		    "the service manager handed over a socket that cannot be"
		    " served");
	return count > 0 ? serve_activated(d, list, count, why) :
			   serve_configured(d, why);
}

/* ---- the service ---- */

/*
 * Threads are started once root's rights are given up. Whoever owns the store
 * makes the socket too, so that the module trusts it.
 */
static enum emotp_err
open_service(struct daemon *d, struct emotp_why *why)
{
	static const struct http_limits limits = {CONNECTIONS, PER_SOURCE};
	const struct http_handler handler = {route, &d->service};
	const struct work_setup setup = {&d->config, &d->key, backends};
	struct service *s = &d->service;
	enum emotp_err err;

	activate_credential("master.key", d->config.key_file);
	err = emotp_key_load(d->config.key_file, &d->key, why);
	if (err == EMOTP_OK)
		err = http_open(d->base, &handler, &limits, &s->http, why);
	decide_by_store(s, &d->decider);
	s->config = &d->config;
	s->asks = throttle_new(ASKS_MAX, SOURCE_HOUR_S);
	s->tries = throttle_new(TRIES_MAX, SOURCE_HOUR_S);
	if (s->asks == NULL || s->tries == NULL)
		return emotp_fail(why, EMOTP_ERR_MEMORY, "out of memory");
	if (err == EMOTP_OK)
		err = open_sockets(d, why);
	if (err == EMOTP_OK &&
	    strncmp(d->config.store, SQLITE, strlen(SQLITE)) == 0)
		err = emotp_owner_become(d->config.store + strlen(SQLITE), why);
	if (err == EMOTP_OK)
		err = work_open(d->base, &setup, &s->work, why);
	if (err == EMOTP_OK)
		err = sender_open(&setup, &s->sender, why);
	return err;
}

static bool
service_idle(const struct daemon *d)
{
	return http_idle(d->service.http) && work_pending(d->service.work) == 0;
}

static void
reload_service(struct daemon *d)
{
	struct emotp_why why = {""};

	if (d->config.tls_certificate[0] == '\0')
		return;
	if (set_certificate(d, &why) == EMOTP_OK)
		log_line(LOG_LEVEL_NOTICE, "the certificate was read again");
	else
		log_line(LOG_LEVEL_ERROR, "the certificate stays as it was: %s",
		    why.text);
}

static const struct role service_role = {
    open_service, service_idle, reload_service};

/* ---- the relay ---- */

/* The local socket is all there is: no store, no key but the host's. */
static enum emotp_err
open_relay(struct daemon *d, struct emotp_why *why)
{
	enum emotp_err err =
	    upstream_open(d->base, &d->config, &d->upstream, why);

	if (err != EMOTP_OK)
		return err;
	decide_by_upstream(d->upstream, &d->decider);
	return open_sockets(d, why);
}

/* Nothing is done but what the local socket was asked. */
static bool
relay_idle(const struct daemon *d)
{
	(void)d;
	return true;
}

static void
reload_relay(struct daemon *d)
{
	struct emotp_why why = {""};

	if (upstream_reload(d->upstream, &why) == EMOTP_OK)
		log_line(LOG_LEVEL_NOTICE, "the host's key was read again");
	else
		log_line(LOG_LEVEL_ERROR, "the host's key stays as it was: %s",
		    why.text);
}

static const struct role relay_role = {open_relay, relay_idle, reload_relay};

/* ---- the end ---- */

static void
close_all(struct daemon *d)
{
	local_close(d->local);
	http_close(d->service.http);
	work_close(d->service.work);
	sender_close(d->service.sender);
	upstream_close(d->upstream);
	throttle_free(d->service.asks);
	throttle_free(d->service.tries);
	for (size_t i = 0; i < 3; i++)
		if (d->signals[i] != NULL)
			event_free(d->signals[i]);
	if (d->draining != NULL)
		event_free(d->draining);
	event_base_free(d->base);
	emotp_key_wipe(&d->key);
}

/* ---- signals ---- */

static void
look(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval again = {0, DRAIN_LOOK_MS * 1000};
	struct daemon *d = arg;

	(void)fd;
	(void)what;
	if (--d->looks_left <= 0 ||
	    (d->role->idle(d) && (d->local == NULL || local_idle(d->local))))
		(void)event_base_loopbreak(d->base);
	else
		(void)event_add(d->draining, &again);
}

static void
terminate(evutil_socket_t number, short what, void *arg)
{
	struct daemon *d = arg;

	(void)number;
	(void)what;
	if (d->looks_left > 0)
		return;
	log_line(LOG_LEVEL_NOTICE, "ending: what was asked is answered first");
	activate_notify("STOPPING=1");
	d->looks_left = DRAIN_S * 1000 / DRAIN_LOOK_MS;
	if (d->service.http != NULL)
		http_drain(d->service.http);
	if (d->local != NULL)
		local_drain(d->local);
	look(-1, 0, d);
}

static void
reload(evutil_socket_t number, short what, void *arg)
{
	struct daemon *d = arg;

	(void)number;
	(void)what;
	d->role->reload(d);
}

static enum emotp_err
watch_signals(struct daemon *d, struct emotp_why *why)
{
	d->signals[0] = evsignal_new(d->base, SIGTERM, terminate, d);
	d->signals[1] = evsignal_new(d->base, SIGINT, terminate, d);
	d->signals[2] = evsignal_new(d->base, SIGHUP, reload, d);
	d->draining = evtimer_new(d->base, look, d);
	for (size_t i = 0; i < 3; i++)
		if (d->signals[i] == NULL ||
		    event_add(d->signals[i], NULL) != 0 || d->draining == NULL)
			return emotp_fail(
			    why, EMOTP_ERR_MEMORY, "out of memory");
	return EMOTP_OK;
}

/* ---- the process ---- */

static int
fail(enum emotp_err err, const struct emotp_why *why)
{
	log_line(LOG_LEVEL_ERROR, "%s",
	    why->text[0] != '\0' ? why->text : emotp_strerror(err));
	return err == EMOTP_ERR_CONFIG || err == EMOTP_ERR_KEY ?
	    EXIT_BAD_CONFIG :
	    EXIT_UNAVAILABLE;
}

static int
run(const char *path)
{
	struct daemon d = {.looks_left = 0};
	struct emotp_why why = {""};
	enum emotp_err err = emotp_config_load(path, &d.config, &why);

	if (err != EMOTP_OK)
		return fail(err, &why);
	d.role = d.config.upstream[0] != '\0' ? &relay_role : &service_role;
	d.base = event_base_new();
	if (d.base == NULL)
		return fail(EMOTP_ERR_MEMORY, &why);
	err = watch_signals(&d, &why);
	if (err == EMOTP_OK)
		err = d.role->open(&d, &why);
	if (err == EMOTP_OK) {
		log_line(LOG_LEVEL_NOTICE, "ready");
		activate_notify("READY=1");
		(void)event_base_dispatch(d.base);
	}
	close_all(&d);
	return err == EMOTP_OK ? 0 : fail(err, &why);
}

/*
 * With a standard descriptor closed, the store itself would be opened under
 * its number and be printed into. Core files would hold the key; the limit
 * does not hold for those that the kernel pipes to a program.
 */
static int
prepare_process(void)
{
	const struct rlimit none = {0, 0};
	struct rlimit files = {0, 0};

	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd)
			return EXIT_UNAVAILABLE;
	(void)umask(077);
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 &&
	    files.rlim_cur < DESCRIPTORS) {
		files.rlim_cur =
		    files.rlim_max < DESCRIPTORS ? files.rlim_max : DESCRIPTORS;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	(void)signal(SIGPIPE, SIG_IGN);
	/* OpenSSL and libcurl would write there what decrypts the traffic. */
	(void)unsetenv("SSLKEYLOGFILE");
	emotp_store_variables_forget();
	emotp_crypto_init();
	log_open();
	return 0;
}

int
main(int argc, char *argv[])
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'v'},
	    {NULL, 0, NULL, 0},
	};
	const char *path = EMOTP_CONFIG_PATH;
	int code = prepare_process(), option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			path = optarg;
			break;
		case 'h':
			(void)printf("usage: emotpd [--config FILE]\n"
				     "       emotpd --help | --version\n\n"
				     "Serves tokens and hosts, in the"
				     " foreground. See emotpd(8).\n");
			return 0;
		case 'v':
			(void)printf("emotpd %s\n", EMOTP_VERSION);
			return 0;
		default:
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		(void)fprintf(stderr, "usage: emotpd [--config FILE]\n");
		return EXIT_USAGE;
	}
	return code != 0 ? code : run(path);
}
