/*
 * data - what routerd keeps: the schema, and its statements by name
 */
#ifndef ROUTERD_DATA_H
#define ROUTERD_DATA_H

#include "daemon/daemon.h"
#include "store/store.h"

enum statement {
#define STATEMENT(name, sql) SQL_##name,
#include "routerd/statements.def"
#undef STATEMENT
	STATEMENTS
};

/* Which rows they are, in the first column of an account's load. */
enum load_row {
	ROW_ACCOUNT = 1,
	ROW_CONTACT = 2,
	ROW_REMOVED = 3,
	ROW_BLOCKED = 4,
	ROW_OFFLINE = 5,
};

/* The same of what moves to another server, or from one. */
enum moving_row {
	ROW_VCARD = 1,
	ROW_PRIVATE = 2,
	ROW_MESSAGE = 3,
	ROW_IMPORTED = 4,
};

/* Opens the store in the daemon's own folder.  0, or negative after daemon_fail(). */
int data_open(struct daemon *d, struct store **out);

#endif
