/* The account store in SQLite: schema, statements, and nothing above them. */
#include "authd/accounts_sqlite.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/rand.h"
#include "base/secret.h"
#include "store/database.h"
#include "store/stores.h"

enum { CHANGES_KEPT_S = 24 * 3600 };

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

	/* Why it is disabled, in the administrator's words. */
	"ALTER TABLE accounts ADD COLUMN reason TEXT;",
	/* Accounts that came from another server with the keys of one hash: the others have 0 iterations. */
	"CREATE INDEX accounts_without_sha1 ON accounts (domain) WHERE sha1_iterations = 0;"
	"CREATE INDEX accounts_without_sha256 ON accounts (domain) WHERE sha256_iterations = 0;",
	NULL,
};
STORE_HAS_SCHEMA(migrations, authd);

enum statement {
	FIND, SECRET, SECRET_PUT, PAGE_ALL, PAGE_DOMAIN, CHANGES, GENERATION_GET, GENERATION_SET,
	EXISTS, PUT, REMOVE, DISABLE, CHANGE_PUT, CHANGE_FORGET, LACK_SHA1, LACK_SHA256, NEIGHBOUR, STATEMENTS,
};

static const char *const statement_sql[STATEMENTS] = {
	[FIND] = "SELECT generation, created, disabled,"
		 " sha1_iterations, sha1_salt, sha1_stored_key, sha1_server_key,"
		 " sha256_iterations, sha256_salt, sha256_stored_key, sha256_server_key, reason"
		 " FROM accounts WHERE account = ?1",
	[SECRET] = "SELECT value FROM meta WHERE name = 'secret'",
	[SECRET_PUT] = "INSERT OR IGNORE INTO meta VALUES ('secret', ?1)",
	[PAGE_ALL] = "SELECT domain, account, created, disabled, generation, 0, reason,"
		     " (sha1_iterations = 0) + 2 * (sha256_iterations = 0) FROM accounts"
		     " WHERE (domain, account) > (?1, ?2) ORDER BY domain, account LIMIT ?3",
	[PAGE_DOMAIN] = "SELECT domain, account, created, disabled, generation, 0, reason,"
			" (sha1_iterations = 0) + 2 * (sha256_iterations = 0) FROM accounts"
			" WHERE domain = ?4 AND account > ?2 ORDER BY account LIMIT ?3",
	[CHANGES] = "SELECT '', account, at, 0, generation, change, NULL, 0 FROM changes"
		    " WHERE account > ?2 AND at >= ?5 ORDER BY account LIMIT ?3",
	[GENERATION_GET] = "SELECT value FROM meta WHERE name = 'generation'",
	[GENERATION_SET] = "INSERT OR REPLACE INTO meta VALUES ('generation', ?1)",
	[EXISTS] = "SELECT 1 FROM accounts WHERE account = ?1",
	[PUT] = "INSERT INTO accounts VALUES (?1, ?2, ?3, ?4, 0,"
		" ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, NULL)"
		" ON CONFLICT (account) DO UPDATE SET generation = excluded.generation,"
		" sha1_iterations = excluded.sha1_iterations, sha1_salt = excluded.sha1_salt,"
		" sha1_stored_key = excluded.sha1_stored_key,"
		" sha1_server_key = excluded.sha1_server_key,"
		" sha256_iterations = excluded.sha256_iterations,"
		" sha256_salt = excluded.sha256_salt,"
		" sha256_stored_key = excluded.sha256_stored_key,"
		" sha256_server_key = excluded.sha256_server_key",
	[REMOVE] = "DELETE FROM accounts WHERE account = ?1",
	[DISABLE] = "UPDATE accounts SET disabled = ?2, reason = ?3, generation = ?4 WHERE account = ?1",
	[CHANGE_PUT] = "INSERT OR REPLACE INTO changes VALUES (?1, ?2, ?3, ?4)",
	[CHANGE_FORGET] = "DELETE FROM changes WHERE account = ?1",
	[LACK_SHA1] = "SELECT 1 FROM accounts WHERE domain = ?1 AND sha1_iterations = 0 LIMIT 1",
	[LACK_SHA256] = "SELECT 1 FROM accounts WHERE domain = ?1 AND sha256_iterations = 0 LIMIT 1",
	[NEIGHBOUR] = "SELECT sha1_iterations, length(sha1_salt), sha256_iterations, length(sha256_salt)"
		      " FROM accounts WHERE domain = ?1 AND account >= ?2 ORDER BY account LIMIT 1",
};

