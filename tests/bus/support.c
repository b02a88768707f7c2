/* What the tests of the bus share. */
#include "support.h"

#include <endian.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>


enum { WATCHDOG_S = 60, CLOSING_TURNS = 10 };

uv_loop_t *loop;

int loop_setup(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	alarm(WATCHDOG_S);
	loop = malloc(sizeof *loop);
	return uv_loop_init(loop);
}

/* A test that failed leaves open links behind, which would keep the loop for ever. */
int loop_teardown(void **state)
{
	int rc;

	(void)state;
	run_turns(CLOSING_TURNS);
	rc = uv_loop_close(loop);
	if (rc == 0)
		free(loop);
	alarm(0);
	return rc;
}

void run_turns(unsigned n)
{
	while (n-- > 0)
		uv_run(loop, UV_RUN_NOWAIT);
}

static int note(const struct bus_event *event)
{
	struct end *end = event->owner;

	if (end->count < MAX_SEEN)
		end->seen[end->count] = event->frame->type;
	end->count++;
	end->last_subject = event->frame->subject;
	if (end->on_frame != NULL)
		end->on_frame(end, event->frame);
	return end->answer;
}

struct bus_handler note_all[] = {
#define MSG(NAME, name, num, from, to, flags) {num, note},
#include "bus/each_message.h"
	{0, NULL},
};

static void on_held(void *owner, uint64_t upto)
{
	struct end *end = owner;

	end->held_count++;
	end->held = upto;
}

static void on_closed(void *owner, const char *why)
{
	struct end *end = owner;

	end->closed = true;
	end->link = NULL;
	snprintf(end->why, sizeof end->why, "%s", why);
}

void end_open(struct end *end, unsigned self, unsigned peer, int fd)
{
	struct link_spec spec = {
		.loop = loop,
		.self = self,
		.peer = peer,
		.handlers = note_all,
		.owner = end,
		.on_held = on_held,
		.on_closed = on_closed,
	};

	memset(end, 0, sizeof *end);
	assert_int_equal(link_open(&spec, fd, &end->link), 0);
}

void pair_open(struct end *a, unsigned role_a, struct end *b, unsigned role_b)
{
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	end_open(a, role_a, role_b, fd[0]);
	end_open(b, role_b, role_a, fd[1]);
}

int raw_open(struct end *end, unsigned self, unsigned peer)
{
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	end_open(end, self, peer, fd[0]);
	return fd[1];
}

void end_close(struct end *end)
{
	link_close(&end->link);
}

void raw_write(int fd, const void *p, size_t n)
{
	assert_int_equal(send(fd, p, n, MSG_DONTWAIT), (ssize_t)n);
}

void raw_read(int fd, struct buf *in)
{
	ssize_t n;

	do {
		uint8_t *at = buf_room(in, 65536);

		assert_non_null(at);
		n = recv(fd, at, 65536, MSG_DONTWAIT);
		if (n > 0)
			buf_commit(in, (size_t)n);
	} while (n > 0);
}

void raw_frame(struct buf *out, uint16_t type, uint64_t seq, struct str body)
{
	uint32_t len = htobe32(BUS_HEADER_SIZE + body.len);
	uint64_t subject = 0;

	type = htobe16(type);
	seq = htobe64(seq);
	buf_put(out, &len, sizeof len);
	buf_put(out, &type, sizeof type);
	buf_put(out, "\0", 2);
	buf_put(out, &subject, sizeof subject);
	buf_put(out, &seq, sizeof seq);
	buf_put_str(out, body);
}
