/* routerd/busy: who sends most. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "routerd/busy.h"

struct seen {
	char names[8][BUSY_NAME_SIZE];
	double rates[8];
	unsigned n;
};

static void see(void *arg, const char *name, double rate)
{
	struct seen *s = arg;

	snprintf(s->names[s->n], sizeof s->names[0], "%s", name);
	s->rates[s->n++] = rate;
}

static struct seen look(const struct busy *b, uint64_t now)
{
	struct seen s = {.n = 0};

	busy_each(b, now, 8, see, &s);
	return s;
}

static void heavy_ones_are_found_among_many(void **state)
{
	struct busy *b = bh_alloc(sizeof *b);
	struct seen s;
	char name[32];

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		snprintf(name, sizeof name, "light%u@x.example", i);
		busy_add(b, str_of(name), 1000);
		if (i % 10 == 0)
			busy_add(b, STR_LIT("heavy@x.example"), 1000);
		if (i % 20 == 0)
			busy_add(b, STR_LIT("second@x.example"), 1000);
	}
	s = look(b, 5000);
	assert_string_equal(s.names[0], "heavy@x.example");
	assert_string_equal(s.names[1], "second@x.example");
	/* 2000 in four seconds; never more than there were. */
	assert_true(s.rates[0] > 400 && s.rates[0] <= 500);
	free(b);
}

static void a_few_are_counted_exactly(void **state)
{
	struct busy *b = bh_alloc(sizeof *b);
	struct seen s;

	(void)state;
	for (unsigned i = 0; i < 30; i++)
		busy_add(b, i % 3 == 0 ? STR_LIT("b") : STR_LIT("a"), 1000);
	s = look(b, 3000);
	assert_int_equal(s.n, 2);
	assert_string_equal(s.names[0], "a");
	assert_true(s.rates[0] == 10.0 && s.rates[1] == 5.0);
	free(b);
}

static void what_is_long_ago_is_forgotten(void **state)
{
	struct busy *b = bh_alloc(sizeof *b);
	struct seen s;

	(void)state;
	assert_int_equal(look(b, 1000).n, 0);
	busy_add(b, STR_LIT("early"), 1000);
	assert_int_equal(look(b, 1000 + 2 * BUSY_WINDOW_MS - 1).n, 1);
	assert_int_equal(look(b, 1000 + 2 * BUSY_WINDOW_MS).n, 0);
	/* A window that has just begun says little: the one before is shown. */
	busy_add(b, STR_LIT("early"), 20000);
	busy_add(b, STR_LIT("late"), 20000 + BUSY_WINDOW_MS);
	s = look(b, 20000 + BUSY_WINDOW_MS + 1);
	assert_string_equal(s.names[0], "early");
	s = look(b, 20000 + 2 * BUSY_WINDOW_MS - 1);
	assert_string_equal(s.names[0], "late");
	assert_int_equal(s.n, 1);
	free(b);
}

static void a_long_name_is_cut(void **state)
{
	struct busy *b = bh_alloc(sizeof *b);
	char name[300];
	struct seen s;

	(void)state;
	memset(name, 'x', sizeof name);
	busy_add(b, str_make(name, sizeof name), 1000);
	s = look(b, 2000);
	assert_int_equal(strlen(s.names[0]), BUSY_NAME_SIZE - 1);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heavy_ones_are_found_among_many),
		cmocka_unit_test(a_few_are_counted_exactly),
		cmocka_unit_test(what_is_long_ago_is_forgotten),
		cmocka_unit_test(a_long_name_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
