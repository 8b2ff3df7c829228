#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <security/pam_ext.h>

#include "../common/config.h"
#include "../common/text.h"
#include "options.h"

enum kind {
	FLAG,
	TEXT,
	PATH,
	COUNT,
	IGNORED, /* another OTP module's: harmless here, but say so */
	REFUSED, /* another OTP module's: would let everybody in */
};

#define AT(field) offsetof(struct options, field)

/* Sorted by name. pam_emotp(8) has a paragraph for each. */
static const struct option {
	const char *name; /* with "=" where it takes a value */
	enum kind kind;
	size_t offset;
} table[] = {
    {"allow_readonly", IGNORED, 0},
    {"allowed_perm=", IGNORED, 0},
    {"alwaysok", REFUSED, 0},
    {"authtok_prompt=", TEXT, AT(prompt)},
    {"conf=", PATH, AT(conf)},
    {"debug", FLAG, AT(debug)},
    {"digits=", IGNORED, 0},
    {"echo", FLAG, AT(echo)},
    {"echo-verification-code", FLAG, AT(echo)},
    {"echo_verification_code", FLAG, AT(echo)},
    {"forward_pass", FLAG, AT(forward_pass)},
    {"grace_period=", IGNORED, 0},
    {"no_increment_hotp", IGNORED, 0},
    {"no_strict_owner", IGNORED, 0},
    {"noskewadj", IGNORED, 0},
    {"nouserok", FLAG, AT(nullok)},
    {"nullok", FLAG, AT(nullok)},
    {"prompt=", TEXT, AT(prompt)},
    {"prompts=", COUNT, AT(prompts)},
    {"secret=", IGNORED, 0},
    {"try_first_pass", FLAG, AT(try_first_pass)},
    {"use_first_pass", FLAG, AT(use_first_pass)},
    {"user=", IGNORED, 0},
    {"usersfile=", IGNORED, 0},
    {"window=", IGNORED, 0},
};

/* What follows the name in arg, or NULL if arg is another one. */
static const char *
value_of(const struct option *option, const char *arg)
{
	size_t len = strlen(option->name);

	if (option->name[len - 1] == '=')
		return strncmp(arg, option->name, len) == 0 ? arg + len : NULL;
	return strcmp(arg, option->name) == 0 ? "" : NULL;
}

static bool
set_count(int *field, const char *value)
{
	size_t digits = strspn(value, "0123456789");

	if (digits == 0 || digits > 2 || value[digits] != '\0')
		return false;
	*field = atoi(value);
	return *field >= 1 && *field <= OPTIONS_PROMPTS_MAX;
}

/* False if the value will not do. */
static bool
apply(pam_handle_t *pamh, const struct option *option, const char *value,
    struct options *ret)
{
	char *field = (char *)ret + option->offset;

	switch (option->kind) {
	case FLAG:
		*(bool *)(void *)field = true;
		return true;
	case TEXT:
		*(const char **)(void *)field = value;
		return value[0] != '\0';
	case PATH: /* a relative one would be the user's choice */
		*(const char **)(void *)field = value;
		return value[0] == '/';
	case COUNT:
		return set_count((int *)(void *)field, value);
	case IGNORED:
		pam_syslog(pamh, LOG_WARNING,
		    "argument \"%s\" belongs to another module and is "
		    "ignored: import its tokens, or enrol its users",
		    option->name);
		return true;
	case REFUSED:
		break;
	}
	return false;
}

/* False if arg is unknown or its value will not do. */
static bool
take(pam_handle_t *pamh, const char *arg, struct options *ret)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const char *value = value_of(&table[i], arg);

		if (value != NULL)
			return apply(pamh, &table[i], value, ret);
	}
	return false;
}

int
options_parse(
    pam_handle_t *pamh, int argc, const char **argv, struct options *ret)
{
	char shown[EMOTP_ESCAPED_MAX];

	*ret = (struct options){
	    .conf = EMOTP_CONFIG_PATH,
	    .prompt = "Verification code: ",
	    .prompts = 3,
	};
	for (int i = 0; i < argc; i++) {
		if (take(pamh, argv[i], ret))
			continue;
		pam_syslog(pamh, LOG_ERR,
		    "argument \"%s\" is not usable, "
		    "nobody is let in; see pam_emotp(8)",
		    emotp_escape(argv[i], false, shown));
		return PAM_SERVICE_ERR;
	}
	return PAM_SUCCESS;
}
