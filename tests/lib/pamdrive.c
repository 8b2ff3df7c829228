/*
 * pamdrive [-qs] [-n TIMES] [-o OPERATIONS] [-f CHILDREN [-d]] [-r RHOST]
 *     [-t TTY] SERVICE USER
 *
 * Holds a real PAM conversation and tells what happened, one event a line,
 * with control bytes and backslashes escaped:
 *
 *	prompt_off TEXT    asked, answer hidden        error TEXT
 *	prompt_on TEXT     asked, answer shown         info TEXT
 *	changed WHAT       of the process's state (-s)
 *	result OPERATION PAM_CODE
 *
 * Answers come from standard input, a line each; beyond the last one, and
 * for "!fail", the conversation breaks. "!null" answers with nothing, "!die"
 * kills the process, as a dropped connection does.
 *
 *	-o authenticate,setcred,acct_mgmt,open_session,chauthtok
 *	   which operations, in order; one that fails ends the run
 *	-n so many conversations, one after the other
 *	-q sets PAM_SILENT
 *	-s compares descriptors, working directory, umask, signals, children,
 *	   threads, environment and locale before and after
 *	-f lets so many processes do the same at the same moment, each one's
 *	   events in one piece; with -d each has one answer of its own
 *
 * Exits 0 whatever the results are.
 */
#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <locale.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include <security/pam_appl.h>

#define ANSWERS_MAX 4096

struct options {
	const char *service, *user, *rhost, *tty, *operations;
	int children, times;
	bool distinct, quiet, state;
};

struct talk {
	FILE *out;
	char **answers;
	int count, used;
};

static void
put_text(FILE *out, const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p != 0; p++)
		if (*p < 0x20 || *p == 0x7f || *p == '\\')
			fprintf(out, "\\x%02x", *p);
		else
			putc(*p, out);
	putc('\n', out);
}

static int
answer(struct talk *talk, struct pam_response *ret)
{
	const char *text;

	if (talk->used >= talk->count)
		return PAM_CONV_ERR;
	text = talk->answers[talk->used++];
	if (strcmp(text, "!fail") == 0)
		return PAM_CONV_ERR;
	if (strcmp(text, "!die") == 0)
		raise(SIGKILL);
	ret->resp = strcmp(text, "!null") == 0 ? NULL : strdup(text);
	return PAM_SUCCESS;
}

static int
converse(int n, const struct pam_message **messages, struct pam_response **ret,
    void *arg)
{
	static const char *const styles[] = {
	    [PAM_PROMPT_ECHO_OFF] = "prompt_off",
	    [PAM_PROMPT_ECHO_ON] = "prompt_on",
	    [PAM_ERROR_MSG] = "error",
	    [PAM_TEXT_INFO] = "info",
	};
	struct talk *talk = arg;
	struct pam_response *responses = calloc((size_t)n, sizeof(*responses));
	int r = PAM_SUCCESS;

	for (int i = 0; i < n && r == PAM_SUCCESS; i++) {
		int style = messages[i]->msg_style;

		fprintf(talk->out, "%s ", styles[style]);
		put_text(talk->out, messages[i]->msg);
		if (style == PAM_PROMPT_ECHO_OFF || style == PAM_PROMPT_ECHO_ON)
			r = answer(talk, &responses[i]);
	}
	if (r == PAM_SUCCESS) {
		*ret = responses;
		return r;
	}
	for (int i = 0; i < n; i++)
		free(responses[i].resp);
	free(responses);
	return r;
}

static const char *
code_name(int code)
{
	static const char *const names[] = {
#define N(name) [name] = #name
	    N(PAM_SUCCESS),
	    N(PAM_OPEN_ERR),
	    N(PAM_SYMBOL_ERR),
	    N(PAM_SERVICE_ERR),
	    N(PAM_SYSTEM_ERR),
	    N(PAM_BUF_ERR),
	    N(PAM_PERM_DENIED),
	    N(PAM_AUTH_ERR),
	    N(PAM_CRED_INSUFFICIENT),
	    N(PAM_AUTHINFO_UNAVAIL),
	    N(PAM_USER_UNKNOWN),
	    N(PAM_MAXTRIES),
	    N(PAM_NEW_AUTHTOK_REQD),
	    N(PAM_ACCT_EXPIRED),
	    N(PAM_SESSION_ERR),
	    N(PAM_CRED_UNAVAIL),
	    N(PAM_CRED_EXPIRED),
	    N(PAM_CRED_ERR),
	    N(PAM_NO_MODULE_DATA),
	    N(PAM_CONV_ERR),
	    N(PAM_AUTHTOK_ERR),
	    N(PAM_IGNORE),
	    N(PAM_ABORT),
	    N(PAM_MODULE_UNKNOWN),
	    N(PAM_BAD_ITEM),
#undef N
	};

	if (code < 0 || (size_t)code >= sizeof(names) / sizeof(names[0]) ||
	    names[code] == NULL)
		return "PAM_OTHER";
	return names[code];
}

