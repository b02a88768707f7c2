/* SQLite, and nothing above it. */
#include "store/database.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"

enum { BUSY_MS = 2000 };

struct database {
	sqlite3 *db;
	sqlite3_stmt **statements;
	size_t nstatements;
};

int database_execute(struct database *db, const char *sql)
{
	return sqlite3_exec(db->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : BH_EIO;
}

int database_begin(struct database *db)
{
	return database_execute(db, "BEGIN IMMEDIATE");
}

int database_commit(struct database *db)
{
	return database_execute(db, "COMMIT");
}

bool database_in_transaction(const struct database *db)
{
	return !sqlite3_get_autocommit(db->db);
}

void database_rollback(struct database *db)
{
	if (database_in_transaction(db))
		(void)database_execute(db, "ROLLBACK");
}

int database_checkpoint(struct database *db)
{
	sqlite3_stmt *s = NULL;
	int rc = BH_EIO;

	sqlite3_busy_timeout(db->db, 0);
	if (sqlite3_prepare_v2(db->db, "PRAGMA wal_checkpoint(TRUNCATE)", -1, &s, NULL) == SQLITE_OK &&
		sqlite3_step(s) == SQLITE_ROW)
		rc = sqlite3_column_int(s, 0) == 0 ? 0 : BH_EBUSY;
	sqlite3_finalize(s);
	sqlite3_busy_timeout(db->db, BUSY_MS);
	return rc;
}

const char *database_error(const struct database *db)
{
	return sqlite3_errcode(db->db) == SQLITE_OK ? "a row is damaged" : sqlite3_errmsg(db->db);
}

/* SQLite would make the file readable by all; its -wal and -shm get the same mode. */
static int create_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int schema_version(struct database *db, int *version)
{
	sqlite3_stmt *s;
	int rc = BH_EIO;

	if (sqlite3_prepare_v2(db->db, "PRAGMA user_version", -1, &s, NULL) != SQLITE_OK)
		return BH_EIO;
	if (sqlite3_step(s) == SQLITE_ROW) {
		*version = sqlite3_column_int(s, 0);
		rc = 0;
	}
	sqlite3_finalize(s);
	return rc;
}

/* In one transaction, under the write lock: a second process that starts now waits for it. */
static int migrate(struct database *db, const char *const *migrations, char *what, size_t size)
{
	char pragma[64];
	int version = 0, newest = 0, rc = database_begin(db);

	while (migrations[newest] != NULL)
		newest++;
	if (rc == 0)
		rc = schema_version(db, &version);
	if (rc == 0 && version > newest) {
		snprintf(what, size, "its schema is %d, this program knows up to %d; it was made "
			"by a newer Bulkhead", version, newest);
		rc = BH_EVERSION;
	}
	for (int i = version; rc == 0 && i < newest; i++)
		rc = database_execute(db, migrations[i]);
	snprintf(pragma, sizeof pragma, "PRAGMA user_version = %d", newest);
	if (rc == 0 && version < newest)
		rc = database_execute(db, pragma);
	return rc == 0 ? database_commit(db) : rc;
}

static int prepare_all(struct database *db, const struct database_spec *spec)
{
	db->statements = bh_alloc((spec->nstatements + 1) * sizeof(sqlite3_stmt *));
	db->nstatements = spec->nstatements;
	for (size_t i = 0; i < spec->nstatements; i++) {
		if (sqlite3_prepare_v3(db->db, spec->statements[i], -1, SQLITE_PREPARE_PERSISTENT,
			    &db->statements[i], NULL) != SQLITE_OK)
			return BH_EIO;
		BUG_ON(sqlite3_column_count(db->statements[i]) > COLUMNS_MAX);
	}
	return 0;
}

static int set_up(struct database *db, const struct database_spec *spec)
{
	int rc = create_file(spec->path);

	if (rc < 0)
		return rc;
	if (sqlite3_open_v2(spec->path, &db->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
		SQLITE_OK)
		return BH_EIO;
	sqlite3_extended_result_codes(db->db, 1);
	sqlite3_busy_timeout(db->db, BUSY_MS);
	rc = database_execute(db, "PRAGMA journal_mode = WAL; PRAGMA temp_store = MEMORY;"
		"PRAGMA trusted_schema = OFF; PRAGMA journal_size_limit = 67108864");
	if (rc == 0)
		rc = database_execute(db, spec->durable ? "PRAGMA synchronous = FULL"
							: "PRAGMA synchronous = NORMAL");
	if (rc == 0 && spec->wipe)
		rc = database_execute(db, "PRAGMA secure_delete = ON");
	return rc;
}

int database_open(const struct database_spec *spec, struct database **out, char *what, size_t what_size)
{
	struct database *db = bh_alloc(sizeof *db);
	char why[256] = "";
	int rc = set_up(db, spec);

	if (rc == 0)
		rc = migrate(db, spec->migrations, why, sizeof why);
	if (rc == 0)
		rc = prepare_all(db, spec);
	if (rc == 0) {
		*out = db;
		return 0;
	}
	if (why[0] == '\0')
		snprintf(why, sizeof why, "%s",
			rc == BH_EIO && db->db != NULL ? sqlite3_errmsg(db->db) : bh_strerror(rc));
	snprintf(what, what_size, "%s: %s", spec->path, why);
	database_close(&db);
	return rc;
}

void database_close(struct database **ref)
{
	struct database *db = *ref;

	*ref = NULL;
	if (db == NULL)
		return;
	for (size_t i = 0; i < db->nstatements; i++)
		sqlite3_finalize(db->statements[i]);
	sqlite3_close(db->db);
	free(db->statements);
	free(db);
}

void database_bind_int(struct database *db, unsigned statement, int i, int64_t value)
{
	sqlite3_bind_int64(db->statements[statement], i, value);
}

void database_bind_text(struct database *db, unsigned statement, int i, struct str value)
{
	sqlite3_bind_text(db->statements[statement], i, value.p, (int)value.len, SQLITE_STATIC);
}

void database_bind_blob(struct database *db, unsigned statement, int i, struct str value)
{
	/* Without bytes it is an empty blob, not NULL. */
	if (value.p != NULL && value.len == 0)
		sqlite3_bind_zeroblob(db->statements[statement], i, 0);
	else
		sqlite3_bind_blob(db->statements[statement], i, value.p, (int)value.len, SQLITE_STATIC);
}

void database_bind_null(struct database *db, unsigned statement, int i)
{
	sqlite3_bind_null(db->statements[statement], i);
}

int database_step(struct database *db, unsigned statement)
{
	int rc = sqlite3_step(db->statements[statement]);

	if (rc == SQLITE_ROW)
		return 1;
	return rc == SQLITE_DONE ? 0 : BH_EIO;
}

void database_reset(struct database *db, unsigned statement)
{
	sqlite3_reset(db->statements[statement]);
	sqlite3_clear_bindings(db->statements[statement]);
}

int database_run(struct database *db, unsigned statement)
{
	int rc = database_step(db, statement);

	database_reset(db, statement);
	return rc == 0 ? 0 : BH_EIO;
}

int database_columns(struct database *db, unsigned statement)
{
	return sqlite3_column_count(db->statements[statement]);
}

enum column_type database_column_type(struct database *db, unsigned statement, int i)
{
	switch (sqlite3_column_type(db->statements[statement], i)) {
	case SQLITE_NULL:
		return COLUMN_NULL;
	case SQLITE_INTEGER:
		return COLUMN_INT;
	case SQLITE_BLOB:
		return COLUMN_BLOB;
	default:
		return COLUMN_TEXT;
	}
}

int64_t database_column_int(struct database *db, unsigned statement, int i)
{
	return sqlite3_column_int64(db->statements[statement], i);
}

struct str database_column_bytes(struct database *db, unsigned statement, int i)
{
	sqlite3_stmt *s = db->statements[statement];
	const void *p = sqlite3_column_blob(s, i);
	int n = sqlite3_column_bytes(s, i);

	if (p == NULL && sqlite3_column_type(s, i) == SQLITE_NULL)
		return STR_NONE;
	return p != NULL ? str_make(p, (size_t)n) : STR_LIT("");
}
