#include <stdarg.h>
#include <stdio.h>

#include "err.h"

const char *
emotp_strerror(enum emotp_err err)
{
	switch (err) {
	case EMOTP_OK:
		return "no error";
#define X(name, text)          \
	case EMOTP_ERR_##name: \
		return text;
		EMOTP_ERR_MAP(X)
#undef X
	}
	return "unknown error";
}

void
emotp_explain(struct emotp_why *why, const char *format, ...)
{
	va_list ap;

	if (why == NULL)
		return;
	va_start(ap, format);
	(void)vsnprintf(why->text, sizeof(why->text), format, ap);
	va_end(ap);
}