struct account_db {
	struct database *db;
	uint64_t generation; /* the last one given out, within a transaction */
	bool generation_used;
	bool purged; /* within it: what was there before shall not stay in the write-ahead log */
};

const char *account_db_error(const struct account_db *db)
{
	return database_error(db->db);
}

/* Runs one that gives one whole number, or no row. */
static int run_number(struct account_db *db, enum statement st, int64_t *out)
{
	int rc = database_step(db->db, st);

	if (rc == 1)
		*out = database_column_int(db->db, st, 0);
	database_reset(db->db, st);
	if (rc == 1)
		return 0;
	return rc == 0 ? BH_ENOTFOUND : BH_EIO;
}

/* ---- opening -------------------------------------------------------------------------- */

static int put_secret(struct account_db *db)
{
	uint8_t secret[MAC_KEY_SIZE];
	int rc;

	rand_bytes(secret, sizeof(secret));
	database_bind_blob(db->db, SECRET_PUT, 1, str_make(secret, sizeof(secret)));
	rc = database_run(db->db, SECRET_PUT);
	secret_wipe(secret, sizeof(secret));
	return rc;
}

static int forget_old_changes(struct account_db *db)
{
	char sql[96];

	snprintf(sql, sizeof(sql), "DELETE FROM changes WHERE at < %lld",
		(long long)clock_wall() - CHANGES_KEPT_S);
	return database_execute(db->db, sql);
}

int account_db_open(const char *path, struct account_db **out, char *what, size_t what_size)
{
	struct database_spec spec = {
		.path = path,
		.migrations = migrations,
		.statements = statement_sql,
		.nstatements = STATEMENTS,
		.durable = true,
		.wipe = true,
	};
	struct account_db *db = bh_alloc(sizeof(*db));
	int rc = database_open(&spec, &db->db, what, what_size);

	if (rc != 0) {
		free(db);
		return rc;
	}
	rc = put_secret(db);
	if (rc == 0)
		rc = forget_old_changes(db);
	if (rc == 0) {
		*out = db;
		return 0;
	}
	snprintf(what, what_size, "%s: %s", path, account_db_error(db));
	account_db_close(&db);
	return rc;
}

void account_db_close(struct account_db **ref)
{
	struct account_db *db = *ref;

	*ref = NULL;
	if (db == NULL)
		return;
	database_close(&db->db);
	free(db);
}

/* ---- reading -------------------------------------------------------------------------- */

/* At least one byte, and at most as many as there is room for: how many, or BH_EIO. */
static int column_short(struct database *db, enum statement st, int i, struct str out)
{
	struct str bytes = database_column_bytes(db, st, i);

	if (bytes.p == NULL || bytes.len == 0 || bytes.len > out.len)
		return BH_EIO;
	memcpy((char *)out.p, bytes.p, bytes.len);
	return (int)bytes.len;
}

static int column_bytes(struct database *db, enum statement st, int i, struct str out)
{
	struct str bytes = database_column_bytes(db, st, i);

	if (bytes.p == NULL || bytes.len != out.len)
		return BH_EIO;
	memcpy((char *)out.p, bytes.p, bytes.len);
	return 0;
}

static void copy_text(char *out, size_t size, struct str text)
{
	size_t n = text.len < size ? text.len : size - 1;

	if (n > 0)
		memcpy(out, text.p, n);
	out[n] = '\0';
}

/* Four columns from the i-th: iterations, salt, stored key, server key. */
static int read_keys(struct database *db, int i, enum scram_hash hash, struct scram_keys *k)
{
	int64_t iterations = database_column_int(db, FIND, i);
	size_t size = scram_key_size(hash);
	int rc;

	if (iterations == 0)
		return 0;
	if (iterations < 1 || iterations > INT32_MAX)
		return BH_EIO;
	k->iterations = (uint32_t)iterations;
	rc = column_short(db, FIND, i + 1, str_make(k->salt, sizeof(k->salt)));
	if (rc >= 0) {
		k->salt_len = (uint32_t)rc;
		rc = column_bytes(db, FIND, i + 2, str_make(k->stored, size));
	}
	return rc == 0 ? column_bytes(db, FIND, i + 3, str_make(k->server, size)) : rc;
}

