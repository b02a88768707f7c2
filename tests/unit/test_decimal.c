/* What is a number, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/decimal.h"

static void a_number_is_digits_and_no_more_than_it_may_be(void **state)
{
	static const struct {
		const char *text;
		uint64_t most, n;
		bool good;
	} cases[] = {
		{"0", 0, 0, true},
		{"1", 0, 0, false},
		{"7", 7, 7, true},
		{"8", 7, 0, false},
		{"07", 7, 0, false},
		{"07", 10, 7, true},
		{"65535", 65535, 65535, true},
		{"65536", 65535, 0, false},
		{"18446744073709551615", UINT64_MAX, UINT64_MAX, true},
		{"18446744073709551616", UINT64_MAX, 0, false},
		{"99999999999999999999999", UINT64_MAX, 0, false},
		{"", UINT64_MAX, 0, false},
		{"-1", UINT64_MAX, 0, false},
		{"+1", UINT64_MAX, 0, false},
		{" 1", UINT64_MAX, 0, false},
		{"1 ", UINT64_MAX, 0, false},
		{"1a", UINT64_MAX, 0, false},
		{"\xb2", UINT64_MAX, 0, false},
		{NULL, UINT64_MAX, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint64_t n = 4711;

		assert_int_equal(decimal_read(str_of(cases[i].text), cases[i].most, &n), cases[i].good);
		assert_int_equal(n, cases[i].good ? cases[i].n : 4711);
	}
}

static void it_ends_where_the_text_does(void **state)
{
	uint32_t n = 0;

	(void)state;
	assert_true(decimal_read_u32(str_make("4294967295", 9), &n));
	assert_int_equal(n, 429496729);
	assert_true(decimal_read_u32(STR_LIT("4294967295"), &n));
	assert_int_equal(n, UINT32_MAX);
	assert_false(decimal_read_u32(STR_LIT("4294967296"), &n));
	assert_false(decimal_read_u32(str_make("1\0" "2", 3), &n));
	assert_int_equal(n, UINT32_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_is_digits_and_no_more_than_it_may_be),
		cmocka_unit_test(it_ends_where_the_text_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
