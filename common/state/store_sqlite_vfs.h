/* SQLite's way to files, less a sync that a login need not wait for. */
#ifndef EMOTP_STORE_SQLITE_VFS_H
#define EMOTP_STORE_SQLITE_VFS_H

#include <sqlite3.h>

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

#endif
