/* The schema, step by step, and the table of statements. */
#include "dirsyncd/data.h"

#include <stdio.h>

#include "store/stores.h"

/* Accounts that may be used, by how their texts begin: ?1 directory; ?2 to ?6 first name, last name, nickname, e-mail
 * address, user, folded; ?7 how many.  The one that is most of a help leads, by its index. */
#define PROFILE_FIRST "profile p CROSS JOIN entry e", "p.directory"
#define ENTRY_FIRST "entry e CROSS JOIN profile p", "e.directory"
#define SEARCH(order, column, begins) SEARCH_FROM(order, column, begins)
#define SEARCH_FROM(tables, directory, column, begins)                                                                 \
	"SELECT 5, e.local, p.first, p.last, p.nick, p.email FROM " tables                                             \
	" WHERE " directory " = ?1 AND e.directory = p.directory AND e.uuid = p.uuid AND e.locked = 0"                  \
	" AND e.first_of_name = 1 AND " column " >= " begins " AND " column " < " begins " || char(1114111)"             \
	" AND substr(p.first_key, 1, length(?2)) = ?2 AND substr(p.last_key, 1, length(?3)) = ?3"                       \
	" AND substr(p.nick_key, 1, length(?4)) = ?4 AND substr(p.email_key, 1, length(?5)) = ?5"                       \
	" AND substr(e.local, 1, length(?6)) = ?6 ORDER BY " column ", e.local LIMIT ?7"

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
	/* What is not known of older entries is read again. */
	"ALTER TABLE entry ADD COLUMN dn BLOB;"
	"ALTER TABLE entry ADD COLUMN name TEXT;"
	"ALTER TABLE entry ADD COLUMN digest BLOB;"
	"ALTER TABLE followed ADD COLUMN source BLOB;"
	"CREATE INDEX entry_by_local ON entry (directory, local);"
	"CREATE TABLE profile ("
	" directory TEXT NOT NULL, uuid BLOB NOT NULL, first TEXT, last TEXT, nick TEXT, email TEXT,"
	" first_key TEXT, last_key TEXT, nick_key TEXT, email_key TEXT, xml BLOB,"
	" PRIMARY KEY (directory, uuid));"
	"CREATE INDEX profile_by_first ON profile (directory, first_key);"
	"CREATE INDEX profile_by_last ON profile (directory, last_key);"
	"CREATE INDEX profile_by_nick ON profile (directory, nick_key);"
	"CREATE INDEX profile_by_email ON profile (directory, email_key);"
	"CREATE TABLE ldap_group ("
	" directory TEXT NOT NULL, uuid BLOB NOT NULL, dn BLOB NOT NULL, name TEXT NOT NULL, cut INTEGER NOT NULL,"
	" members BLOB NOT NULL, digest BLOB NOT NULL, PRIMARY KEY (directory, uuid));"
	"CREATE TABLE groups_followed (directory TEXT PRIMARY KEY, cookie BLOB NOT NULL, source BLOB NOT NULL) WITHOUT ROWID;",

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
STORE_HAS_SCHEMA(migrations, dirsyncd);

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
