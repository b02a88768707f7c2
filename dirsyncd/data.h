/*
 * data - the store of dirsyncd: entries, cookies, who has gone, and what routerd was told lately
 */
#ifndef DIRSYNCD_DATA_H
#define DIRSYNCD_DATA_H

#include "daemon/daemon.h"
#include "store/store.h"

enum {
#define STATEMENT(name, sql) SQL_##name,
#include "dirsyncd/statements.def"
#undef STATEMENT
	STATEMENTS
};

/* The first column of a question's rows. */
enum { ROW_ENTRY = 1, ROW_COOKIE, ROW_TOLD, ROW_PROFILE, ROW_FOUND, ROW_GROUP, ROW_GROUP_COOKIE, ROW_DEPARTED };

/* 0, or negative after daemon_fail(). */
int data_open(struct daemon *d, struct store **out);

#endif
