/* Links on socket pairs: what comes through, in which order, and what ends them. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "bus/link_private.h"

static void send_credit(struct link *link)
{
	struct msg_credit m = {.link_bytes = 1};

	assert_int_equal(LINK_SEND(link, CREDIT, credit, 0, &m), 0);
}

static void send_kill(struct link *link, uint64_t subject)
{
	struct msg_kill m = {.condition = 1, .text = STR_LIT("bye")};

	assert_int_equal(LINK_SEND(link, KILL, kill, subject, &m), 0);
}

static int send_submit(struct link *link, uint64_t number, struct str stanza)
{
	struct msg_submit m = {.number = number, .stanza = stanza};

	return LINK_SEND(link, SUBMIT, submit, 77, &m);
}

/* ---- in and out ------------------------------------------------------------------------ */

static void frames_go_both_ways_in_order(void **state)
{
	struct end front, router;

	(void)state;
	pair_open(&front, ROLE_C2S, &router, ROLE_ROUTER);
	for (uint64_t i = 1; i <= 3; i++)
		assert_int_equal(send_submit(front.link, i, STR_LIT("stanza")), 0);
	send_kill(router.link, 42);
	assert_true(link_queued(router.link) > 0);
	run_until(router.count == 3 && front.count == 1);
	assert_int_equal(router.seen[0], BUS_SUBMIT);
	assert_int_equal(router.last_subject, 77);
	assert_int_equal(front.seen[0], BUS_KILL);
	assert_int_equal(front.last_subject, 42);
	assert_int_equal(link_queued(router.link), 0);
	end_close(&front);
	assert_null(front.link);
	run_until(router.closed);
	assert_string_equal(router.why, "closed by the peer");
	assert_false(front.closed);
}

static void a_link_knows_who_is_at_the_other_end(void **state)
{
	struct end a, b;
	pid_t pid;
	uid_t uid;

	(void)state;
	pair_open(&a, ROLE_C2S, &b, ROLE_ROUTER);
	link_credentials(a.link, &pid, &uid);
	assert_int_equal(pid, getpid());
	assert_int_equal(uid, geteuid());
	end_close(&a);
	end_close(&b);
}

static void urgent_frames_of_a_turn_go_before_the_ordinary_ones(void **state)
{
	struct end front, router;

	(void)state;
	pair_open(&front, ROLE_C2S, &router, ROLE_ROUTER);
	send_kill(router.link, 1);
	send_kill(router.link, 2);
	send_credit(router.link);
	run_until(front.count == 3);
	assert_int_equal(front.seen[0], BUS_CREDIT);
	assert_int_equal(front.seen[1], BUS_KILL);
	assert_int_equal(front.last_subject, 2);
	end_close(&front);
	end_close(&router);
}

/* Where a type first stands in a run of frames; the run must be frames to its end. */
static size_t find_frame(const struct buf *in, uint16_t type)
{
	size_t at = 0, size, found = SIZE_MAX;
	struct frame frame;

	while (at < in->len) {
		assert_int_equal(
			bus_frame_peek(in->data + at, in->len - at, BUS_FRAME_MAX, &frame, &size),
			1);
		if (frame.type == type && found == SIZE_MAX)
			found = at;
		at += size;
	}
	return found;
}

static void an_urgent_frame_overtakes_what_the_kernel_did_not_take(void **state)
{
	struct buf in = BUF_INIT;
	struct end router;
	int fd = raw_open(&router, ROLE_ROUTER, ROLE_C2S);
	size_t total = 0;

	(void)state;
	for (uint64_t i = 0; i < 100000; i++)
		send_kill(router.link, i);
	total = link_queued(router.link);
	run_turns(3);
	assert_true(link_queued(router.link) > total / 2);
	send_credit(router.link);
	total += 24 + 12;
	while (in.len < total) {
		raw_read(fd, &in);
		run_turns(1);
	}
	assert_int_equal(in.len, total);
	assert_true(find_frame(&in, BUS_CREDIT) > 0);
	/* Behind what was in the kernel and in one run, and before the bulk. */
	assert_true(find_frame(&in, BUS_CREDIT) < total / 4);
	assert_int_equal(link_queued(router.link), 0);
	buf_fini(&in);
	end_close(&router);
	close(fd);
}

