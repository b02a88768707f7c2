/* What a directory says while it synchronises (RFC 4533), out of its BER. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/err.h"
#include "directory/sync_value.h"

#define BYTES(text) str_make(text, sizeof(text) - 1)
#define UUID "0123456789abcdef"
#define OCTETS_UUID "\x04\x10" UUID

static void an_entry_s_state_is_read(void **state)
{
	struct sync_state s;

	(void)state;
	assert_true(sync_state_read(BYTES("\x30\x15\x0a\x01\x01" OCTETS_UUID), &s));
	assert_int_equal(s.change, SYNC_ADD);
	assert_memory_equal(s.uuid, UUID, UUID_SIZE);
	assert_null(s.cookie.p);
	sync_state_fini(&s);
	assert_true(sync_state_read(BYTES("\x30\x18\x0a\x01\x03" OCTETS_UUID "\x04\x01" "c"), &s));
	assert_int_equal(s.change, SYNC_DELETE);
	assert_true(str_is(s.cookie, "c"));
	sync_state_fini(&s);
}

static void what_is_no_state_is_refused(void **state)
{
	static const struct str bad[] = {
		{NULL, 0},
		{"\x30\x14\x0a\x01\x01\x04\x0f" "0123456789abcde", 22}, /* a short id */
		{"\x30\x15\x0a\x01\x04" OCTETS_UUID, 23},		/* no such state */
		{"\x30\x03\x0a\x01\x01", 5},				/* without an id */
		{"\x30\x18\x0a\x01\x01" OCTETS_UUID "\x04\x7f" "c", 26}, /* half a cookie */
	};
	struct sync_state s;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(sync_state_read(bad[i], &s));
}

static void the_message_about_many_is_read(void **state)
{
	struct sync_info i;

	(void)state;
	assert_int_equal(sync_info_read(BYTES("\x80\x02" "c1"), &i), 0);
	assert_int_equal(i.kind, SYNC_NEW_COOKIE);
	assert_true(str_is(i.cookie, "c1"));
	sync_info_fini(&i);
	assert_int_equal(sync_info_read(BYTES("\xa2\x03\x04\x01" "c"), &i), 0);
	assert_int_equal(i.kind, SYNC_REFRESH_PRESENT);
	assert_true(i.refresh_done);
	sync_info_fini(&i);
	assert_int_equal(sync_info_read(BYTES("\xa1\x03\x01\x01\x00"), &i), 0);
	assert_int_equal(i.kind, SYNC_REFRESH_DELETE);
	assert_false(i.refresh_done);
	sync_info_fini(&i);
	assert_int_equal(sync_info_read(BYTES("\xa3\x17\x01\x01\xff\x31\x12" OCTETS_UUID), &i), 0);
	assert_int_equal(i.kind, SYNC_ID_SET);
	assert_true(i.deletes && i.uuids.len == UUID_SIZE);
	assert_memory_equal(i.uuids.data, UUID, UUID_SIZE);
	sync_info_fini(&i);
}

/* Half a list would leave accounts in that are gone. */
static void what_is_malformed_is_not_passed_over(void **state)
{
	static const struct {
		struct str value;
		int rc;
	} bad[] = {
		{{NULL, 0}, BH_EPROTO},
		{{"\xa3\x06\x31\x04\x04\x02" "ab", 8}, BH_EPROTO},	     /* a short id */
		{{"\xa3\x17\x01\x01\xff\x31\x12\x04\x10" "012345", 15}, BH_EPROTO}, /* cut off */
		{{"\xa3\x03\x01\x01\xff", 5}, BH_EPROTO},		     /* without a list */
		{{"\xa2\x03\x04\x7f" "c", 5}, BH_EPROTO},
		{{"\xa7\x00", 2}, BH_ENOTFOUND},
	};
	struct sync_info i;

	(void)state;
	for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++)
		assert_int_equal(sync_info_read(bad[k].value, &i), bad[k].rc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_s_state_is_read),
		cmocka_unit_test(what_is_no_state_is_refused),
		cmocka_unit_test(the_message_about_many_is_read),
		cmocka_unit_test(what_is_malformed_is_not_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
