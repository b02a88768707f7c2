/* stream in the clear: reading, writing, counting, pausing, the PROXY header, the ways out. */
#include "net_fixture.h"

enum { BIG = 8 * 1024 * 1024 };

static void echo(struct server *v, const uint8_t *p, size_t n)
{
	buf_put(&v->got, p, n);
	stream_write(v->stream, p, n);
}

static void say_hello(struct client *c)
{
	CHECK(client_send(c, "hello", 5));
	CHECK(client_expect(c, "hello"));
}

static void bytes_go_both_ways_and_are_counted(void **state)
{
	struct server v = {.plan = {.on_data = echo}};
	struct client c = {.script = say_hello};

	(void)state;
	serve(&v, &c);
	assert_got(&v, "hello");
	assert_string_equal(v.why, "closed by the peer");
	assert_int_equal(strncmp(v.peer, "127.0.0.1:", 10), 0);
	assert_int_equal(v.secured, 0);
	server_end(&v);
}

static void count_one_turn(struct server *v)
{
	buf_put_lit(stream_output(v->stream), "<a>");
	stream_write(v->stream, "<b>", 3);
	buf_put_lit(stream_output(v->stream), "<c>");
	assert_int_equal(stream_written(v->stream), 9);
	assert_int_equal(stream_sent(v->stream), 0); /* the turn has not ended */
	stream_wait_sent(v->stream);
	assert_int_equal(v->sent, 0);
}

static void check_counts_and_close(struct server *v)
{
	assert_int_equal(stream_written(v->stream), 9);
	assert_int_equal(stream_sent(v->stream), 9);
	stream_close(v->stream, 1000);
	stream_close(v->stream, 0); /* the first one counts */
	stream_write(v->stream, "late", 4);
	buf_put_lit(stream_output(v->stream), "later");
	assert_int_equal(stream_written(v->stream), 9);
}

static void read_one_turn(struct client *c)
{
	char p[32];

	/* One write: one segment. */
	CHECK(recv(c->fd, p, sizeof p, 0) == 9);
	CHECK(memcmp(p, "<a><b><c>", 9) == 0);
	CHECK(recv(c->fd, p, sizeof p, 0) == 0);
}

static void writes_of_a_turn_go_out_as_one_and_what_comes_after_close_does_not(void **state)
{
	struct server v = {.plan = {.on_open = count_one_turn, .on_sent = check_counts_and_close}};
	struct client c = {.script = read_one_turn};

	(void)state;
	serve(&v, &c);
	assert_int_equal(v.sent, 1);
	assert_string_equal(v.why, "");
	server_end(&v);
}

static uint8_t pattern(size_t i)
{
	return (uint8_t)(i * 7 + (i >> 10));
}

static void write_much(struct server *v)
{
	struct buf *out = stream_output(v->stream);

	for (size_t i = 0; i < BIG; i++)
		buf_put_byte(out, pattern(i));
	stream_wait_sent(v->stream);
}

static void write_the_rest(uv_timer_t *timer)
{
	struct server *v = timer->data;

	/* The peer does not read: the kernel has not taken all, and the count says so. */
	assert_true(stream_sent(v->stream) < stream_written(v->stream));
	assert_int_equal(v->sent, 0);
	stream_write(v->stream, "end", 3);
	stream_close(v->stream, 10000);
}

static void write_much_and_more_later(struct server *v)
{
	write_much(v);
	uv_timer_start(&v->timer, write_the_rest, 100, 0);
}

static void read_much(struct client *c)
{
	static uint8_t p[BIG + 4];
	ssize_t n;

	usleep(300 * 1000);
	n = recv(c->fd, p, BIG + 3, MSG_WAITALL);
	CHECK(n == BIG + 3);
	for (size_t i = 0; i < BIG; i++)
		CHECK(p[i] == pattern(i));
	CHECK(memcmp(p + BIG, "end", 3) == 0);
	CHECK(recv(c->fd, p, 1, 0) == 0);
}

static void a_slow_reader_gets_all_in_order(void **state)
{
	struct server v = {.plan = {.on_open = write_much_and_more_later}};
	struct client c = {.script = read_much};

	(void)state;
	serve(&v, &c);
	assert_string_equal(v.why, "");
	server_end(&v);
}

