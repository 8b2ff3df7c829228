#include "store_sqlite.h"

#define DUE_PAGES   64
#define LARGE_PAGES 256
#define KEPT_PAGES  16384 /* DUE_PAGES of who stays: 64 MiB */
#define TIDY_PAGES  4096  /* who stays tidies after so many */

static int
note_pages(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct emotp_sqlite_wal *wal = arg;

	(void)db;
	(void)name;
	wal->pages = pages;
	return SQLITE_OK;
}

void
emotp_sqlite_wal_watch(struct emotp_sqlite_wal *wal, sqlite3 *db)
{
	(void)sqlite3_wal_hook(db, note_pages, wal);
}

static int
checkpoint(sqlite3 *db, int mode)
{
	return sqlite3_wal_checkpoint_v2(db, NULL, mode, NULL, NULL);
}

bool
emotp_sqlite_wal_due(const struct emotp_sqlite_wal *wal)
{
	return wal->pages >= (wal->kept ? KEPT_PAGES : DUE_PAGES);
}

/*
 * Copies the WAL into the database and starts it over from its head. Over
 * its head and not from nothing: to overwrite what a file has costs half as
 * much to sync as to make it grow. That takes a commit, since only a new
 * header ends the old log for whoever opens it next. After an import it is
 * large, and given back instead.
 */
void
emotp_sqlite_wal_start_over(struct emotp_sqlite_wal *wal, sqlite3 *db)
{
	bool large = !wal->kept && wal->pages > LARGE_PAGES;
	int rc = checkpoint(
	    db, large ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_RESTART);

	if (rc == SQLITE_OK && !large)
		(void)sqlite3_exec(
		    db, "PRAGMA user_version=0", NULL, NULL, NULL);
	wal->pages = 0;
}

bool
emotp_sqlite_wal_untidy(struct emotp_sqlite_wal *wal)
{
	int more = wal->pages - wal->told; /* below 0: it was started over */

	if (more >= TIDY_PAGES || more < 0)
		wal->told = wal->pages;
	return more >= TIDY_PAGES;
}

/* Writers go on meanwhile. When all is copied the next one starts it over. */
void
emotp_sqlite_wal_tidy(sqlite3 *db)
{
	(void)checkpoint(db, SQLITE_CHECKPOINT_PASSIVE);
}

void
emotp_sqlite_wal_leave(struct emotp_sqlite_wal *wal, sqlite3 *db)
{
	if (!wal->kept)
		return;
	(void)sqlite3_busy_handler(db, NULL, NULL);
	(void)checkpoint(db, SQLITE_CHECKPOINT_TRUNCATE);
}
