#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "options.h"
#include "output.h"

#define USAGE      "usage: emotp-provision [--config FILE] [--json]"
#define WIDTH      80 /* of a terminal */
#define OPTION_MAX 32 /* "--", a name and the NUL */

/* Beyond any character, which is what a short option has. */
enum option_value {
	OPTION_CONFIG = 256,
	OPTION_JSON,
	OPTION_SERVER,
	OPTION_CA,
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_EMAIL,
	OPTION_LANGUAGE,
	OPTION_LABEL,
	OPTION_USERS,
	OPTION_ALL,
	OPTION_DRY_RUN,
};

/* What stands between a command's name and its arguments. */
static const char *
gap(const struct command *command)
{
	return command->arguments[0] != '\0' ? " " : "";
}

static void
help_line(const struct command *command, const char *indent)
{
	(void)printf("%s%s", indent, command->help);
	if (command->alias != NULL)
		(void)printf("; also: %s", command->alias);
	(void)printf("\n");
}

static void
help(void)
{
	(void)printf(USAGE " COMMAND ...\n"
			   "       emotp-provision --server URL [--ca FILE]"
			   " [--json] enroll EMAIL\n"
			   "       emotp-provision --help | --version\n\n");
	for (const struct command *c = commands; c->name != NULL; c++) {
		(void)printf("  %s%s%s\n", c->name, gap(c), c->arguments);
		help_line(c, "      ");
	}
	(void)printf("\nAfter a command, --help tells its usage alone."
		     " See emotp-provision(8).\n");
}

/* How an option is written: the long form where it has one. */
static const char *
option_text(const struct option *known, int value, char buf[static OPTION_MAX])
{
	for (; known->name != NULL; known++)
		if (known->val == value)
			break;
	if (known->name != NULL)
		(void)snprintf(buf, OPTION_MAX, "--%s", known->name);
	else
		(void)snprintf(buf, OPTION_MAX, "-%c", value);
	return buf;
}

/*
 * The error line for an option that getopt_long(3) has just choked on, or
 * found where nobody takes it. It names the option and never its value.
 */
static int
bad_option(
    char *argv[], int result, const struct option *known, const char *usage)
{
	bool choked = result == '?' || result == ':';
	int value = choked ? optopt : result;
	const char *problem = "no such option here";
	char buf[OPTION_MAX];

	if (result == ':')
		problem = "needs a value";
	else if (result == '?' && value >= OPTION_CONFIG)
		problem = "takes no value";
	else if (value == OPTION_CONFIG || value == OPTION_JSON ||
	    value == OPTION_SERVER || value == OPTION_CA)
		problem = "belongs before the command";
	if (value != 0)
		return output_fail(EXIT_USAGE, "%s: %s; %s",
		    option_text(known, value, buf), problem, usage);
	return output_fail(EXIT_USAGE, "%.*s: %s; %s",
	    (int)strcspn(argv[optind - 1], "="), argv[optind - 1], problem,
	    usage);
}

