/* accounts: what is written is there, in order, after anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "authd/accounts.h"
#include "authd/accounts_sqlite.h"
#include "base/err.h"
#include "base/secret.h"

enum { ITERATIONS = 50 };

static uv_loop_t loop;
static char dir[64], path[96];
static struct derive *derive;
static struct accounts *accounts;
static struct {
	char account[64];
	unsigned change;
	uint64_t generation;
} last_change;

static void on_change(void *owner, const struct account_write *change)
{
	(void)owner;
	snprintf(last_change.account, sizeof(last_change.account), "%s", change->account);
	last_change.change = change->change;
	last_change.generation = change->generation;
}

static int open_in(char *what, size_t size)
{
	struct accounts_spec spec = {
		.loop = &loop, .dir = dir, .iterations = ITERATIONS, .on_change = on_change,
	};
	int rc;

	uv_loop_init(&loop);
	derive = derive_create(&loop);
	spec.derive = derive;
	rc = accounts_open(&spec, &accounts, what, size);
	return rc;
}

static void closed(void *arg)
{
	(void)arg;
}

static void close_all(void)
{
	if (accounts != NULL)
		accounts_close(&accounts, closed, NULL);
	derive_stop(&derive, NULL, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
}

static void reopen(void)
{
	char what[256];

	close_all();
	assert_int_equal(open_in(what, sizeof(what)), 0);
}

static int make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/test_accounts.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/accounts.db", dir);
	return 0;
}

static int remove_dir(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static int set_up(void **state)
{
	char what[256];

	return make_dir(state) == 0 ? open_in(what, sizeof(what)) : -1;
}

static int tear_down(void **state)
{
	close_all();
	return remove_dir(state);
}

/* ---- doing one thing and waiting for it ------------------------------------------------- */

struct wait {
	int rc;
	bool done;
};

static void on_done(void *arg, int rc)
{
	struct wait *w = arg;

	assert_false(w->done);
	w->rc = rc;
	w->done = true;
}

static int begin(struct wait *w, int how, const char *account, const char *password)
{
	struct account_order order = {
		.how = how, .account = str_of(account), .password = str_of(password),
		.done = on_done, .arg = w,
	};

	return accounts_change(accounts, &order);
}

static int finish(struct wait *w)
{
	while (!w->done)
		uv_run(&loop, UV_RUN_ONCE);
	return w->rc;
}

static int change(int how, const char *account, const char *password)
{
	struct wait w = {0};
	int rc = begin(&w, how, account, password);

	return rc < 0 ? rc : finish(&w);
}

static int find(const char *account, struct account_record *out)
{
	return accounts_find(accounts, str_of(account), out);
}

/* ---- tests ------------------------------------------------------------------------------ */

static void each_kind_of_change_minds_whether_the_account_exists(void **state)
{
	static const struct {
		int how;
		bool exists;
		int rc;
		unsigned change;
	} cases[] = {
		{ACCOUNT_ADD, false, 0, ACCOUNT_WAS_ADDED},
		{ACCOUNT_ADD, true, BH_EEXIST, 0},
		{ACCOUNT_PASSWORD, false, BH_ENOTFOUND, 0},
		{ACCOUNT_PASSWORD, true, 0, ACCOUNT_GOT_PASSWORD},
		{ACCOUNT_IMPORT, false, 0, ACCOUNT_WAS_ADDED},
		{ACCOUNT_IMPORT, true, 0, ACCOUNT_GOT_PASSWORD},
		{ACCOUNT_IMPORT_DISABLED, false, 0, ACCOUNT_WAS_ADDED},
		{ACCOUNT_IMPORT_DISABLED, true, 0, ACCOUNT_WAS_DISABLED},
		{ACCOUNT_REMOVE, false, BH_ENOTFOUND, 0},
		{ACCOUNT_REMOVE, true, 0, ACCOUNT_WAS_DELETED},
		{ACCOUNT_DISABLE, false, BH_ENOTFOUND, 0},
		{ACCOUNT_DISABLE, true, 0, ACCOUNT_WAS_DISABLED},
		{ACCOUNT_ENABLE, false, BH_ENOTFOUND, 0},
		{ACCOUNT_ENABLE, true, 0, ACCOUNT_WAS_ENABLED},
	};
	struct account_record record;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		change(cases[i].exists ? ACCOUNT_IMPORT : ACCOUNT_REMOVE, "a@x.example", "old");
		last_change.change = 0;
		assert_int_equal(change(cases[i].how, "a@x.example", "new"), cases[i].rc);
		assert_int_equal(last_change.change, cases[i].change);
		if (cases[i].rc == 0 && cases[i].how != ACCOUNT_REMOVE) {
			assert_int_equal(find("a@x.example", &record), 0);
			assert_true(record.generation == last_change.generation);
			assert_true(record.disabled == (cases[i].how == ACCOUNT_DISABLE ||
				cases[i].how == ACCOUNT_IMPORT_DISABLED));
		}
	}
}

