/* A queue of byte strings, held against an array; and the fixed-size records of the bus. */
#include "base/records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/rand.h"
#include "bus/mark.h"

static void add(struct records *r, uint32_t n, size_t size)
{
	char *p = records_add(r, size);

	assert_non_null(p);
	memset(p, 'x', size);
	memcpy(p, &n, sizeof n);
}

static uint32_t number_of(struct str record)
{
	uint32_t n;

	memcpy(&n, record.p, sizeof n);
	return n;
}

static void an_empty_queue_has_no_memory_and_no_records(void **state)
{
	struct records r = RECORDS_INIT;
	uint64_t at = records_first(&r);
	struct str record;

	(void)state;
	assert_true(records_empty(&r));
	assert_false(records_next(&r, &at, &record));
	add(&r, 1, 8);
	assert_false(records_empty(&r));
	records_drop(&r);
	assert_true(records_empty(&r));
	assert_null(r.buf.data);
	assert_int_equal(records_first(&r), records_end(&r));
}

static void records_come_out_as_they_went_in(void **state)
{
	struct records r = RECORDS_INIT;
	uint64_t at = records_first(&r);
	struct str record;

	(void)state;
	for (uint32_t n = 0; n < 100; n++)
		add(&r, n, 4 + n);
	for (uint32_t n = 0; n < 100; n++) {
		assert_true(records_next(&r, &at, &record));
		assert_int_equal(record.len, 4 + n);
		assert_int_equal(number_of(record), n);
	}
	assert_false(records_next(&r, &at, &record));
	records_fini(&r);
}

/* A position stays what it was while others go, also when the buffer's beginning is given back. */
static void a_position_outlives_what_is_before_it(void **state)
{
	struct records r = RECORDS_INIT;
	uint64_t at = records_first(&r), kept;
	struct str record;

	(void)state;
	for (uint32_t n = 0; n < 1000; n++)
		add(&r, n, 100);
	for (uint32_t n = 0; n < 900; n++)
		assert_true(records_next(&r, &at, &record));
	kept = at;
	for (uint32_t n = 0; n < 900; n++)
		records_drop(&r);
	assert_int_equal(records_first(&r), kept);
	assert_true(records_next(&r, &at, &record));
	assert_int_equal(number_of(record), 900);
	assert_true(r.buf.len < 1000 * 50);
	records_fini(&r);
}

static void a_queue_in_use_holds_what_an_array_would(void **state)
{
	struct records r = RECORDS_INIT;
	uint32_t first = 0, next = 0;

	(void)state;
	for (unsigned turn = 0; turn < 20000; turn++) {
		uint64_t at = records_first(&r);
		uint8_t dice;
		struct str record;

		rand_bytes(&dice, sizeof dice);
		if (dice < 140) {
			add(&r, next++, 4 + dice);
		} else if (first < next) {
			assert_true(records_next(&r, &at, &record));
			assert_int_equal(number_of(record), first++);
			records_drop(&r);
		}
		assert_int_equal(records_empty(&r), first == next);
	}
	records_fini(&r);
}

static void marks_targets_and_what_was_accepted_come_back_as_they_were(void **state)
{
	struct accepted a = {.number = 1ULL << 40, .branch = 0x80000001}, b;
	struct target t = {.subject = 1ULL << 50, .epoch = 7, .n = 1ULL << 33}, u;
	struct mark m = {.subject = 5, .n = UINT64_MAX}, n;
	struct buf out = BUF_INIT;
	struct str list;

	(void)state;
	rand_bytes(&a.session, sizeof a.session);
	rand_bytes(&a.origin, sizeof a.origin);
	memset(&b, 0xff, sizeof b);
	accepted_put(&out, &a);
	assert_int_equal(out.len, ACCEPTED_SIZE);
	list = buf_str(&out);
	assert_true(accepted_take(&list, &b));
	assert_memory_equal(&a, &b, sizeof a); /* it is a key: no byte of it is left as it was */
	assert_false(accepted_take(&list, &b));
	buf_clear(&out);
	target_put(&out, &t);
	mark_put(&out, &m);
	list = buf_str(&out);
	assert_true(target_take(&list, &u));
	assert_int_equal(u.subject, t.subject);
	assert_int_equal(u.epoch, t.epoch);
	assert_int_equal(u.n, t.n);
	assert_true(mark_take(&list, &n));
	assert_int_equal(n.subject, m.subject);
	assert_int_equal(n.n, m.n);
	buf_fini(&out);
}

static void half_a_record_is_left_over(void **state)
{
	struct accepted a = {.number = 1};
	struct buf out = BUF_INIT;
	struct str list;

	(void)state;
	accepted_put(&out, &a);
	list = str_make((const char *)out.data, (uint32_t)out.len - 1);
	assert_false(accepted_take(&list, &a));
	assert_int_equal(list.len, ACCEPTED_SIZE - 1);
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_queue_has_no_memory_and_no_records),
		cmocka_unit_test(records_come_out_as_they_went_in),
		cmocka_unit_test(a_position_outlives_what_is_before_it),
		cmocka_unit_test(a_queue_in_use_holds_what_an_array_would),
		cmocka_unit_test(marks_targets_and_what_was_accepted_come_back_as_they_were),
		cmocka_unit_test(half_a_record_is_left_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
