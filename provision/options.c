#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "options.h"
#include "output.h"

#define USAGE "usage: emotp-provision [--config FILE] [--json]"

/* What stands between a command's name and its arguments. */
static const char *
gap(const struct command *command)
{
	return command->arguments[0] != '\0' ? " " : "";
}

static void
help(void)
{
	(void)printf(USAGE " COMMAND ...\n\n");
	for (const struct command *c = commands; c->name != NULL; c++) {
		(void)printf("  %s%s%s\n", c->name, gap(c), c->arguments);
		(void)printf("      %s\n", c->help);
	}
	(void)printf("\nSee emotp-provision(8).\n");
}

/* The error line for an option that getopt_long(3) has just choked on. */
static int
bad_option(char *argv[], int result, const char *usage)
{
	return output_fail(EXIT_USAGE, "%s: %s; %s", argv[optind - 1],
	    result == ':' ? "needs a value" : "no such option here", usage);
}

/* Options before the command. Sets *ret_done after --help and --version. */
static int
read_globals(int argc, char *argv[], struct invocation *ret, bool *ret_done)
{
	static const struct option globals[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"json", no_argument, NULL, 'j'},
	    {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'v'},
	    {NULL, 0, NULL, 0},
	};
	int result;

	while ((result = getopt_long(argc, argv, "+:h", globals, NULL)) != -1) {
		switch (result) {
		case 'c':
			ret->config_path = optarg;
			break;
		case 'j':
			output_set_json();
			break;
		case 'h':
			help();
			*ret_done = true;
			return 0;
		case 'v':
			(void)printf("emotp-provision %s\n", EMOTP_VERSION);
			*ret_done = true;
			return 0;
		default:
			return bad_option(argv, result, USAGE " COMMAND ...");
		}
	}
	return 0;
}

static const struct command *
find_command(const char *name)
{
	for (const struct command *c = commands; c->name != NULL; c++)
		if (strcmp(c->name, name) == 0 ||
		    (c->alias != NULL && strcmp(c->alias, name) == 0))
			return c;
	return NULL;
}

/* An option of a command: where its value goes, and who takes it. */
static int
take_option(const struct command *command, int option, struct arguments *args)
{
	const struct {
		int option;
		unsigned flag;
		const char **value;
	} values[] = {
	    {'e', COMMAND_EMAIL, &args->email},
	    {'l', COMMAND_LANGUAGE, &args->language},
	    {'b', COMMAND_LABEL, &args->label},
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		if (values[i].option != option ||
		    (command->flags & values[i].flag) == 0)
			continue;
		*values[i].value = optarg;
		return 0;
	}
	return -1;
}

/* A positional argument. -1 if there is one too many. */
static int
take_word(const struct command *command, const char *word, int *count,
    struct arguments *args)
{
	if (*count == command->most)
		return -1;
	if ((*count)++ == 0)
		args->user = word;
	else
		args->second = word;
	return 0;
}

/* argv[0] is the command. "-" keeps the order, whatever the environment. */
static int
read_arguments(
    int argc, char *argv[], struct invocation *ret, const char *usage)
{
	static const struct option options[] = {
	    {"email", required_argument, NULL, 'e'},
	    {"language", required_argument, NULL, 'l'},
	    {"label", required_argument, NULL, 'b'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0},
	};
	const struct command *command = ret->command;
	int count = 0;
	int bad = 0;
	int result;

	optind = 0;
	while ((result = getopt_long(argc, argv, "-:h", options, NULL)) != -1) {
		if (result == 'h') {
			(void)printf("%s\n    %s\n", usage, command->help);
			ret->command = NULL;
			return 0;
		}
		if (result == 1)
			bad |= take_word(command, optarg, &count, &ret->args);
		else if (take_option(command, result, &ret->args) != 0)
			return bad_option(argv, result, usage);
	}
	for (; optind < argc; optind++)
		bad |= take_word(command, argv[optind], &count, &ret->args);
	if (bad != 0 || count < command->least)
		return output_fail(EXIT_USAGE, "%s", usage);
	return 0;
}

int
options_read(int argc, char *argv[], struct invocation *ret)
{
	char usage[200];
	bool done = false;
	int code;

	memset(ret, 0, sizeof(*ret));
	ret->config_path = EMOTP_CONFIG_PATH;
	code = read_globals(argc, argv, ret, &done);
	if (code != 0 || done)
		return code;
	if (optind >= argc)
		return output_fail(EXIT_USAGE,
		    USAGE " COMMAND ...; --help lists the commands");
	argc -= optind;
	argv += optind;
	ret->command = find_command(argv[0]);
	if (ret->command == NULL)
		return output_fail(EXIT_USAGE,
		    "%.64s: no such command; " USAGE
		    " COMMAND ...; --help lists the commands",
		    argv[0]);
	(void)snprintf(usage, sizeof(usage), USAGE " %s%s%s",
	    ret->command->name, gap(ret->command), ret->command->arguments);
	return read_arguments(argc, argv, ret, usage);
}