static void sent_reaches_written(struct server *v)
{
	assert_int_equal(stream_sent(v->stream), BIG);
	assert_int_equal(stream_written(v->stream), BIG);
	stream_close(v->stream, 1000);
}

static void read_much_without_end(struct client *c)
{
	static uint8_t p[BIG + 1];

	CHECK(recv(c->fd, p, BIG + 1, MSG_WAITALL) == BIG);
}

static void on_sent_comes_when_the_kernel_has_all(void **state)
{
	struct server v = {.plan = {.on_open = write_much, .on_sent = sent_reaches_written}};
	struct client c = {.script = read_much_without_end};

	(void)state;
	serve(&v, &c);
	assert_int_equal(v.sent, 1);
	server_end(&v);
}

static void sent_again(struct server *v)
{
	if (v->sent == 3) {
		stream_close(v->stream, 1000);
		return;
	}
	if (v->sent == 1)
		stream_write(v->stream, "x", 1);
	stream_wait_sent(v->stream); /* also with nothing to write */
}

static void wait_with_nothing_written(struct server *v)
{
	stream_wait_sent(v->stream);
}

static void read_x(struct client *c)
{
	CHECK(client_expect(c, "x"));
	CHECK(recv(c->fd, &(char){0}, 1, 0) == 0);
}

static void waiting_for_sent_is_answered_each_time(void **state)
{
	struct server v = {.plan = {.on_open = wait_with_nothing_written, .on_sent = sent_again}};
	struct client c = {.script = read_x};

	(void)state;
	serve(&v, &c);
	assert_int_equal(v.sent, 3);
	server_end(&v);
}

static void never_read(struct client *c)
{
	(void)c;
	usleep(1500 * 1000);
}

static void write_much_and_close(struct server *v)
{
	write_much(v);
	stream_close(v->stream, 50);
}

static void lingering_ends_in_time(void **state)
{
	struct server v = {.plan = {.on_open = write_much_and_close}};
	struct client c = {.script = never_read};
	uint64_t start = uv_hrtime();

	(void)state;
	serve(&v, &c);
	/* Not before its 50 ms, which libuv counts in whole ones; that it came at all is the point. */
	assert_true(v.closed_at - start >= 49 * 1000000);
	assert_string_equal(v.why, "");
	assert_int_equal(v.sent, 0);
	server_end(&v);
}

static void close_in_data(struct server *v, const uint8_t *p, size_t n)
{
	buf_put(&v->got, p, n);
	stream_write(v->stream, "bye", 3);
	stream_close(v->stream, 0);
}

static void say_and_hear_bye(struct client *c)
{
	CHECK(client_send(c, "x", 1));
	CHECK(client_expect(c, "bye"));
	CHECK(recv(c->fd, &(char){0}, 1, 0) == 0);
}

static void closing_in_on_data_still_writes(void **state)
{
	struct server v = {.plan = {.on_data = close_in_data}};
	struct client c = {.script = say_and_hear_bye};

	(void)state;
	serve(&v, &c);
	assert_got(&v, "x");
	assert_string_equal(v.why, "");
	server_end(&v);
}

static void linger_in_data(struct server *v, const uint8_t *p, size_t n)
{
	(void)p;
	(void)n;
	stream_write(v->stream, "bye", 3);
	stream_close(v->stream, 5000);
}

/* With unread bytes at the server, an early close would reset and take "bye" away. */
static void talk_on_after_close(struct client *c)
{
	static char much[300000];

	CHECK(client_send(c, much, 100));
	for (int i = 0; i < 10; i++)
		CHECK(client_send(c, much, sizeof much / 10));
	usleep(100 * 1000);
	CHECK(client_expect(c, "bye"));
	CHECK(recv(c->fd, much, 1, 0) == 0);
}

static void a_peer_that_talks_on_hears_the_last_words(void **state)
{
	struct server v = {.plan = {.on_data = linger_in_data}};
	struct client c = {.script = talk_on_after_close};

	(void)state;
	serve(&v, &c);
	assert_int_equal(v.chunks, 1);
	assert_string_equal(v.why, "");
	server_end(&v);
}

static void end_with_a_reset(struct client *c)
{
	struct linger hard = {.l_onoff = 1};

	CHECK(client_send(c, "hello", 5));
	CHECK(client_expect(c, "hello"));
	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
}

