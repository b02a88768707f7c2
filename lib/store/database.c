/* SQLite: opening and migrating, and the thread that works through the queue. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "store/private.h"

enum { GROUP_CHANGES = 256, GROUP_MS = 5 };

struct database {
	sqlite3 *db;
	sqlite3_stmt **statements;
	sqlite3_stmt *begin, *commit;
	bool open;	    /* a transaction is */
	unsigned changes;   /* in it */
	uint64_t opened_ms; /* since then */
};

static int run_sql(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : BH_EIO;
}

static int schema_version(sqlite3 *db)
{
	sqlite3_stmt *s;
	int version = -1;

	if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &s, NULL) == SQLITE_OK &&
		sqlite3_step(s) == SQLITE_ROW)
		version = sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
	return version;
}

/* One migration and the new version number, or neither. */
static int migrate_one(sqlite3 *db, const char *sql, int version)
{
	char pragma[64];
	int rc = run_sql(db, "BEGIN IMMEDIATE");

	snprintf(pragma, sizeof pragma, "PRAGMA user_version = %d", version);
	if (rc == 0)
		rc = run_sql(db, sql);
	if (rc == 0)
		rc = run_sql(db, pragma);
	if (rc == 0)
		return run_sql(db, "COMMIT");
	run_sql(db, "ROLLBACK");
	return rc;
}

static int migrate(struct store *st, sqlite3 *db)
{
	int version = schema_version(db), newest = 0;

	while (st->spec.migrations[newest] != NULL)
		newest++;
	if (version < 0)
		return BH_EIO;
	if (version > newest)
		return BH_EVERSION;
	for (; version < newest; version++)
		if (migrate_one(db, st->spec.migrations[version], version + 1) != 0)
			return BH_EIO;
	return 0;
}

static int prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out)
{
	return sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL) == SQLITE_OK
		       ? 0
		       : BH_EIO;
}

static int prepare_all(struct store *st, struct database *d)
{
	int rc = 0;

	d->statements = bh_alloc(st->spec.nstatements * sizeof *d->statements);
	for (size_t i = 0; rc == 0 && i < st->spec.nstatements; i++)
		rc = prepare(d->db, st->spec.statements[i], &d->statements[i]);
	if (rc == 0)
		rc = prepare(d->db, "BEGIN IMMEDIATE", &d->begin);
	if (rc == 0)
		rc = prepare(d->db, "COMMIT", &d->commit);
	return rc;
}

static int set_up(struct store *st, struct database *d)
{
	int rc;

	if (sqlite3_open_v2(st->spec.path, &d->db,
		    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) !=
		SQLITE_OK)
		return BH_EIO;
	sqlite3_busy_timeout(d->db, 5000);
	rc = run_sql(d->db, "PRAGMA journal_mode = WAL; PRAGMA temp_store = MEMORY;"
			    "PRAGMA foreign_keys = OFF; PRAGMA journal_size_limit = 67108864");
	if (rc == 0)
		rc = run_sql(d->db, st->spec.durable ? "PRAGMA synchronous = FULL"
						     : "PRAGMA synchronous = NORMAL");
	if (rc == 0)
		rc = migrate(st, d->db);
	return rc == 0 ? prepare_all(st, d) : rc;
}

int database_open(struct store *st, char *what, size_t what_size)
{
	struct database *d = bh_alloc(sizeof *d);
	int rc;

	st->database = d;
	rc = set_up(st, d);
	if (rc == BH_EVERSION)
		snprintf(what, what_size, "%s was written by a newer version of Bulkhead: "
			"run that one, or restore a backup", st->spec.path);
	else if (rc != 0)
		snprintf(what, what_size, "cannot open %s: %s", st->spec.path,
			d->db != NULL ? sqlite3_errmsg(d->db) : "out of memory");
	return rc;
}

void database_close(struct store *st)
{
	struct database *d = st->database;

	st->database = NULL;
	if (d == NULL)
		return;
	for (size_t i = 0; d->statements != NULL && i < st->spec.nstatements; i++)
		sqlite3_finalize(d->statements[i]);
	sqlite3_finalize(d->begin);
	sqlite3_finalize(d->commit);
	sqlite3_close(d->db);
	free(d->statements);
	free(d);
}

static void bind_param(sqlite3_stmt *s, int i, const struct param_head *head, const char *p)
{
	int64_t n;

	switch (head->type) {
	case PARAM_INT:
		memcpy(&n, p, sizeof n);
		sqlite3_bind_int64(s, i, n);
		return;
	case PARAM_TEXT:
		sqlite3_bind_text(s, i, p, (int)head->len, SQLITE_STATIC);
		return;
	case PARAM_BLOB:
		sqlite3_bind_blob(s, i, p, (int)head->len, SQLITE_STATIC);
		return;
	default:
		sqlite3_bind_null(s, i);
	}
}

static void put_column(struct buf *out, sqlite3_stmt *s, int i)
{
	struct param_head head = {.type = PARAM_NULL};
	int64_t n;

	switch (sqlite3_column_type(s, i)) {
	case SQLITE_INTEGER:
		n = sqlite3_column_int64(s, i);
		head = (struct param_head){PARAM_INT, sizeof n};
		buf_put(out, &head, sizeof head);
		buf_put(out, &n, sizeof n);
		return;
	case SQLITE_NULL:
		buf_put(out, &head, sizeof head);
		return;
	default:
		head.type = sqlite3_column_type(s, i) == SQLITE_BLOB ? PARAM_BLOB : PARAM_TEXT;
		head.len = (uint32_t)sqlite3_column_bytes(s, i);
		buf_put(out, &head, sizeof head);
		buf_put(out, sqlite3_column_blob(s, i), head.len);
	}
}

