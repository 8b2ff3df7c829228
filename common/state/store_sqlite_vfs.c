#include <stdio.h>

#include "store_files.h"
#include "store_sqlite.h"

/* The real one makes the WAL with the owner and mode of the database. */
static int
make_wal(sqlite3_vfs *real, const char *name, sqlite3_file *file, int flags,
    int *ret_flags)
{
	int rc = real->xOpen(real, name, file, flags, ret_flags);

	if (rc == SQLITE_OK && emotp_store_files_sync(name) != 0) {
		(void)file->pMethods->xClose(file);
		file->pMethods = NULL;
		rc = SQLITE_IOERR_DIR_FSYNC;
	}
	return rc;
}

static int
open_any(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
    int *ret_flags)
{
	sqlite3_vfs *real = ((struct emotp_sqlite_vfs *)(void *)vfs)->real;
	int rc;

	if ((flags & SQLITE_OPEN_WAL) == 0)
		return real->xOpen(real, name, file, flags, ret_flags);
	rc = real->xOpen(
	    real, name, file, flags & ~SQLITE_OPEN_CREATE, ret_flags);
	return rc == SQLITE_OK ? rc :
				 make_wal(real, name, file, flags, ret_flags);
}

/*
 * Known to SQLite by its name only as long as it takes to open: the process
 * is somebody else's, and outlives this module.
 */
int
emotp_sqlite_vfs_open(
    struct emotp_sqlite_vfs *vfs, const char *path, sqlite3 **ret)
{
	int rc;

	vfs->real = sqlite3_vfs_find(NULL);
	if (vfs->real == NULL)
		return SQLITE_ERROR;
	(void)snprintf(vfs->name, sizeof(vfs->name), "emotp-%p", (void *)vfs);
	vfs->vfs = *vfs->real;
	vfs->vfs.zName = vfs->name;
	vfs->vfs.xOpen = open_any;
	rc = sqlite3_vfs_register(&vfs->vfs, 0);
	if (rc != SQLITE_OK)
		return rc;
	rc = sqlite3_open_v2(path, ret,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
		SQLITE_OPEN_PRIVATECACHE,
	    vfs->name);
	(void)sqlite3_vfs_unregister(&vfs->vfs);
	return rc;
}