static void a_reset_is_named(void **state)
{
	struct server v = {.plan = {.on_data = echo}};
	struct client c = {.script = end_with_a_reset};

	(void)state;
	serve(&v, &c);
	assert_string_equal(v.why, "connection reset by peer");
	server_end(&v);
}

static void half_close(struct client *c)
{
	CHECK(client_send(c, "last", 4));
	CHECK(shutdown(c->fd, SHUT_WR) == 0);
	CHECK(client_expect(c, "last"));
}

static void an_answer_to_the_last_bytes_still_goes_out(void **state)
{
	struct server v = {.plan = {.on_data = echo}};
	struct client c = {.script = half_close};

	(void)state;
	serve(&v, &c);
	assert_string_equal(v.why, "closed by the peer");
	server_end(&v);
}

static void resume_later(uv_timer_t *timer)
{
	struct server *v = timer->data;

	assert_int_equal(v->chunks, 1);
	stream_resume(v->stream);
	stream_resume(v->stream);
}

static void pause_at_first(struct server *v, const uint8_t *p, size_t n)
{
	buf_put(&v->got, p, n);
	stream_write(v->stream, "ok", 2);
	if (v->chunks == 1) {
		stream_pause(v->stream);
		uv_timer_start(&v->timer, resume_later, 100, 0);
	}
}

static void say_two_things(struct client *c)
{
	CHECK(client_send(c, "one", 3));
	CHECK(client_expect(c, "ok"));
	CHECK(client_send(c, "two", 3));
	CHECK(client_expect(c, "ok"));
}

static void a_paused_stream_reads_nothing_until_resumed(void **state)
{
	struct server v = {.plan = {.on_data = pause_at_first}};
	struct client c = {.script = say_two_things};

	(void)state;
	serve(&v, &c);
	assert_got(&v, "onetwo");
	assert_int_equal(v.chunks, 2);
	server_end(&v);
}

enum { MORE_THAN_THE_KERNEL_TAKES = 16 << 20 };

static void write_too_much(struct server *v)
{
	static const uint8_t much[MORE_THAN_THE_KERNEL_TAKES];

	stream_write(v->stream, much, sizeof much);
}

static void answer_too_much_once(struct server *v, const uint8_t *p, size_t n)
{
	buf_put(&v->got, p, n);
	if (v->chunks == 1) {
		write_too_much(v);
		return;
	}
	assert_true(stream_unsent(v->stream) <= STREAM_ANSWERS_MAX);
	stream_write(v->stream, "ok", 2);
}

static void write_too_much_now(uv_timer_t *timer)
{
	write_too_much(timer->data);
}

static void write_too_much_from_elsewhere(struct server *v)
{
	uv_timer_start(&v->timer, write_too_much_now, 0, 0);
}

/* The client takes nothing before it has been heard. */
static int heard[2];

static void hear_while_much_waits(struct server *v, const uint8_t *p, size_t n)
{
	buf_put(&v->got, p, n);
	assert_true(stream_unsent(v->stream) > STREAM_ANSWERS_MAX);
	assert_int_equal(write(heard[1], "!", 1), 1);
	stream_write(v->stream, "ok", 2);
}

/* Else a receiver's window may grow until all of it is under way. */
static bool takes_little_at_a_time(struct client *c)
{
	const int size = 65536;

	return setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size) == 0;
}

static bool take_too_much(struct client *c)
{
	static uint8_t p[MORE_THAN_THE_KERNEL_TAKES];

	return recv(c->fd, p, sizeof p, MSG_WAITALL) == (ssize_t)sizeof p;
}

static bool sees_some(struct client *c)
{
	uint8_t p;

	return recv(c->fd, &p, 1, MSG_PEEK) == 1;
}

static void say_more_than_is_read(struct client *c)
{
	CHECK(takes_little_at_a_time(c));
	CHECK(client_send(c, "one", 3));
	CHECK(sees_some(c));
	CHECK(client_send(c, "two", 3));
	CHECK(take_too_much(c));
	CHECK(client_expect(c, "ok"));
}

static void who_does_not_take_answers_is_not_read_until_he_does(void **state)
{
	struct server v = {.plan = {.on_data = answer_too_much_once}};
	struct client c = {.script = say_more_than_is_read};

	(void)state;
	serve(&v, &c);
	assert_got(&v, "onetwo");
	server_end(&v);
}

