/* Growable buffers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"

static void assert_holds(const struct buf *b, const char *expected)
{
	assert_false(buf_failed(b));
	assert_int_equal(b->len, strlen(expected));
	assert_memory_equal(b->data, expected, b->len);
	assert_true(b->len <= b->cap);
}

static void puts_are_appended(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_put(&b, "ab", 2);
	buf_put_lit(&b, "cd");
	buf_put_byte(&b, 'e');
	buf_put_str(&b, STR_LIT("fg"));
	buf_put_str(&b, STR_NONE);
	buf_put(&b, NULL, 0);
	buf_printf(&b, "%d%s", 12, "h");
	assert_holds(&b, "abcdefg12h");
	buf_fini(&b);
	assert_null(b.data);
	assert_int_equal(b.cap, 0);
}

static void grows_without_losing_a_byte(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	for (unsigned i = 0; i < 10000; i++)
		buf_put_byte(&b, (uint8_t)i);
	assert_int_equal(b.len, 10000);
	for (unsigned i = 0; i < 10000; i++)
		assert_int_equal(b.data[i], (uint8_t)i);
	buf_fini(&b);
}

static void room_is_given_and_committed(void **state)
{
	struct buf b = BUF_INIT;
	uint8_t *at = buf_room(&b, 1000);

	(void)state;
	assert_non_null(at);
	assert_int_equal(b.len, 0);
	memset(at, 'x', 1000);
	buf_commit(&b, 3);
	assert_holds(&b, "xxx");
	assert_ptr_equal(buf_room(&b, 997), b.data + 3);
	buf_fini(&b);
}

static void a_failure_sticks_until_cleared(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_put_lit(&b, "ab");
	assert_null(buf_room(&b, SIZE_MAX - 10));
	assert_true(buf_failed(&b));
	assert_int_equal(b.len, 2);
	assert_null(buf_grow(&b, 1 << 20));
	buf_clear(&b);
	assert_false(buf_failed(&b));
	buf_put_lit(&b, "cd");
	assert_holds(&b, "cd");
	buf_fini(&b);
}

static void drops_from_the_front(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_put_lit(&b, "abcdef");
	buf_drop(&b, 2);
	assert_holds(&b, "cdef");
	buf_drop(&b, 0);
	assert_holds(&b, "cdef");
	buf_drop(&b, 4);
	assert_int_equal(b.len, 0);
	buf_fini(&b);
}

static void an_empty_one_is_an_empty_text(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	assert_non_null(buf_str(&b).p);
	assert_int_equal(buf_str(&b).len, 0);
	buf_fini(&b);
	buf_fini_secret(&b);
}

static void printf_of_exactly_the_room_left(void **state)
{
	(void)state;
	for (int n = 0; n < 200; n++) {
		struct buf b = BUF_INIT;

		buf_printf(&b, "%*s", n, "");
		assert_int_equal(b.len, n);
		buf_put_byte(&b, '!');
		assert_int_equal(b.data[n], '!');
		buf_fini(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(puts_are_appended),
		cmocka_unit_test(grows_without_losing_a_byte),
		cmocka_unit_test(room_is_given_and_committed),
		cmocka_unit_test(a_failure_sticks_until_cleared),
		cmocka_unit_test(drops_from_the_front),
		cmocka_unit_test(an_empty_one_is_an_empty_text),
		cmocka_unit_test(printf_of_exactly_the_room_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
