/* listener: addresses that it takes, sentences that it says, and the bound of a turn. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "net/listener.h"

enum { CROWD = 10, BURST = 3 };

static char what[200];

struct accepted {
	unsigned n;
	int fds[CROWD];
	struct listener *listener;
	unsigned close_at; /* closes the listener then */
};

static void on_connection(void *owner, int fd)
{
	struct accepted *a = owner;

	assert_true(a->n < CROWD);
	a->fds[a->n++] = fd;
	if (a->n == a->close_at)
		listener_close(&a->listener);
}

static int connect_to(const struct listener *l)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	in.sin_port = htons((uint16_t)atoi(strrchr(listener_address(l), ':') + 1));
	assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof in), 0);
	return fd;
}

static void what_is_no_address_is_refused_with_a_sentence(void **state)
{
	static const char *const cases[] = {"", ":", ":5222", "5222", "127.0.0.1", "127.0.0.1:",
		"127.0.0.1:x", "127.0.0.1:65536", "127.0.0.1:123456", "127.0.0:1", "::1:5222",
		"[::1:5222", "[::1]", "[]:1", "[:1", "localhost:5222", "[127.0.0.1]:1",
		"[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb]:1"};
	struct listener *l = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (listener_open(cases[i], &l, what, sizeof what) != BH_EINVAL)
			fail_msg("accepted: %s", cases[i]);
		assert_non_null(strstr(what, "not an address like"));
		assert_null(l);
	}
}

static void a_port_in_use_is_named(void **state)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	socklen_t len = sizeof in;
	struct listener *l = NULL;
	char address[40], sentence[100];
	int fd = socket(AF_INET, SOCK_STREAM, 0); /* without SO_REUSEPORT */

	(void)state;
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof in), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	snprintf(address, sizeof address, "127.0.0.1:%u", ntohs(in.sin_port));
	assert_int_equal(listener_open(address, &l, what, sizeof what), -EADDRINUSE);
	snprintf(sentence, sizeof sentence, "cannot listen on %s: address already in use", address);
	assert_string_equal(what, sentence);
	close(fd);
}

static void several_may_share_a_port(void **state)
{
	struct listener *a = NULL, *b = NULL;

	(void)state;
	assert_int_equal(listener_open("127.0.0.1:0", &a, what, sizeof what), 0);
	assert_int_equal(listener_open(listener_address(a), &b, what, sizeof what), 0);
	assert_string_equal(listener_address(a), listener_address(b));
	listener_close(&a);
	listener_close(&b);
	assert_null(a);
	listener_close(&a);
}

static void a_star_takes_both_families(void **state)
{
	struct listener *l = NULL;

	(void)state;
	assert_int_equal(listener_open("*:0", &l, what, sizeof what), 0);
	close(connect_to(l)); /* by IPv4 */
	listener_close(&l);
}

static void a_turn_takes_no_more_than_its_burst(void **state)
{
	struct accepted a = {0};
	uv_loop_t loop;
	int clients[CROWD];

	(void)state;
	uv_loop_init(&loop);
	assert_int_equal(listener_open("127.0.0.1:0", &a.listener, what, sizeof what), 0);
	for (int i = 0; i < CROWD; i++)
		clients[i] = connect_to(a.listener);
	assert_int_equal(listener_start(a.listener, &loop, BURST, on_connection, &a), 0);
	for (unsigned turn = 1; turn <= 4; turn++) {
		uv_run(&loop, UV_RUN_NOWAIT);
		assert_int_equal(a.n, turn * BURST < CROWD ? turn * BURST : CROWD);
	}
	for (int i = 0; i < CROWD; i++) {
		close(clients[i]);
		close(a.fds[i]);
	}
	listener_stop(a.listener);
	listener_stop(a.listener);
	listener_close(&a.listener);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
}

static void closing_within_the_callback_is_safe(void **state)
{
	struct accepted a = {.close_at = 2};
	uv_loop_t loop;
	int clients[4];

	(void)state;
	uv_loop_init(&loop);
	assert_int_equal(listener_open("127.0.0.1:0", &a.listener, what, sizeof what), 0);
	for (int i = 0; i < 4; i++)
		clients[i] = connect_to(a.listener);
	assert_int_equal(listener_start(a.listener, &loop, CROWD, on_connection, &a), 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(a.n, 2);
	assert_null(a.listener);
	for (int i = 0; i < 4; i++)
		close(clients[i]);
	close(a.fds[0]);
	close(a.fds[1]);
	assert_int_equal(uv_loop_close(&loop), 0);
}

static void without_descriptors_connections_wait(void **state)
{
	struct accepted a = {.close_at = 1};
	struct rlimit before, none;
	uv_loop_t loop;
	int client;

	(void)state;
	uv_loop_init(&loop);
	assert_int_equal(listener_open("127.0.0.1:0", &a.listener, what, sizeof what), 0);
	client = connect_to(a.listener);
	assert_int_equal(listener_start(a.listener, &loop, 1, on_connection, &a), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){(rlim_t)client, before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	for (int i = 0; i < 3; i++)
		uv_run(&loop, UV_RUN_NOWAIT);
	assert_int_equal(a.n, 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	uv_run(&loop, UV_RUN_DEFAULT); /* ends, as the listener closes with the first */
	assert_int_equal(a.n, 1);
	close(client);
	close(a.fds[0]);
	assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_address_is_refused_with_a_sentence),
		cmocka_unit_test(a_port_in_use_is_named),
		cmocka_unit_test(several_may_share_a_port),
		cmocka_unit_test(a_star_takes_both_families),
		cmocka_unit_test(a_turn_takes_no_more_than_its_burst),
		cmocka_unit_test(closing_within_the_callback_is_safe),
		cmocka_unit_test(without_descriptors_connections_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
