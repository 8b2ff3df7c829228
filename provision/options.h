/* The command line. */
#ifndef PROVISION_OPTIONS_H
#define PROVISION_OPTIONS_H

#include "command.h"

struct invocation {
	const char *config_path;
	const char *server;            /* or NULL */
	const char *server_ca;         /* or NULL */
	const struct command *command; /* NULL: nothing left to do */
	struct arguments args;
};

/*
 * Reads the command line. 0, or EXIT_USAGE with the error line written;
 * --help and --version are answered here.
 */
int options_read(int argc, char *argv[], struct invocation *ret);

#endif
