/* A database file: its schema, its statements, its transactions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/err.h"
#include "store/database.h"

enum { PUT, GET, COUNT, PAIR };

static const char *const statements[] = {
	[PUT] = "INSERT INTO t (n, text, data) VALUES (?, ?, ?)",
	[GET] = "SELECT n, text, data FROM t ORDER BY n",
	[COUNT] = "SELECT count(*) FROM t",
	[PAIR] = "SELECT n FROM t WHERE n > ? AND text = ?",
};
static const char *const first[] = {
	"CREATE TABLE t (n INTEGER PRIMARY KEY, text TEXT, data BLOB)", NULL};
static const char *const second[] = {
	"CREATE TABLE t (n INTEGER PRIMARY KEY, text TEXT, data BLOB)",
	"ALTER TABLE t ADD COLUMN more TEXT DEFAULT 'new'; UPDATE t SET text = 'moved'", NULL};
static const char *const broken[] = {
	"CREATE TABLE t (n INTEGER PRIMARY KEY, text TEXT, data BLOB)",
	"UPDATE t SET text = 'half'; CREATE TABLE t (x)", NULL};

static char folder[] = "/tmp/bh-database-XXXXXX", path[64], what[256];

static int make_folder(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/t.db", folder);
	return 0;
}

static int remove_files(void **state)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
	char name[80];

	(void)state;
	for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
		snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
		unlink(name);
	}
	return 0;
}

static int remove_folder(void **state)
{
	remove_files(state);
	return rmdir(folder);
}

static int open_with(const char *const *migrations, struct database **db)
{
	struct database_spec spec = {
		.path = path, .migrations = migrations, .statements = statements, .nstatements = 4};

	return database_open(&spec, db, what, sizeof what);
}

static struct database *opened(const char *const *migrations)
{
	struct database *db;
	int rc = open_with(migrations, &db);

	if (rc != 0)
		fail_msg("%s", what);
	return db;
}

static int put(struct database *db, int64_t n, const char *text)
{
	database_bind_int(db, PUT, 1, n);
	database_bind_text(db, PUT, 2, str_of(text));
	database_bind_null(db, PUT, 3);
	return database_run(db, PUT);
}

static int64_t count(struct database *db)
{
	int64_t n;

	assert_int_equal(database_step(db, COUNT), 1);
	n = database_column_int(db, COUNT, 0);
	database_reset(db, COUNT);
	return n;
}

static void every_type_comes_back_as_it_was_stored(void **state)
{
	struct database *db = opened(first);

	(void)state;
	database_bind_int(db, PUT, 1, INT64_MIN);
	database_bind_text(db, PUT, 2, STR_LIT("a\0b"));
	database_bind_blob(db, PUT, 3, STR_LIT("\xff\x00"));
	assert_int_equal(database_run(db, PUT), 0);
	database_bind_int(db, PUT, 1, 7);
	database_bind_text(db, PUT, 2, STR_NONE);
	database_bind_blob(db, PUT, 3, STR_NONE);
	assert_int_equal(database_run(db, PUT), 0);

	assert_int_equal(database_step(db, GET), 1);
	assert_int_equal(database_columns(db, GET), 3);
	assert_int_equal(database_column_type(db, GET, 0), COLUMN_INT);
	assert_int_equal(database_column_int(db, GET, 0), INT64_MIN);
	assert_int_equal(database_column_type(db, GET, 1), COLUMN_TEXT);
	assert_true(str_eq(database_column_bytes(db, GET, 1), STR_LIT("a\0b")));
	assert_int_equal(database_column_type(db, GET, 2), COLUMN_BLOB);
	assert_true(str_eq(database_column_bytes(db, GET, 2), STR_LIT("\xff\x00")));
	assert_int_equal(database_step(db, GET), 1);
	assert_int_equal(database_column_type(db, GET, 1), COLUMN_NULL);
	assert_null(database_column_bytes(db, GET, 1).p);
	assert_int_equal(database_step(db, GET), 0);
	database_reset(db, GET);
	database_close(&db);
	assert_null(db);
}

static void what_was_bound_is_forgotten_at_a_reset(void **state)
{
	struct database *db = opened(first);

	(void)state;
	assert_int_equal(put(db, 1, "x"), 0);
	database_bind_int(db, PAIR, 1, 0);
	database_bind_text(db, PAIR, 2, STR_LIT("x"));
	assert_int_equal(database_step(db, PAIR), 1);
	database_reset(db, PAIR);
	assert_int_equal(database_step(db, PAIR), 0); /* n > NULL is nothing */
	database_reset(db, PAIR);
	database_close(&db);
}

