/* Decisions in plain words, with the remedy. The log has only the word. */
#ifndef PROVISION_EXPLAIN_H
#define PROVISION_EXPLAIN_H

#include "../common/state/enroll.h"

/* What every denial reads like to who logs in. */
#define DENIAL "Code not accepted. Wait for the next code and enter that one."

/* One sentence, without capital and full stop; never NULL. */
const char *explain_verdict(enum emotp_verdict verdict);

#define ATTEMPT_TEXT_MAX 320

/* A past login or refusal in a sentence, with the remedy; returns buf. */
const char *explain_attempt(
    const struct emotp_attempt *attempt, char buf[static ATTEMPT_TEXT_MAX]);

/* "wrong-code", "expired", ...: stable words, for scripts. Never NULL. */
const char *explain_registration_word(enum emotp_registration outcome);

/* What to do about it; never NULL. */
const char *explain_registration(enum emotp_registration outcome);

#define CLOCK_TEXT_MAX 80

/* "right", "right within 3 minutes", "about 4 minutes slow"; returns buf. */
const char *explain_clock(
    int drift, int period_s, char buf[static CLOCK_TEXT_MAX]);

#endif