int account_db_find(struct account_db *db, struct str account, struct account_record *out)
{
	int rc;

	memset(out, 0, sizeof(*out));
	database_bind_text(db->db, FIND, 1, account);
	rc = database_step(db->db, FIND);
	if (rc == 1) {
		out->generation = (uint64_t)database_column_int(db->db, FIND, 0);
		out->created = database_column_int(db->db, FIND, 1);
		out->disabled = database_column_int(db->db, FIND, 2) != 0;
		copy_text(out->reason, sizeof(out->reason), database_column_bytes(db->db, FIND, 11));
		rc = read_keys(db->db, 3, SCRAM_SHA1, &out->keys.of[SCRAM_SHA1]);
		if (rc == 0)
			rc = read_keys(db->db, 7, SCRAM_SHA256, &out->keys.of[SCRAM_SHA256]);
	} else if (rc == 0) {
		rc = BH_ENOTFOUND;
	}
	database_reset(db->db, FIND);
	return rc;
}

int account_db_lack(struct account_db *db, struct str domain, unsigned *out)
{
	static const enum statement of[SCRAM_HASHES] = {[SCRAM_SHA1] = LACK_SHA1, [SCRAM_SHA256] = LACK_SHA256};
	int64_t one;
	int rc = 0;

	*out = 0;
	for (unsigned hash = 0; hash < SCRAM_HASHES && rc != BH_EIO; hash++) {
		database_bind_text(db->db, of[hash], 1, domain);
		rc = run_number(db, of[hash], &one);
		*out |= (rc == 0 ? 1u : 0u) << hash;
	}
	return rc == BH_EIO ? rc : 0;
}

static void take_shape(struct database *db, int i, struct scram_keys *k)
{
	int64_t iterations = database_column_int(db, NEIGHBOUR, i), salt = database_column_int(db, NEIGHBOUR, i + 1);

	if (iterations < 1 || iterations > INT32_MAX || salt < 1 || salt > SCRAM_SALT_MAX)
		return;
	k->iterations = (uint32_t)iterations;
	k->salt_len = (uint32_t)salt;
}

void account_db_neighbour(struct account_db *db, struct str account, struct account_keys *out)
{
	const char *at = memchr(account.p, '@', account.len);
	uint32_t local = at != NULL ? (uint32_t)(at - account.p) + 1 : 0;

	database_bind_text(db->db, NEIGHBOUR, 1, str_make(account.p + local, account.len - local));
	database_bind_text(db->db, NEIGHBOUR, 2, account);
	if (database_step(db->db, NEIGHBOUR) == 1) {
		take_shape(db->db, 0, &out->of[SCRAM_SHA1]);
		take_shape(db->db, 2, &out->of[SCRAM_SHA256]);
	}
	database_reset(db->db, NEIGHBOUR);
}

int account_db_secret(struct account_db *db, uint8_t out[MAC_KEY_SIZE])
{
	int rc = BH_EIO;

	if (database_step(db->db, SECRET) == 1)
		rc = column_bytes(db->db, SECRET, 0, str_make(out, MAC_KEY_SIZE));
	database_reset(db->db, SECRET);
	return rc;
}

static struct str column_text(struct database *db, enum statement st, int i)
{
	struct str text = database_column_bytes(db, st, i);

	return text.p != NULL ? text : STR_LIT("");
}

static void visit_row(struct database *db, enum statement st, struct account_page *page)
{
	struct account_row row = {
		.account = column_text(db, st, 1),
		.created = database_column_int(db, st, 2),
		.disabled = database_column_int(db, st, 3) != 0,
		.generation = (uint64_t)database_column_int(db, st, 4),
		.change = (unsigned)database_column_int(db, st, 5),
		.reason = database_column_bytes(db, st, 6),
		.lack = (unsigned)database_column_int(db, st, 7),
	};

	copy_text(page->after_domain, sizeof(page->after_domain), column_text(db, st, 0));
	copy_text(page->after_account, sizeof(page->after_account), row.account);
	page->visit(page->arg, &row);
}

