/* gate: who is let in, and who not. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "net/gate.h"

static const struct gate_limits limits = {.per_address = 30, .strangers = 100};

/* 2001:db8:0:N::M */
static struct address v6(unsigned network, unsigned host)
{
	struct address a = {.ip = {0x20, 0x01, 0x0d, 0xb8}};

	a.ip[6] = (uint8_t)(network >> 8);
	a.ip[7] = (uint8_t)network;
	a.ip[15] = (uint8_t)host;
	return a;
}

static struct address v4(unsigned host)
{
	struct address a = {.ip = {[10] = 0xff, [11] = 0xff, [12] = 192, [13] = 0, [14] = 2}};

	a.ip[15] = (uint8_t)host;
	return a;
}

/* How many of so many connections of an address get in. */
static unsigned enter(struct gate *g, struct address a, unsigned many)
{
	unsigned n = 0;

	for (unsigned i = 0; i < many; i++)
		n += gate_enter(g, &a, &limits);
	return n;
}

static void an_address_may_have_so_many(void **state)
{
	struct gate g = {0};
	struct address a = v4(1);

	(void)state;
	assert_int_equal(enter(&g, a, 50), 30);
	assert_int_equal(enter(&g, v4(2), 5), 5);
	gate_know(&g, &a);
	gate_leave(&g, &a);
	assert_int_equal(enter(&g, a, 2), 1);
	gate_fini(&g);
}

static void an_ipv6_address_counts_as_its_network(void **state)
{
	struct gate g = {0};
	unsigned n = 0;

	(void)state;
	for (unsigned host = 0; host < 50; host++)
		n += enter(&g, v6(7, host), 1);
	assert_int_equal(n, 30);
	assert_int_equal(enter(&g, v6(8, 1), 1), 1);
	gate_fini(&g);
}

static void in_a_crowd_of_strangers_an_address_may_have_a_few(void **state)
{
	struct gate g = {0};

	(void)state;
	assert_int_equal(enter(&g, v4(1), 30), 30);
	assert_int_equal(enter(&g, v4(2), 30), 20);
	assert_int_equal(enter(&g, v4(3), 30), GATE_FEW);
	assert_int_equal(enter(&g, v4(1), 1), 0);
	assert_false(gate_full(&g, &limits));
	gate_fini(&g);
}

static void whoever_is_known_makes_room(void **state)
{
	struct gate g = {0};

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(enter(&g, v4(i), 1), 1);
	assert_true(gate_full(&g, &limits));
	gate_know(&g, &(struct address){.ip = {[10] = 0xff, [11] = 0xff, [12] = 192, [13] = 0, [14] = 2, [15] = 9}});
	assert_false(gate_full(&g, &limits));
	assert_int_equal(g.strangers, 99);
	gate_fini(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_may_have_so_many),
		cmocka_unit_test(an_ipv6_address_counts_as_its_network),
		cmocka_unit_test(in_a_crowd_of_strangers_an_address_may_have_a_few),
		cmocka_unit_test(whoever_is_known_makes_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
