/* How many may vanish: a share, a floor, and a minute. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "dirsyncd/brake.h"

enum { START_MS = 1000000 };

/* n of them, one after another, each from those that are left; how many may go. */
static size_t go_one_by_one(struct brake *b, uint64_t now_ms, size_t n, size_t accounts)
{
	size_t gone = 0;

	for (size_t i = 0; i < n; i++)
		gone += brake_allows(b, now_ms, 1, accounts - gone);
	return gone;
}

static void ten_may_always_go(void **state)
{
	struct brake b = {.percent = 1};

	(void)state;
	assert_int_equal(go_one_by_one(&b, START_MS, 10, 10), 10);
	assert_false(brake_allows(&b, START_MS, 1, 1));
}

static void a_share_of_many_may_go_and_no_more(void **state)
{
	struct brake b = {.percent = 20};

	(void)state;
	assert_int_equal(go_one_by_one(&b, START_MS, 1000, 1000), 200);
	assert_int_equal(brake_vanished(&b), 200);
}

static void many_at_once_count_together(void **state)
{
	struct brake b = {.percent = 20};

	(void)state;
	assert_false(brake_allows(&b, START_MS, 201, 1000));
	assert_int_equal(brake_vanished(&b), 0);
	assert_true(brake_allows(&b, START_MS, 200, 1000));
	assert_false(brake_allows(&b, START_MS, 1, 800));
}

static void after_a_minute_others_may_go(void **state)
{
	struct brake b = {.percent = 20};

	(void)state;
	assert_true(brake_allows(&b, START_MS, 200, 1000));
	assert_false(brake_allows(&b, START_MS + 59000, 1, 800));
	assert_true(brake_allows(&b, START_MS + 60000, 160, 800));
	assert_int_equal(brake_vanished(&b), 160);
}

static void the_minute_slides(void **state)
{
	struct brake b = {.percent = 20};

	(void)state;
	assert_true(brake_allows(&b, START_MS, 100, 1000));
	assert_true(brake_allows(&b, START_MS + 30000, 100, 900));
	assert_true(brake_allows(&b, START_MS + 60000, 50, 800));
	assert_int_equal(brake_vanished(&b), 150);
	assert_true(brake_allows(&b, START_MS + 90000, 50, 750));
	assert_int_equal(brake_vanished(&b), 100);
	assert_true(brake_allows(&b, START_MS + 10000000, 1, 1));
	assert_int_equal(brake_vanished(&b), 1);
}

static void nought_is_no_brake(void **state)
{
	struct brake b = {.percent = 0};

	(void)state;
	assert_true(brake_allows(&b, START_MS, 1000, 1000));
}

static void what_was_accepted_counts_no_longer(void **state)
{
	struct brake b = {.percent = 20};

	(void)state;
	assert_true(brake_allows(&b, START_MS, 20, 100));
	brake_reset(&b);
	assert_true(brake_allows(&b, START_MS, 16, 80));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ten_may_always_go),
		cmocka_unit_test(a_share_of_many_may_go_and_no_more),
		cmocka_unit_test(many_at_once_count_together),
		cmocka_unit_test(after_a_minute_others_may_go),
		cmocka_unit_test(the_minute_slides),
		cmocka_unit_test(nought_is_no_brake),
		cmocka_unit_test(what_was_accepted_counts_no_longer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
