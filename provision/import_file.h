/*
 * A file of another OTP module. The tool is root and the file, or a folder on
 * the way to it, may be a user's: what it holds is never printed, and nothing
 * is believed of it.
 */
#ifndef PROVISION_IMPORT_FILE_H
#define PROVISION_IMPORT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "../common/err.h"

#define IMPORT_BUFFER 65536

/* Close it: it holds secrets. */
struct import_file {
	int fd;
	struct stat opened; /* as it was then */
	uint64_t line;      /* the number of the last that was read, from 1 */
	size_t at, len;     /* in the buffer */
	char buffer[IMPORT_BUFFER];
};

/*
 * Opens a regular file with one link, of root or of this process's user or of
 * the account called user (which may be NULL or unknown here), that nobody
 * else may write to; neither follows a symbolic link nor waits for a FIFO.
 * 0, or an exit code with the error line written.
 */
int import_file_open(
    struct import_file *file, const char *path, const char *user);

/*
 * Reads the whole file, of less than IMPORT_BUFFER bytes, into its buffer and
 * sets its len. Errors as import_file_line() has them.
 */
enum emotp_err import_file_read(
    struct import_file *file, struct emotp_why *why);

/*
 * Reads the next line, without its end, into buf of size bytes; *ret_more is
 * false where there is none. EMOTP_ERR_INVALID if it is too long or has a NUL
 * byte; EMOTP_ERR_STORE if the file cannot be read, or if at its end it is no
 * longer as it was when opened.
 */
enum emotp_err import_file_line(struct import_file *file, char *buf,
    size_t size, bool *ret_more, struct emotp_why *why);

/* To the first line again. */
enum emotp_err import_file_rewind(
    struct import_file *file, struct emotp_why *why);

/* Closes and wipes. */
void import_file_close(struct import_file *file);

#endif
