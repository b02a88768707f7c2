/* The account store in SQLite: schema, statements, and nothing above them. */
#include "authd/accounts_sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/rand.h"

enum { BUSY_MS = 2000, CHANGES_KEPT_S = 24 * 3600 };

/* Number i + 1 takes the schema from version i to i + 1.  Never edited, only added to. */
static const char *const migrations[] = {
	"CREATE TABLE meta (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE accounts ("
	" account TEXT PRIMARY KEY, domain TEXT NOT NULL, created INTEGER NOT NULL,"
	" generation INTEGER NOT NULL, disabled INTEGER NOT NULL DEFAULT 0,"
	" sha1_iterations INTEGER NOT NULL, sha1_salt BLOB NOT NULL,"
	" sha1_stored_key BLOB NOT NULL, sha1_server_key BLOB NOT NULL,"
	" sha256_iterations INTEGER NOT NULL, sha256_salt BLOB NOT NULL,"
	" sha256_stored_key BLOB NOT NULL, sha256_server_key BLOB NOT NULL) WITHOUT ROWID;"
	"CREATE INDEX accounts_by_domain ON accounts (domain, account);",

	/* What routerd may not have heard of: authd may die between a commit and its word. */
	"CREATE TABLE changes (account TEXT PRIMARY KEY, generation INTEGER NOT NULL,"
	" change INTEGER NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE INDEX changes_by_time ON changes (at);",
};
enum { SCHEMA = sizeof(migrations) / sizeof(migrations[0]) };

enum statement {
	FIND, SECRET, PAGE_ALL, PAGE_DOMAIN, CHANGES, GENERATION_GET, GENERATION_SET,
	EXISTS, PUT, REMOVE, CHANGE_PUT, STATEMENTS,
};

static const char *const statement_sql[STATEMENTS] = {
	[FIND] = "SELECT generation, created, disabled,"
		 " sha1_iterations, sha1_salt, sha1_stored_key, sha1_server_key,"
		 " sha256_iterations, sha256_salt, sha256_stored_key, sha256_server_key"
		 " FROM accounts WHERE account = ?1",
	[SECRET] = "SELECT value FROM meta WHERE name = 'secret'",
	[PAGE_ALL] = "SELECT domain, account, created, disabled, generation, 0 FROM accounts"
		     " WHERE (domain, account) > (?1, ?2) ORDER BY domain, account LIMIT ?3",
	[PAGE_DOMAIN] = "SELECT domain, account, created, disabled, generation, 0 FROM accounts"
			" WHERE domain = ?4 AND account > ?2 ORDER BY account LIMIT ?3",
	[CHANGES] = "SELECT '', account, at, 0, generation, change FROM changes"
		    " WHERE account > ?2 AND at >= ?5 ORDER BY account LIMIT ?3",
	[GENERATION_GET] = "SELECT value FROM meta WHERE name = 'generation'",
	[GENERATION_SET] = "INSERT OR REPLACE INTO meta VALUES ('generation', ?1)",
	[EXISTS] = "SELECT 1 FROM accounts WHERE account = ?1",
	[PUT] = "INSERT INTO accounts VALUES (?1, ?2, ?3, ?4, 0,"
		" ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
		" ON CONFLICT (account) DO UPDATE SET generation = excluded.generation,"
		" sha1_iterations = excluded.sha1_iterations, sha1_salt = excluded.sha1_salt,"
		" sha1_stored_key = excluded.sha1_stored_key,"
		" sha1_server_key = excluded.sha1_server_key,"
		" sha256_iterations = excluded.sha256_iterations,"
		" sha256_salt = excluded.sha256_salt,"
		" sha256_stored_key = excluded.sha256_stored_key,"
		" sha256_server_key = excluded.sha256_server_key",
	[REMOVE] = "DELETE FROM accounts WHERE account = ?1",
	[CHANGE_PUT] = "INSERT OR REPLACE INTO changes VALUES (?1, ?2, ?3, ?4)",
};

struct account_db {
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENTS];
	uint64_t generation; /* the last one given out, within a transaction */
	bool generation_used;
};

const char *account_db_error(const struct account_db *db)
{
	/* What SQLite has no objection to was refused by read_keys(). */
	return sqlite3_errcode(db->db) == SQLITE_OK ? "a row is damaged" : sqlite3_errmsg(db->db);
}