static void each_password_gets_its_own_salts_and_keys(void **state)
{
	struct account_record record;
	struct account_keys *k = &record.keys;
	struct account_keys first;

	(void)state;
	assert_int_equal(change(ACCOUNT_ADD, "a@x.example", "secret"), 0);
	assert_int_equal(find("a@x.example", &record), 0);
	assert_int_equal(k->of[SCRAM_SHA1].iterations, ITERATIONS);
	assert_int_equal(k->of[SCRAM_SHA256].iterations, ITERATIONS);
	assert_memory_not_equal(k->of[SCRAM_SHA1].salt, k->of[SCRAM_SHA256].salt, SCRAM_SALT_SIZE);
	first = *k;
	assert_int_equal(change(ACCOUNT_PASSWORD, "a@x.example", "secret"), 0);
	assert_int_equal(find("a@x.example", &record), 0);
	assert_memory_not_equal(first.of[0].salt, k->of[0].salt, SCRAM_SALT_SIZE);
	assert_memory_not_equal(first.of[1].stored, k->of[1].stored, 32);
	assert_false(record.disabled);
}

static void generations_rise_even_over_a_deletion_and_a_restart(void **state)
{
	uint64_t last = 0;

	(void)state;
	for (int i = 0; i < 4; i++) {
		assert_int_equal(change(ACCOUNT_ADD, "a@x.example", "pw"), 0);
		assert_true(last_change.generation > last);
		last = last_change.generation;
		reopen();
		assert_int_equal(change(ACCOUNT_REMOVE, "a@x.example", NULL), 0);
		assert_true(last_change.generation > last);
		last = last_change.generation;
	}
}

static void the_later_of_two_changes_wins(void **state)
{
	struct wait waits[20] = {0};
	char password[16];

	(void)state;
	for (int i = 0; i < 20; i++) {
		snprintf(password, sizeof(password), "pw%d", i);
		assert_int_equal(begin(&waits[i], i == 19 ? ACCOUNT_REMOVE : ACCOUNT_IMPORT,
			"a@x.example", password), 0);
	}
	for (int i = 0; i < 20; i++)
		assert_int_equal(finish(&waits[i]), 0);
	assert_int_equal(last_change.change, ACCOUNT_WAS_DELETED);
}

static void passwords_that_saslprep_forbids_are_refused(void **state)
{
	static const char *const bad[] = {"\a", "\xff\xfe", "\xd8\xa7" "1"};
	struct account_record record;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(change(ACCOUNT_ADD, "a@x.example", bad[i]), BH_EINVAL);
	assert_int_equal(find("a@x.example", &record), BH_ENOTFOUND);
}

static void an_account_that_is_none_has_always_the_same_salt(void **state)
{
	struct account_keys one, two;

	(void)state;
	accounts_pretend(accounts, STR_LIT("ghost@x.example"), &one);
	reopen();
	accounts_pretend(accounts, STR_LIT("ghost@x.example"), &two);
	for (int i = 0; i < SCRAM_HASHES; i++) {
		assert_memory_equal(one.of[i].salt, two.of[i].salt, SCRAM_SALT_SIZE);
		assert_int_equal(one.of[i].iterations, ITERATIONS);
		assert_memory_not_equal(one.of[i].stored, two.of[i].stored, 20);
	}
	assert_memory_not_equal(one.of[0].salt, one.of[1].salt, SCRAM_SALT_SIZE);
	accounts_pretend(accounts, STR_LIT("ghosu@x.example"), &two);
	assert_memory_not_equal(one.of[0].salt, two.of[0].salt, SCRAM_SALT_SIZE);
}

