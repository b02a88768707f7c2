/*
 * database - one SQLite file with a schema and a fixed table of statements
 *
 * Synchronous: for a process that may wait, or for the thread of store.h.  The file is made with
 * mode 0600.  Each statement is prepared once and named by its index; parameters are bound from 1,
 * columns counted from 0.  Bound texts and blobs are borrowed until the statement is reset.
 */
#ifndef BH_DATABASE_H
#define BH_DATABASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct database;

/* Of one row: checked when the statements are prepared. */
enum { COLUMNS_MAX = 32 };

struct database_spec {
	const char *path;
	/* SQL that takes the schema from version i to i + 1; ends with NULL.  Never edited, only
	 * added to. */
	const char *const *migrations;
	const char *const *statements;
	size_t nstatements;
	bool durable; /* fsync at each commit */
	bool wipe;    /* what is deleted is overwritten */
};

/* Opens, migrates in one transaction, prepares.  On an error *what is a sentence: BH_EIO, BH_EVERSION
 * when a newer program made the file, or -errno. */
int database_open(const struct database_spec *spec, struct database **out, char *what, size_t what_size);
void database_close(struct database **db);

/* 0 or BH_EIO (database_error() says why). */
int database_begin(struct database *db);
int database_commit(struct database *db);
/* Nothing where no transaction is open. */
void database_rollback(struct database *db);
bool database_in_transaction(const struct database *db);
/* Writes the write-ahead log into the file and empties it; outside of transactions.  BH_EBUSY: another process reads (a
 * backup); it is not waited for, and the log stays. */
int database_checkpoint(struct database *db);
/* SQL of the caller's own making, without parameters. */
int database_execute(struct database *db, const char *sql);

void database_bind_int(struct database *db, unsigned statement, int i, int64_t value);
void database_bind_text(struct database *db, unsigned statement, int i, struct str value); /* absent: NULL */
void database_bind_blob(struct database *db, unsigned statement, int i, struct str value);
void database_bind_null(struct database *db, unsigned statement, int i);

/* 1: there is a row; 0: there is none any more; BH_EIO.  After the last row, and to leave earlier:
 * database_reset(), which also forgets what was bound. */
int database_step(struct database *db, unsigned statement);
void database_reset(struct database *db, unsigned statement);
/* A statement that gives no rows: both. */
int database_run(struct database *db, unsigned statement);

enum column_type { COLUMN_NULL, COLUMN_INT, COLUMN_TEXT, COLUMN_BLOB };
/* Of the present row, valid until the next step. */
int database_columns(struct database *db, unsigned statement);
enum column_type database_column_type(struct database *db, unsigned statement, int i);
int64_t database_column_int(struct database *db, unsigned statement, int i);
/* Text or blob; absent where it is NULL. */
struct str database_column_bytes(struct database *db, unsigned statement, int i);

const char *database_error(const struct database *db);

#endif
