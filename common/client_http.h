/* One request and its answer, for client*.c alone. */
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

/* What came. All of it is borrowed. */
struct emotp_reply {
	const char *from; /* the service's url */
	long status;
	const char *type; /* of the body; "" if none was told */
	const char *body;
	size_t len;
};

/* What emotp_client_call makes of an answer. Pure. */
enum emotp_err emotp_reply_read(const struct emotp_reply *reply,
    const struct emotp_call *call, enum emotp_problem *ret_problem,
    struct emotp_why *why);

/* The url that was given, for what is said about its answers. */
const char *emotp_client_base(const struct emotp_client *client);

#endif
