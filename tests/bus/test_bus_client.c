/* A daemon's end of the bus: coming back, and being refused. */
#include "ends.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"

static void a_client_outlives_routerd(void **state)
{
	struct user u;

	(void)state;
	client_up(&u, ROLE_C2S, "c2sd");
	run_until(u.down == 1);
	assert_non_null(strstr(u.why, "c2s.sock: No such file"));
	for (unsigned life = 1; life <= 3; life++) {
		server_up();
		run_until(u.up == life);
		assert_non_null(bus_client_link(u.client));
		server_down();
		run_until(u.down == life + 1);
		assert_null(bus_client_link(u.client));
		assert_string_equal(u.why, "closed by the peer");
	}
	client_down(&u);
}

/* A routerd that answers each connection in its own way, and notes when it came. */
static struct {
	uv_pipe_t listener;
	uv_pipe_t peers[16];
	uint64_t came[16];
	unsigned count;
	struct buf answer;
	uv_write_t request;
} fake;

static void fake_peer_written(uv_write_t *request, int status)
{
	(void)status;
	uv_close((uv_handle_t *)request->handle, NULL);
}

static void fake_connection(uv_stream_t *listener, int status)
{
	uv_pipe_t *peer = &fake.peers[fake.count];
	uv_buf_t buf = uv_buf_init((char *)fake.answer.data, (unsigned)fake.answer.len);

	assert_int_equal(status, 0);
	assert_true(fake.count < 16);
	fake.came[fake.count++] = clock_ms();
	uv_pipe_init(loop, peer, 0);
	assert_int_equal(uv_accept(listener, (uv_stream_t *)peer), 0);
	if (buf.len > 0)
		uv_write(&fake.request, (uv_stream_t *)peer, &buf, 1, fake_peer_written);
	else
		uv_close((uv_handle_t *)peer, NULL);
}

static void fake_up(void)
{
	char path[108];

	fake.count = 0;
	path_of(ROLE_C2S, path);
	uv_pipe_init(loop, &fake.listener, 0);
	assert_int_equal(uv_pipe_bind(&fake.listener, path), 0);
	assert_int_equal(uv_listen((uv_stream_t *)&fake.listener, 8, fake_connection), 0);
}

static void fake_down(void)
{
	uv_close((uv_handle_t *)&fake.listener, NULL);
	run_turns(2);
	buf_fini(&fake.answer);
}

static void a_client_comes_back_later_each_time(void **state)
{
	struct user u;

	(void)state;
	fake_up();
	client_up(&u, ROLE_C2S, "c2sd");
	run_until(fake.count == 10);
	for (unsigned i = 0; i < 9; i++) {
		uint64_t least = 5u << i < 1000 ? 5u << i : 1000;
		uint64_t waited = fake.came[i + 1] - fake.came[i];

		/* A millisecond for the clocks, and a busy machine's delay. */
		assert_in_range(waited, least - 1, least + least / 4 + 250);
	}
	assert_int_equal(u.down, 1);
	assert_int_equal(u.up, 0);
	client_down(&u);
	fake_down();
}

static void set_flag(uv_timer_t *timer)
{
	*(bool *)timer->data = true;
	uv_close((uv_handle_t *)timer, NULL);
}

static void after_a_link_that_held_a_client_comes_back_at_once(void **state)
{
	uv_timer_t steady;
	bool held = false;
	struct user u;
	uint64_t start;

	(void)state;
	fake_up();
	client_up(&u, ROLE_C2S, "c2sd");
	run_until(fake.count == 8); /* its patience is at 640 ms now */
	fake_down();
	server_up();
	run_until(u.up == 1);
	uv_timer_init(loop, &steady);
	steady.data = &held;
	uv_timer_start(&steady, set_flag, 300, 0);
	run_until(held);
	start = clock_ms();
	server_down();
	fake_up();
	run_until(fake.count == 1);
	assert_true(clock_ms() - start < 400);
	client_down(&u);
	fake_down();
}

static void a_refusal_is_told_once_and_in_its_own_words(void **state)
{
	struct msg_refuse m = {
		.version = 7, .text = STR_LIT("this routerd speaks version 7 of the bus")};
	struct user u;

	(void)state;
	client_up(&u, ROLE_C2S, "c2sd");
	run_until(u.down == 1); /* nobody there: that is told, and then the refusal */
	assert_int_equal(bus_put_refuse(&fake.answer, 0, &m), 0);
	fake_up();
	run_until(fake.count == 4);
	assert_int_equal(u.down, 2);
	assert_string_equal(u.why, "refused by routerd: this routerd speaks version 7 of the bus");
	client_down(&u);
	fake_down();
}

static void a_welcome_of_another_version_is_not_taken(void **state)
{
	struct msg_welcome m = {.version = BUS_VERSION + 1};
	char why[100];
	struct user u;

	(void)state;
	assert_int_equal(bus_put_welcome(&fake.answer, 0, &m), 0);
	fake_up();
	client_up(&u, ROLE_C2S, "c2sd");
	run_until(u.down == 1);
	snprintf(why, sizeof why, "routerd speaks version %d of the bus, we speak %d", BUS_VERSION + 1, BUS_VERSION);
	assert_string_equal(u.why, why);
	assert_int_equal(u.up, 0);
	client_down(&u);
	fake_down();
}

static void a_client_takes_no_frame_before_the_welcome(void **state)
{
	struct msg_kill m = {.condition = 1};
	struct user u;

	(void)state;
	assert_int_equal(bus_put_kill(&fake.answer, 0, &m), 0);
	fake_up();
	client_up(&u, ROLE_C2S, "c2sd");
	run_until(u.down == 1);
	assert_string_equal(u.why, "KILL before the greeting");
	assert_int_equal(u.frames, 0);
	client_down(&u);
	fake_down();
}

static void a_client_may_be_stopped_from_its_own_callbacks(void **state)
{
	struct user u;

	(void)state;
	client_up(&u, ROLE_C2S, "c2sd");
	u.stop_when_down = true;
	run_until(u.done == 1);
	server_up();
	client_up(&u, ROLE_C2S, "c2sd");
	u.stop_when_up = true;
	run_until(u.done == 1 && srv.gone == 1);
	server_down();
	bus_client_stop(&u.client, on_client_done, &u); /* there is none: done at once */
	assert_int_equal(u.done, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ends_setup, ends_teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(a_client_outlives_routerd),
		TEST(a_client_comes_back_later_each_time),
		TEST(after_a_link_that_held_a_client_comes_back_at_once),
		TEST(a_refusal_is_told_once_and_in_its_own_words),
		TEST(a_welcome_of_another_version_is_not_taken),
		TEST(a_client_takes_no_frame_before_the_welcome),
		TEST(a_client_may_be_stopped_from_its_own_callbacks),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
