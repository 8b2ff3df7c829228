/* emotp-provision: the administrator's tool. See emotp-provision(8). */
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../common/secret.h"
#include "../common/state/store_variables.h"
#include "audit.h"
#include "command.h"
#include "options.h"
#include "output.h"

/* clang-format off */
const struct command commands[] = {
    {"init", NULL, "", "create configuration, key and store where missing",
	command_init, 0, 0, COMMAND_CHANGES | COMMAND_OPENS},
    {"add", NULL, "USER EMAIL | - [--dry-run] [--language L]",
	"add a user, or with - all users that standard input names",
	command_add, 2, 2,
	COMMAND_CHANGES | COMMAND_LANGUAGE | COMMAND_DRY_RUN | COMMAND_BULK},
    {"set", NULL, "USER [--email E] [--language L]",
	"change a user's address or language",
	command_set, 1, 1,
	COMMAND_CHANGES | COMMAND_EMAIL | COMMAND_LANGUAGE},
    {"remove", NULL, "USER", "take a user out of the directory",
	command_remove, 1, 1, COMMAND_CHANGES},
    {"enroll", "enrol", "USER",
	"the whole enrolment of a user beside you, or of yourself",
	command_enroll, 1, 1, COMMAND_CHANGES | COMMAND_MAILS | COMMAND_REMOTE},
    {"invite", NULL, "USER | --all",
	"mail a registration code, or one to everybody who is invited",
	command_invite, 1, 1, COMMAND_CHANGES | COMMAND_MAILS | COMMAND_ALL},
    {"register", NULL, "USER [--label L]",
	"register a token with a mailed code from standard input",
	command_register, 1, 1, COMMAND_CHANGES | COMMAND_LABEL},
    {"list", NULL, "", "who is known", command_list, 0, 0, 0},
    {"show", NULL, "USER", "what is known of a user and the tokens",
	command_show, 1, 1, 0},
    {"why", NULL, "USER", "the last attempts in plain words, with the remedy",
	command_why, 1, 1, 0},
    {"revoke", NULL, "USER [TOKEN]", "take a token, or all, away",
	command_revoke, 1, 2, COMMAND_CHANGES},
    {"reset", NULL, "USER", "take all tokens away and allow a new enrolment",
	command_reset, 1, 1, COMMAND_CHANGES},
    {"unlock", NULL, "USER", "clear failures and let codes in again",
	command_unlock, 1, 1, COMMAND_CHANGES},
    {"recovery-codes", NULL, "USER",
	"make ten new codes for the day when the phone is dead",
	command_recovery_codes, 1, 1, COMMAND_CHANGES},
    {"verify", NULL, "USER",
	"say what a login with a code from standard input would say",
	command_verify, 1, 1, 0},
    {"import", NULL,
	"[--dry-run] google-authenticator FILE USER | users.oath FILE",
	"take over tokens of pam_google_authenticator or pam_oath",
	command_import, 2, 3,
	COMMAND_CHANGES | COMMAND_OPENS | COMMAND_DRY_RUN},
    {"host", NULL, "add NAME [--users GLOB] | list | remove NAME",
	"keys of the hosts that may ask for verification",
	command_host, 1, 2, COMMAND_CHANGES | COMMAND_USERS},
    {"export", NULL, "[USER]",
	"print tokens with their secrets, as otpauth URIs",
	command_export, 0, 1, COMMAND_CHANGES},
    {"copy", NULL, "FROM TO", "copy a whole store into a new one",
	command_copy, 2, 2, COMMAND_CHANGES | COMMAND_OPENS},
    {"flush", NULL, "", "send the mails that wait",
	command_flush, 0, 0, COMMAND_CHANGES | COMMAND_MAILS},
    {NULL, NULL, NULL, NULL, NULL, 0, 0, 0},
};
/* clang-format on */

/*
 * With a standard descriptor closed, the store itself would be opened under
 * its number and be printed into. Core files would hold the key.
 */
static int
prepare_process(void)
{
	const struct rlimit none = {0, 0};

	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd)
			return EXIT_UNAVAILABLE;
	(void)umask(077);
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)signal(SIGPIPE, SIG_IGN);
	/* libcurl would write there what decrypts the mailed code. */
	(void)unsetenv("SSLKEYLOGFILE");
	emotp_store_variables_forget();
	emotp_crypto_init();
	output_begin();
	return 0;
}

static int
run(const struct invocation *call)
{
	const struct command *command = call->command;
	struct session s;
	int code = 0;

	session_begin(&s, call->config_path);
	s.server = call->server;
	s.server_ca = call->server_ca;
	if ((command->flags & COMMAND_OPENS) == 0 && s.server == NULL)
		code = session_open(&s, (command->flags & COMMAND_MAILS) != 0);
	if (code == 0)
		code = command->run(&s, &call->args);
	if ((command->flags & COMMAND_CHANGES) != 0)
		audit(&s, command->name, &call->args, code);
	session_close(&s);
	return code;
}

int
main(int argc, char *argv[])
{
	struct invocation call;
	int code = prepare_process();

	if (code != 0)
		return code;
	code = options_read(argc, argv, &call);
	if (code == 0 && call.command != NULL)
		code = run(&call);
	return output_end(code);
}
