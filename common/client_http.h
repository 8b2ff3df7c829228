/* One request and its answer, for client.c alone. */
#ifndef EMOTP_CLIENT_HTTP_H
#define EMOTP_CLIENT_HTTP_H

#include "client.h"
#include "message.h"

struct emotp_call {
	const char *path;
	const struct emotp_field *ask; /* NULL: a GET */
	size_t asked;
	long status; /* of success */
	const struct emotp_field *answer;
	size_t answered;
};

/*
 * EMOTP_OK with the answer's fields read, or with a problem in *ret_problem;
 * the fields are then unspecified.
 */
enum emotp_err emotp_client_call(struct emotp_client *client,
    const struct emotp_call *call, enum emotp_problem *ret_problem,
    struct emotp_why *why);

#endif
