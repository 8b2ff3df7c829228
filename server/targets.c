#include <string.h>

#include "targets.h"

bool
targets_read(struct targets *targets, const char *urls)
{
	for (;;) {
		size_t len;

		urls += strspn(urls, " ");
		len = strcspn(urls, " ");
		if (len == 0)
			break;
		if (targets->count == TARGETS_MAX || len >= TARGETS_URL)
			return false;
		memcpy(targets->list[targets->count++].url, urls, len);
		urls += len;
	}
	return targets->count > 0;
}

bool
targets_take(struct targets *targets, int i, int64_t now_ms, int64_t skip_ms,
    bool *again)
{
	struct target *target = &targets->list[i];

	if (target->skip_until_ms == 0)
		return true;
	if (target->skip_until_ms > now_ms || *again)
		return false;
	*again = true;
	target->skip_until_ms = now_ms + skip_ms;
	return true;
}

bool
targets_up(struct targets *targets, int i)
{
	bool back = targets->list[i].skip_until_ms != 0;

	targets->list[i].skip_until_ms = 0;
	return back;
}

void
targets_down(struct targets *targets, int i, int64_t now_ms, int64_t skip_ms)
{
	targets->list[i].skip_until_ms = now_ms + skip_ms;
}