static int read_page(struct database *db, enum statement st, struct account_page *page)
{
	char domain[sizeof(page->after_domain)], account[sizeof(page->after_account)];
	int rc, rows = 0;

	/* The cursor moves while the statement still uses its old place. */
	memcpy(domain, page->after_domain, sizeof(domain));
	memcpy(account, page->after_account, sizeof(account));
	/* No statement has all five; SQLite refuses the surplus ones and that is all. */
	database_bind_text(db, st, 1, str_of(domain));
	database_bind_text(db, st, 2, str_of(account));
	database_bind_int(db, st, 3, ACCOUNT_PAGE_ROWS);
	database_bind_text(db, st, 4, str_of(page->domain));
	database_bind_int(db, st, 5, page->since);
	while ((rc = database_step(db, st)) == 1) {
		visit_row(db, st, page);
		rows++;
	}
	page->end = rows < ACCOUNT_PAGE_ROWS;
	database_reset(db, st);
	return rc;
}

int account_db_page(struct account_db *db, struct account_page *page)
{
	return read_page(db->db, page->domain != NULL ? PAGE_DOMAIN : PAGE_ALL, page);
}

int account_db_changes(struct account_db *db, struct account_page *page)
{
	return read_page(db->db, CHANGES, page);
}

/* ---- writing -------------------------------------------------------------------------- */

int account_db_begin(struct account_db *db)
{
	int64_t last = 0;
	int rc = database_begin(db->db);

	if (rc < 0)
		return rc;
	rc = run_number(db, GENERATION_GET, &last);
	if (rc < 0 && rc != BH_ENOTFOUND)
		return rc;
	db->generation = (uint64_t)last;
	db->generation_used = false;
	db->purged = false;
	return 0;
}

int account_db_commit(struct account_db *db)
{
	int rc = 0;

	if (db->generation_used) {
		database_bind_int(db->db, GENERATION_SET, 1, (int64_t)db->generation);
		rc = database_run(db->db, GENERATION_SET);
	}
	if (rc == 0)
		rc = database_commit(db->db);
	/* Where another process reads at this moment, the next checkpoint takes it. */
	if (rc == 0 && db->purged)
		(void)database_checkpoint(db->db);
	return rc;
}

void account_db_rollback(struct account_db *db)
{
	database_rollback(db->db);
}

static uint64_t next_generation(struct account_db *db)
{
	uint64_t now = (uint64_t)clock_wall() * 1000;

	db->generation = now > db->generation ? now : db->generation + 1;
	db->generation_used = true;
	return db->generation;
}

static void bind_keys(struct database *db, int i, enum scram_hash hash, const struct scram_keys *k)
{
	size_t size = k->iterations > 0 ? scram_key_size(hash) : 0;

	database_bind_int(db, PUT, i, k->iterations);
	database_bind_blob(db, PUT, i + 1, str_make(k->salt, k->iterations > 0 ? k->salt_len : 0));
	database_bind_blob(db, PUT, i + 2, str_make(k->stored, size));
	database_bind_blob(db, PUT, i + 3, str_make(k->server, size));
}

static int put_row(struct database *db, const struct account_write *item)
{
	const char *at = strchr(item->account, '@');

	database_bind_text(db, PUT, 1, str_of(item->account));
	database_bind_text(db, PUT, 2, str_of(at != NULL ? at + 1 : item->account));
	database_bind_int(db, PUT, 3, clock_wall());
	database_bind_int(db, PUT, 4, (int64_t)item->generation);
	bind_keys(db, 5, SCRAM_SHA1, &item->keys.of[SCRAM_SHA1]);
	bind_keys(db, 9, SCRAM_SHA256, &item->keys.of[SCRAM_SHA256]);
	return database_run(db, PUT);
}

static int set_disabled(struct database *db, const struct account_write *item)
{
	database_bind_text(db, DISABLE, 1, str_of(item->account));
	database_bind_int(db, DISABLE, 2, item->how != ACCOUNT_ENABLE);
	database_bind_text(db, DISABLE, 3, str_of(item->reason));
	database_bind_int(db, DISABLE, 4, (int64_t)item->generation);
	return database_run(db, DISABLE);
}

