/* The schema, step by step, and the table of statements. */
#include "dirsyncd/data.h"

#include <stdio.h>

static const char *const statements[] = {
#define STATEMENT(name, sql) [SQL_##name] = sql,
#include "dirsyncd/statements.def"
#undef STATEMENT
};

/* Never edited once released: a new version is a new line. */
static const char *const migrations[] = {
	"CREATE TABLE entry ("
	" directory TEXT NOT NULL, uuid BLOB NOT NULL, local TEXT NOT NULL, locked INTEGER NOT NULL,"
	" PRIMARY KEY (directory, uuid)) WITHOUT ROWID;"
	"CREATE TABLE followed (directory TEXT PRIMARY KEY, cookie BLOB NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE revoked (account TEXT PRIMARY KEY, since INTEGER NOT NULL) WITHOUT ROWID;",

	"ALTER TABLE entry ADD COLUMN first_of_name INTEGER NOT NULL DEFAULT 1;"
	"ALTER TABLE entry ADD COLUMN held INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE entry ADD COLUMN becomes TEXT;"
	"ALTER TABLE entry ADD COLUMN since INTEGER NOT NULL DEFAULT 0;"
	"CREATE TABLE departed ("
	" directory TEXT NOT NULL, local TEXT NOT NULL, uuid BLOB NOT NULL, since INTEGER NOT NULL,"
	" PRIMARY KEY (directory, local)) WITHOUT ROWID;"
	"CREATE TABLE told ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, becomes TEXT, change INTEGER NOT NULL,"
	" since INTEGER NOT NULL);"
	"INSERT INTO told (account, change, since) SELECT account, 2, since FROM revoked ORDER BY since;"
	"DROP TABLE revoked;",
	NULL,
};

int data_open(struct daemon *d, struct store **out)
{
	char path[sizeof d->state_dir + 16], what[512];
	struct store_spec spec = {
		.path = path,
		.migrations = migrations,
		.statements = statements,
		.nstatements = STATEMENTS,
	};
	int rc;

	snprintf(path, sizeof path, "%s/directory.db", d->state_dir);
	rc = store_open(&spec, out, what, sizeof what);
	if (rc != 0)
		daemon_fail(d, "%s", what);
	return rc;
}
