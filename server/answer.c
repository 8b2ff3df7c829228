#include <stdio.h>
#include <string.h>

#include "../common/secret.h"
#include "answer.h"

#define BODY_MAX 1024
#define TYPE     "about:emotp#"

static const struct {
	int status;
	const char *type;
	const char *title;
} problems[] = {
#define X(name, number, word, words) [PROBLEM_##name] = {number, word, words},
    PROBLEM_MAP(X)
#undef X
};

const char *
problem_type(enum problem problem)
{
	return problem == PROBLEM_NONE ? "none" : problems[problem].type;
}

void
answer_problem_with(struct http_request *request, enum problem problem,
    const char *name, const char *value)
{
	const struct http_field fields[] = {
	    {"Content-Type", "application/problem+json"},
	    {"Cache-Control", "no-store"},
	    {name, value},
	    {NULL, NULL},
	};
	char body[BODY_MAX];
	int len = snprintf(body, sizeof(body),
	    "{\"type\":\"" TYPE "%s\",\"title\":\"%s\",\"status\":%d}",
	    problems[problem].type, problems[problem].title,
	    problems[problem].status);
	const struct http_reply reply = {
	    problems[problem].status, fields, body, (size_t)len};

	http_reply(request, &reply);
}

void
answer_problem(struct http_request *request, enum problem problem)
{
	if (problem == PROBLEM_NO_HOST_KEY)
		answer_problem_with(
		    request, problem, "WWW-Authenticate", "Bearer");
	else
		answer_problem_with(request, problem, NULL, NULL);
}

static void
send_body(struct http_request *request, int status, const char *type,
    const char *body, size_t len)
{
	const struct http_field fields[] = {
	    {"Content-Type", type},
	    {"Cache-Control", "no-store"},
	    {NULL, NULL},
	};
	const struct http_reply reply = {status, fields, body, len};

	http_reply(request, &reply);
}

void
answer_json(struct http_request *request, int status,
    const struct emotp_field *fields, size_t count)
{
	char body[BODY_MAX];
	size_t len;

	if (emotp_json_write(fields, count, body, sizeof(body), &len) ==
	    EMOTP_OK)
		send_body(request, status, "application/json", body, len);
	else
		answer_problem(request, PROBLEM_UNAVAILABLE);
	emotp_wipe(body, sizeof(body));
}

void
answer_text(struct http_request *request, const char *type, const char *text)
{
	send_body(request, 200, type, text, strlen(text));
}

bool
answer_read(struct http_request *request, const struct emotp_field *fields,
    size_t count)
{
	size_t len;
	const char *body = http_body(request, &len);
	enum emotp_err err = http_header(request, "Content-Encoding") != NULL ?
	    EMOTP_ERR_INVALID :
	    emotp_json_read(body, len, fields, count);

	if (err == EMOTP_ERR_INVALID)
		answer_problem(request, PROBLEM_MALFORMED);
	else if (err != EMOTP_OK)
		answer_problem(request, PROBLEM_UNAVAILABLE);
	return err == EMOTP_OK;
}
