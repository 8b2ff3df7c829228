/* What --json prints: one object, on one line. */
#ifndef PROVISION_JSON_H
#define PROVISION_JSON_H

#include "../common/state/directory.h"
#include "../common/state/judge.h"
#include "../common/state/outbox.h"
#include "present.h"

/* For `list`: without the line's end, which belongs to the array. */
enum emotp_err json_user(const struct emotp_user *user, size_t tokens);

/* Each returns an exit code, with the error line written if it is not 0. */
int json_entry(const struct emotp_entry *entry); /* failed is trimmed */
int json_token(const struct present *present, int64_t now_s);
int json_verdict(const struct emotp_judgement *judgement);
int json_flushed(const struct emotp_flushed *flushed);

#endif
