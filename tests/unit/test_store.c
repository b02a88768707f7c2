/* The store's thread: order, groups, questions, and what is left after a kill. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <uv.h>

#include "base/err.h"
#include "store/database.h"
#include "store/store.h"

enum { ADD, LIST, COUNT, HALF, BIG };
enum { MANY = 1000, ROUNDS = 10 };

static const char *const migrations[] = {
	"CREATE TABLE t (n INTEGER PRIMARY KEY, half INTEGER NOT NULL)", NULL};
static const char *const statements[] = {
	[ADD] = "INSERT INTO t (n, half) VALUES (?, 0)",
	[LIST] = "SELECT n, half FROM t ORDER BY n",
	[COUNT] = "SELECT count(*), 'text' FROM t",
	[HALF] = "UPDATE t SET half = 1 WHERE n = ?",
	[BIG] = "SELECT randomblob(1048576) FROM (WITH RECURSIVE c(x) AS "
		"(SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < ?) SELECT x FROM c)",
};

static char folder[] = "/tmp/bh-store-XXXXXX", path[64];

struct fixture {
	uv_loop_t loop;
	uv_timer_t awake; /* the store alone keeps no loop running */
	struct store *store;
	int64_t done[MANY]; /* the numbers whose callbacks came, in order */
	int ndone;
	int rc;
	int64_t answer;
	bool asked, stopped;
};

static const struct store_spec spec = {path, migrations, statements, 5, true, false};

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
	static const char *const suffixes[] = {"", "-wal", "-shm"};
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

static void on_awake(uv_timer_t *timer)
{
	(void)timer;
}

static void begin(struct fixture *f)
{
	char what[256];

	memset(f, 0, sizeof *f);
	assert_int_equal(uv_loop_init(&f->loop), 0);
	uv_timer_init(&f->loop, &f->awake);
	uv_timer_start(&f->awake, on_awake, 1000, 1000);
	if (store_open(&spec, &f->store, what, sizeof what) != 0)
		fail_msg("%s", what);
	assert_int_equal(store_start(f->store, &f->loop), 0);
}

static void on_stopped(void *arg)
{
	((struct fixture *)arg)->stopped = true;
}

static void end(struct fixture *f)
{
	store_stop(&f->store, on_stopped, f);
	assert_null(f->store);
	while (!f->stopped)
		uv_run(&f->loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&f->awake, NULL);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&f->loop), 0);
}

/* A change whose number its callback tells. */
struct numbered {
	struct fixture *f;
	int64_t n;
};

static void on_done(void *arg, int rc)
{
	struct numbered *one = arg;

	if (rc == 0)
		one->f->done[one->f->ndone++] = one->n;
	else
		one->f->rc = rc;
	free(one);
}

static struct store_tx *adding(struct fixture *f, int64_t n)
{
	struct store_tx *tx = store_begin(f->store);

	store_int(tx, n);
	store_do(tx, ADD);
	return tx;
}

static void commit(struct fixture *f, struct store_tx *tx, int64_t n)
{
	struct numbered *one = malloc(sizeof *one);

	assert_non_null(one);
	*one = (struct numbered){f, n};
	store_commit(tx, on_done, one);
}

static void on_count(void *arg, int rc, struct store_rows *rows)
{
	struct fixture *f = arg;

	f->rc = rc;
	f->asked = true;
	if (rc != 0) {
		assert_null(rows);
		return;
	}
	assert_true(store_row(rows));
	f->answer = store_row_int(rows, 0);
	assert_true(str_is(store_row_text(rows, 1), "text"));
	assert_false(store_row(rows));
}

static int64_t count(struct fixture *f)
{
	struct store_tx *tx = store_begin(f->store);

	f->asked = false;
	store_do(tx, COUNT);
	store_ask(tx, on_count, f);
	while (!f->asked)
		uv_run(&f->loop, UV_RUN_ONCE);
	return f->answer;
}

static void callbacks_come_in_order_after_the_commit(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	for (int64_t n = 0; n < MANY; n++)
		commit(&f, adding(&f, n), n);
	assert_int_equal(f.ndone, 0); /* never from within */
	while (f.ndone < MANY)
		uv_run(&f.loop, UV_RUN_ONCE);
	for (int64_t n = 0; n < MANY; n++)
		assert_int_equal(f.done[n], n);
	assert_int_equal(store_backlog(f.store), 0);
	end(&f);
}

static void a_question_sees_every_change_before_it(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	for (int64_t n = 1; n <= 100; n++) {
		store_commit(adding(&f, n), NULL, NULL);
		if (n % 10 == 0)
			assert_int_equal(count(&f), n);
	}
	end(&f);
}

static void a_change_that_fails_leaves_nothing_and_harms_no_other(void **state)
{
	struct fixture f;
	struct store_tx *tx;
	char text[128];

	(void)state;
	begin(&f);
	commit(&f, adding(&f, 1), 1);
	tx = adding(&f, 2);
	store_int(tx, 1);
	store_do(tx, HALF);
	store_int(tx, 1); /* the third statement fails: there is a 1 */
	store_do(tx, ADD);
	commit(&f, tx, 2);
	commit(&f, adding(&f, 3), 3);
	assert_int_equal(count(&f), 2);
	while (f.ndone < 2)
		uv_run(&f.loop, UV_RUN_ONCE);
	assert_int_equal(f.done[0], 1);
	assert_int_equal(f.done[1], 3);
	assert_non_null(strstr(store_error(f.store, text, sizeof text), "UNIQUE"));
	end(&f);
}

static void a_stop_finishes_what_is_queued(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	for (int64_t n = 0; n < MANY; n++)
		commit(&f, adding(&f, n), n);
	end(&f);
	assert_int_equal(f.ndone, MANY);
	begin(&f);
	assert_int_equal(count(&f), MANY);
	end(&f);
}

