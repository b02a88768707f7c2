/* SQLite's online backup. */
#include "store/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"

enum { BUSY_MS = 5000 };

struct store_snapshot {
	sqlite3 *db; /* a transaction that reads is open */
	int64_t version;
};

static int fail(char *why, size_t size, const char *text)
{
	snprintf(why, size, "%s", text);
	return BH_EIO;
}

/* The first column of the first row; false and nothing where there is none. */
static bool ask(sqlite3 *db, const char *sql, char *out, size_t size)
{
	sqlite3_stmt *s = NULL;
	bool row = sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW;

	out[0] = '\0';
	if (row && sqlite3_column_text(s, 0) != NULL)
		snprintf(out, size, "%s", (const char *)sqlite3_column_text(s, 0));
	sqlite3_finalize(s);
	return row;
}

/* ---- reading --------------------------------------------------------------------------------- */

int store_snapshot_open(const char *path, struct store_snapshot **out, char *why, size_t size)
{
	struct store_snapshot *s = bh_alloc(sizeof *s);
	char version[32];
	int rc = sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_busy_timeout(s->db, BUSY_MS);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(s->db, "BEGIN", NULL, NULL, NULL);
	/* The first question is its moment. */
	if (rc == SQLITE_OK && ask(s->db, "PRAGMA user_version", version, sizeof version)) {
		s->version = strtoll(version, NULL, 10);
		*out = s;
		return 0;
	}
	fail(why, size, s->db != NULL ? sqlite3_errmsg(s->db) : sqlite3_errstr(rc));
	store_snapshot_close(&s);
	return BH_EIO;
}

void store_snapshot_close(struct store_snapshot **snapshot)
{
	struct store_snapshot *s = *snapshot;

	*snapshot = NULL;
	if (s == NULL)
		return;
	sqlite3_close(s->db);
	free(s);
}

int64_t store_snapshot_version(const struct store_snapshot *snapshot)
{
	return snapshot->version;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* All pages in one step: between steps another process could write, and it would begin anew. */
static int copy_pages(sqlite3 *from, const char *path, char *why, size_t size)
{
	sqlite3 *to = NULL;
	sqlite3_backup *backup = NULL;
	int rc = sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_exec(to, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		backup = sqlite3_backup_init(to, "main", from, "main");
	if (backup != NULL) {
		(void)sqlite3_backup_step(backup, -1);
		rc = sqlite3_backup_finish(backup);
	}
	if (backup == NULL || rc != SQLITE_OK)
		rc = fail(why, size, to != NULL ? sqlite3_errmsg(to) : sqlite3_errstr(rc));
	sqlite3_close(to);
	return rc;
}

/* What it came from had a write-ahead log, and says so in its head. */
static int make_single(const char *path, char *why, size_t size)
{
	sqlite3 *db = NULL;
	char mode[16] = "";
	int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

	if (rc == SQLITE_OK && ask(db, "PRAGMA journal_mode = DELETE", mode, sizeof mode) && strcmp(mode, "delete") == 0)
		rc = 0;
	else
		rc = fail(why, size, db != NULL ? sqlite3_errmsg(db) : sqlite3_errstr(rc));
	sqlite3_close(db);
	return rc;
}

int store_snapshot_write(struct store_snapshot *snapshot, const char *to, char *why, size_t size)
{
	int fd = open(to, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600), rc;

	if (fd < 0)
		return fail(why, size, strerror(errno));
	rc = copy_pages(snapshot->db, to, why, size);
	if (rc == 0)
		rc = make_single(to, why, size);
	if (rc == 0 && fsync(fd) != 0)
		rc = fail(why, size, strerror(errno));
	close(fd);
	return rc;
}

/* ---- the way back ---------------------------------------------------------------------------- */

/* A write-ahead log can be given up only by who is alone with the file. */
int store_rest(const char *path)
{
	sqlite3 *db = NULL;
	char mode[16] = "";
	int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

	if (rc == SQLITE_OK && !ask(db, "PRAGMA journal_mode = DELETE", mode, sizeof mode))
		rc = sqlite3_errcode(db);
	sqlite3_close(db);
	return rc == SQLITE_BUSY || rc == SQLITE_LOCKED || strcmp(mode, "wal") == 0 ? BH_EBUSY : 0;
}
