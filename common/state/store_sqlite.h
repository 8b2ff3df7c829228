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

/* What stands in the log beside the database, by this handle's commits. */
struct emotp_sqlite_wal {
	int pages; /* after the last of them */
	int told;  /* of them, when it was last untidy */
	bool kept; /* emotp_store_keep */
};

/* Keeps *wal up to date while db is open. */
void emotp_sqlite_wal_watch(struct emotp_sqlite_wal *wal, sqlite3 *db);

/*
 * Whether it has grown enough to be started over, and doing so; without a
 * busy handler, since whoever reads or writes would hinder it for long.
 */
bool emotp_sqlite_wal_due(const struct emotp_sqlite_wal *wal);
void emotp_sqlite_wal_start_over(struct emotp_sqlite_wal *wal, sqlite3 *db);

/* See emotp_store_keep. leave: db is about to be closed. */
bool emotp_sqlite_wal_untidy(struct emotp_sqlite_wal *wal);
void emotp_sqlite_wal_tidy(sqlite3 *db);
void emotp_sqlite_wal_leave(struct emotp_sqlite_wal *wal, sqlite3 *db);

/* Binds what is borrowed until the statement's bindings are cleared. */
int emotp_sqlite_bind(
    sqlite3_stmt *stmt, int at, const struct emotp_value *value);

/* Borrowed until the next step. */
struct emotp_value emotp_sqlite_column(sqlite3_stmt *stmt, int at);

#endif
