/* address: text forms and networks. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "net/address.h"

static struct address parse(const char *ip, uint16_t port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct address a = {0};

	if (inet_pton(AF_INET, ip, &in.sin_addr) == 1) {
		assert_true(address_from_sockaddr((struct sockaddr *)&in, &a));
	} else {
		assert_int_equal(inet_pton(AF_INET6, ip, &in6.sin6_addr), 1);
		assert_true(address_from_sockaddr((struct sockaddr *)&in6, &a));
	}
	return a;
}

static void addresses_are_written_as_people_write_them(void **state)
{
	static const struct {
		const char *ip, *text, *with_port;
	} cases[] = {
		{"192.0.2.1", "192.0.2.1", "192.0.2.1:5222"},
		{"0.0.0.0", "0.0.0.0", "0.0.0.0:5222"},
		{"255.255.255.255", "255.255.255.255", "255.255.255.255:5222"},
		{"2001:db8::1", "2001:db8::1", "[2001:db8::1]:5222"},
		{"::", "::", "[::]:5222"},
		{"::1", "::1", "[::1]:5222"},
		{"::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1:5222"},
		{"1111:2222:3333:4444:5555:6666:7777:8888",
			"1111:2222:3333:4444:5555:6666:7777:8888",
			"[1111:2222:3333:4444:5555:6666:7777:8888]:5222"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct address a = parse(cases[i].ip, 5222);
		char text[ADDRESS_TEXT_SIZE];

		address_text(&a, text);
		assert_string_equal(text, cases[i].text);
		address_text_port(&a, text);
		assert_string_equal(text, cases[i].with_port);
	}
}

static void other_families_are_no_addresses(void **state)
{
	struct sockaddr sa = {.sa_family = AF_UNIX};
	struct address a;

	(void)state;
	assert_false(address_from_sockaddr(&sa, &a));
}

static void networks_contain_their_addresses_and_no_others(void **state)
{
	static const struct {
		const char *net, *ip;
		bool inside;
	} cases[] = {
		{"10.0.0.0/8", "10.255.1.2", true},
		{"10.0.0.0/8", "11.0.0.0", false},
		{"10.0.0.1/8", "10.9.9.9", true}, /* the rest is masked */
		{"127.0.0.1", "127.0.0.1", true},
		{"127.0.0.1", "127.0.0.2", false},
		{"192.0.2.128/25", "192.0.2.129", true},
		{"192.0.2.128/25", "192.0.2.127", false},
		{"192.0.2.4/30", "192.0.2.7", true},
		{"192.0.2.4/30", "192.0.2.8", false},
		{"0.0.0.0/0", "203.0.113.9", true},
		{"0.0.0.0/0", "2001:db8::1", false},
		{"::/0", "203.0.113.9", true},
		{"::/0", "2001:db8::1", true},
		{"2001:db8::/32", "2001:db8:ffff::1", true},
		{"2001:db8::/32", "2001:db9::1", false},
		{"2001:db8::1", "2001:db8::1", true},
		{"2001:db8::1", "2001:db8::2", false},
		{"::ffff:10.0.0.0/104", "10.1.2.3", true},
		{"fe80::/10", "febf::1", true},
		{"fe80::/10", "fec0::1", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct address a = parse(cases[i].ip, 0);
		struct network net;

		assert_int_equal(network_parse(cases[i].net, &net), 0);
		if (network_contains(&net, &a) != cases[i].inside)
			fail_msg("%s and %s", cases[i].net, cases[i].ip);
	}
}

static void what_is_no_network_is_refused(void **state)
{
	static const char *const cases[] = {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1",
		"10.0.0.0/8 ", "10.0.0.0/ 8", "10.0.0/8", "10.0.0.0/8/8", "10.0.0.0/0008", "::/129",
		"localhost", "2001:db8::/32x", "[::1]",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc/1"};
	struct network net;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (network_parse(cases[i], &net) != BH_EINVAL)
			fail_msg("accepted: %s", cases[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_written_as_people_write_them),
		cmocka_unit_test(other_families_are_no_addresses),
		cmocka_unit_test(networks_contain_their_addresses_and_no_others),
		cmocka_unit_test(what_is_no_network_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
