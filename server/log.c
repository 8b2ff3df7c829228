#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "log.h"

#define LINE_MAX_BYTES 1024

static bool journal;

void
log_open(void)
{
	journal = getenv("JOURNAL_STREAM") != NULL;
}

/* One write for each line, so that those of two threads do not mix. */
void
log_line(enum log_level level, const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	va_list args;
	int head, len;

	head = journal ? snprintf(line, sizeof(line), "<%d>", (int)level) :
			 snprintf(line, sizeof(line), "emotpd: ");
	va_start(args, format);
	len = vsnprintf(
	    line + head, sizeof(line) - (size_t)head - 1, format, args);
	va_end(args);
	if (len < 0)
		return;
	len += head;
	if (len > (int)sizeof(line) - 2)
		len = (int)sizeof(line) - 2;
	line[len] = '\n';
	(void)!write(STDERR_FILENO, line, (size_t)len + 1);
}