static void the_file_is_for_its_owner_only(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

/* ---- keys from elsewhere -------------------------------------------------------------------- */

static int order(const struct account_order *wanted)
{
	struct account_order o = *wanted;
	struct wait w = {0};
	int rc;

	o.done = on_done;
	o.arg = &w;
	rc = accounts_change(accounts, &o);
	return rc == 0 ? finish(&w) : rc;
}

/* SHA-1 alone, with a salt and iterations that are not ours. */
static const struct account_keys foreign = {.of[SCRAM_SHA1] = {
	.iterations = 777, .salt_len = 36, .salt = "0e66b422-cd73-4d57-aff8-6f892e6525a5", .stored = {1}, .server = {2}}};

static void keys_of_one_hash_are_kept_and_a_password_completes_them(void **state)
{
	struct account_record before, after;

	(void)state;
	assert_int_equal(accounts_lack(accounts, STR_LIT("x.example")), 0);
	assert_int_equal(order(&(struct account_order){
		.how = ACCOUNT_IMPORT, .account = STR_LIT("a@x.example"), .keys = &foreign}), 0);
	assert_int_equal(find("a@x.example", &before), 0);
	assert_memory_equal(&before.keys, &foreign, sizeof foreign);
	assert_int_equal(accounts_lack(accounts, STR_LIT("x.example")), 1u << SCRAM_SHA256);
	assert_int_equal(accounts_lack(accounts, STR_LIT("y.example")), 0);

	assert_int_equal(order(&(struct account_order){.how = ACCOUNT_STRENGTHEN, .account = STR_LIT("a@x.example"),
		.password = STR_LIT("pw"), .generation = before.generation + 1}), 0);
	assert_int_equal(accounts_lack(accounts, STR_LIT("x.example")), 1u << SCRAM_SHA256);
	assert_int_equal(order(&(struct account_order){.how = ACCOUNT_STRENGTHEN, .account = STR_LIT("a@x.example"),
		.password = STR_LIT("pw"), .generation = before.generation}), 0);
	assert_int_equal(accounts_lack(accounts, STR_LIT("x.example")), 0);
	assert_int_equal(find("a@x.example", &after), 0);
	assert_memory_equal(&after.keys.of[SCRAM_SHA1], &foreign.of[SCRAM_SHA1], sizeof foreign.of[0]);
	assert_int_equal(after.keys.of[SCRAM_SHA256].iterations, ITERATIONS);
	assert_int_equal(after.generation, before.generation);
}

static void a_stranger_has_the_salt_and_iterations_of_somebody_near(void **state)
{
	struct account_keys ghost;

	(void)state;
	assert_int_equal(order(&(struct account_order){
		.how = ACCOUNT_IMPORT, .account = STR_LIT("m@x.example"), .keys = &foreign}), 0);
	accounts_pretend(accounts, STR_LIT("ghost@x.example"), &ghost);
	assert_int_equal(ghost.of[SCRAM_SHA1].iterations, 777);
	assert_int_equal(ghost.of[SCRAM_SHA1].salt_len, 36);
	assert_int_equal(ghost.of[SCRAM_SHA256].iterations, ITERATIONS);
	accounts_pretend(accounts, STR_LIT("ghost@y.example"), &ghost);
	assert_int_equal(ghost.of[SCRAM_SHA1].iterations, ITERATIONS);
}

/* ---- lists ------------------------------------------------------------------------------ */

struct seen {
	char last[64];
	unsigned n;
	unsigned changes[5];
};

static void see(void *arg, const struct account_row *row)
{
	struct seen *seen = arg;

	seen->n++;
	snprintf(seen->last, sizeof(seen->last), "%.*s", STR_FMT(row->account));
	if (row->change < 5)
		seen->changes[row->change]++;
}

static void add_many(unsigned n, const char *domain)
{
	struct wait *waits = calloc(n, sizeof(*waits));
	char account[64];

	for (unsigned i = 0; i < n; i++) {
		snprintf(account, sizeof(account), "u%05u@%s", i, domain);
		assert_int_equal(begin(&waits[i], ACCOUNT_IMPORT, account, "pw"), 0);
	}
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(finish(&waits[i]), 0);
	free(waits);
}

static void lists_come_in_pages_and_in_order(void **state)
{
	struct seen seen = {0};
	struct account_page page = {.visit = see, .arg = &seen};

	(void)state;
	add_many(300, "b.example");
	add_many(10, "a.example");
	assert_int_equal(accounts_page(accounts, &page), 0);
	assert_false(page.end);
	assert_int_equal(seen.n, ACCOUNT_PAGE_ROWS);
	assert_string_equal(seen.last, "u00245@b.example");
	assert_int_equal(accounts_page(accounts, &page), 0);
	assert_true(page.end);
	assert_int_equal(seen.n, 310);

	seen = (struct seen){0};
	page = (struct account_page){.visit = see, .arg = &seen, .domain = "a.example"};
	assert_int_equal(accounts_page(accounts, &page), 0);
	assert_true(page.end);
	assert_int_equal(seen.n, 10);
	assert_string_equal(seen.last, "u00009@a.example");
}

static void the_last_change_of_each_account_can_be_told_again(void **state)
{
	struct seen seen = {0};
	struct account_page page = {.visit = see, .arg = &seen};

	(void)state;
	add_many(3, "a.example");
	assert_int_equal(change(ACCOUNT_REMOVE, "u00001@a.example", NULL), 0);
	assert_int_equal(change(ACCOUNT_PASSWORD, "u00002@a.example", "x"), 0);
	reopen();
	assert_int_equal(accounts_changes(accounts, &page), 0);
	assert_true(page.end);
	assert_int_equal(seen.changes[ACCOUNT_WAS_ADDED], 1);
	assert_int_equal(seen.changes[ACCOUNT_WAS_DELETED], 1);
	assert_int_equal(seen.changes[ACCOUNT_GOT_PASSWORD], 1);

	seen = (struct seen){0};
	page = (struct account_page){.visit = see, .arg = &seen, .since = INT32_MAX * 2L};
	assert_int_equal(accounts_changes(accounts, &page), 0);
	assert_int_equal(seen.n, 0);
}

/* ---- accidents -------------------------------------------------------------------------- */

static void child_writes(int out)
{
	char what[256], account[64];

	if (open_in(what, sizeof(what)) < 0)
		_exit(1);
	for (unsigned i = 0;; i++) {
		snprintf(account, sizeof(account), "k%05u@x.example", i);
		if (change(ACCOUNT_ADD, account, "pw") < 0 || write(out, "+", 1) != 1)
			_exit(1);
	}
}

static void what_was_answered_survives_a_kill(void **state)
{
	struct account_record record;
	char what[256], account[64], byte;
	unsigned acked = 0;
	int fds[2];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		child_writes(fds[1]);
	}
	close(fds[1]);
	while (acked < 40 && read(fds[0], &byte, 1) == 1)
		acked++;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	while (read(fds[0], &byte, 1) == 1)
		acked++;
	close(fds[0]);
	assert_true(acked >= 40);
	assert_int_equal(open_in(what, sizeof(what)), 0);
	for (unsigned i = 0; i < acked; i++) {
		snprintf(account, sizeof(account), "k%05u@x.example", i);
		assert_int_equal(find(account, &record), 0);
	}
	assert_int_equal(change(ACCOUNT_IMPORT, "k00000@x.example", "new"), 0);
	close_all();
}

