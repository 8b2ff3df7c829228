/* What the service says: one line for each event, to standard error. */
#ifndef SERVER_LOG_H
#define SERVER_LOG_H

enum log_level { /* those of syslog(3), as the journal reads them */
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_NOTICE = 5,
	LOG_LEVEL_INFO = 6,
};

/*
 * Before the first line: under the journal lines begin with their level, else
 * with "emotpd: ".
 */
void log_open(void);

/*
 * Writes one line. What came from outside must have gone through
 * emotp_escape(). For any thread.
 */
void log_line(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
