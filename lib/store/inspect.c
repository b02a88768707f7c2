/* Looks at a store from outside. */
#include "store/inspect.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/err.h"

enum { BUSY_MS = 5000 };

/* The first column of the first row, as text, or why it cannot be had. */
static int ask(sqlite3 *db, const char *sql, char *out, size_t size)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW ? 0 : BH_EIO;

	snprintf(out, size, "%s", rc == 0 ? (const char *)sqlite3_column_text(s, 0) : sqlite3_errmsg(db));
	sqlite3_finalize(s);
	return rc;
}

static int look(sqlite3 *db, const char *check, struct store_state *out)
{
	char text[32];
	int rc;

	sqlite3_busy_timeout(db, BUSY_MS);
	rc = ask(db, check, out->why, sizeof out->why);
	if (rc == 0 && sqlite3_stricmp(out->why, "ok") != 0)
		rc = BH_EIO;
	if (rc != 0 || ask(db, "PRAGMA user_version", text, sizeof text) != 0)
		return BH_EIO;
	out->version = strtoll(text, NULL, 10);
	return 0;
}

static int inspect(const char *path, const char *check, struct store_state *out)
{
	struct stat st;
	sqlite3 *db = NULL;
	int rc;

	*out = (struct store_state){.version = 0};
	if (stat(path, &st) != 0) {
		snprintf(out->why, sizeof out->why, "%s", bh_strerror(-errno));
		return errno == ENOENT ? -ENOENT : BH_EIO;
	}
	out->bytes = st.st_size;
	rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc == SQLITE_OK)
		rc = look(db, check, out);
	else
		snprintf(out->why, sizeof out->why, "%s", sqlite3_errstr(rc));
	sqlite3_close(db);
	return rc == 0 ? 0 : BH_EIO;
}

int store_inspect(const char *path, struct store_state *out)
{
	return inspect(path, "PRAGMA quick_check(1)", out);
}

int store_examine(const char *path, struct store_state *out)
{
	return inspect(path, "PRAGMA integrity_check(1)", out);
}
