/*
 * The least that a login costs whose record is in SQLite: one table, one row
 * in WAL mode, opened as emotp does, updated, committed with one sync and
 * closed again.
 */
#include <stdlib.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>

#include "../../common/state/store_sqlite.h"

static int
note_pages(void *arg, sqlite3 *db, const char *name, int pages)
{
	(void)db;
	(void)name;
	*(int *)arg = pages;
	return SQLITE_OK;
}

/* Bounded like emotp's: started over in place once it holds 64 pages. */
static int
record(sqlite3 *db)
{
	int pages = 0, rc;

	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	(void)sqlite3_busy_timeout(db, 5000);
	(void)sqlite3_wal_hook(db, note_pages, &pages);
	rc = sqlite3_exec(db,
	    "BEGIN IMMEDIATE; UPDATE t SET n = n + 1 WHERE i = 1; COMMIT", NULL,
	    NULL, NULL);
	if (rc == SQLITE_OK && pages >= 64 &&
	    sqlite3_wal_checkpoint_v2(
		db, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL) == SQLITE_OK)
		(void)sqlite3_exec(
		    db, "PRAGMA user_version=0", NULL, NULL, NULL);
	return rc;
}

__attribute__((visibility("default"))) int
pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	char *reply = NULL;
	struct emotp_sqlite_vfs vfs;
	sqlite3 *db = NULL;
	int rc;

	(void)flags;
	if (argc != 1 ||
	    pam_prompt(pamh, PAM_PROMPT_ECHO_OFF, &reply, "Code: ") !=
		PAM_SUCCESS)
		return PAM_AUTH_ERR;
	free(reply);
	rc = emotp_sqlite_vfs_open(&vfs, argv[0], &db);
	if (rc == SQLITE_OK)
		rc = record(db);
	(void)sqlite3_close(db);
	return rc == SQLITE_OK ? PAM_SUCCESS : PAM_AUTHINFO_UNAVAIL;
}

__attribute__((visibility("default"))) int
pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_SUCCESS;
}
