/* The module's arguments: pam_emotp(8). */
#ifndef PAM_EMOTP_OPTIONS_H
#define PAM_EMOTP_OPTIONS_H

#include <stdbool.h>

#include <security/pam_modules.h>

#define OPTIONS_PROMPTS_MAX 10

struct options {
	const char *conf; /* these two are borrowed from argv */
	const char *prompt;
	int prompts;
	bool nullok;
	bool echo;
	bool use_first_pass;
	bool try_first_pass;
	bool forward_pass;
	bool debug;
};

/*
 * PAM_SUCCESS, or PAM_SERVICE_ERR with a log line for an argument that is
 * unknown, lacks its value or would let everybody in.
 */
int options_parse(
    pam_handle_t *pamh, int argc, const char **argv, struct options *ret);

#endif
