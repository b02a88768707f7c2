/* Any bytes from a peer on a link.  Whatever is handed over may be sent by that role, is within its
 * limit and in its order, however the bytes are cut.
 *
 * The first byte chooses the roles, the second how the bytes are cut. */
#include <sys/socket.h>
#include <unistd.h>

#include "bus/link.h"
#include "fuzz.h"

static const struct roles {
	unsigned self, peer;
} roles[] = {
	{ROLE_ROUTER, ROLE_C2S}, {ROLE_ROUTER, ROLE_S2S}, {ROLE_ROUTER, ROLE_AUTH},
	{ROLE_ROUTER, ROLE_DIR}, {ROLE_ROUTER, ROLE_CTL}, {ROLE_C2S, ROLE_ROUTER},
	{ROLE_S2S, ROLE_ROUTER}, {ROLE_AUTH, ROLE_ROUTER}, {ROLE_CTL, ROLE_ROUTER},
};

struct end {
	const struct roles *roles;
	struct link *link;
	bool closed;
	uint64_t custody, frames;
};

static uv_loop_t *loop;

static int note(const struct bus_event *event)
{
	struct end *end = event->owner;
	const struct frame *f = event->frame;
	const struct bus_message_info *info = bus_message_info(f->type);

	require(info != NULL && bus_may_send(end->roles->peer, end->roles->self, f->type));
	require(BUS_HEADER_SIZE + f->body.len <= info->max_size || f->type <= BUS_REFUSE);
	if (info->flags & BUS_CUSTODY)
		require(f->seq == ++end->custody);
	else
		require(f->seq == 0);
	end->frames++;
	return 0;
}

static const struct bus_handler note_all[] = {
#define MSG(NAME, name, num, from, to, flags) {num, note},
#include "bus/each_message.h"
	{0, NULL},
};

static void on_closed(void *owner, const char *why)
{
	struct end *end = owner;

	require(why[0] != '\0');
	end->closed = true;
	end->link = NULL;
}

static int end_open(struct end *end)
{
	struct link_spec spec = {
		.loop = loop,
		.self = end->roles->self,
		.peer = end->roles->peer,
		.handlers = note_all,
		.owner = end,
		.on_closed = on_closed,
	};
	int fd[2];

	require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) == 0);
	require(link_open(&spec, fd[0], &end->link) == 0);
	return fd[1];
}

/* How many frames were taken, and whether the link outlived them. */
static void run(struct end *end, struct str in, size_t step)
{
	int fd = end_open(end);

	while (in.len > 0 && !end->closed) {
		size_t n = in.len < step ? in.len : step;

		require(send(fd, in.p, n, MSG_NOSIGNAL) == (ssize_t)n);
		in = str_make(in.p + n, in.len - n);
		uv_run(loop, UV_RUN_NOWAIT);
		uv_run(loop, UV_RUN_NOWAIT);
	}
	link_close(&end->link);
	uv_run(loop, UV_RUN_DEFAULT);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { WHOLE = 65536 };
	struct str in = str_make(data, size);
	const struct roles *r = &roles[take_choice(&in) % (sizeof roles / sizeof roles[0])];
	size_t step = take_choice(&in) + 1u;
	struct end whole = {.roles = r}, cut = {.roles = r};

	if (in.len > WHOLE)
		return 0;
	if (loop == NULL)
		loop = uv_default_loop();
	run(&whole, in, WHOLE);
	run(&cut, in, step);
	require(whole.frames == cut.frames && whole.closed == cut.closed);
	return 0;
}