static void what_arrives_byte_by_byte_is_put_together(void **state)
{
	struct buf b = BUF_INIT;
	struct end router;
	int fd = raw_open(&router, ROLE_ROUTER, ROLE_C2S);
	struct msg_submit submit = {.stanza = STR_LIT("a stanza of some length")};
	struct msg_bind bind = {.resource = STR_LIT("balcony")};

	(void)state;
	assert_int_equal(bus_put_submit(&b, 5, &submit), 0);
	b.data[23] = 1; /* its custody number */
	assert_int_equal(bus_put_bind(&b, 6, &bind), 0);
	for (size_t i = 0; i < b.len; i++) {
		assert_int_equal(router.count, i < 24 + 8 + 2 + 4 + 4 + 23 ? 0 : 1);
		raw_write(fd, b.data + i, 1);
		run_turns(2);
	}
	assert_int_equal(router.count, 2);
	assert_int_equal(router.last_subject, 6);
	end_close(&router);
	buf_fini(&b);
	close(fd);
}

static size_t big_len;

static void check_big(struct end *end, const struct frame *frame)
{
	struct msg_submit m;

	(void)end;
	assert_int_equal(bus_get_submit(frame->body, &m), 0);
	for (uint32_t i = 0; i < m.stanza.len; i += 1021)
		assert_int_equal((uint8_t)m.stanza.p[i], (uint8_t)(i / 1021));
	big_len = m.stanza.len;
}

static void the_largest_frame_passes_and_its_memory_is_given_back(void **state)
{
	static const uint32_t sizes[] = {16777216, 10, 65536 - 38, 65536, 262144, 300000, 1};
	char *stanza = malloc(sizes[0]);
	struct end front, router;

	(void)state;
	for (uint32_t i = 0; i < sizes[0]; i++)
		stanza[i] = (char)(i / 1021);
	pair_open(&front, ROLE_C2S, &router, ROLE_ROUTER);
	router.on_frame = check_big;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		assert_int_equal(send_submit(front.link, i, str_make(stanza, sizes[i])), 0);
		run_until(router.count == i + 1 && front.held == i + 1);
		assert_int_equal(big_len, sizes[i]);
		assert_true(router.link->in_cap <= 256 * 1024);
		assert_true(front.link->ordinary.active.cap <= 1024 * 1024);
		assert_true(front.link->ordinary.filling.cap <= 1024 * 1024);
	}
	assert_int_equal(router.link->in_cap, 64 * 1024);
	free(stanza);
	end_close(&front);
	end_close(&router);
}

/* A backlog of frames of all sizes, with a peer that is slow now and then. */
static uint64_t next_ordinary, next_urgent, flood_answers;

static void check_flood(struct end *end, const struct frame *frame)
{
	(void)end;
	if (frame->type == BUS_KILL)
		assert_int_equal(frame->subject, next_ordinary++);
	else
		assert_int_equal(frame->subject, next_urgent++);
}

static void count_answers(struct end *end, const struct frame *frame)
{
	(void)end;
	assert_int_equal(frame->type, BUS_CLOSED);
	flood_answers++;
}

static void a_flood_stays_in_order(void **state)
{
	static const char filler[256] = {0};
	struct end front, router;

	(void)state;
	next_ordinary = next_urgent = flood_answers = 0;
	pair_open(&front, ROLE_C2S, &router, ROLE_ROUTER);
	front.on_frame = check_flood;
	router.on_frame = count_answers;
	for (uint64_t i = 0; i < 60000; i++) {
		struct msg_kill kill = {.text = str_make(filler, (uint32_t)(i * 7919 % 257) % 256)};
		struct msg_mechanisms mechanisms = {.domain = STR_LIT("d")};
		struct msg_closed closed = {.reason = 1};

		assert_int_equal(LINK_SEND(router.link, KILL, kill, i, &kill), 0);
		assert_int_equal(LINK_SEND(front.link, CLOSED, closed, i, &closed), 0);
		assert_int_equal(LINK_SEND(router.link, MECHANISMS, mechanisms, i, &mechanisms), 0);
		if (i % 5000 == 0)
			run_turns(1);
	}
	run_until(next_ordinary == 60000 && next_urgent == 60000 && flood_answers == 60000);
	end_close(&front);
	end_close(&router);
}

/* ---- custody ------------------------------------------------------------------------------ */

static void one_held_confirms_a_whole_turn(void **state)
{
	struct end front, router;

	(void)state;
	pair_open(&front, ROLE_C2S, &router, ROLE_ROUTER);
	for (uint64_t i = 1; i <= 5; i++) {
		assert_int_equal(send_submit(front.link, i, STR_LIT("s")), 0);
		assert_int_equal(link_sent(front.link), i);
	}
	run_until(front.held_count == 1);
	assert_int_equal(front.held, 5);
	assert_int_equal(send_submit(front.link, 6, STR_LIT("s")), 0);
	run_until(front.held_count == 2);
	assert_int_equal(front.held, 6);
	/* Each direction counts for itself, and HELD is no frame for the handlers. */
	assert_int_equal(link_sent(router.link), 0);
	assert_int_equal(front.count, 0);
	end_close(&front);
	end_close(&router);
}