static int put_disabled(struct database *db, const struct account_write *item)
{
	int rc = put_row(db, item);

	return rc == 0 ? set_disabled(db, item) : rc;
}

static int remove_row(struct database *db, const struct account_write *item)
{
	database_bind_text(db, REMOVE, 1, str_of(item->account));
	return database_run(db, REMOVE);
}

/* By how: enum account_change and what is done; of an account that did not exist, it was added. */
static const struct {
	unsigned change;
	int (*run)(struct database *db, const struct account_write *item);
} changes[] = {
	[ACCOUNT_REMOVE] = {ACCOUNT_WAS_DELETED, remove_row},
	[ACCOUNT_DISABLE] = {ACCOUNT_WAS_DISABLED, set_disabled},
	[ACCOUNT_ENABLE] = {ACCOUNT_WAS_ENABLED, set_disabled},
	[ACCOUNT_ADD] = {ACCOUNT_WAS_ADDED, put_row},
	[ACCOUNT_PASSWORD] = {ACCOUNT_GOT_PASSWORD, put_row},
	[ACCOUNT_IMPORT] = {ACCOUNT_GOT_PASSWORD, put_row},
	[ACCOUNT_IMPORT_DISABLED] = {ACCOUNT_WAS_DISABLED, put_disabled},
};

static int note_change(struct database *db, const struct account_write *item)
{
	database_bind_text(db, CHANGE_PUT, 1, str_of(item->account));
	database_bind_int(db, CHANGE_PUT, 2, (int64_t)item->generation);
	database_bind_int(db, CHANGE_PUT, 3, (int)item->change);
	database_bind_int(db, CHANGE_PUT, 4, clock_wall());
	return database_run(db, CHANGE_PUT);
}

/* Whoever asked for it tells routerd: nothing is noted.  What is left of an account that has gone before goes, too. */
static int purge(struct account_db *db, struct account_write *item, bool there)
{
	int rc = remove_row(db->db, item);

	item->change = 0;
	item->generation = next_generation(db);
	db->purged = true;
	database_bind_text(db->db, CHANGE_FORGET, 1, str_of(item->account));
	if (rc == 0)
		rc = database_run(db->db, CHANGE_FORGET);
	return rc == 0 && !there ? BH_ENOTFOUND : rc;
}

/* Nothing, where the account has got another password since. */
static int strengthen(struct account_db *db, struct account_write *item)
{
	struct account_record now;
	int rc = account_db_find(db, str_of(item->account), &now);

	item->change = 0;
	if (rc == 0 && now.generation == item->generation) {
		for (int hash = 0; hash < SCRAM_HASHES; hash++)
			if (now.keys.of[hash].iterations > 0)
				item->keys.of[hash] = now.keys.of[hash];
		rc = put_row(db->db, item);
	}
	secret_wipe(&now, sizeof(now));
	return rc;
}

static bool may_be_new(int how)
{
	return how == ACCOUNT_ADD || how == ACCOUNT_IMPORT || how == ACCOUNT_IMPORT_DISABLED || how == ACCOUNT_PURGE;
}

int account_db_write(struct account_db *db, struct account_write *item)
{
	int64_t one;
	int rc;

	database_bind_text(db->db, EXISTS, 1, str_of(item->account));
	rc = run_number(db, EXISTS, &one);
	if (rc == 0 && item->how == ACCOUNT_ADD)
		return BH_EEXIST;
	if (rc == BH_ENOTFOUND && !may_be_new(item->how))
		return BH_ENOTFOUND;
	if (rc < 0 && rc != BH_ENOTFOUND)
		return rc;
	if (item->how == ACCOUNT_STRENGTHEN)
		return strengthen(db, item);
	if (item->how == ACCOUNT_PURGE)
		return purge(db, item, rc == 0);
	item->change = rc == 0 ? changes[item->how].change : ACCOUNT_WAS_ADDED;
	item->generation = next_generation(db);
	rc = changes[item->how].run(db->db, item);
	return rc == 0 ? note_change(db->db, item) : rc;
}
