/* What a role may send, and how a link answers what it may not. */
#include "support.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "bus/link.h"

static const unsigned roles[] = {
	ROLE_ROUTER, ROLE_C2S, ROLE_S2S, ROLE_AUTH, ROLE_DIR, ROLE_SNMP, ROLE_METRICS, ROLE_KEY, ROLE_CTL, ROLE_MONITOR};
enum { ROLES = sizeof roles / sizeof roles[0] };

/* The table once more, read here and not by lib/bus. */
static const struct {
	uint16_t type;
	unsigned from, to, flags;
} edges[] = {
#define MSG(NAME, name, num, from, to, flags) {num, from, to, flags},
#include "bus/each_message.h"
	/* and what is no message */
	{0x0000, 0, 0, 0},
	{0x00ff, 0, 0, 0},
	{0x05ff, 0, 0, 0},
	{0x0600, 0, 0, 0},
	{0xffff, 0, 0, 0},
};
enum { EDGES = sizeof edges / sizeof edges[0] };

static void a_role_may_send_what_the_table_says_and_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < EDGES; i++) {
		for (size_t s = 0; s < ROLES; s++)
			for (size_t r = 0; r < ROLES; r++)
				assert_int_equal(bus_may_send(roles[s], roles[r], edges[i].type),
					(edges[i].from & roles[s]) != 0 &&
						(edges[i].to & roles[r]) != 0);
		assert_false(bus_may_send(0, ROLE_ROUTER, edges[i].type));
		assert_false(bus_may_send(ROLES_FRONT, ROLE_ROUTER, edges[i].type));
		assert_false(bus_may_send(ROLE_ROUTER, ROLES_PEERS, edges[i].type));
	}
}

/* Sends that frame over a socket, and hangs up: was it let through? */
static void try_edge(size_t i, unsigned sender, unsigned receiver)
{
	bool allowed = (edges[i].from & sender) != 0 && (edges[i].to & receiver) != 0;
	struct buf b = BUF_INIT;
	struct end end;
	int fd = raw_open(&end, receiver, sender);
	char expected[64];

	raw_frame(&b, edges[i].type, (edges[i].flags & BUS_CUSTODY) != 0 ? 1 : 0, STR_LIT(""));
	raw_write(fd, b.data, b.len);
	close(fd);
	run_until(end.closed);
	if (edges[i].type == BUS_HELD && allowed) {
		assert_string_equal(end.why, "HELD: protocol violation"); /* it is empty */
	} else if (allowed) {
		assert_null(strstr(end.why, "not allowed"));
		assert_int_equal(end.count, 1);
	} else {
		snprintf(expected, sizeof expected, "frame of type 0x%04x is not allowed from %s",
			edges[i].type, bus_role_name(sender));
		assert_string_equal(end.why, expected);
		assert_int_equal(end.count, 0);
	}
	buf_fini(&b);
}

static void a_frame_that_the_table_forbids_ends_the_link(void **state)
{
	(void)state;
	for (size_t i = 0; i < EDGES; i++)
		for (size_t s = 0; s < ROLES; s++)
			for (size_t r = 0; r < ROLES; r++)
				try_edge(i, roles[s], roles[r]);
}

static void a_forbidden_frame_cannot_be_queued(void **state)
{
	struct link_put put;
	struct end a, b;

	(void)state;
	for (size_t s = 0; s < ROLES; s++) {
		for (size_t r = 0; r < ROLES; r++) {
			pair_open(&a, roles[s], &b, roles[r]);
			for (size_t i = 0; i < EDGES; i++)
				assert_int_equal(link_put_begin(a.link, edges[i].type, &put),
					bus_may_send(roles[s], roles[r], edges[i].type)
						? 0
						: BH_EDENIED);
			assert_int_equal(link_queued(a.link), 0);
			end_close(&a);
			end_close(&b);
			run_turns(2);
		}
	}
}

static void impossible_and_oversized_frames_end_the_link_before_their_body_comes(void **state)
{
	static const struct {
		uint8_t head[8];
		size_t n;
		const char *why;
	} cases[] = {
		{{0, 0, 0, 0}, 4, "impossible"},
		{{0, 0, 0, 23}, 4, "impossible"},
		{{0, 0, 0, 23, 2, 1, 0, 0}, 8, "impossible"},
		{{0, 0, 0, 24, 2, 1, 0, 1}, 8, "impossible"},
		{{1, 0x20, 0, 1}, 4, "impossible"},
		{{0xff, 0xff, 0xff, 0xff}, 4, "impossible"},
		/* SUBMIT may be 16 MiB, BIND 24 + 4 + 1023 bytes */
		{{0, 0, 4, 0x1c, 2, 1, 0, 0}, 8, "BIND of 1052 bytes is over its limit of 1051"},
		{{1, 0x10, 0, 0, 2, 1, 0, 0}, 8, "BIND of 17825792 bytes is over its limit"},
		{{0, 0, 0x10, 1, 0, 1, 0, 0}, 8, "HELLO of 4097 bytes"},
	};
	struct end end;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int fd = raw_open(&end, ROLE_ROUTER, ROLE_C2S);

		raw_write(fd, cases[i].head, cases[i].n);
		run_until(end.closed);
		assert_non_null(strstr(end.why, cases[i].why));
		close(fd);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, loop_setup, loop_teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(a_role_may_send_what_the_table_says_and_nothing_else),
		TEST(a_frame_that_the_table_forbids_ends_the_link),
		TEST(a_forbidden_frame_cannot_be_queued),
		TEST(impossible_and_oversized_frames_end_the_link_before_their_body_comes),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
