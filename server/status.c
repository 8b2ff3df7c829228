/* Time, health and counters: PROTOCOL.md, 1.4 and 1.6. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "log.h"
#include "service.h"

#define METRICS_MAX 4096

void
handle_time(
    struct service *service, struct http_request *request, const char *id)
{
	int64_t now_s = work_clock();
	const struct emotp_field fields[] = {
	    {.key = "time", .type = EMOTP_FIELD_INTEGER, .out = &now_s},
	};

	(void)service;
	(void)id;
	answer_json(request, 200, fields, 1);
}

struct health {
	struct job job; /* first */
	struct http_request *request;
	enum emotp_err err;
};

/* Whether the store can be written; what is written is taken back. */
static void
work_health(struct job *job, const struct emotp_authority *a)
{
	struct health *health = (struct health *)(void *)job;

	health->err = emotp_store_begin(a->store);
	if (health->err == EMOTP_OK)
		health->err = emotp_store_note_unknown(a->store, work_clock());
	emotp_store_rollback(a->store);
}

static void
health_done(struct job *job)
{
	struct health *health = (struct health *)(void *)job;
	char ok[] = "ok";
	const struct emotp_field fields[] = {
	    {.key = "status", .type = EMOTP_FIELD_TEXT, .out = ok},
	};

	if (job->late || health->err != EMOTP_OK)
		answer_problem(health->request, PROBLEM_UNAVAILABLE);
	else
		answer_json(health->request, 200, fields, 1);
	free(health);
}

void
handle_health(
    struct service *service, struct http_request *request, const char *id)
{
	struct health *health = calloc(1, sizeof(*health));

	(void)id;
	if (health == NULL) {
		answer_problem(request, PROBLEM_UNAVAILABLE);
		return;
	}
	health->job.do_work = work_health;
	health->job.done = health_done;
	health->request = request;
	if (!service_start(service, request, &health->job))
		free(health);
}

void
handle_metrics(
    struct service *service, struct http_request *request, const char *id)
{
	const struct counters *c = &service->counters;
	const struct {
		const char *name;
		const char *type;
		uint64_t value;
	} metrics[] = {
	    {"emotpd_requests_total", "counter", c->requests},
	    {"emotpd_local_questions_total", "counter", c->local},
	    {"emotpd_verifications_accepted_total", "counter", c->accepted},
	    {"emotpd_verifications_refused_total", "counter", c->refused},
	    {"emotpd_verifications_undecided_total", "counter", c->undecided},
	    {"emotpd_verification_commits_total", "counter",
		work_batches(service->work)},
	    {"emotpd_registrations_total", "counter", c->registered},
	    {"emotpd_connections", "gauge",
		(uint64_t)http_connections(service->http)},
	    {"emotpd_connections_refused_total", "counter",
		http_refused(service->http)},
	    {"emotpd_jobs_waiting", "gauge",
		(uint64_t)work_pending(service->work)},
	};
	char text[METRICS_MAX];
	size_t len = 0;

	(void)id;
	if (!http_near(request)) {
		answer_problem(request, PROBLEM_NOT_FOUND);
		return;
	}
	for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "# TYPE %s %s\n%s %" PRIu64 "\n", metrics[i].name,
		    metrics[i].type, metrics[i].name, metrics[i].value);
	answer_text(request, "text/plain; version=0.0.4", text);
}
