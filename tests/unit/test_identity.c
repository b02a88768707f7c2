/* Identities and times as directories write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "directory/filter.h"
#include "directory/stamp.h"
#include "directory/uuid.h"

static void every_form_of_an_identity_is_read(void **state)
{
	static const uint8_t bytes[UUID_SIZE] = {
		0x5c, 0xa2, 0x4e, 0x54, 0x7f, 0x52, 0x10, 0x41, 0x94, 0xa9, 0x7d, 0x09, 0xa2, 0x1b, 0x67, 0x4c};
	static const char *const texts[] = {
		"5ca24e54-7f52-1041-94a9-7d09a21b674c", /* entryUUID */
		"5ca24e54-7f521041-94a97d09-a21b674c",	/* nsUniqueId */
		"5CA24E54-7F52-1041-94A9-7D09A21B674C",
		"5ca24e547f52104194a97d09a21b674c",
	};
	uint8_t out[UUID_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		memset(out, 0, sizeof out);
		assert_true(uuid_parse(str_of(texts[i]), out));
		assert_memory_equal(out, bytes, sizeof bytes);
	}
	memset(out, 0, sizeof out);
	assert_true(uuid_parse(str_make((const char *)bytes, sizeof bytes), out)); /* objectGUID */
	assert_memory_equal(out, bytes, sizeof bytes);
}

static void what_is_no_identity_is_none(void **state)
{
	static const char *const texts[] = {
		"", "-", "5ca24e54-7f52-1041-94a9-7d09a21b674", "5ca24e54-7f52-1041-94a9-7d09a21b674c0",
		"5ca24e54-7f52-1041-94a9-7d09a21b674g", "{5ca24e54-7f52-1041-94a9-7d09a21b674c}", "alice",
	};
	uint8_t out[UUID_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		assert_false(uuid_parse(str_of(texts[i]), out));
	assert_false(uuid_parse(STR_NONE, out));
	assert_false(uuid_parse(STR_LIT("5ca24e54\0007f52104194a97d09a21b674c"), out));
}

static void times_are_read(void **state)
{
	static const struct {
		const char *text;
		int64_t us;
	} cases[] = {
		{"19700101000000Z", 0},
		{"20261128074914Z", 1795852154000000},
		{"20261128074914.0Z", 1795852154000000}, /* Active Directory */
		{"20261128074914.123456Z", 1795852154123456},
		{"20261128074914,5Z", 1795852154500000},
		{"20261128074914.1234567Z", 1795852154123456},
		{"20261128074914.123456Z#000000#000#000000", 1795852154123456}, /* a CSN */
	};
	int64_t us;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_true(stamp_parse(str_of(cases[i].text), &us));
		assert_int_equal(us, cases[i].us);
	}
}

static void what_is_no_time_is_none(void **state)
{
	static const char *const texts[] = {
		"", "2026", "20261128074914", "20261128074914+0100", "2026112807491aZ", "20261128074914.123456", "never"};
	int64_t us;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		assert_false(stamp_parse(str_of(texts[i]), &us));
}

static void a_time_comes_back_in_whole_seconds(void **state)
{
	char text[STAMP_SIZE];

	(void)state;
	stamp_write(1795852154999999, text);
	assert_string_equal(text, "20261128074914Z");
}

static void a_filter_for_one_escapes_his_name(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	filter_put_one(&out, "(objectClass=person)", "uid", STR_LIT("a)(uid=*"));
	assert_string_equal((const char *)out.data, "(&(objectClass=person)(uid=a\\29\\28uid\\3d\\2a))");
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_of_an_identity_is_read),
		cmocka_unit_test(what_is_no_identity_is_none),
		cmocka_unit_test(times_are_read),
		cmocka_unit_test(what_is_no_time_is_none),
		cmocka_unit_test(a_time_comes_back_in_whole_seconds),
		cmocka_unit_test(a_filter_for_one_escapes_his_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
