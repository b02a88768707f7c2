/* Looking at a block of bytes at once gives what looking at each gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "xmpp/scan.h"
#include "xmpp/xmlchar.h"

enum { SIZE = 40 };

static const uint8_t fills[] = {'a', ' ', 0x7f, '=', '_'};

static const uint8_t *plain_by_bytes(const uint8_t *p, const uint8_t *end, unsigned stop)
{
	while (p < end && !scan_is_special(*p, stop))
		p++;
	return p;
}

static const uint8_t *name_by_bytes(const uint8_t *p, const uint8_t *end)
{
	while (p < end && xmlchar_classes[*p] != 0)
		p++;
	return p;
}

static void each_byte_stops_where_it_should(void **state)
{
	(void)state;
	for (unsigned stop = 0; stop < 4; stop++) {
		assert_true(scan_is_special('<', stop) && scan_is_special('>', stop) && scan_is_special('&', stop));
		assert_true(scan_is_special('\'', stop) && scan_is_special('"', stop) && scan_is_special(0, stop));
		assert_true(scan_is_special('\r', stop) && scan_is_special(0x1f, stop));
		assert_false(scan_is_special('a', stop) || scan_is_special(' ', stop) || scan_is_special(0x7f, stop));
		for (unsigned byte = 0x80; byte < 0x100; byte++)
			assert_int_equal(scan_is_special((uint8_t)byte, stop), (stop & SCAN_WIDE) != 0);
		assert_int_equal(scan_is_special('\t', stop), (stop & SCAN_BLANK) != 0);
		assert_int_equal(scan_is_special('\n', stop), (stop & SCAN_BLANK) != 0);
	}
}

static void check(const uint8_t bytes[SIZE], size_t from)
{
	const uint8_t *p = bytes + from, *end = bytes + SIZE;

	for (unsigned stop = 0; stop < 4; stop++)
		assert_ptr_equal(scan_plain(p, end, stop), plain_by_bytes(p, end, stop));
	assert_ptr_equal(xmlchar_name_ascii(p, end), name_by_bytes(p, end));
}

static void every_byte_is_found_at_every_place(void **state)
{
	uint8_t bytes[SIZE];

	(void)state;
	for (size_t f = 0; f < sizeof fills; f++)
		for (unsigned byte = 0; byte < 256; byte++)
			for (size_t at = 0; at < SIZE; at++) {
				memset(bytes, fills[f], sizeof bytes);
				bytes[at] = (uint8_t)byte;
				check(bytes, 0);
				check(bytes, at < 7 ? at : 7);
			}
}

/* What a carry from one byte into the next would spoil. */
static void every_pair_of_neighbours_is_told_apart(void **state)
{
	uint8_t bytes[SIZE];

	(void)state;
	memset(bytes, 'a', sizeof bytes);
	for (unsigned pair = 0; pair < 65536; pair++) {
		bytes[4] = (uint8_t)pair;
		bytes[5] = (uint8_t)(pair >> 8);
		check(bytes, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_byte_stops_where_it_should),
		cmocka_unit_test(every_byte_is_found_at_every_place),
		cmocka_unit_test(every_pair_of_neighbours_is_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