static void what_a_handler_refuses_is_not_confirmed(void **state)
{
	struct end front, router;

	(void)state;
	pair_open(&front, ROLE_C2S, &router, ROLE_ROUTER);
	router.answer = BH_EPROTO;
	assert_int_equal(send_submit(front.link, 1, STR_LIT("s")), 0);
	run_until(front.closed && router.closed);
	assert_int_equal(front.held_count, 0);
	assert_string_equal(router.why, "SUBMIT: protocol violation");
}

static void custody_that_nobody_handles_ends_the_link(void **state)
{
	struct msg_bind bind = {.resource = STR_NONE};
	struct end front, router;

	(void)state;
	pair_open(&front, ROLE_C2S, &router, ROLE_ROUTER);
	memset(router.link->handlers, 0, sizeof router.link->handlers);
	assert_int_equal(LINK_SEND(front.link, BIND, bind, 1, &bind), 0);
	run_turns(4);
	assert_false(router.closed); /* anything else is passed over */
	assert_int_equal(send_submit(front.link, 1, STR_LIT("s")), 0);
	run_until(front.closed && router.closed);
	assert_int_equal(front.held_count, 0);
	assert_string_equal(router.why, "SUBMIT: not found");
}

struct bad_bytes {
	uint16_t type;
	uint64_t seq;
	const char *body;
	uint32_t len;
	const char *why;
};

static const struct bad_bytes bad_sequences[] = {
	{BUS_SUBMIT, 0, "", 0, "SUBMIT has number 0 where 1 was due"},
	{BUS_SUBMIT, 2, "", 0, "SUBMIT has number 2 where 1 was due"},
	{BUS_BIND, 1, "", 0, "BIND has number 1 where 0 was due"},
	{BUS_HELD, 0, "\0\0\0\0\0\0\0\3", 8, "HELD: protocol violation"}, /* two were sent */
	{BUS_HELD, 0, "\0\0\0\0\0\0\0\1\0", 9, "over its limit of 32"},
	{BUS_HELD, 0, "\0\0\0\0\0\0\1", 7, "HELD: protocol violation"},
};

static void a_wrong_custody_number_ends_the_link(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof bad_sequences / sizeof bad_sequences[0]; i++) {
		const struct bad_bytes *bad = &bad_sequences[i];
		struct msg_deliver deliver = {.stanza = STR_LIT("x")};
		struct buf b = BUF_INIT;
		struct end router;
		int fd = raw_open(&router, ROLE_ROUTER, ROLE_C2S);

		assert_int_equal(LINK_SEND(router.link, DELIVER, deliver, 0, &deliver), 0);
		assert_int_equal(LINK_SEND(router.link, DELIVER, deliver, 0, &deliver), 0);
		raw_frame(&b, bad->type, bad->seq, str_make(bad->body, bad->len));
		raw_write(fd, b.data, b.len);
		run_until(router.closed);
		assert_non_null(strstr(router.why, bad->why));
		assert_int_equal(router.held_count + router.count, 0);
		buf_fini(&b);
		close(fd);
	}
}

static void raw_held(int fd, uint64_t upto)
{
	struct msg_held m = {.upto = upto};
	struct buf b = BUF_INIT;

	assert_int_equal(bus_put_held(&b, 0, &m), 0);
	raw_write(fd, b.data, b.len);
	buf_fini(&b);
}

static void a_confirmation_cannot_be_taken_back(void **state)
{
	struct msg_deliver deliver = {.stanza = STR_LIT("x")};
	struct end router;
	int fd = raw_open(&router, ROLE_ROUTER, ROLE_C2S);

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(LINK_SEND(router.link, DELIVER, deliver, 0, &deliver), 0);
	raw_held(fd, 2);
	raw_held(fd, 3);
	run_until(router.held == 3);
	assert_int_equal(router.held_count, 2);
	raw_held(fd, 2);
	run_until(router.closed);
	assert_string_equal(router.why, "HELD: protocol violation");
	close(fd);
}

