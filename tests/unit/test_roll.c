/* snmpd-plugin/roll: the numbers of names in tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "snmpd-plugin/roll.h"

static struct roll_entry *call(struct roll *r, unsigned n)
{
	char name[16];

	snprintf(name, sizeof name, "n%u", n);
	return roll_call(r, str_of(name));
}

static void a_name_keeps_its_number(void **state)
{
	struct roll r;

	(void)state;
	roll_init(&r);
	assert_int_equal(call(&r, 1)->number, 1);
	assert_int_equal(call(&r, 2)->number, 2);
	roll_clear(&r);
	assert_int_equal(call(&r, 1)->number, 1);
	roll_fini(&r);
}

static void there_are_only_so_many_names_and_those_that_are_there_stay(void **state)
{
	struct roll r;

	(void)state;
	roll_init(&r);
	for (unsigned n = 1; n <= ROLL_MAX; n++)
		assert_non_null(call(&r, n));
	assert_null(call(&r, ROLL_MAX + 1));
	assert_int_equal(call(&r, 7)->number, 7);
	roll_fini(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_keeps_its_number),
		cmocka_unit_test(there_are_only_so_many_names_and_those_that_are_there_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
