/* The schema, step by step, and the table of statements. */
#include "routerd/data.h"

#include <stdio.h>

#include "base/err.h"
#include "conf/conf.h"
#include "store/stores.h"

static const char *const statements[] = {
#define STATEMENT(name, sql) [SQL_##name] = sql,
#include "routerd/statements.def"
#undef STATEMENT
};

/* Never edited once released: a new version is a new line. */
static const char *const migrations[] = {
	"CREATE TABLE account ("
	" jid TEXT PRIMARY KEY, created INTEGER NOT NULL,"
	" roster_version INTEGER NOT NULL DEFAULT 0, removed_floor INTEGER NOT NULL DEFAULT 0,"
	" last_seen INTEGER NOT NULL DEFAULT 0, last_status TEXT) WITHOUT ROWID;"
	"CREATE TABLE contact ("
	" account TEXT NOT NULL, jid TEXT NOT NULL, version INTEGER NOT NULL,"
	" state INTEGER NOT NULL, flags INTEGER NOT NULL, name TEXT, groups BLOB, request BLOB,"
	" PRIMARY KEY (account, jid)) WITHOUT ROWID;"
	"CREATE TABLE removed ("
	" account TEXT NOT NULL, jid TEXT NOT NULL, version INTEGER NOT NULL,"
	" PRIMARY KEY (account, jid)) WITHOUT ROWID;"
	"CREATE TABLE blocked ("
	" account TEXT NOT NULL, jid TEXT NOT NULL, PRIMARY KEY (account, jid)) WITHOUT ROWID;"
	"CREATE TABLE offline ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, origin BLOB NOT NULL,"
	" number INTEGER NOT NULL, branch INTEGER NOT NULL, stored INTEGER NOT NULL,"
	" sender TEXT NOT NULL, additions BLOB, envelope BLOB NOT NULL);"
	"CREATE UNIQUE INDEX offline_origin ON offline (account, origin, number, branch);"
	"CREATE INDEX offline_stored ON offline (stored);"
	"CREATE TABLE vcard (account TEXT PRIMARY KEY, xml BLOB NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE private ("
	" account TEXT NOT NULL, ns TEXT NOT NULL, name TEXT NOT NULL, xml BLOB NOT NULL,"
	" PRIMARY KEY (account, ns, name)) WITHOUT ROWID;",

	"CREATE TABLE session ("
	" id BLOB PRIMARY KEY, jid TEXT NOT NULL, instance TEXT NOT NULL, boot BLOB NOT NULL,"
	" epoch INTEGER NOT NULL, since INTEGER NOT NULL, asleep INTEGER NOT NULL,"
	" generation INTEGER NOT NULL, mechanism TEXT NOT NULL, sm INTEGER NOT NULL, resume INTEGER NOT NULL,"
	" in_base INTEGER NOT NULL, out_base INTEGER NOT NULL, in_number INTEGER NOT NULL,"
	" acked INTEGER NOT NULL, sent INTEGER NOT NULL, state BLOB) WITHOUT ROWID;"
	"CREATE TABLE queued ("
	" session BLOB NOT NULL, n INTEGER NOT NULL, origin BLOB NOT NULL, number INTEGER NOT NULL,"
	" branch INTEGER NOT NULL, sender TEXT NOT NULL, additions BLOB, envelope BLOB NOT NULL,"
	" row INTEGER NOT NULL, PRIMARY KEY (session, n)) WITHOUT ROWID;"
	"CREATE TABLE outbox ("
	" origin BLOB NOT NULL, number INTEGER NOT NULL, seq INTEGER NOT NULL, kind INTEGER NOT NULL,"
	" about TEXT, sender TEXT NOT NULL, envelope BLOB NOT NULL,"
	" PRIMARY KEY (origin, number, seq)) WITHOUT ROWID;",

	"ALTER TABLE session ADD COLUMN kind INTEGER NOT NULL DEFAULT 0;"
	"CREATE TABLE remote_rule (domain TEXT PRIMARY KEY, allowed INTEGER NOT NULL) WITHOUT ROWID;",

	"CREATE TABLE shared_person (id INTEGER PRIMARY KEY, jid TEXT NOT NULL, name TEXT NOT NULL);"
	"CREATE TABLE shared_group ("
	" id BLOB NOT NULL UNIQUE, directory TEXT NOT NULL, domain TEXT NOT NULL, title TEXT NOT NULL,"
	" there INTEGER NOT NULL, show INTEGER NOT NULL, roles INTEGER NOT NULL, viewers BLOB NOT NULL,"
	" digest BLOB NOT NULL, version INTEGER NOT NULL, members BLOB NOT NULL);"
	"CREATE TABLE shared_change ("
	" id BLOB PRIMARY KEY, directory TEXT NOT NULL, domain TEXT NOT NULL, title TEXT NOT NULL,"
	" there INTEGER NOT NULL, show INTEGER NOT NULL, roles INTEGER NOT NULL, viewers BLOB NOT NULL,"
	" added BLOB NOT NULL, removed BLOB NOT NULL, renamed BLOB NOT NULL) WITHOUT ROWID;",

	/* In microseconds from now on: an account may be made and another of its name erased within a second. */
	"UPDATE account SET created = created * 1000000;",

	"CREATE TABLE imported ("
	" account TEXT NOT NULL, origin BLOB NOT NULL, PRIMARY KEY (account, origin)) WITHOUT ROWID;",
	"CREATE TABLE secret (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;",
	NULL,
};
STORE_HAS_SCHEMA(migrations, routerd);

int data_open(struct daemon *d, struct store **out)
{
	char path[sizeof d->state_dir + 16], what[512];
	struct store_spec spec = {
		.path = path,
		.migrations = migrations,
		.statements = statements,
		.nstatements = STATEMENTS,
		.durable = strcmp(conf_text(d->conf, "routerd.durability"), "disk") == 0,
		.wipe = true, /* others' messages */
	};
	int rc;

	snprintf(path, sizeof path, "%s/router.db", d->state_dir);
	rc = store_open(&spec, out, what, sizeof what);
	if (rc != 0)
		daemon_fail(d, "%s", what);
	return rc;
}
