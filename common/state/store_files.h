/* The files of a store that is one: trusted, made and named as a whole. */
#ifndef EMOTP_STORE_FILES_H
#define EMOTP_STORE_FILES_H

#include <stddef.h>

#include "../err.h"

/*
 * EMOTP_ERR_STORE unless path (absolute, or EMOTP_ERR_CONFIG) is a trusted
 * file in a directory that nobody but its owner can write, without links
 * for -wal, -shm and -journal.
 */
enum emotp_err emotp_store_files_check(const char *path, struct emotp_why *why);

/*
 * Makes the directory (0700), if it is missing, locks it (*ret_lock, which
 * the caller closes unless it is -1: two that make a store at once take
 * turns), and makes an empty file beside path, whose name goes to aside.
 * EMOTP_ERR_EXISTS if path is there, EMOTP_ERR_STORE if only the log of
 * another store is.
 */
enum emotp_err emotp_store_files_prepare(const char *path, char *aside,
    size_t size, int *ret_lock, struct emotp_why *why);

/* Gives the finished file its name, durably; never over another file. */
enum emotp_err emotp_store_files_publish(
    const char *aside, const char *path, int lock, struct emotp_why *why);

/* Syncs the directory in which path is. 0, or -1 with errno. */
int emotp_store_files_sync(const char *path);

/* Removes a file and its neighbours, if they are there. */
void emotp_store_files_remove(const char *path);

#endif