static int exec(struct account_db *db, const char *sql)
{
	return sqlite3_exec(db->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : BH_EIO;
}

/* Runs a statement that gives no row. */
static int run(sqlite3_stmt *st)
{
	int rc = sqlite3_step(st);

	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return rc == SQLITE_DONE ? 0 : BH_EIO;
}

/* Runs one that gives one whole number, or no row. */
static int run_number(sqlite3_stmt *st, int64_t *out)
{
	int rc = sqlite3_step(st);

	if (rc == SQLITE_ROW)
		*out = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	if (rc == SQLITE_ROW)
		return 0;
	return rc == SQLITE_DONE ? BH_ENOTFOUND : BH_EIO;
}

static void bind_text(sqlite3_stmt *st, int i, struct str text)
{
	sqlite3_bind_text(st, i, text.p, (int)text.len, SQLITE_STATIC);
}

/* ---- opening -------------------------------------------------------------------------- */

/* SQLite would make the file readable by all; its -wal and -shm get the same mode. */
static int create_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int user_version(struct account_db *db, int *version)
{
	sqlite3_stmt *st = NULL;
	int64_t n = 0;
	int rc;

	if (sqlite3_prepare_v2(db->db, "PRAGMA user_version", -1, &st, NULL) != SQLITE_OK)
		return BH_EIO;
	rc = run_number(st, &n);
	sqlite3_finalize(st);
	*version = (int)n;
	return rc;
}

static int put_secret(struct account_db *db)
{
	sqlite3_stmt *st = NULL;
	uint8_t secret[MAC_KEY_SIZE];
	int rc;

	if (sqlite3_prepare_v2(db->db, "INSERT OR IGNORE INTO meta VALUES ('secret', ?1)", -1,
		&st, NULL) != SQLITE_OK)
		return BH_EIO;
	rand_bytes(secret, sizeof(secret));
	sqlite3_bind_blob(st, 1, secret, sizeof(secret), SQLITE_STATIC);
	rc = run(st);
	sqlite3_finalize(st);
	return rc;
}

/* In one transaction, under the write lock: a second authd that starts now waits for it. */
static int migrate(struct account_db *db, char *what, size_t size)
{
	char pragma[64];
	int version, rc = exec(db, "BEGIN IMMEDIATE");

	if (rc == 0)
		rc = user_version(db, &version);
	if (rc == 0 && version > SCHEMA) {
		snprintf(what, size, "its schema is %d, this program knows up to %d; it was "
			"made by a newer Bulkhead", version, SCHEMA);
		rc = BH_EVERSION;
	}
	for (int i = rc == 0 ? version : SCHEMA; i < SCHEMA && rc == 0; i++)
		rc = exec(db, migrations[i]);
	if (rc == 0)
		rc = put_secret(db);
	if (rc == 0 && version < SCHEMA) {
		snprintf(pragma, sizeof(pragma), "PRAGMA user_version = %d", SCHEMA);
		rc = exec(db, pragma);
	}
	if (rc == 0)
		rc = exec(db, "COMMIT");
	return rc;
}

static int prepare_all(struct account_db *db)
{
	for (int i = 0; i < STATEMENTS; i++) {
		if (sqlite3_prepare_v3(db->db, statement_sql[i], -1, SQLITE_PREPARE_PERSISTENT,
			&db->statements[i], NULL) != SQLITE_OK)
			return BH_EIO;
	}
	return 0;
}

static int forget_old_changes(struct account_db *db)
{
	char sql[96];

	snprintf(sql, sizeof(sql), "DELETE FROM changes WHERE at < %lld",
		(long long)clock_wall() - CHANGES_KEPT_S);
	return exec(db, sql);
}

static int open_inner(struct account_db *db, const char *path, char *what, size_t size)
{
	int rc = create_file(path);

	if (rc < 0)
		return rc;
	if (sqlite3_open_v2(path, &db->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
		SQLITE_OK)
		return BH_EIO;
	sqlite3_extended_result_codes(db->db, 1);
	sqlite3_busy_timeout(db->db, BUSY_MS);
	rc = exec(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
		"PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;"
		"PRAGMA secure_delete = ON; PRAGMA journal_size_limit = 16777216");
	if (rc == 0)
		rc = migrate(db, what, size);
	if (rc == 0)
		rc = prepare_all(db);
	return rc == 0 ? forget_old_changes(db) : rc;
}

int account_db_open(const char *path, struct account_db **out, char *what, size_t what_size)
{
	struct account_db *db = bh_alloc(sizeof(*db));
	char why[256] = "";
	int rc = open_inner(db, path, why, sizeof(why));

	if (rc == 0) {
		*out = db;
		return 0;
	}
	if (why[0] == '\0')
		snprintf(why, sizeof(why), "%s", rc == BH_EIO && db->db != NULL ?
			sqlite3_errmsg(db->db) : bh_strerror(rc));
	snprintf(what, what_size, "%s: %s", path, why);
	account_db_close(&db);
	return rc;
}

void account_db_close(struct account_db **ref)
{
	struct account_db *db = *ref;

	*ref = NULL;
	if (db == NULL)
		return;
	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(db->statements[i]);
	sqlite3_close(db->db);
	free(db);
}

/* ---- reading -------------------------------------------------------------------------- */

static int column_bytes(sqlite3_stmt *st, int i, uint8_t *out, uint32_t size)
{
	const void *p = sqlite3_column_blob(st, i);

	if (p == NULL || sqlite3_column_bytes(st, i) != (int)size)
		return BH_EIO;
	memcpy(out, p, size);
	return 0;
}

/* Four columns from the i-th: iterations, salt, stored key, server key. */
static int read_keys(sqlite3_stmt *st, int i, enum scram_hash hash, struct scram_keys *k)
{
	int64_t iterations = sqlite3_column_int64(st, i);
	int rc;

	if (iterations < 1 || iterations > INT32_MAX)
		return BH_EIO;
	k->iterations = (uint32_t)iterations;
	rc = column_bytes(st, i + 1, k->salt, sizeof(k->salt));
	if (rc == 0)
		rc = column_bytes(st, i + 2, k->stored, scram_key_size(hash));
	return rc == 0 ? column_bytes(st, i + 3, k->server, scram_key_size(hash)) : rc;
}

int account_db_find(struct account_db *db, struct str account, struct account_record *out)
{
	sqlite3_stmt *st = db->statements[FIND];
	int rc;

	memset(out, 0, sizeof(*out));
	bind_text(st, 1, account);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		out->generation = (uint64_t)sqlite3_column_int64(st, 0);
		out->created = sqlite3_column_int64(st, 1);
		out->disabled = sqlite3_column_int(st, 2) != 0;
		rc = read_keys(st, 3, SCRAM_SHA1, &out->keys.of[SCRAM_SHA1]);
		if (rc == 0)
			rc = read_keys(st, 7, SCRAM_SHA256, &out->keys.of[SCRAM_SHA256]);
	} else {
		rc = rc == SQLITE_DONE ? BH_ENOTFOUND : BH_EIO;
	}
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return rc;
}

int account_db_secret(struct account_db *db, uint8_t out[MAC_KEY_SIZE])
{
	sqlite3_stmt *st = db->statements[SECRET];
	int rc = sqlite3_step(st) == SQLITE_ROW ? column_bytes(st, 0, out, MAC_KEY_SIZE) : BH_EIO;

	sqlite3_reset(st);
	return rc;
}

static struct str column_text(sqlite3_stmt *st, int i)
{
	const char *p = (const char *)sqlite3_column_text(st, i);

	return p != NULL ? str_make(p, (size_t)sqlite3_column_bytes(st, i)) : STR_LIT("");
}

static void copy_text(char *out, size_t size, struct str text)
{
	size_t n = text.len < size ? text.len : size - 1;

	memcpy(out, text.p, n);
	out[n] = '\0';
}

static void visit_row(sqlite3_stmt *st, struct account_page *page)
{
	struct account_row row = {
		.account = column_text(st, 1),
		.created = sqlite3_column_int64(st, 2),
		.disabled = sqlite3_column_int(st, 3) != 0,
		.generation = (uint64_t)sqlite3_column_int64(st, 4),
		.change = (unsigned)sqlite3_column_int(st, 5),
	};

	copy_text(page->after_domain, sizeof(page->after_domain), column_text(st, 0));
	copy_text(page->after_account, sizeof(page->after_account), row.account);
	page->visit(page->arg, &row);
}

static int read_page(sqlite3_stmt *st, struct account_page *page)
{
	char domain[sizeof(page->after_domain)], account[sizeof(page->after_account)];
	int rc, rows = 0;

	/* The cursor moves while the statement still uses its old place. */
	memcpy(domain, page->after_domain, sizeof(domain));
	memcpy(account, page->after_account, sizeof(account));
	/* No statement has all five; SQLite refuses the surplus ones and that is all. */
	bind_text(st, 1, str_of(domain));
	bind_text(st, 2, str_of(account));
	sqlite3_bind_int(st, 3, ACCOUNT_PAGE_ROWS);
	bind_text(st, 4, str_of(page->domain));
	sqlite3_bind_int64(st, 5, page->since);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		visit_row(st, page);
		rows++;
	}
	page->end = rows < ACCOUNT_PAGE_ROWS;
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return rc == SQLITE_DONE ? 0 : BH_EIO;
}