static void say_while_much_waits(struct client *c)
{
	char mark;

	CHECK(takes_little_at_a_time(c));
	CHECK(sees_some(c));
	CHECK(client_send(c, "two", 3));
	CHECK(read(heard[0], &mark, 1) == 1);
	CHECK(take_too_much(c));
	CHECK(client_expect(c, "ok"));
}

static void what_is_no_answer_keeps_nobody_from_being_read(void **state)
{
	struct server v = {.plan = {.on_open = write_too_much_from_elsewhere, .on_data = hear_while_much_waits}};
	struct client c = {.script = say_while_much_waits};

	(void)state;
	assert_int_equal(pipe(heard), 0);
	serve(&v, &c);
	assert_got(&v, "two");
	server_end(&v);
	close(heard[0]);
	close(heard[1]);
}

#define PROXY_LINE "PROXY TCP4 192.0.2.7 198.51.100.1 40000 5222\r\n"

static void header_and_data_in_pieces(struct client *c)
{
	static const char header[] = PROXY_LINE;

	CHECK(client_send(c, header, 9));
	usleep(50 * 1000);
	CHECK(client_send(c, header + 9, 20));
	usleep(50 * 1000);
	CHECK(client_send(c, PROXY_LINE "hello" + 29, sizeof PROXY_LINE "hello" - 30));
	CHECK(client_expect(c, "hello"));
}

static void a_proxy_header_gives_the_peer_and_data_begins_behind_it(void **state)
{
	struct server v = {.plan = {.on_data = echo, .proxy = true}};
	struct client c = {.script = header_and_data_in_pieces};

	(void)state;
	serve(&v, &c);
	assert_got(&v, "hello");
	assert_string_equal(v.peer, "192.0.2.7:40000");
	server_end(&v);
}

static void no_header(struct client *c)
{
	CHECK(client_send(c, "<stream:stream>", 15));
	CHECK(recv(c->fd, &(char){0}, 1, 0) <= 0);
}

static void a_missing_proxy_header_closes(void **state)
{
	struct server v = {.plan = {.on_data = echo, .proxy = true}};
	struct client c = {.script = no_header};

	(void)state;
	serve(&v, &c);
	assert_string_equal(v.why, "PROXY header expected");
	assert_int_equal(v.chunks, 0);
	server_end(&v);
}

static void what_is_no_socket_is_refused_and_closed(void **state)
{
	struct server v = {0};
	struct stream *s = NULL;
	int pipes[2];

	(void)state;
	assert_int_equal(uv_loop_init(&v.loop), 0);
	assert_int_equal(stream_hub_start(&v.loop, &v.hub), 0);
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(stream_open(v.hub, pipes[0], &server_handlers, &v, &s), -ENOTSOCK);
	assert_null(s);
	assert_int_equal(close(pipes[0]), -1);
	close(pipes[1]);
	/* The hub ends only behind its last stream. */
	stream_hub_stop(&v.hub, server_hub_done, &v);
	assert_false(v.hub_done);
	uv_run(&v.loop, UV_RUN_DEFAULT);
	assert_true(v.hub_done);
	assert_int_equal(v.closed, 0);
	assert_int_equal(uv_loop_close(&v.loop), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_go_both_ways_and_are_counted),
		cmocka_unit_test(
			writes_of_a_turn_go_out_as_one_and_what_comes_after_close_does_not),
		cmocka_unit_test(a_slow_reader_gets_all_in_order),
		cmocka_unit_test(on_sent_comes_when_the_kernel_has_all),
		cmocka_unit_test(waiting_for_sent_is_answered_each_time),
		cmocka_unit_test(lingering_ends_in_time),
		cmocka_unit_test(closing_in_on_data_still_writes),
		cmocka_unit_test(a_peer_that_talks_on_hears_the_last_words),
		cmocka_unit_test(a_reset_is_named),
		cmocka_unit_test(an_answer_to_the_last_bytes_still_goes_out),
		cmocka_unit_test(a_paused_stream_reads_nothing_until_resumed),
		cmocka_unit_test(who_does_not_take_answers_is_not_read_until_he_does),
		cmocka_unit_test(what_is_no_answer_keeps_nobody_from_being_read),
		cmocka_unit_test(a_proxy_header_gives_the_peer_and_data_begins_behind_it),
		cmocka_unit_test(a_missing_proxy_header_closes),
		cmocka_unit_test(what_is_no_socket_is_refused_and_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