static void sql(const char *text)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void what_waits_at_the_end_is_answered(void **state)
{
	struct wait waits[50] = {0};
	char account[64];
	unsigned written = 0;

	(void)state;
	for (int i = 0; i < 50; i++) {
		snprintf(account, sizeof(account), "w%d@x.example", i);
		assert_int_equal(begin(&waits[i], ACCOUNT_ADD, account, "pw"), 0);
	}
	finish(&waits[0]);
	reopen();
	for (int i = 0; i < 50; i++) {
		struct account_record record;

		snprintf(account, sizeof(account), "w%d@x.example", i);
		assert_true(waits[i].done);
		assert_true(waits[i].rc == 0 || waits[i].rc == BH_ECLOSED);
		assert_int_equal(find(account, &record), waits[i].rc == 0 ? 0 : BH_ENOTFOUND);
		written += waits[i].rc == 0;
	}
	assert_true(written > 0);
}

static void a_store_of_the_first_version_is_brought_up_to_date(void **state)
{
	struct account_record record;

	(void)state;
	assert_int_equal(change(ACCOUNT_ADD, "a@x.example", "pw"), 0);
	close_all();
	sql("DROP TABLE changes; ALTER TABLE accounts DROP COLUMN reason; DROP INDEX accounts_without_sha1;"
	    "DROP INDEX accounts_without_sha256; PRAGMA user_version = 1");
	uv_loop_init(&loop);
	derive = derive_create(&loop);
	reopen();
	assert_int_equal(find("a@x.example", &record), 0);
	assert_int_equal(change(ACCOUNT_PASSWORD, "a@x.example", "pw2"), 0);
}