int account_db_page(struct account_db *db, struct account_page *page)
{
	return read_page(db->statements[page->domain != NULL ? PAGE_DOMAIN : PAGE_ALL], page);
}

int account_db_changes(struct account_db *db, struct account_page *page)
{
	return read_page(db->statements[CHANGES], page);
}

/* ---- writing -------------------------------------------------------------------------- */

int account_db_begin(struct account_db *db)
{
	int64_t last = 0;
	int rc = exec(db, "BEGIN IMMEDIATE");

	if (rc < 0)
		return rc;
	rc = run_number(db->statements[GENERATION_GET], &last);
	if (rc < 0 && rc != BH_ENOTFOUND)
		return rc;
	db->generation = (uint64_t)last;
	db->generation_used = false;
	return 0;
}

int account_db_commit(struct account_db *db)
{
	int rc = 0;

	if (db->generation_used) {
		sqlite3_bind_int64(db->statements[GENERATION_SET], 1, (int64_t)db->generation);
		rc = run(db->statements[GENERATION_SET]);
	}
	return rc == 0 ? exec(db, "COMMIT") : rc;
}

void account_db_rollback(struct account_db *db)
{
	if (!sqlite3_get_autocommit(db->db))
		exec(db, "ROLLBACK");
}

static uint64_t next_generation(struct account_db *db)
{
	uint64_t now = (uint64_t)clock_wall() * 1000;

	db->generation = now > db->generation ? now : db->generation + 1;
	db->generation_used = true;
	return db->generation;
}

