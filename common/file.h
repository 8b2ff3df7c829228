/* Files that emotp trusts, opened so that nobody else can have a say. */
#ifndef EMOTP_FILE_H
#define EMOTP_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "err.h"

enum emotp_file_rule {
	EMOTP_FILE_PUBLIC,  /* nobody but the owner may write */
	EMOTP_FILE_PRIVATE, /* nobody but the owner may read or write */
};

/*
 * Why st may not be trusted, in a few words, or NULL if it may: a regular
 * file with one link, of root or of this process's effective user, and
 * within the rule. Pure.
 */
const char *emotp_file_distrust(
    const struct stat *st, enum emotp_file_rule rule);

/*
 * Reads a whole trusted file into buf and ends it with a NUL; *ret_len does
 * not count that. Opened with O_NOFOLLOW and O_NONBLOCK, so that neither a
 * symbolic link nor a FIFO is followed or waited for, and judged by fstat on
 * the open descriptor. Returns err (chosen by the caller: what the file is
 * for) if it is missing, not trusted, size or more bytes long, or holds a
 * NUL; buf is then wiped.
 */
enum emotp_err emotp_file_read(const char *path, enum emotp_file_rule rule,
    enum emotp_err err, char *buf, size_t size, size_t *ret_len,
    struct emotp_why *why);

#endif
