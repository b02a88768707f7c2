/* proxy: headers of both versions, whole, in parts, and wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "net/proxy.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

/* "" where the header names no address. */
struct good {
	const uint8_t *p;
	size_t n, len;
	const char *client;
};

static const struct good good[] = {
	{BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 40000 5222\r\n"), 46, "192.0.2.1:40000"},
	{BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 40000 5222\r\n<stream:"), 46, "192.0.2.1:40000"},
	{BYTES("PROXY TCP4 0.0.0.0 0.0.0.0 0 65535\r\n"), 36, "0.0.0.0:0"},
	{BYTES("PROXY TCP6 2001:db8::1 ::1 1 2\r\n"), 32, "[2001:db8::1]:1"},
	{BYTES("PROXY UNKNOWN\r\n"), 15, ""},
	{BYTES("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\nx"), 35, ""},
	{BYTES(SIGNATURE "\x21\x11\0\x0c\xc0\0\x02\x01\xc6\x33\x64\x01\x9c\x40\x14\x66"), 28,
		"192.0.2.1:40000"},
	/* With a TLV behind the addresses, and data behind that. */
	{BYTES(SIGNATURE "\x21\x11\0\x10\xc0\0\x02\x01\xc6\x33\x64\x01\x9c\x40\x14\x66\x04\0\x01\0data"),
		32, "192.0.2.1:40000"},
	{BYTES(SIGNATURE "\x21\x21\0\x24"
			 " \x01\r\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
			 " \x01\r\xb8\0\0\0\0\0\0\0\0\0\0\0\x02"
			 "\0\x07\x14\x66"),
		52, "[2001:db8::1]:7"},
	{BYTES(SIGNATURE "\x20\0\0\0"), 16, ""},
	{BYTES(SIGNATURE "\x20\x11\0\x02xy"), 18, ""},
	{BYTES(SIGNATURE "\x21\0\0\0"), 16, ""},
	{BYTES(SIGNATURE "\x21\x31\0\x03uvw"), 19, ""},
};

static const struct {
	const uint8_t *p;
	size_t n;
} bad[] = {
	{BYTES("<stream:stream>")},
	{BYTES("\x16\x03\x01")},
	{BYTES("PROXX ")},
	{BYTES("proxy TCP4 192.0.2.1 198.51.100.1 1 2\r\n")},
	{BYTES("PROXY\r\n")},
	{BYTES("PROXY \r\n")},
	{BYTES("PROXY TCP4\r\n")},
	{BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 1\r\n")},
	{BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 1 2 3\r\n")},
	{BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 1 2 \r\n")},
	{BYTES("PROXY TCP4  192.0.2.1 198.51.100.1 1 2\r\n")},
	{BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 1 65536\r\n")},
	{BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 01 2\r\n")},
	{BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 -1 2\r\n")},
	{BYTES("PROXY TCP4 192.0.2.256 198.51.100.1 1 2\r\n")},
	{BYTES("PROXY TCP4 ::1 ::1 1 2\r\n")},
	{BYTES("PROXY TCP6 192.0.2.1 198.51.100.1 1 2\r\n")},
	{BYTES("PROXY UDP4 192.0.2.1 198.51.100.1 1 2\r\n")},
	{BYTES("PROXY UNKNOWNS\r\n")},
	{BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 1 2\n")},
	{BYTES("PROXY TCP4 192.0.2.1\0 198.51.100.1 1 2\r\n")},
	/* 108 bytes without an end. */
	{BYTES("PROXY UNKNOWN aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")},
	{BYTES(SIGNATURE "\x11\x11\0\x0c\xc0\0\x02\x01\xc6\x33\x64\x01\x9c\x40\x14\x66")},
	{BYTES(SIGNATURE "\x22\x11\0\x0c\xc0\0\x02\x01\xc6\x33\x64\x01\x9c\x40\x14\x66")},
	{BYTES(SIGNATURE "\x21\x11\0\x0b\xc0\0\x02\x01\xc6\x33\x64\x01\x9c\x40\x14")},
	{BYTES(SIGNATURE "\x21\x21\0\x0c\xc0\0\x02\x01\xc6\x33\x64\x01\x9c\x40\x14\x66")},
	{BYTES(SIGNATURE "\x21\x41\0\0")},
	{BYTES(SIGNATURE "\x21\x11\xff\xff")},
	{BYTES(SIGNATURE "\x21\x11\x0f\xf1")}, /* one more than PROXY_HEADER_MAX */
};

static void whole_headers_give_length_and_client(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		struct address a = {.ip = {1}, .port = 9}, before = a;
		char text[ADDRESS_TEXT_SIZE];

		if (proxy_parse(good[i].p, good[i].n, &a) != (int)good[i].len)
			fail_msg("case %zu", i);
		address_text_port(&a, text);
		if (good[i].client[0] == '\0')
			assert_memory_equal(&a, &before, sizeof a);
		else
			assert_string_equal(text, good[i].client);
	}
}

static void every_part_of_a_header_asks_for_more(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		for (size_t n = 0; n < good[i].len; n++) {
			struct address a;

			if (proxy_parse(good[i].p, n, &a) != BH_EAGAIN)
				fail_msg("case %zu, %zu bytes", i, n);
		}
	}
}

static void what_is_no_header_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct address a;

		if (proxy_parse(bad[i].p, bad[i].n, &a) != BH_EPROTO)
			fail_msg("case %zu", i);
	}
}

static void the_longest_header_is_taken(void **state)
{
	static uint8_t p[PROXY_HEADER_MAX] = SIGNATURE "\x20\0\x0f\xf0";
	struct address a;

	(void)state;
	assert_int_equal(proxy_parse(p, sizeof p - 1, &a), BH_EAGAIN);
	assert_int_equal(proxy_parse(p, sizeof p, &a), PROXY_HEADER_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_headers_give_length_and_client),
		cmocka_unit_test(every_part_of_a_header_asks_for_more),
		cmocka_unit_test(what_is_no_header_is_refused),
		cmocka_unit_test(the_longest_header_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