static void bind_keys(sqlite3_stmt *st, int i, enum scram_hash hash, const struct scram_keys *k)
{
	int size = (int)scram_key_size(hash);

	sqlite3_bind_int64(st, i, k->iterations);
	sqlite3_bind_blob(st, i + 1, k->salt, sizeof(k->salt), SQLITE_STATIC);
	sqlite3_bind_blob(st, i + 2, k->stored, size, SQLITE_STATIC);
	sqlite3_bind_blob(st, i + 3, k->server, size, SQLITE_STATIC);
}

static int put_row(struct account_db *db, const struct account_write *item)
{
	sqlite3_stmt *st = db->statements[PUT];
	const char *at = strchr(item->account, '@');

	bind_text(st, 1, str_of(item->account));
	bind_text(st, 2, str_of(at != NULL ? at + 1 : item->account));
	sqlite3_bind_int64(st, 3, clock_wall());
	sqlite3_bind_int64(st, 4, (int64_t)item->generation);
	bind_keys(st, 5, SCRAM_SHA1, &item->keys.of[SCRAM_SHA1]);
	bind_keys(st, 9, SCRAM_SHA256, &item->keys.of[SCRAM_SHA256]);
	return run(st);
}

static int note_change(struct account_db *db, const struct account_write *item)
{
	sqlite3_stmt *st = db->statements[CHANGE_PUT];

	bind_text(st, 1, str_of(item->account));
	sqlite3_bind_int64(st, 2, (int64_t)item->generation);
	sqlite3_bind_int(st, 3, (int)item->change);
	sqlite3_bind_int64(st, 4, clock_wall());
	return run(st);
}

int account_db_write(struct account_db *db, struct account_write *item)
{
	int64_t one;
	int rc;

	bind_text(db->statements[EXISTS], 1, str_of(item->account));
	rc = run_number(db->statements[EXISTS], &one);
	if (rc == 0 && item->how == ACCOUNT_ADD)
		return BH_EEXIST;
	if (rc == BH_ENOTFOUND && (item->how == ACCOUNT_PASSWORD || item->how == ACCOUNT_REMOVE))
		return BH_ENOTFOUND;
	if (rc < 0 && rc != BH_ENOTFOUND)
		return rc;
	item->change = rc == 0 ? ACCOUNT_GOT_PASSWORD : ACCOUNT_WAS_ADDED;
	item->generation = next_generation(db);
	if (item->how == ACCOUNT_REMOVE) {
		item->change = ACCOUNT_WAS_DELETED;
		bind_text(db->statements[REMOVE], 1, str_of(item->account));
		rc = run(db->statements[REMOVE]);
	} else {
		rc = put_row(db, item);
	}
	return rc == 0 ? note_change(db, item) : rc;
}