static void a_custody_number_that_is_repeated_ends_the_link(void **state)
{
	struct buf b = BUF_INIT;
	struct end router;
	int fd = raw_open(&router, ROLE_ROUTER, ROLE_C2S);

	(void)state;
	raw_frame(&b, BUS_SUBMIT, 1, STR_LIT(""));
	raw_frame(&b, BUS_SUBMIT, 1, STR_LIT(""));
	raw_write(fd, b.data, b.len);
	run_until(router.closed);
	assert_int_equal(router.count, 1);
	assert_string_equal(router.why, "SUBMIT has number 1 where 2 was due");
	buf_fini(&b);
	close(fd);
}

/* ---- ends ---------------------------------------------------------------------------------- */

static void close_myself(struct end *end, const struct frame *frame)
{
	(void)frame;
	link_close(&end->link);
}

static void a_handler_may_close_its_link(void **state)
{
	struct end front, router;

	(void)state;
	pair_open(&front, ROLE_C2S, &router, ROLE_ROUTER);
	front.on_frame = close_myself;
	send_kill(router.link, 1);
	send_kill(router.link, 2);
	run_until(router.closed);
	assert_int_equal(front.count, 1);
	assert_false(front.closed);
}

static void drain_myself(struct end *end, const struct frame *frame)
{
	struct msg_closed closed = {.reason = 2};

	(void)frame;
	assert_int_equal(LINK_SEND(end->link, CLOSED, closed, 9, &closed), 0);
	link_close_after_write(end->link, "enough");
	assert_int_equal(LINK_SEND(end->link, CLOSED, closed, 9, &closed), BH_ECLOSED);
}

static void a_link_that_closes_after_writing_writes_first(void **state)
{
	struct end front, router;

	(void)state;
	pair_open(&front, ROLE_C2S, &router, ROLE_ROUTER);
	front.on_frame = drain_myself;
	send_kill(router.link, 1);
	send_kill(router.link, 2);
	run_until(router.closed && front.closed);
	assert_int_equal(front.count, 1);
	assert_string_equal(front.why, "enough");
	assert_int_equal(router.count, 1);
	assert_int_equal(router.last_subject, 9);
}