static void a_transaction_happens_whole_or_not(void **state)
{
	struct database *db = opened(first);

	(void)state;
	assert_false(database_in_transaction(db));
	assert_int_equal(database_begin(db), 0);
	assert_true(database_in_transaction(db));
	assert_int_equal(put(db, 1, "x"), 0);
	assert_int_equal(put(db, 1, "the same key"), BH_EIO);
	assert_non_null(strstr(database_error(db), "UNIQUE"));
	database_rollback(db);
	assert_int_equal(count(db), 0);
	database_rollback(db); /* nothing to do */
	assert_int_equal(database_begin(db), 0);
	assert_int_equal(put(db, 1, "x"), 0);
	assert_int_equal(database_commit(db), 0);
	database_close(&db);
	db = opened(first);
	assert_int_equal(count(db), 1);
	database_close(&db);
}

static void the_file_is_its_owner_s_alone(void **state)
{
	struct database *db = opened(first);
	struct stat st;

	(void)state;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	database_close(&db);
}

static void an_older_schema_is_brought_up_once(void **state)
{
	struct database *db = opened(first);

	(void)state;
	assert_int_equal(put(db, 1, "old"), 0);
	database_close(&db);
	for (int i = 0; i < 2; i++) {
		db = opened(second);
		assert_int_equal(database_step(db, GET), 1);
		assert_true(str_is(database_column_bytes(db, GET, 1), i == 0 ? "moved" : "again"));
		database_reset(db, GET);
		assert_int_equal(database_execute(db, "UPDATE t SET text = 'again'"), 0);
		database_close(&db);
	}
}

static void a_newer_schema_is_refused_and_left_alone(void **state)
{
	struct database *db = opened(second);

	(void)state;
	database_close(&db);
	assert_int_equal(open_with(first, &db), BH_EVERSION);
	assert_non_null(strstr(what, "newer"));
	db = opened(second);
	assert_int_equal(database_execute(db, "SELECT more FROM t"), 0);
	database_close(&db);
}

static void a_migration_that_fails_leaves_the_old_schema_whole(void **state)
{
	struct database *db = opened(first);

	(void)state;
	assert_int_equal(put(db, 1, "old"), 0);
	database_close(&db);
	assert_int_equal(open_with(broken, &db), BH_EIO);
	assert_true(strlen(what) > 0);
	db = opened(first);
	assert_int_equal(database_step(db, GET), 1);
	assert_true(str_is(database_column_bytes(db, GET, 1), "old"));
	database_reset(db, GET);
	database_close(&db);
}

static void what_is_no_database_is_refused(void **state)
{
	struct database *db;
	FILE *f = fopen(path, "w");

	(void)state;
	assert_non_null(f);
	for (int i = 0; i < 1000; i++)
		fputs("this is a text\n", f);
	fclose(f);
	assert_int_equal(open_with(first, &db), BH_EIO);
	assert_non_null(strstr(what, "t.db"));
}

#define CASE(name) cmocka_unit_test_teardown(name, remove_files)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(every_type_comes_back_as_it_was_stored),
		CASE(what_was_bound_is_forgotten_at_a_reset),
		CASE(a_transaction_happens_whole_or_not),
		CASE(the_file_is_its_owner_s_alone),
		CASE(an_older_schema_is_brought_up_once),
		CASE(a_newer_schema_is_refused_and_left_alone),
		CASE(a_migration_that_fails_leaves_the_old_schema_whole),
		CASE(what_is_no_database_is_refused),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
