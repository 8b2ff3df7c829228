#include <string.h>
#include <strings.h>

#include "client_http.h"
#include "text.h"

#define PROBLEM_TYPE "about:emotp#"
#define TYPE_MAX     64
#define TITLE_MAX    200
#define LENGTH(list) (sizeof(list) / sizeof((list)[0]))

static const struct {
	long status;
	const char *type;
} problems[] = {[EMOTP_PROBLEM_NONE] = {0, "none"},
#define X(name, number, word) [EMOTP_PROBLEM_##name] = {number, word},
    EMOTP_PROBLEM_MAP(X)
#undef X
};

const char *
emotp_problem_type(enum emotp_problem problem)
{
	return (size_t)problem < LENGTH(problems) ? problems[problem].type :
						    "unknown";
}

/* Whether the answer is of that media type, with or without parameters. */
static bool
is_type(const struct emotp_reply *reply, const char *wanted)
{
	const char *type = reply->type;
	size_t len = strlen(wanted);

	return strncasecmp(type, wanted, len) == 0 &&
	    (type[len] == '\0' || type[len] == ';' || type[len] == ' ');
}

/* EMOTP_PROBLEM_NONE if the answer tells of none that the protocol knows. */
static enum emotp_problem
read_problem(const struct emotp_reply *reply)
{
	char type[TYPE_MAX + 1], title[TITLE_MAX + 1];
	int64_t told = 0;
	const struct emotp_field fields[] = {
	    {"type", EMOTP_FIELD_TEXT, false, 1, TYPE_MAX, type, NULL},
	    {"title", EMOTP_FIELD_TEXT, false, 0, TITLE_MAX, title, NULL},
	    {"status", EMOTP_FIELD_INTEGER, false, 0, 0, &told, NULL},
	};

	if (!is_type(reply, "application/problem+json") ||
	    emotp_json_read(reply->body, reply->len, fields, LENGTH(fields)) !=
		EMOTP_OK ||
	    told != reply->status ||
	    strncmp(type, PROBLEM_TYPE, strlen(PROBLEM_TYPE)) != 0)
		return EMOTP_PROBLEM_NONE;
	for (size_t i = 1; i < LENGTH(problems); i++)
		if (problems[i].status == reply->status &&
		    strcmp(problems[i].type, type + strlen(PROBLEM_TYPE)) == 0)
			return (enum emotp_problem)i;
	return EMOTP_PROBLEM_NONE;
}

enum emotp_err
emotp_reply_read(const struct emotp_reply *reply, const struct emotp_call *call,
    enum emotp_problem *ret_problem, struct emotp_why *why)
{
	char shown[EMOTP_ESCAPED_MAX];

	*ret_problem =
	    reply->status >= 400 ? read_problem(reply) : EMOTP_PROBLEM_NONE;
	if (*ret_problem != EMOTP_PROBLEM_NONE)
		return EMOTP_OK;
	if (reply->status != call->status ||
	    !is_type(reply, "application/json"))
		return emotp_fail(why, EMOTP_ERR_SERVICE,
		    "%s: the answer (status %ld, %.64s) is none of emotpd",
		    reply->from, reply->status,
		    reply->type[0] == '\0' ?
			"no type" :
			emotp_escape(reply->type, false, shown));
	if (emotp_json_read(reply->body, reply->len, call->answer,
		call->answered) != EMOTP_OK)
		return emotp_fail(why, EMOTP_ERR_SERVICE,
		    "%s: the answer's body breaks the protocol", reply->from);
	return EMOTP_OK;
}
