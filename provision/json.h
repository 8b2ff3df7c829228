/* What --json prints: one object, on one line. */
#ifndef PROVISION_JSON_H
#define PROVISION_JSON_H

#include "../common/state/directory.h"
#include "../common/state/host.h"
#include "../common/state/judge.h"
#include "../common/state/outbox.h"
#include "../common/state/recovery.h"
#include "../common/state/store_copy.h"
#include "present.h"

/* For `list`: without the line's end, which belongs to the array. */
enum emotp_err json_user(const struct emotp_user *user, size_t tokens);

/* The same for `host list`. */
enum emotp_err json_host(const struct emotp_host *host);

/* The same for `export`. */
enum emotp_err json_uri(
    const char *user, const struct emotp_token *token, const char *uri);

/* Each returns an exit code, with the error line written if it is not 0. */
int json_entry(const struct emotp_entry *entry); /* failed is trimmed */
int json_token(const struct present *present);
int json_verdict(const struct emotp_judgement *judgement);
int json_flushed(const struct emotp_flushed *flushed);

/* What became of the users of `invite --all`. */
struct invited {
	uint64_t mailed;
	uint64_t failed;
	uint64_t skipped; /* at a limit, or no longer invited by then */
};
int json_invited(const struct invited *invited);
int json_copied(const struct emotp_copied *copied);

/* {"user","codes"} and {"user","attempts"}. */
int json_recovery(const char *user, const struct emotp_recovery_sheet *sheet);
int json_attempts(const struct emotp_user *user);

#endif
