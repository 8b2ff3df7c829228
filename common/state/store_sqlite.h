/* The parts of the SQLite backend, to one another. */
#ifndef EMOTP_STORE_SQLITE_H
#define EMOTP_STORE_SQLITE_H

#include <sqlite3.h>

#include "store_backend.h"

/* SQLite's way to files, less a sync that a login need not wait for. */
struct emotp_sqlite_vfs {
	sqlite3_vfs vfs; /* first: SQLite hands back a pointer to it */
	sqlite3_vfs *real;
	char name[32];
};

/*
 * sqlite3_open_v2(), to read and write, by way of *vfs, which must stay
 * where it is until *ret is closed. A WAL that is there is opened as it is.
 * SQLite itself would open it as if to make it, and so sync its directory
 * once for every connection; here that is done when it is made, before
 * anything is written to it.
 */
int emotp_sqlite_vfs_open(
    struct emotp_sqlite_vfs *vfs, const char *path, sqlite3 **ret);

/* Binds what is borrowed until the statement's bindings are cleared. */
int emotp_sqlite_bind(
    sqlite3_stmt *stmt, int at, const struct emotp_value *value);

/* Borrowed until the next step. */
struct emotp_value emotp_sqlite_column(sqlite3_stmt *stmt, int at);

#endif
