/* throttle: what guessing costs, and when it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "authd/throttle.h"

enum { NOW = 1000000, WINDOW = 60000 };

static const struct throttle_limits limits = {
	.per_account = 5, .per_address = 15, .window_ms = WINDOW,
};

static struct throttle *t;

static int set_up(void **state)
{
	(void)state;
	t = throttle_create(&limits);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	throttle_free(&t);
	assert_null(t);
	return 0;
}

static struct throttle_who who(const char *account, const char *address)
{
	return (struct throttle_who){str_of(account), str_of(address)};
}

static uint32_t guess(const char *account, const char *address, unsigned times)
{
	struct throttle_who w = who(account, address);
	uint32_t delay = 0;

	while (times-- > 0)
		delay = throttle_charge(t, &w, NOW);
	return delay;
}

static bool allowed_at(const char *account, const char *address, uint64_t now)
{
	struct throttle_who w = who(account, address);

	return throttle_allows(t, &w, now);
}

static void delays_begin_after_the_limit_and_double_up_to_ten_seconds(void **state)
{
	static const uint32_t expected[] = {0, 0, 0, 0, 0, 250, 500, 1000, 2000, 4000, 8000,
		10000, 10000};

	(void)state;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		assert_int_equal(guess("a@x", NULL, 1), expected[i]);
}

static void an_address_delays_too(void **state)
{
	char account[32];

	(void)state;
	for (int i = 0; i < 15; i++) {
		snprintf(account, sizeof(account), "u%d@x", i);
		assert_int_equal(guess(account, "192.0.2.1", 1), 0);
	}
	assert_int_equal(guess("other@x", "192.0.2.1", 1), 250);
	assert_int_equal(guess("more@x", "192.0.2.2", 1), 0);
}

static void an_account_is_closed_at_twice_its_limit_and_opens_after_the_window(void **state)
{
	(void)state;
	guess("a@x", NULL, 9);
	assert_true(allowed_at("a@x", NULL, NOW));
	guess("a@x", NULL, 1);
	assert_false(allowed_at("a@x", NULL, NOW));
	assert_false(allowed_at("a@x", NULL, NOW + WINDOW - 1));
	assert_true(allowed_at("b@x", NULL, NOW));
	assert_true(allowed_at("a@x", NULL, NOW + WINDOW));
}

static void an_address_is_closed_for_all_accounts_at_twice_its_limit(void **state)
{
	char account[16];

	(void)state;
	for (int i = 0; i < 30; i++) {
		snprintf(account, sizeof(account), "u%d@x", i);
		assert_true(allowed_at(account, "192.0.2.1:1000", NOW));
		guess(account, "192.0.2.1:1000", 1);
	}
	assert_false(allowed_at("other@x", "192.0.2.1:1000", NOW));
	assert_true(allowed_at("other@x", "192.0.2.2:1000", NOW));
}

/* Two addresses count as one, or do not. */
static void addresses_are_told_apart_without_ports_and_by_network(void **state)
{
	static const struct {
		const char *guesser, *other;
		bool same;
	} cases[] = {
		{"192.0.2.1:1000", "192.0.2.1:2000", true},
		{"192.0.2.1:1000", "192.0.2.1", true},
		{"192.0.2.1:1000", "[::ffff:192.0.2.1]:9", true},
		{"192.0.2.1", "192.0.2.2", false},
		{"[2001:db8::1]:1", "[2001:db8::2]:2", true},
		{"[2001:db8::1]:1", "2001:db8::2", true},
		{"2001:db8::1", "2001:db8:0:0:ffff::", true},
		{"2001:db8::1", "2001:db8:0:1::1", false},
		{"nonsense", "nonsense", true},
		{"nonsense", "other nonsense", false},
		{"[", "[", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tear_down(NULL);
		set_up(NULL);
		for (int n = 0; n < 30; n++)
			guess("a@x", cases[i].guesser, 1);
		assert_int_equal(allowed_at("b@x", cases[i].other, NOW), !cases[i].same);
	}
}

static void a_right_guess_is_given_back(void **state)
{
	struct throttle_who w = who("a@x", "192.0.2.1");

	(void)state;
	for (int i = 0; i < 100; i++) {
		assert_true(allowed_at("a@x", "192.0.2.1", NOW));
		throttle_charge(t, &w, NOW);
		throttle_refund(t, &w, NOW);
	}
	assert_int_equal(throttle_charge(t, &w, NOW), 0);
	assert_int_equal(guess("a@x", NULL, 5), 250);
}

static void strangers_do_not_shut_out_who_has_logged_in_before(void **state)
{
	struct throttle_who home = who("a@x", "192.0.2.7:99");

	(void)state;
	assert_false(throttle_knows(t, &home, NOW));
	throttle_charge(t, &home, NOW);
	throttle_refund(t, &home, NOW);
	assert_true(throttle_knows(t, &home, NOW));
	guess("a@x", "198.51.100.1", 10);
	for (int i = 2; i < 7; i++) {
		char address[16];

		snprintf(address, sizeof(address), "198.51.100.%d", i);
		guess("a@x", address, 1);
	}
	assert_false(allowed_at("a@x", "198.51.100.1", NOW));
	assert_false(allowed_at("a@x", "198.51.100.7", NOW));
	assert_true(allowed_at("a@x", "192.0.2.7:100", NOW));
	/* ... until the known address guesses itself. */
	guess("a@x", "192.0.2.7", 10);
	assert_false(allowed_at("a@x", "192.0.2.7", NOW));
}

/* Its owner, at an address that authd does not know, with the right password. */
static void who_guesses_from_one_address_does_not_shut_out_the_others(void **state)
{
	struct throttle_who owner = who("a@x", "203.0.113.9");

	(void)state;
	for (int i = 0; i < 10; i++) {
		assert_true(allowed_at("a@x", "198.51.100.1", NOW));
		guess("a@x", "198.51.100.1", 1);
	}
	assert_false(allowed_at("a@x", "198.51.100.1", NOW));
	assert_true(allowed_at("a@x", "203.0.113.9", NOW));
	throttle_charge(t, &owner, NOW);
	throttle_refund(t, &owner, NOW);
	assert_true(allowed_at("a@x", "203.0.113.10", NOW));
}

static void addresses_that_have_not_failed_have_one_guess_each_and_a_limit_in_all(void **state)
{
	char address[16];

	(void)state;
	guess("a@x", "198.51.100.1", 10);
	for (int i = 0; i < 5; i++) {
		snprintf(address, sizeof(address), "192.0.2.%d", i);
		assert_true(allowed_at("a@x", address, NOW));
		guess("a@x", address, 1);
		assert_false(allowed_at("a@x", address, NOW));
	}
	assert_false(allowed_at("a@x", "192.0.2.99", NOW));
	assert_true(allowed_at("a@x", "192.0.2.99", NOW + WINDOW));
}

static void a_flood_of_names_does_not_free_the_account_under_attack(void **state)
{
	char account[32];

	(void)state;
	guess("a@x", NULL, 10);
	for (int i = 0; i < 300000; i++) {
		snprintf(account, sizeof(account), "flood%d@x", i);
		guess(account, NULL, 1);
	}
	assert_false(allowed_at("a@x", NULL, NOW));
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		T(delays_begin_after_the_limit_and_double_up_to_ten_seconds),
		T(an_address_delays_too),
		T(an_account_is_closed_at_twice_its_limit_and_opens_after_the_window),
		T(an_address_is_closed_for_all_accounts_at_twice_its_limit),
		T(addresses_are_told_apart_without_ports_and_by_network),
		T(a_right_guess_is_given_back),
		T(strangers_do_not_shut_out_who_has_logged_in_before),
		T(who_guesses_from_one_address_does_not_shut_out_the_others),
		T(addresses_that_have_not_failed_have_one_guess_each_and_a_limit_in_all),
		T(a_flood_of_names_does_not_free_the_account_under_attack),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
