/*
 * store - durable tables behind an asynchronous interface
 *
 * One thread owns the database (SQLite, WAL) and works through one queue in order: so a
 * question sees every change that was asked for before it, and a loop never waits for a
 * disk.  Changes are grouped: a commit (with fsync when `durable`) comes when 256 changes have
 * gathered, or 5 ms after the first, or when nothing more was asked for during 0.5 ms; and only
 * then are their callbacks called, on the loop.
 *
 * The statements are a fixed table that the owner of the data gives; each is prepared once.
 * A struct store_tx is a list of statements with their parameters that happen together or not
 * at all.
 */
#ifndef BH_STORE_H
#define BH_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/str.h"

struct store;
struct store_tx;
struct store_rows;

enum {
	STORE_ROWS_MAX = 64 * 1024 * 1024, /* the most that store_ask() brings into memory */
	STORE_PAGE = 1024 * 1024,	   /* and store_read() at a time, but for one row that is larger */
};

struct store_spec {
	const char *path;
	/* SQL that takes the schema from version i to i + 1; ends with NULL. */
	const char *const *migrations;
	const char *const *statements;
	size_t nstatements;
	bool durable; /* fsync at each commit */
	bool wipe;    /* what is deleted is overwritten */
};

/* Opens, migrates and prepares.  On an error *what is a sentence. */
int store_open(const struct store_spec *spec, struct store **out, char *what, size_t what_size);
/* Starts the thread.  Nothing may be asked before. */
int store_start(struct store *store, uv_loop_t *loop);
/* Finishes what is queued, commits, closes; then done.  *store is set to NULL. */
void store_stop(struct store **store, void (*done)(void *arg), void *arg);

/* A list of changes.  Parameters are bound in order to the statement that store_do() names
 * next; texts and blobs are copied. */
struct store_tx *store_begin(struct store *store);
void store_int(struct store_tx *tx, int64_t value);
void store_text(struct store_tx *tx, struct str value); /* NULL where absent */
void store_blob(struct store_tx *tx, struct str value);
void store_do(struct store_tx *tx, unsigned statement);

/* Queues it.  done (may be NULL) is called on the loop after the commit: 0, or BH_EIO and
 * nothing of it happened. */
void store_commit(struct store_tx *tx, void (*done)(void *arg, int rc), void *arg);

/* Instead of store_commit(): the statements are questions, and the rows of all of them, in order, come
 * to done on the loop (a constant first column tells them apart).  rows is NULL when rc is not 0
 * (BH_ETOOBIG: more than STORE_ROWS_MAX bytes), and lives during the call. */
void store_ask(struct store_tx *tx, void (*done)(void *arg, int rc, struct store_rows *rows),
	void *arg);

/* As store_ask(), of whatever size: the rows, all as they are at one moment, come to page in parts.  The
 * thread does nothing else before page has returned; false: the rest is not wanted.  Then done is called
 * (BH_ECLOSED: the store stops first). */
void store_read(struct store_tx *tx, bool (*page)(void *arg, struct store_rows *rows),
	void (*done)(void *arg, int rc), void *arg);

/* Everything before it is committed and written from the write-ahead log into the database, and the log is emptied: what
 * was wiped is in neither then.  done as in store_commit(), and with BH_EBUSY where another process reads: the log is as it
 * was. */
void store_checkpoint(struct store *store, void (*done)(void *arg, int rc), void *arg);

/* The next row: false after the last. */
bool store_row(struct store_rows *rows);
/* The columns of this row, from 0. */
int64_t store_row_int(const struct store_rows *rows, unsigned column);
struct str store_row_text(const struct store_rows *rows, unsigned column);

/* Why the last transaction that failed did; text is filled and returned. */
const char *store_error(struct store *store, char *text, size_t size);

/* Changes queued and not yet committed. */
size_t store_backlog(const struct store *store);

#endif
