#include <stdio.h>
#include <string.h>

#include "service.h"

#define ID_MAX 32

/* "*" in a path stands for an id: 32 hexadecimal digits. */
static const struct route {
	const char *method;
	const char *path;
	void (*handle)(struct service *service, struct http_request *request,
	    const char *id);
} routes[] = {
    {"POST", "/v1/registration-codes", handle_ask},
    {"POST", "/v1/tokens", handle_register},
    {"POST", "/v1/tokens/*/confirmations", handle_confirm},
    {"POST", "/v1/verifications", handle_verify},
    {"GET", "/v1/time", handle_time},
    {"GET", "/healthz", handle_health},
    {"GET", "/metrics", handle_metrics},
    {NULL, NULL, NULL},
};

/* Whether path fits; the id is copied. */
static bool
fits(const char *pattern, const char *path, char id[static ID_MAX + 1])
{
	size_t head = strcspn(pattern, "*");

	id[0] = '\0';
	if (pattern[head] == '\0')
		return strcmp(pattern, path) == 0;
	if (strncmp(pattern, path, head) != 0 ||
	    strspn(path + head, "0123456789abcdef") != ID_MAX ||
	    strcmp(pattern + head + 1, path + head + ID_MAX) != 0)
		return false;
	(void)snprintf(id, ID_MAX + 1, "%s", path + head);
	return true;
}

static bool
is_get(const char *method)
{
	return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

static void
wrong_method(struct http_request *request, const char *allowed)
{
	answer_problem_with(request, PROBLEM_METHOD, "Allow",
	    strcmp(allowed, "GET") == 0 ? "GET, HEAD" : allowed);
}

static void
serve_file(struct http_request *request, const char *path)
{
	if (file_exists(path) && !is_get(http_method(request)))
		wrong_method(request, "GET");
	else if (!handle_file(request, path))
		answer_problem(request, PROBLEM_NOT_FOUND);
}

void
route(void *arg, struct http_request *request)
{
	struct service *service = arg;
	const char *path = http_path(request);
	const char *method = http_method(request);
	const struct route *r = routes;
	char id[ID_MAX + 1];

	service->counters.requests++;
	if (http_malformed(request)) {
		answer_problem(request, PROBLEM_MALFORMED);
		return;
	}
	while (r->path != NULL && !fits(r->path, path, id))
		r++;
	if (r->path == NULL)
		serve_file(request, path);
	else if (strcmp(r->method, method) != 0 &&
	    (strcmp(r->method, "GET") != 0 || !is_get(method)))
		wrong_method(request, r->method);
	else
		r->handle(service, request, id);
}

bool
service_start(
    struct service *service, struct http_request *request, struct job *job)
{
	if (work_add(service->work, job))
		return true;
	answer_problem(request, PROBLEM_UNAVAILABLE);
	return false;
}
