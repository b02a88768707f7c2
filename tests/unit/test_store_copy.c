/* A store is copied while its owner writes, and is at rest when nobody has it open. */
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
#include "store/copy.h"
#include "store/database.h"
#include "store/inspect.h"

enum { PUT, COUNT };

static const char *const statements[] = {
	[PUT] = "INSERT INTO t (data) VALUES (randomblob(3000))",
	[COUNT] = "SELECT count(*) FROM t",
};
static const char *const migrations[] = {"CREATE TABLE t (n INTEGER PRIMARY KEY, data BLOB)", NULL};

static char folder[] = "/tmp/bh-copy-XXXXXX", path[64], copy[64], why[256];
static struct database *db;

static int open_at(const char *where, struct database **out)
{
	const struct database_spec spec = {.path = where, .migrations = migrations, .statements = statements, .nstatements = 2};

	return database_open(&spec, out, why, sizeof why);
}

static int set_up(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/t.db", folder);
	snprintf(copy, sizeof copy, "%s/copy.db", folder);
	return open_at(path, &db);
}

static int tear_down(void **state)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	char name[80];

	(void)state;
	database_close(&db);
	for (size_t i = 0; i < 3; i++) {
		snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
		unlink(name);
		snprintf(name, sizeof name, "%s%s", copy, suffixes[i]);
		unlink(name);
	}
	if (rmdir(folder) != 0)
		return -1;
	memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
	return 0;
}

static void put(unsigned n)
{
	while (n-- > 0)
		assert_int_equal(database_run(db, PUT), 0);
}

static int64_t count_in(const char *where)
{
	struct database *other = NULL;
	int64_t n;

	assert_int_equal(open_at(where, &other), 0);
	assert_int_equal(database_step(other, COUNT), 1);
	n = database_column_int(other, COUNT, 0);
	database_reset(other, COUNT);
	database_close(&other);
	return n;
}

static void a_copy_has_what_was_committed_at_the_snapshot_s_moment(void **state)
{
	struct store_snapshot *s = NULL;
	struct store_state found;
	struct stat st;

	(void)state;
	put(100);
	assert_int_equal(store_snapshot_open(path, &s, why, sizeof why), 0);
	assert_int_equal(store_snapshot_version(s), 1);
	put(100); /* its owner goes on */
	assert_int_equal(store_snapshot_write(s, copy, why, sizeof why), 0);
	store_snapshot_close(&s);
	assert_null(s);
	assert_int_equal(stat(copy, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(store_examine(copy, &found), 0);
	assert_int_equal(found.version, 1);
	assert_int_equal(count_in(copy), 100);
	assert_int_equal(count_in(path), 200);
}

static void a_copy_is_one_file(void **state)
{
	struct store_snapshot *s = NULL;
	char name[80];

	(void)state;
	put(10);
	assert_int_equal(store_snapshot_open(path, &s, why, sizeof why), 0);
	assert_int_equal(store_snapshot_write(s, copy, why, sizeof why), 0);
	store_snapshot_close(&s);
	snprintf(name, sizeof name, "%s-wal", copy);
	assert_int_not_equal(access(name, F_OK), 0);
	snprintf(name, sizeof name, "%s-shm", copy);
	assert_int_not_equal(access(name, F_OK), 0);
}

static void a_file_that_is_there_is_not_written_over(void **state)
{
	struct store_snapshot *s = NULL;

	(void)state;
	assert_int_equal(store_snapshot_open(path, &s, why, sizeof why), 0);
	assert_int_equal(store_snapshot_write(s, path, why, sizeof why), BH_EIO);
	assert_string_equal(why, "File exists");
	store_snapshot_close(&s);
	assert_int_equal(store_snapshot_open("/nonexistent/t.db", &s, why, sizeof why), BH_EIO);
	assert_null(s);
}

static void a_store_is_at_rest_when_nobody_has_it_open(void **state)
{
	char wal[80];

	(void)state;
	put(10);
	assert_int_equal(store_rest(path), BH_EBUSY);
	database_close(&db);
	assert_int_equal(store_rest(path), 0);
	snprintf(wal, sizeof wal, "%s-wal", path);
	assert_int_not_equal(access(wal, F_OK), 0);
	assert_int_equal(count_in(path), 10);
	assert_int_equal(store_rest("/nonexistent/t.db"), 0);
	assert_int_equal(truncate(path, 100), 0);
	assert_int_equal(store_rest(path), 0); /* nobody can have that open */
}

static void a_log_is_emptied_but_not_while_somebody_reads(void **state)
{
	struct store_snapshot *s = NULL;
	struct stat st;
	char wal[80];

	(void)state;
	snprintf(wal, sizeof wal, "%s-wal", path);
	put(10);
	assert_int_equal(store_snapshot_open(path, &s, why, sizeof why), 0);
	put(1);
	assert_int_equal(database_checkpoint(db), BH_EBUSY);
	put(1);
	store_snapshot_close(&s);
	assert_int_equal(database_checkpoint(db), 0);
	assert_int_equal(stat(wal, &st), 0);
	assert_int_equal(st.st_size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_copy_has_what_was_committed_at_the_snapshot_s_moment, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_copy_is_one_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_file_that_is_there_is_not_written_over, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_store_is_at_rest_when_nobody_has_it_open, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_log_is_emptied_but_not_while_somebody_reads, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