static int step(sqlite3_stmt *s, struct buf *rows)
{
	int rc;

	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		uint32_t n = (uint32_t)sqlite3_column_count(s);

		if (rows == NULL)
			continue;
		buf_put(rows, &n, sizeof n);
		for (uint32_t i = 0; i < n; i++)
			put_column(rows, s, (int)i);
	}
	sqlite3_reset(s);
	return rc == SQLITE_DONE ? 0 : BH_EIO;
}

/* The next op of the list: takes it off. */
static int run_op(struct database *d, struct str *ops, struct buf *rows)
{
	struct op_head op;
	sqlite3_stmt *s;

	memcpy(&op, ops->p, sizeof op);
	ops->p += sizeof op;
	ops->len -= (uint32_t)sizeof op;
	s = d->statements[op.statement];
	for (uint32_t i = 0; i < op.nparams; i++) {
		struct param_head head;

		memcpy(&head, ops->p, sizeof head);
		bind_param(s, (int)i + 1, &head, ops->p + sizeof head);
		ops->p += sizeof head + head.len;
		ops->len -= (uint32_t)(sizeof head + head.len);
	}
	return step(s, rows);
}

static int run_ops(struct database *d, struct store_tx *tx)
{
	struct str ops = buf_str(&tx->ops);
	int rc = 0;

	while (rc == 0 && ops.len > 0)
		rc = run_op(d, &ops, tx->asked != NULL ? &tx->rows : NULL);
	return rc != 0 || buf_failed(&tx->rows) ? BH_EIO : 0;
}

static int open_transaction(struct database *d)
{
	if (d->open)
		return 0;
	if (step(d->begin, NULL) != 0)
		return BH_EIO;
	d->open = true;
	d->changes = 0;
	d->opened_ms = clock_ms();
	return 0;
}

static void complete(struct store *st, struct list *done)
{
	uv_mutex_lock(&st->lock);
	list_splice(&st->completed, done);
	uv_mutex_unlock(&st->lock);
	uv_async_send(&st->async);
}

static void commit(struct store *st)
{
	struct database *d = st->database;
	int rc = d->open ? step(d->commit, NULL) : 0;

	if (rc != 0)
		run_sql(d->db, "ROLLBACK");
	d->open = false;
	list_for_each(pos, &st->uncommitted)
	{
		struct store_tx *tx = container_of(pos, struct store_tx, link);

		if (tx->rc == 0)
			tx->rc = rc;
	}
	if (!list_empty(&st->uncommitted))
		complete(st, &st->uncommitted);
}

/* Several statements happen together or not at all, whatever else is in the group. */
static int change(struct database *d, struct store_tx *tx)
{
	int rc;

	if (tx->changes == 1)
		return run_ops(d, tx);
	rc = run_sql(d->db, "SAVEPOINT tx");
	if (rc == 0)
		rc = run_ops(d, tx);
	if (rc != 0)
		run_sql(d->db, "ROLLBACK TO tx");
	run_sql(d->db, "RELEASE tx");
	return rc;
}

static void work(struct store *st, struct store_tx *tx)
{
	struct database *d = st->database;

	list_remove(&tx->link);
	if (tx->asked != NULL) {
		struct list one;

		list_init(&one);
		if (tx->rc == 0)
			tx->rc = run_ops(d, tx);
		list_append(&one, &tx->link);
		complete(st, &one);
		return;
	}
	if (tx->rc == 0)
		tx->rc = open_transaction(d);
	if (tx->rc == 0)
		tx->rc = change(d, tx);
	d->changes += tx->changes;
	list_append(&st->uncommitted, &tx->link);
	if (d->changes >= GROUP_CHANGES)
		commit(st);
}

/* How long the thread may sleep: to the end of the group, or for ever (0). */
static uint64_t patience_ns(const struct database *d)
{
	uint64_t age = clock_ms() - d->opened_ms;

	if (!d->open)
		return 0;
	return age >= GROUP_MS ? 1 : (GROUP_MS - age) * 1000000u;
}

/* Waits for work; the queue moves to *todo.  false: it is time to commit, or to stop. */
static bool take(struct store *st, struct list *todo)
{
	uint64_t patience = patience_ns(st->database);
	bool got;

	uv_mutex_lock(&st->lock);
	while (list_empty(&st->queue) && !st->stopping) {
		if (patience == 0)
			uv_cond_wait(&st->wake, &st->lock);
		else if (uv_cond_timedwait(&st->wake, &st->lock, patience) != 0)
			break;
	}
	got = !list_empty(&st->queue);
	list_splice(todo, &st->queue);
	uv_mutex_unlock(&st->lock);
	return got;
}

static bool finished(struct store *st)
{
	bool end;

	uv_mutex_lock(&st->lock);
	end = st->stopping && list_empty(&st->queue);
	uv_mutex_unlock(&st->lock);
	return end;
}

void database_thread(void *store)
{
	struct store *st = store;
	struct list todo;

	list_init(&todo);
	while (!finished(st)) {
		if (!take(st, &todo) || patience_ns(st->database) == 1)
			commit(st);
		while (!list_empty(&todo))
			work(st, container_of(todo.next, struct store_tx, link));
	}
	commit(st);
}
