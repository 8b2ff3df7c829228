#include <string.h>

#include "model.h"

#define CLOCK_SLACK_S 300 /* how far a clock may have been set back */

const char *
emotp_verdict_name(enum emotp_verdict verdict)
{
	switch (verdict) {
#define X(name, number, text) \
	case EMOTP_##name:    \
		return text;
		EMOTP_VERDICT_MAP(X)
#undef X
	}
	return "none";
}

const char *
emotp_user_state_name(enum emotp_user_state state)
{
	switch (state) {
	case EMOTP_INVITED:
		return "invited";
	case EMOTP_ACTIVE:
		return "active";
	case EMOTP_REVOKED_USER:
		return "revoked";
	case EMOTP_REMOVED:
		return "removed";
	}
	return "none";
}

const char *
emotp_mail_kind_name(enum emotp_mail_kind kind)
{
	switch (kind) {
#define X(name, number, text)   \
	case EMOTP_MAIL_##name: \
		return text;
		EMOTP_MAIL_MAP(X)
#undef X
	}
	return NULL;
}

void
emotp_attempts_add(
    struct emotp_attempts *attempts, const struct emotp_attempt *attempt)
{
	if (attempts->count == EMOTP_ATTEMPTS_MAX) {
		attempts->count--;
		memmove(attempts->list, attempts->list + 1,
		    attempts->count * sizeof(attempts->list[0]));
	}
	attempts->list[attempts->count++] = *attempt;
}

void
emotp_times_add(struct emotp_times *times, int64_t at_s)
{
	if (times->count == EMOTP_TIMES_MAX) {
		times->count--;
		memmove(times->at, times->at + 1,
		    times->count * sizeof(times->at[0]));
	}
	times->at[times->count++] = at_s;
}

void
emotp_times_trim(struct emotp_times *times, int64_t now_s, int64_t age_s)
{
	size_t kept = 0;

	for (size_t i = 0; i < times->count; i++) {
		int64_t at = times->at[i] < now_s ? times->at[i] : now_s;

		if (now_s - at < age_s)
			times->at[kept++] = at;
	}
	times->count = kept;
}

bool
emotp_code_live(const struct emotp_code *code, int64_t now_s)
{
	int64_t age = now_s - code->handed_at;

	return code->state == EMOTP_CODE_LIVE && age >= -CLOCK_SLACK_S &&
	    age < EMOTP_CODE_LIFE_S;
}

bool
emotp_code_forgotten(const struct emotp_code *code, int64_t now_s)
{
	return now_s - code->handed_at >= EMOTP_CODE_LIFE_S + EMOTP_CODE_KEPT_S;
}