static void a_store_that_cannot_be_used_is_refused_with_its_reason(void **state)
{
	static const struct {
		const char *sql; /* NULL: the file is no database */
		int rc;
		const char *word;
	} cases[] = {
		{"PRAGMA user_version = 99", BH_EVERSION, "newer Bulkhead"},
		{"DELETE FROM meta", 0, NULL},
		{"UPDATE meta SET value = x'00' WHERE name = 'secret'", BH_EIO, "secret"},
		{NULL, BH_EIO, "not a database"},
	};
	char what[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(set_up(NULL), 0);
		close_all();
		if (cases[i].sql != NULL) {
			sql(cases[i].sql);
		} else {
			int fd = open(path, O_WRONLY);

			assert_int_equal(write(fd, "nonsense", 8), 8);
			close(fd);
		}
		what[0] = '\0';
		assert_int_equal(open_in(what, sizeof(what)), cases[i].rc);
		if (cases[i].word != NULL) {
			assert_non_null(strstr(what, cases[i].word));
			assert_non_null(strstr(what, path));
		}
		tear_down(NULL);
	}
}

static void a_damaged_row_is_no_account_and_no_pretence(void **state)
{
	struct account_record record;

	(void)state;
	assert_int_equal(change(ACCOUNT_ADD, "a@x.example", "pw"), 0);
	sql("UPDATE accounts SET sha256_salt = x''");
	assert_int_equal(find("a@x.example", &record), BH_EIO);
	sql("UPDATE accounts SET sha256_salt = x'00', sha256_stored_key = x'00'");
	assert_int_equal(find("a@x.example", &record), BH_EIO);
}

/* A store that cannot be written answers so, and works again afterwards. */
static void a_failed_group_is_answered_as_failed(void **state)
{
	struct account_record record;

	(void)state;
	sql("CREATE TRIGGER no BEFORE INSERT ON accounts WHEN new.account = 'bad@x.example'"
	    " BEGIN SELECT RAISE(ABORT, 'the disk is full'); END");
	assert_int_equal(change(ACCOUNT_ADD, "bad@x.example", "pw"), BH_EIO);
	assert_int_equal(find("bad@x.example", &record), BH_ENOTFOUND);
	assert_int_equal(change(ACCOUNT_ADD, "good@x.example", "pw"), 0);
	assert_int_equal(find("good@x.example", &record), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
#define T_DIR(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		T_DIR(what_was_answered_survives_a_kill),
		T(each_kind_of_change_minds_whether_the_account_exists),
		T(each_password_gets_its_own_salts_and_keys),
		T(generations_rise_even_over_a_deletion_and_a_restart),
		T(the_later_of_two_changes_wins),
		T(passwords_that_saslprep_forbids_are_refused),
		T(an_account_that_is_none_has_always_the_same_salt),
		T(keys_of_one_hash_are_kept_and_a_password_completes_them),
		T(a_stranger_has_the_salt_and_iterations_of_somebody_near),
		T(the_file_is_for_its_owner_only),
		T(lists_come_in_pages_and_in_order),
		T(the_last_change_of_each_account_can_be_told_again),
		T(what_waits_at_the_end_is_answered),
		T(a_store_of_the_first_version_is_brought_up_to_date),
		cmocka_unit_test(a_store_that_cannot_be_used_is_refused_with_its_reason),
		T(a_damaged_row_is_no_account_and_no_pretence),
		T(a_failed_group_is_answered_as_failed),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
