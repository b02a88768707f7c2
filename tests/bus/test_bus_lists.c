/* Roles, the packed lists, and looking at the start of a frame. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/rand.h"
#include "bus/bus.h"
#include "bus/mark.h"
#include "bus/role.h"
#include "bus/textlist.h"

static void a_role_has_a_name_and_a_socket_and_a_set_of_roles_has_none(void **state)
{
	(void)state;
	assert_string_equal(bus_role_name(ROLE_C2S), "c2sd");
	assert_string_equal(bus_role_socket(ROLE_C2S), "c2s.sock");
	assert_string_equal(bus_role_name(ROLE_ROUTER), "routerd");
	assert_null(bus_role_socket(ROLE_ROUTER));
	assert_null(bus_role_name(ROLES_FRONT));
	assert_null(bus_role_name(0));
	assert_null(bus_role_socket(ROLES_WATCHERS));
}

static void marks_and_targets_come_back_in_order(void **state)
{
	static const struct mark marks[] = {{1, 2}, {UINT64_MAX, 0}, {0x0102030405060708, 9}};
	static const struct target targets[] = {{7, 1, 3}, {1, UINT32_MAX, UINT64_MAX}};
	struct buf b = BUF_INIT;
	struct target target;
	struct mark mark;
	struct str list;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		mark_put(&b, &marks[i]);
	assert_int_equal(b.len, 3 * MARK_SIZE);
	assert_memory_equal(
		b.data + 2 * MARK_SIZE, "\1\2\3\4\5\6\7\10\0\0\0\0\0\0\0\11", MARK_SIZE);
	list = buf_str(&b);
	for (size_t i = 0; i < 3; i++) {
		assert_true(mark_take(&list, &mark));
		assert_memory_equal(&mark, &marks[i], sizeof mark);
	}
	assert_false(mark_take(&list, &mark));
	assert_int_equal(list.len, 0);
	buf_clear(&b);
	for (size_t i = 0; i < 2; i++)
		target_put(&b, &targets[i]);
	assert_int_equal(b.len, 2 * TARGET_SIZE);
	list = buf_str(&b);
	for (size_t i = 0; i < 2; i++) {
		assert_true(target_take(&list, &target));
		assert_true(target.subject == targets[i].subject && target.n == targets[i].n);
		assert_int_equal(target.epoch, targets[i].epoch);
	}
	assert_false(target_take(&list, &target));
	buf_fini(&b);
}

static void half_a_mark_is_left_over(void **state)
{
	struct str list = str_make("0123456789abcdefXYZ", 19);
	struct target target;
	struct mark mark;

	(void)state;
	assert_true(mark_take(&list, &mark));
	assert_false(mark_take(&list, &mark));
	assert_int_equal(list.len, 3);
	assert_false(target_take(&list, &target));
	assert_int_equal(list.len, 3);
}

static void texts_come_back_in_order(void **state)
{
	struct buf b = BUF_INIT;
	struct str list, text;

	(void)state;
	textlist_put(&b, STR_LIT("one"));
	textlist_put(&b, STR_LIT(""));
	textlist_printf(&b, "%s=%d", "two", 2);
	textlist_put(&b, STR_NONE);
	list = buf_str(&b);
	assert_true(textlist_take(&list, &text) && str_is(text, "one"));
	assert_true(textlist_take(&list, &text) && text.len == 0);
	assert_true(textlist_take(&list, &text) && str_is(text, "two=2"));
	assert_true(textlist_take(&list, &text) && text.len == 0);
	assert_int_equal(list.len, 0);
	assert_false(textlist_take(&list, &text));
	buf_fini(&b);
}

static void a_number_is_digits_alone_and_fits(void **state)
{
	static const struct {
		const char *text;
		bool good;
		uint64_t number;
	} cases[] = {
		{"0", true, 0},
		{"007", true, 7},
		{"18446744073709551615", true, UINT64_MAX},
		{"18446744073709551616", false, 0},
		{"99999999999999999999", false, 0},
		{"", false, 0},
		{"-1", false, 0},
		{" 1", false, 0},
		{"1x", false, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf b = BUF_INIT;
		struct str list;
		uint64_t number;

		textlist_put(&b, str_of(cases[i].text));
		list = buf_str(&b);
		assert_int_equal(textlist_take_number(&list, &number), cases[i].good);
		if (cases[i].good)
			assert_int_equal(number, cases[i].number);
		buf_fini(&b);
	}
}

static void a_textlist_that_is_none_ends_early(void **state)
{
	static const struct {
		const char *bytes;
		uint32_t len;
	} cases[] = {
		{"\0\0\0", 3},
		{"\0\0\0\1", 4},
		{"\0\0\0\4abc", 7},
		{"\xff\xff\xff\xff"
		 "abc",
			7},
		{"\xff\xff\xff\xfc"
		 "abc",
			7},
	};
	struct str text;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct str list = str_make(cases[i].bytes, cases[i].len);

		assert_false(textlist_take(&list, &text));
		assert_int_equal(list.len, cases[i].len);
	}
}

static void a_look_at_a_frame_tells_whole_from_partial_from_impossible(void **state)
{
	static const struct {
		uint8_t head[8];
		size_t n;
		int rc;
	} cases[] = {
		{{0}, 0, 0},
		{{0}, 3, 0},
		{{0, 0, 0, 0}, 4, BH_EPROTO},
		{{0, 0, 0, 23}, 4, BH_EPROTO},
		{{0, 0, 0, 24}, 4, 0},
		{{0, 0, 0, 24}, 23, 0},
		{{0, 0, 0, 24}, 24, 1},
		{{0, 0, 0, 24}, 25, 1},
		{{0, 0, 0, 24, 0, 1, 0, 1}, 8, BH_EPROTO},
		{{0, 0, 0, 24, 0, 1, 1, 0}, 24, BH_EPROTO},
		{{0, 0, 0, 100}, 99, 0},
		{{0, 0, 0, 100}, 100, 1},
		{{0, 0, 0, 101}, 4, BH_ETOOBIG},
		{{0xff, 0xff, 0xff, 0xff}, 4, BH_ETOOBIG},
	};
	struct frame frame;
	size_t size;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint8_t bytes[128] = {0};

		memcpy(bytes, cases[i].head, sizeof cases[i].head);
		assert_int_equal(
			bus_frame_peek(bytes, cases[i].n, 100, &frame, &size), cases[i].rc);
		if (cases[i].rc == 1)
			assert_int_equal(frame.body.len + BUS_HEADER_SIZE, size);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_role_has_a_name_and_a_socket_and_a_set_of_roles_has_none),
		cmocka_unit_test(marks_and_targets_come_back_in_order),
		cmocka_unit_test(half_a_mark_is_left_over),
		cmocka_unit_test(texts_come_back_in_order),
		cmocka_unit_test(a_number_is_digits_alone_and_fits),
		cmocka_unit_test(a_textlist_that_is_none_ends_early),
		cmocka_unit_test(a_look_at_a_frame_tells_whole_from_partial_from_impossible),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