static void more_rows_than_fit_are_an_error(void **state)
{
	struct fixture f;
	struct store_tx *tx;

	(void)state;
	begin(&f);
	tx = store_begin(f.store);
	store_int(tx, STORE_ROWS_MAX / 1048576 + 2);
	store_do(tx, BIG);
	store_ask(tx, on_count, &f);
	while (!f.asked)
		uv_run(&f.loop, UV_RUN_ONCE);
	assert_int_equal(f.rc, BH_ETOOBIG);
	assert_int_equal(count(&f), 0); /* and it goes on */
	end(&f);
}

/* Rows of 1 MiB: how many came, and how many are wanted. */
struct reading {
	struct fixture *f;
	int rows, most;
};

static bool on_page(void *arg, struct store_rows *rows)
{
	struct reading *r = arg;
	int n = 0;

	for (; store_row(rows); n++)
		assert_int_equal(store_row_text(rows, 0).len, 1048576);
	assert_true(n <= 1); /* a page, whatever comes */
	r->rows += n;
	return r->rows < r->most;
}

static void on_read(void *arg, int rc)
{
	struct reading *r = arg;

	r->f->rc = rc;
	r->f->asked = true;
}

static void begin_reading(struct reading *r, int64_t rows)
{
	struct store_tx *tx = store_begin(r->f->store);

	store_int(tx, rows);
	store_do(tx, BIG);
	r->f->asked = false;
	store_read(tx, on_page, on_read, r);
}

static int64_t read_rows(struct fixture *f, int64_t rows, int most)
{
	struct reading r = {f, 0, most};

	begin_reading(&r, rows);
	while (!f->asked)
		uv_run(&f->loop, UV_RUN_ONCE);
	assert_int_equal(f->rc, 0);
	return r.rows;
}

static void any_number_of_rows_can_be_read_in_pages(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	assert_int_equal(read_rows(&f, STORE_ROWS_MAX / 1048576 + 2, MANY), STORE_ROWS_MAX / 1048576 + 2);
	assert_int_equal(count(&f), 0);
	end(&f);
}

static void who_has_enough_is_read_no_more(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	assert_int_equal(read_rows(&f, MANY, 3), 3);
	assert_int_equal(count(&f), 0);
	end(&f);
}

static void a_stop_ends_what_is_being_read(void **state)
{
	struct fixture f;
	struct reading r = {&f, 0, MANY};

	(void)state;
	begin(&f);
	begin_reading(&r, MANY);
	while (r.rows == 0)
		uv_run(&f.loop, UV_RUN_ONCE);
	assert_false(f.asked);
	end(&f);
	assert_true(f.asked);
	assert_int_equal(f.rc, BH_ECLOSED);
	assert_true(r.rows < MANY);
}

/* The child: pairs of rows, a transaction each; the number of each goes to the pipe at its done. */
static void told(void *arg, int rc)
{
	struct numbered *one = arg;

	if (rc != 0 || write(one->f->rc, &one->n, sizeof one->n) != sizeof one->n)
		_exit(1);
	free(one);
}

static void commit_until_killed(int fd)
{
	struct fixture f;

	begin(&f);
	f.rc = fd;
	for (int64_t n = 0;; n += 2) {
		struct numbered *one = malloc(sizeof *one);
		struct store_tx *tx = adding(&f, n);

		if (one == NULL)
			_exit(1);
		*one = (struct numbered){&f, n};
		store_int(tx, n + 1);
		store_do(tx, ADD);
		store_commit(tx, told, one);
		uv_run(&f.loop, store_backlog(f.store) > 100 ? UV_RUN_ONCE : UV_RUN_NOWAIT);
	}
}

/* Kills the child after it has acknowledged so many; the last number that it did. */
static int64_t kill_after(int acknowledged)
{
	int64_t last = -1;
	int fds[2];
	pid_t child;

	assert_int_equal(pipe(fds), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(fds[0]);
		commit_until_killed(fds[1]);
	}
	close(fds[1]);
	for (int i = 0; i < acknowledged; i++)
		assert_int_equal(read(fds[0], &last, sizeof last), sizeof last);
	kill(child, SIGKILL);
	while (read(fds[0], &last, sizeof last) == sizeof last)
		continue;
	close(fds[0]);
	assert_int_equal(waitpid(child, NULL, 0), child);
	return last;
}

static void after_a_kill_all_that_was_acknowledged_is_there_and_whole(void **state)
{
	char what[256];

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct database_spec file = {path, migrations, statements, 5, true, false};
		int64_t last = kill_after(1 + round * 37), n = 0;
		struct database *db;

		assert_int_equal(database_open(&file, &db, what, sizeof what), 0);
		while (database_step(db, LIST) == 1)
			assert_int_equal(database_column_int(db, LIST, 0), n++); /* no gap */
		database_reset(db, LIST);
		database_close(&db);
		assert_true(n >= last + 2 && n % 2 == 0);
		remove_files(NULL);
	}
}

#define CASE(name) cmocka_unit_test_teardown(name, remove_files)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(callbacks_come_in_order_after_the_commit),
		CASE(a_question_sees_every_change_before_it),
		CASE(a_change_that_fails_leaves_nothing_and_harms_no_other),
		CASE(a_stop_finishes_what_is_queued),
		CASE(more_rows_than_fit_are_an_error),
		CASE(any_number_of_rows_can_be_read_in_pages),
		CASE(who_has_enough_is_read_no_more),
		CASE(a_stop_ends_what_is_being_read),
		CASE(after_a_kill_all_that_was_acknowledged_is_there_and_whole),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
