/* The configuration: emotp.conf(5). */
#ifndef EMOTP_CONFIG_H
#define EMOTP_CONFIG_H

#include "err.h"
#include "otpauth.h"
#include "token.h"

#define EMOTP_CONFIG_PATH  "/etc/emotp/emotp.conf"
#define EMOTP_CONFIG_VALUE 200 /* bytes of a value, with the NUL */
#define EMOTP_LANGUAGE_MAX 7   /* "zh-Hant" */

/* Values, after defaults. An optional text that is not set is "". */
struct emotp_config {
	char issuer[EMOTP_ISSUER_MAX + 1];
	char store[EMOTP_CONFIG_VALUE];
	char service[EMOTP_CONFIG_VALUE];
	char key_file[EMOTP_CONFIG_VALUE];
	int skew;                   /* steps, 0 to resync */
	int resync;                 /* steps, 0 to EMOTP_RESYNC_MAX */
	struct emotp_params params; /* of new tokens */
	char mail[EMOTP_CONFIG_VALUE];
	char mail_from[EMOTP_CONFIG_VALUE];
	char mail_user[EMOTP_CONFIG_VALUE];
	char mail_password_file[EMOTP_CONFIG_VALUE];
	char mail_ca[EMOTP_CONFIG_VALUE];
	char templates[EMOTP_CONFIG_VALUE];
	char language[EMOTP_LANGUAGE_MAX + 1];
	char listen[EMOTP_CONFIG_VALUE]; /* several, separated by spaces */
	char tls_certificate[EMOTP_CONFIG_VALUE];
	char tls_key[EMOTP_CONFIG_VALUE];
	char public_url[EMOTP_CONFIG_VALUE];
	char socket[EMOTP_CONFIG_VALUE];
	char upstream[EMOTP_CONFIG_VALUE]; /* several, as with listen */
	char upstream_ca[EMOTP_CONFIG_VALUE];
	char host_key_file[EMOTP_CONFIG_VALUE];
};

#define EMOTP_RESYNC_MAX 100 /* steps */

/*
 * Reads and checks the file at path; a path of NULL gives the defaults.
 * EMOTP_ERR_CONFIG with file, line and reason on anything unknown, repeated
 * or out of range; *ret is then unspecified.
 */
enum emotp_err emotp_config_load(
    const char *path, struct emotp_config *ret, struct emotp_why *why);

/* The path of a service of "unix:/path"; NULL where it is "local". */
const char *emotp_config_service_socket(const struct emotp_config *config);

/* Whether language is one that emotp speaks: "en", "zh-Hant" or "pt". */
bool emotp_language_valid(const char *language);

#endif
