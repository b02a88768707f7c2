/*
 * accounts_sqlite - the account store in one SQLite file
 *
 * A struct account_db is one connection and belongs to one thread.  One process has two: the
 * loop reads, the writer thread writes.  WAL and synchronous=FULL: what account_db_commit() has
 * confirmed survives a loss of power.
 *
 * Generations come from one clock for all accounts (the time in milliseconds, always at least
 * one more than the last), so that an account that is deleted and made again, or a store that
 * was restored from a backup, never gives out a generation twice.
 */
#ifndef AUTHD_ACCOUNTS_SQLITE_H
#define AUTHD_ACCOUNTS_SQLITE_H

#include "authd/accounts.h"

struct account_db;

/* Makes the file (mode 0600) and brings its schema up to date.  On an error *what says why:
 * BH_EIO, BH_EVERSION when a newer program made it, or -errno. */
int account_db_open(const char *path, struct account_db **out, char *what, size_t what_size);
void account_db_close(struct account_db **db);

/* 0, BH_ENOTFOUND, or BH_EIO (account_db_error() says why). */
int account_db_find(struct account_db *db, struct str account, struct account_record *out);
int account_db_secret(struct account_db *db, uint8_t out[MAC_KEY_SIZE]);
/* Set of 1 << enum scram_hash for which an account of the domain lacks keys. */
int account_db_lack(struct account_db *db, struct str domain, unsigned *out);
/* The salt_len and iterations of an account of the same domain: of the next in their order, that one included. */
void account_db_neighbour(struct account_db *db, struct str account, struct account_keys *out);
int account_db_page(struct account_db *db, struct account_page *page);
int account_db_changes(struct account_db *db, struct account_page *page);

/* One transaction; after a failure of any of these account_db_rollback(). */
int account_db_begin(struct account_db *db);
int account_db_commit(struct account_db *db);
void account_db_rollback(struct account_db *db);

/* Within a transaction.  0, BH_EEXIST, BH_ENOTFOUND (the transaction goes on), or BH_EIO.
 * On 0 the item's generation and change are set. */
int account_db_write(struct account_db *db, struct account_write *item);

/* Why the last of these calls failed. */
const char *account_db_error(const struct account_db *db);

#endif