static void a_draining_link_outlasts_a_full_kernel(void **state)
{
	struct buf in = BUF_INIT;
	struct end router;
	int fd = raw_open(&router, ROLE_ROUTER, ROLE_C2S);
	static const char zeros[16384];
	size_t total, thrown = 0;

	(void)state;
	for (uint64_t i = 0; i < 50000; i++)
		send_kill(router.link, i);
	total = link_queued(router.link);
	link_close_after_write(router.link, "enough");
	while (!router.closed) {
		/* It takes what comes, however much, and throws it away. */
		if (send(fd, zeros, sizeof zeros, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
			thrown += sizeof zeros;
		raw_read(fd, &in);
		run_turns(1);
	}
	raw_read(fd, &in);
	assert_int_equal(in.len, total);
	assert_true(thrown > 5 * sizeof zeros);
	assert_string_equal(router.why, "enough");
	buf_fini(&in);
	close(fd);
}

static void what_was_queued_is_written_when_the_owner_closes(void **state)
{
	struct end front, router;

	(void)state;
	pair_open(&front, ROLE_C2S, &router, ROLE_ROUTER);
	assert_int_equal(send_submit(front.link, 1, STR_LIT("last words")), 0);
	end_close(&front);
	run_until(router.closed);
	assert_int_equal(router.count, 1);
}

static void the_last_words_of_a_peer_that_is_gone_are_heard(void **state)
{
	struct buf b = BUF_INIT;
	struct msg_refuse m = {.version = 9, .text = STR_LIT("go away")};
	struct end front;
	int fd = raw_open(&front, ROLE_C2S, ROLE_ROUTER);

	(void)state;
	assert_int_equal(bus_put_refuse(&b, 0, &m), 0);
	raw_write(fd, b.data, b.len);
	close(fd);
	/* Our own frame meets a closed socket before anything was read. */
	assert_int_equal(send_submit(front.link, 1, STR_LIT("s")), 0);
	run_until(front.closed);
	assert_int_equal(front.count, 1);
	assert_int_equal(front.seen[0], BUS_REFUSE);
	buf_fini(&b);
}

static void a_peer_that_only_stops_reading_is_noticed(void **state)
{
	struct end front;
	int fd = raw_open(&front, ROLE_C2S, ROLE_ROUTER);

	(void)state;
	assert_int_equal(shutdown(fd, SHUT_RD), 0);
	assert_int_equal(send_submit(front.link, 1, STR_LIT("s")), 0);
	run_until(front.closed);
	assert_non_null(strstr(front.why, "pipe"));
	close(fd);
}

static void a_frame_that_cannot_be_made_leaves_the_queue_as_it_was(void **state)
{
	static const char long_text[20000] = {0};
	struct msg_auth_step step = {.data = str_make(long_text, sizeof long_text)};
	struct msg_bind bind = {.resource = str_make(long_text, 1024)};
	struct end front, router;
	size_t queued;

	(void)state;
	pair_open(&front, ROLE_C2S, &router, ROLE_ROUTER);
	assert_int_equal(send_submit(front.link, 1, STR_LIT("s")), 0);
	queued = link_queued(front.link);
	assert_int_equal(send_submit(front.link, 2, str_make(long_text, 16777217)), BH_ETOOBIG);
	assert_int_equal(LINK_SEND(front.link, BIND, bind, 1, &bind), BH_ETOOBIG);
	assert_int_equal(LINK_SEND(front.link, AUTH_STEP, auth_step, 1, &step), BH_ETOOBIG);
	assert_int_equal(link_queued(front.link), queued);
	assert_int_equal(link_sent(front.link), 1);
	assert_int_equal(send_submit(front.link, 2, STR_LIT("s")), 0);
	run_until(front.held == 2);
	assert_int_equal(router.count, 2);
	end_close(&front);
	end_close(&router);
}

static void a_peer_that_never_reads_is_given_up(void **state)
{
	char *stanza = calloc(1, 16777216);
	struct end front;
	int fd = raw_open(&front, ROLE_C2S, ROLE_ROUTER), rc = 0;
	unsigned sent = 0;

	(void)state;
	while (rc == 0 && sent < 100) {
		rc = send_submit(front.link, sent, str_make(stanza, 16777216));
		sent++;
	}
	assert_int_equal(rc, BH_ECLOSED);
	assert_int_equal(sent, LINK_QUEUE_MAX / 16777216);
	assert_false(front.closed); /* the owner is not told from within his own call */
	run_until(front.closed);
	assert_non_null(strstr(front.why, "it does not read"));
	free(stanza);
	close(fd);
}

/* A prepare handle of an owner, which runs after the link's own in each turn. */
static void send_late(uv_prepare_t *prepare)
{
	struct end *router = prepare->data;

	send_credit(router->link);
	uv_close((uv_handle_t *)prepare, NULL);
}

static void a_frame_queued_at_the_very_end_of_a_turn_is_not_forgotten(void **state)
{
	struct end front, router;
	uv_prepare_t late[2];

	(void)state;
	/* One starts before the link, one after: whichever way libuv runs them, one is last. */
	uv_prepare_init(loop, &late[0]);
	uv_prepare_start(&late[0], send_late);
	pair_open(&front, ROLE_C2S, &router, ROLE_ROUTER);
	uv_prepare_init(loop, &late[1]);
	uv_prepare_start(&late[1], send_late);
	late[0].data = &router;
	late[1].data = &router;
	run_until(front.count == 2);
	end_close(&front);
	end_close(&router);
	run_turns(2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, loop_setup, loop_teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(frames_go_both_ways_in_order),
		TEST(a_link_knows_who_is_at_the_other_end),
		TEST(urgent_frames_of_a_turn_go_before_the_ordinary_ones),
		TEST(an_urgent_frame_overtakes_what_the_kernel_did_not_take),
		TEST(what_arrives_byte_by_byte_is_put_together),
		TEST(the_largest_frame_passes_and_its_memory_is_given_back),
		TEST(a_flood_stays_in_order),
		TEST(one_held_confirms_a_whole_turn),
		TEST(what_a_handler_refuses_is_not_confirmed),
		TEST(custody_that_nobody_handles_ends_the_link),
		TEST(a_wrong_custody_number_ends_the_link),
		TEST(a_custody_number_that_is_repeated_ends_the_link),
		TEST(a_confirmation_cannot_be_taken_back),
		TEST(a_handler_may_close_its_link),
		TEST(a_link_that_closes_after_writing_writes_first),
		TEST(a_draining_link_outlasts_a_full_kernel),
		TEST(what_was_queued_is_written_when_the_owner_closes),
		TEST(the_last_words_of_a_peer_that_is_gone_are_heard),
		TEST(a_peer_that_only_stops_reading_is_noticed),
		TEST(a_frame_that_cannot_be_made_leaves_the_queue_as_it_was),
		TEST(a_peer_that_never_reads_is_given_up),
		TEST(a_frame_queued_at_the_very_end_of_a_turn_is_not_forgotten),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
