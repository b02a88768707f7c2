/* What a link leaves in memory: no secret, and nothing new in a steady state. */
#include "support.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "heap.h"

#include "bus/link_private.h"

enum { SECRET_LEN = 4096 };

/* The secret, over and over; wiped at the end of each test, as it is not the link's. */
static char secret[SECRET_LEN];

static int secret_setup(void **state)
{
	for (size_t i = 0; i < sizeof secret; i++)
		secret[i] = HEAP_MARK[i % (sizeof HEAP_MARK - 1)];
	heap_watch();
	return loop_setup(state);
}

static int secret_teardown(void **state)
{
	memset(secret, 0, sizeof secret);
	return loop_teardown(state);
}

static void send_secret(struct link *link)
{
	struct msg_auth_step m = {.data = str_make(secret, sizeof secret)};

	assert_int_equal(LINK_SEND(link, AUTH_STEP, auth_step, 1, &m), 0);
}

static void send_done(struct link *link, uint32_t size)
{
	struct msg_done m = {.marks = str_make(calloc(1, size), size)};

	assert_int_equal(LINK_SEND(link, DONE, done, 1, &m), 0);
	free((char *)(uintptr_t)m.marks.p);
}

static bool queue_has_mark(const struct link_queue *q)
{
	return heap_has_mark(q->filling.data, q->filling.cap) ||
	       heap_has_mark(q->active.data, q->active.cap);
}

static bool write_side_has_mark(const struct link *link)
{
	return queue_has_mark(&link->urgent) || queue_has_mark(&link->ordinary) ||
	       heap_has_mark(link->staging.data, link->staging.cap);
}

static void see_secret(struct end *end, const struct frame *frame)
{
	if (frame->type == BUS_AUTH_STEP)
		assert_true(heap_has_mark(frame->body.p, frame->body.len));
	(void)end;
}

static void a_secret_is_wiped_where_it_was_written_and_where_it_was_read(void **state)
{
	struct end front, router;

	(void)state;
	pair_open(&front, ROLE_C2S, &router, ROLE_ROUTER);
	router.on_frame = see_secret;
	send_secret(front.link);
	assert_true(queue_has_mark(&front.link->urgent));
	assert_false(heap_has_mark(front.link->staging.data, front.link->staging.cap));
	run_until(router.count == 1);
	assert_false(write_side_has_mark(front.link));
	assert_false(heap_has_mark(router.link->in, router.link->in_cap));
	assert_false(front.link->urgent.secret);
	end_close(&front);
	end_close(&router);
	run_turns(2);
	assert_int_equal(heap_seen().leaks, 0);
}

static void a_secret_in_a_queue_that_grows_leaves_no_copy(void **state)
{
	struct end front, router;

	(void)state;
	pair_open(&front, ROLE_C2S, &router, ROLE_ROUTER);
	router.on_frame = see_secret;
	for (int i = 0; i < 40; i++) {
		send_secret(front.link);
		send_done(front.link, 100000); /* no secret, but in the same queue */
	}
	run_until(router.count == 80);
	assert_false(write_side_has_mark(front.link));
	assert_false(heap_has_mark(router.link->in, router.link->in_cap));
	end_close(&front);
	end_close(&router);
	run_turns(2);
	assert_int_equal(heap_seen().leaks, 0);
}

static void a_secret_that_comes_in_two_parts_is_wiped_in_both_places(void **state)
{
	struct msg_auth_step step = {.data = str_make(secret, sizeof secret)};
	struct msg_bind bind = {.resource = STR_LIT("balcony")};
	struct buf b = BUF_INIT;
	struct end router;
	int fd = raw_open(&router, ROLE_ROUTER, ROLE_C2S);

	(void)state;
	assert_int_equal(bus_put_bind(&b, 1, &bind), 0);
	assert_int_equal(bus_put_auth_step(&b, 1, &step), 0);
	raw_write(fd, b.data, 3000);
	run_until(router.count == 1);
	/* It moved to the front: behind it, nothing is left. */
	assert_true(heap_has_mark(router.link->in, router.link->in_len));
	assert_false(heap_has_mark(
		router.link->in + router.link->in_len, router.link->in_cap - router.link->in_len));
	raw_write(fd, b.data + 3000, b.len - 3000);
	run_until(router.count == 2);
	assert_false(heap_has_mark(router.link->in, router.link->in_cap));
	end_close(&router);
	buf_fini_secret(&b);
	run_turns(2);
	assert_int_equal(heap_seen().leaks, 0);
	close(fd);
}

static void a_link_that_ends_wipes_what_was_under_way(void **state)
{
	struct msg_auth_step step = {.data = str_make(secret, sizeof secret)};
	struct buf b = BUF_INIT;
	struct end front, router;
	int fd = raw_open(&router, ROLE_ROUTER, ROLE_C2S);

	(void)state;
	assert_int_equal(bus_put_auth_step(&b, 1, &step), 0);
	raw_write(fd, b.data, b.len / 2);
	buf_fini_secret(&b);
	run_until(router.link->in_len > 0);
	close(fd);
	run_until(router.closed);
	fd = raw_open(&front, ROLE_C2S, ROLE_ROUTER);
	for (int i = 0; i < 500; i++)
		send_secret(front.link);
	run_turns(3); /* some are in the kernel, some with uv_write, some wait */
	assert_true(link_queued(front.link) > 0);
	end_close(&front);
	run_turns(2);
	assert_int_equal(heap_seen().leaks, 0);
	close(fd);
}

static void a_secret_that_is_refused_is_wiped(void **state)
{
	static const char mechanism[33] = "thirty-three bytes are one too ma";
	struct msg_auth_begin m = {
		.domain = STR_LIT("d"),
		.mechanism = str_make(mechanism, sizeof mechanism),
		.initial = str_make(secret, sizeof secret),
	};
	struct end front, router;

	(void)state;
	pair_open(&front, ROLE_C2S, &router, ROLE_ROUTER);
	assert_true(LINK_SEND(front.link, AUTH_BEGIN, auth_begin, 1, &m) < 0);
	assert_false(write_side_has_mark(front.link));
	assert_int_equal(link_queued(front.link), 0);
	end_close(&front);
	end_close(&router);
}

static void a_steady_state_allocates_nothing(void **state)
{
	static const char stanza[400] = {0};
	struct msg_submit submit = {.stanza = str_make(stanza, sizeof stanza)};
	struct msg_auth_step step = {.data = STR_LIT("dGVzdA==")};
	struct end front, router;
	uint64_t sent = 0;

	(void)state;
	pair_open(&front, ROLE_C2S, &router, ROLE_ROUTER);
	for (int round = 0; round < 1000; round++) {
		for (int i = 0; i < 20; i++, sent++)
			assert_int_equal(LINK_SEND(front.link, SUBMIT, submit, 1, &submit), 0);
		assert_int_equal(LINK_SEND(front.link, AUTH_STEP, auth_step, 1, &step), 0);
		run_until(front.held == sent);
		if (round == 10)
			heap_watch();
	}
	assert_int_equal(heap_seen().allocations, 0);
	end_close(&front);
	end_close(&router);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, secret_setup, secret_teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(a_secret_is_wiped_where_it_was_written_and_where_it_was_read),
		TEST(a_secret_in_a_queue_that_grows_leaves_no_copy),
		TEST(a_secret_that_comes_in_two_parts_is_wiped_in_both_places),
		TEST(a_link_that_ends_wipes_what_was_under_way),
		TEST(a_secret_that_is_refused_is_wiped),
		TEST(a_steady_state_allocates_nothing),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
