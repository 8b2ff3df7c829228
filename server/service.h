/* What the handlers share. All of it belongs to the loop's thread. */
#ifndef SERVER_SERVICE_H
#define SERVER_SERVICE_H

#include "answer.h"
#include "sender.h"
#include "throttle.h"
#include "work.h"

#define ASKS_MAX      10 /* requests for a code, for a source and hour */
#define TRIES_MAX     5  /* wrong registration codes, the same */
#define SOURCE_HOUR_S (60 * 60)

struct counters {
	uint64_t requests;
	uint64_t problems; /* answered with one */
	uint64_t accepted; /* verifications */
	uint64_t refused;
	uint64_t undecided;
	uint64_t registered;
	uint64_t local; /* questions on the local socket */
};

struct service {
	const struct emotp_config *config;
	struct http *http;
	struct work *work;
	struct sender *sender;
	struct throttle *asks;
	struct throttle *tries;
	struct counters counters;
};

/* Finds the handler for a request and calls it; arg is the service. */
void route(void *arg, struct http_request *request);

/*
 * The handlers. id is what stood in the place of "*" in the route's path, or
 * "". Each answers the request, then or later.
 */
void handle_ask(
    struct service *service, struct http_request *request, const char *id);
void handle_register(
    struct service *service, struct http_request *request, const char *id);
void handle_confirm(
    struct service *service, struct http_request *request, const char *id);
void handle_verify(
    struct service *service, struct http_request *request, const char *id);
void handle_time(
    struct service *service, struct http_request *request, const char *id);
void handle_health(
    struct service *service, struct http_request *request, const char *id);
void handle_metrics(
    struct service *service, struct http_request *request, const char *id);

/* The web token's files. False if path is none of them. */
bool handle_file(struct http_request *request, const char *path);

/* Whether path is one of them. */
bool file_exists(const char *path);

/* Puts a job to work, or answers that this cannot be done now. */
bool service_start(
    struct service *service, struct http_request *request, struct job *job);

#endif