static int
call(pam_handle_t *pamh, const char *operation, int flags)
{
	static const struct {
		const char *name;
		int (*function)(pam_handle_t *, int);
		int flags;
	} operations[] = {
	    {"authenticate", pam_authenticate, 0},
	    {"setcred", pam_setcred, PAM_ESTABLISH_CRED},
	    {"acct_mgmt", pam_acct_mgmt, 0},
	    {"open_session", pam_open_session, 0},
	    {"chauthtok", pam_chauthtok, 0},
	};

	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		if (strcmp(operations[i].name, operation) == 0)
			return operations[i].function(
			    pamh, operations[i].flags | flags);
	errx(2, "no operation %s", operation);
}

/* Every open descriptor and what it is, except the one used for looking. */
static void
put_descriptors(FILE *out)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	while ((entry = readdir(dir)) != NULL) {
		char target[4096];
		ssize_t n = readlinkat(
		    dirfd(dir), entry->d_name, target, sizeof(target) - 1);

		if (n < 0 || atoi(entry->d_name) == dirfd(dir))
			continue;
		target[n] = '\0';
		fprintf(out, "fd %s %s\n", entry->d_name, target);
	}
	closedir(dir);
}

static void
put_signals(FILE *out)
{
	struct sigaction action;
	sigset_t mask;

	sigprocmask(SIG_BLOCK, NULL, &mask);
	for (int i = 1; i < NSIG; i++)
		if (sigaction(i, NULL, &action) == 0)
			fprintf(out,
			    "signal %d handler %p flags %x masked %d\n", i,
			    (void *)(size_t)action.sa_handler,
			    (unsigned)action.sa_flags, sigismember(&mask, i));
}

static void
put_threads(FILE *out)
{
	DIR *dir = opendir("/proc/self/task");
	int n = 0;

	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	fprintf(out, "threads %d\n", n - 2);
}

extern char **environ;

/* The process's state as lines that can be compared. */
static char *
state_of_process(void)
{
	char *text = NULL, cwd[4096];
	size_t size;
	FILE *out = open_memstream(&text, &size);
	mode_t mask = umask(0);
	struct itimerval timer;

	umask(mask);
	put_descriptors(out);
	put_signals(out);
	put_threads(out);
	fprintf(out, "umask %o\ncwd %s\n", mask, getcwd(cwd, sizeof(cwd)));
	fprintf(out, "locale %s\n", setlocale(LC_ALL, NULL));
	fprintf(out, "child %d\n", (int)waitpid(-1, NULL, WNOHANG));
	fprintf(out, "ids %d %d\n", (int)geteuid(), (int)getegid());
	getitimer(ITIMER_REAL, &timer);
	fprintf(out, "timer %ld\n", (long)timer.it_value.tv_sec);
	for (char **e = environ; *e != NULL; e++)
		fprintf(out, "env %s\n", *e);
	fclose(out);
	return text;
}

static void
put_change(FILE *out, const char *before, const char *after)
{
	while (*before != '\0' || *after != '\0') {
		size_t b = strcspn(before, "\n"), a = strcspn(after, "\n");

		if (a != b || memcmp(before, after, a) != 0)
			fprintf(out, "changed %.*s TO %.*s\n", (int)b, before,
			    (int)a, after);
		before += b + (before[b] == '\n');
		after += a + (after[a] == '\n');
	}
}

static void
set_items(pam_handle_t *pamh, const struct options *options)
{
	if (options->rhost != NULL &&
	    pam_set_item(pamh, PAM_RHOST, options->rhost) != PAM_SUCCESS)
		errx(2, "rhost");
	if (options->tty != NULL &&
	    pam_set_item(pamh, PAM_TTY, options->tty) != PAM_SUCCESS)
		errx(2, "tty");
}