/* Options before the command. Sets *ret_done after --help and --version. */
static int
read_globals(int argc, char *argv[], struct invocation *ret, bool *ret_done)
{
	static const struct option globals[] = {
	    {"config", required_argument, NULL, OPTION_CONFIG},
	    {"json", no_argument, NULL, OPTION_JSON},
	    {"server", required_argument, NULL, OPTION_SERVER},
	    {"ca", required_argument, NULL, OPTION_CA},
	    {"help", no_argument, NULL, OPTION_HELP},
	    {"version", no_argument, NULL, OPTION_VERSION},
	    {NULL, 0, NULL, 0},
	};
	int result;

	while ((result = getopt_long(argc, argv, "+:h", globals, NULL)) != -1) {
		switch (result) {
		case OPTION_CONFIG:
			ret->config_path = optarg;
			break;
		case OPTION_JSON:
			output_set_json();
			break;
		case OPTION_SERVER:
			ret->server = optarg;
			break;
		case OPTION_CA:
			ret->server_ca = optarg;
			break;
		case OPTION_HELP:
		case 'h':
			help();
			*ret_done = true;
			return 0;
		case OPTION_VERSION:
			(void)printf("emotp-provision %s\n", EMOTP_VERSION);
			*ret_done = true;
			return 0;
		default:
			return bad_option(
			    argv, result, globals, USAGE " COMMAND ...");
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

/* Whether one letter more, less or other makes b of a. */
static bool
one_letter_off(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	if (*a != '\0' && *b != '\0' && strcmp(a + 1, b + 1) == 0)
		return true;
	return (*a != '\0' && strcmp(a + 1, b) == 0) ||
	    (*b != '\0' && strcmp(a, b + 1) == 0);
}

static int
no_command(const char *name)
{
	for (const struct command *c = commands; c->name != NULL; c++)
		if (one_letter_off(name, c->name))
			return output_fail(EXIT_USAGE,
			    "%.64s: no such command, but there is %s;"
			    " --help lists the commands",
			    name, c->name);
	return output_fail(EXIT_USAGE,
	    "%.64s: no such command; " USAGE
	    " COMMAND ...; --help lists the commands",
	    name);
}

/* An option of a command: who takes it, and where it goes. */
static int
take_option(const struct command *command, int option, struct arguments *args)
{
	const struct {
		int option;
		unsigned flag;
		const char **value; /* or */
		bool *given;
	} takers[] = {
	    {OPTION_EMAIL, COMMAND_EMAIL, &args->email, NULL},
	    {OPTION_LANGUAGE, COMMAND_LANGUAGE, &args->language, NULL},
	    {OPTION_LABEL, COMMAND_LABEL, &args->label, NULL},
	    {OPTION_USERS, COMMAND_USERS, &args->users, NULL},
	    {OPTION_ALL, COMMAND_ALL, NULL, &args->all},
	    {OPTION_DRY_RUN, COMMAND_DRY_RUN, NULL, &args->dry_run},
	};

	for (size_t i = 0; i < sizeof(takers) / sizeof(takers[0]); i++) {
		if (takers[i].option != option ||
		    (command->flags & takers[i].flag) == 0)
			continue;
		if (takers[i].value != NULL)
			*takers[i].value = optarg;
		else
			*takers[i].given = true;
		return 0;
	}
	return -1;
}

/* A word that is no option. -1 if there is one too many. */
static int
take_word(const struct command *command, const char *word, int *count,
    struct arguments *args)
{
	if (*count == command->most)
		return -1;
	args->words[(*count)++] = word;
	return 0;
}

/* Whether the words are enough, or what stands in their place is alone. */
static bool
complete(const struct command *command, const struct arguments *args, int count)
{
	bool takes_bulk = (command->flags & COMMAND_BULK) != 0;

	if (takes_bulk && count > 0 && strcmp(args->words[0], "-") == 0)
		return count == 1;
	if (takes_bulk && args->dry_run)
		return false;
	if (args->all)
		return count == 0;
	return count >= command->least;
}

static int
bad_words(
    const struct command *command, int count, bool too_many, const char *usage)
{
	const char *problem = "these arguments do not go together";

	if (too_many)
		problem = "too many arguments";
	else if (count < command->least)
		problem = "an argument is missing";
	return output_fail(
	    EXIT_USAGE, "%s: %s; %s", command->name, problem, usage);
}

static void
help_of(const struct command *command, const char *usage)
{
	bool fits = strlen(usage) <= WIDTH;

	(void)printf(USAGE " %s%s%s\n", command->name,
	    fits ? gap(command) : "\n\t", command->arguments);
	help_line(command, "    ");
}

/* argv[0] is the command. "-" keeps the order, whatever the environment. */
static int
read_arguments(
    int argc, char *argv[], struct invocation *ret, const char *usage)
{
	static const struct option options[] = {
	    {"email", required_argument, NULL, OPTION_EMAIL},
	    {"language", required_argument, NULL, OPTION_LANGUAGE},
	    {"label", required_argument, NULL, OPTION_LABEL},
	    {"users", required_argument, NULL, OPTION_USERS},
	    {"all", no_argument, NULL, OPTION_ALL},
	    {"dry-run", no_argument, NULL, OPTION_DRY_RUN},
	    {"help", no_argument, NULL, OPTION_HELP},
	    {"config", required_argument, NULL, OPTION_CONFIG},
	    {"json", no_argument, NULL, OPTION_JSON},
	    {"server", required_argument, NULL, OPTION_SERVER},
	    {"ca", required_argument, NULL, OPTION_CA},
	    {NULL, 0, NULL, 0},
	};
	const struct command *command = ret->command;
	int count = 0;
	int bad = 0;
	int result;

	optind = 0;
	while ((result = getopt_long(argc, argv, "-:h", options, NULL)) != -1) {
		if (result == 'h' || result == OPTION_HELP) {
			help_of(command, usage);
			ret->command = NULL;
			return 0;
		}
		/* What is not taken here needs no value either. */
		if (result == ':' &&
		    take_option(command, optopt, &ret->args) != 0)
			result = optopt;
		if (result == 1)
			bad |= take_word(command, optarg, &count, &ret->args);
		else if (take_option(command, result, &ret->args) != 0)
			return bad_option(argv, result, options, usage);
	}
	for (; optind < argc; optind++)
		bad |= take_word(command, argv[optind], &count, &ret->args);
	if (bad != 0 || !complete(command, &ret->args, count))
		return bad_words(command, count, bad != 0, usage);
	return 0;
}

/* What --server and --ca go with. */
static int
check_server(const struct invocation *call, const char *usage)
{
	if (call->command == NULL ||
	    (call->server == NULL && call->server_ca == NULL))
		return 0;
	if (call->server == NULL)
		return output_fail(
		    EXIT_USAGE, "--ca: goes with --server; %s", usage);
	if ((call->command->flags & COMMAND_REMOTE) == 0)
		return output_fail(EXIT_USAGE,
		    "--server: %s is for the store of this host; %s",
		    call->command->name, usage);
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
		    "a command is missing; " USAGE
		    " COMMAND ...; --help lists the commands");
	argc -= optind;
	argv += optind;
	ret->command = find_command(argv[0]);
	if (ret->command == NULL)
		return no_command(argv[0]);
	(void)snprintf(usage, sizeof(usage), USAGE " %s%s%s",
	    ret->command->name, gap(ret->command), ret->command->arguments);
	code = read_arguments(argc, argv, ret, usage);
	return code != 0 ? code : check_server(ret, usage);
}