static void
operate(pam_handle_t *pamh, const struct options *options, FILE *out)
{
	char *list = strdup(options->operations), *save = NULL;

	for (char *name = strtok_r(list, ",", &save); name != NULL;
	     name = strtok_r(NULL, ",", &save)) {
		int r = call(pamh, name, options->quiet ? PAM_SILENT : 0);

		fprintf(out, "result %s %s\n", name, code_name(r));
		if (r != PAM_SUCCESS)
			break;
	}
	free(list);
}

static void
hold(const struct options *options, struct talk *talk)
{
	struct pam_conv conv = {.conv = converse, .appdata_ptr = talk};
	pam_handle_t *pamh = NULL;
	int r = pam_start(options->service, options->user, &conv, &pamh);

	if (r != PAM_SUCCESS) {
		fprintf(talk->out, "result start %s\n", code_name(r));
		return;
	}
	set_items(pamh, options);
	operate(pamh, options, talk->out);
	pam_end(pamh, PAM_SUCCESS);
}

static void
run(const struct options *options, struct talk *talk)
{
	char *before = NULL, *after = NULL;

	if (options->state) {
		syslog(LOG_DEBUG, "pamdrive"); /* opens /dev/log */
		before = state_of_process();
	}
	for (int i = 0; i < options->times; i++)
		hold(options, talk);
	if (options->state) {
		after = state_of_process();
		put_change(talk->out, before, after);
	}
	free(before);
	free(after);
}

static int
read_answers(char *answers[static ANSWERS_MAX])
{
	char *line = NULL;
	size_t size = 0;
	ssize_t n;
	int count = 0;

	while (count < ANSWERS_MAX && (n = getline(&line, &size, stdin)) > 0) {
		if (line[n - 1] == '\n')
			line[n - 1] = '\0';
		answers[count++] = strdup(line);
	}
	free(line);
	return count;
}

/* Waits until the parent closes the gate, then runs and tells in one piece. */
static void
child(const struct options *options, struct talk *talk, int gate, int number)
{
	char *text = NULL, byte;
	size_t size;

	if (options->distinct) {
		talk->answers += number;
		talk->count = talk->count > number;
	}
	while (read(gate, &byte, 1) > 0)
		continue;
	talk->out = open_memstream(&text, &size);
	run(options, talk);
	fputs("end\n", talk->out);
	fclose(talk->out);
	if (write(STDOUT_FILENO, text, size) != (ssize_t)size)
		_exit(3);
	free(text);
	_exit(0);
}

static void
run_all(const struct options *options, struct talk *talk)
{
	int gate[2], status;

	if (pipe(gate) != 0)
		err(2, "pipe");
	fflush(NULL);
	for (int i = 0; i < options->children; i++) {
		pid_t pid = fork();

		if (pid < 0)
			err(2, "fork");
		if (pid == 0) {
			close(gate[1]);
			child(options, talk, gate[0], i);
		}
	}
	close(gate[1]);
	while (wait(&status) > 0)
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			printf("result child PAM_KILLED\nend\n");
}

int
main(int argc, char **argv)
{
	struct options options = {.operations = "authenticate", .times = 1};
	static char *answers[ANSWERS_MAX];
	struct talk talk = {.out = stdout, .answers = answers};
	int c;

	while ((c = getopt(argc, argv, "df:n:o:qr:st:")) != -1) {
		switch (c) {
		case 'd':
			options.distinct = true;
			break;
		case 'f':
			options.children = atoi(optarg);
			break;
		case 'n':
			options.times = atoi(optarg);
			break;
		case 'o':
			options.operations = optarg;
			break;
		case 'q':
			options.quiet = true;
			break;
		case 'r':
			options.rhost = optarg;
			break;
		case 's':
			options.state = true;
			break;
		case 't':
			options.tty = optarg;
			break;
		default:
			return 2;
		}
	}
	if (argc - optind != 2)
		errx(2, "SERVICE USER");
	options.service = argv[optind];
	options.user = argv[optind + 1];
	talk.count = read_answers(answers);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (options.children > 0)
		run_all(&options, &talk);
	else
		run(&options, &talk);
	for (int i = 0; i < talk.count; i++)
		free(answers[i]);
	return 0;
}
