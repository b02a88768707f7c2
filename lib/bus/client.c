/* A daemon's end of the bus: connect, greet, and again. */
#include "bus/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/list.h"
#include "base/rand.h"
#include "bus/client_socket.h"
#include "bus/link_private.h"
#include "bus/wire.h"

enum {
	NAME_MAX_LEN = 64,
	WHY_SIZE = 400,
};

struct bus_client {
	struct bus_client_spec spec; /* its strings are ours */
	struct client_socket socket; /* up: welcome */
	struct link *link;
	bool told_down, told_refusal; /* since it was last up */
	uint64_t began; /* ms */
	char refusal[WHY_SIZE];
	unsigned parts; /* that must be gone before done is called */
	void (*done)(void *);
	void *done_arg;
};

/* Drawn once in the life of the process. */
static struct bus_id process_boot(void)
{
	static struct bus_id boot;
	static bool drawn;

	if (!drawn)
		rand_bytes(boot.b, sizeof boot.b);
	drawn = true;
	return boot;
}

/* The owner hears of a change, and of a refusal once; it may stop us from within. */
static void report_down(struct bus_client *c, const char *why, bool refused)
{
	bool news = !c->told_down || (refused && !c->told_refusal);

	c->told_down = true;
	c->told_refusal = c->told_refusal || refused;
	if (news && c->spec.on_down != NULL)
		c->spec.on_down(c->spec.owner, why);
}

static void on_closed(void *arg, const char *why)
{
	struct bus_client *c = arg;
	bool refused = c->refusal[0] != '\0';
	char text[WHY_SIZE];

	snprintf(text, sizeof text, "%s", refused ? c->refusal : why);
	c->refusal[0] = '\0';
	c->link = NULL;
	client_socket_lost(&c->socket);
	report_down(c, text, refused);
}

static void on_held(void *arg, uint64_t upto)
{
	struct bus_client *c = arg;

	if (c->spec.on_held != NULL)
		c->spec.on_held(c->spec.owner, upto);
}

static int take_welcome(struct bus_client *c, const struct frame *frame)
{
	struct msg_welcome welcome;
	int rc = bus_get_welcome(frame->body, &welcome);

	if (rc < 0 || c->socket.up)
		return BH_EPROTO;
	link_greeted(c->link);
	client_socket_up(&c->socket);
	c->told_down = false;
	c->told_refusal = false;
	if (c->spec.on_up != NULL)
		c->spec.on_up(c->spec.owner, &welcome);
	return 0;
}

static int take_refusal(struct bus_client *c, const struct frame *frame)
{
	struct msg_refuse refuse;
	int rc = bus_get_refuse(frame->body, &refuse);

	if (rc < 0)
		return rc;
	snprintf(c->refusal, sizeof c->refusal, "refused by routerd: %.*s", STR_FMT(refuse.text));
	link_close_after_write(c->link, c->refusal);
	return 0;
}

/* The version comes first in both answers, so that any routerd's can be read. */
static int on_greeting(void *arg, const struct frame *frame)
{
	struct bus_client *c = arg;
	struct wire_reader r = {(const uint8_t *)frame->body.p,
		(const uint8_t *)frame->body.p + frame->body.len, false};
	uint32_t version = wire_get_u32(&r);

	if (r.bad)
		return BH_EPROTO;
	if (frame->type == BUS_REFUSE && take_refusal(c, frame) == 0)
		return 0;
	if (version != BUS_VERSION) {
		snprintf(c->refusal, sizeof c->refusal,
			"routerd speaks version %u of the bus, we speak %u", (unsigned)version,
			(unsigned)BUS_VERSION);
		link_close_after_write(c->link, c->refusal);
		return 0;
	}
	return frame->type == BUS_WELCOME ? take_welcome(c, frame) : BH_EPROTO;
}

static int greet(struct client_socket *s, int fd)
{
	struct bus_client *c = container_of(s, struct bus_client, socket);
	struct msg_hello hello = {
		.version = BUS_VERSION,
		.role = (uint16_t)c->spec.role,
		.boot = process_boot(),
		.instance = str_of(c->spec.instance),
		.software = str_of(c->spec.software),
		.pid = (uint32_t)getpid(),
		.started_ms = c->began,
	};
	struct link_spec spec = {
		.loop = c->spec.loop,
		.self = c->spec.role,
		.peer = ROLE_ROUTER,
		.handlers = c->spec.handlers,
		.owner = c,
		.on_held = on_held,
		.on_closed = on_closed,
	};
	int rc = link_open(&spec, fd, &c->link);

	if (rc < 0)
		return rc;
	link_greet(c->link, on_greeting, c, c->spec.owner);
	rc = LINK_SEND(c->link, HELLO, hello, 0, &hello);
	if (rc < 0)
		link_close(&c->link);
	return rc;
}

static void on_failed(struct client_socket *s, const char *why)
{
	report_down(container_of(s, struct bus_client, socket), why, false);
}

static bool spec_is_good(const struct bus_client_spec *spec)
{
	size_t instance = strlen(spec->instance);

	return bus_role_socket(spec->role) != NULL && instance > 0 && instance <= NAME_MAX_LEN &&
	       strlen(spec->software) <= NAME_MAX_LEN;
}

int bus_client_start(const struct bus_client_spec *spec, struct bus_client **out)
{
	const struct client_socket_spec socket = {.type = SOCK_STREAM, .connected = greet, .failed = on_failed};
	struct bus_client *c;
	int rc;

	if (!spec_is_good(spec))
		return BH_EINVAL;
	c = bh_alloc(sizeof *c);
	rc = client_socket_start(&c->socket, &socket, spec->loop, spec->run_dir, bus_role_socket(spec->role));
	if (rc < 0) {
		free(c);
		return rc;
	}
	c->spec = *spec;
	c->spec.run_dir = NULL; /* is in the address */
	c->spec.instance = bh_strdup(spec->instance);
	c->spec.software = bh_strdup(spec->software);
	c->began = clock_ms();
	*out = c;
	return 0;
}

static void part_gone(void *arg)
{
	struct bus_client *c = arg;
	void (*done)(void *) = c->done;
	void *done_arg = c->done_arg;

	if (--c->parts > 0)
		return;
	free((char *)(uintptr_t)c->spec.instance);
	free((char *)(uintptr_t)c->spec.software);
	free(c);
	if (done != NULL)
		done(done_arg);
}

static void on_socket_stopped(struct client_socket *s)
{
	part_gone(container_of(s, struct bus_client, socket));
}

void bus_client_stop(struct bus_client **client, void (*done)(void *), void *arg)
{
	struct bus_client *c = *client;
	const struct msg_goodbye goodbye = {};

	*client = NULL;
	if (c == NULL) {
		if (done != NULL)
			done(arg);
		return;
	}
	c->done = done;
	c->done_arg = arg;
	c->parts = 1;
	if (c->link != NULL) {
		c->parts++;
		if (c->socket.up)
			(void)LINK_SEND(c->link, GOODBYE, goodbye, 0, &goodbye);
		link_close_then(&c->link, part_gone, c);
	}
	client_socket_stop(&c->socket, on_socket_stopped);
}

struct link *bus_client_link(const struct bus_client *client)
{
	/* One that has failed in this turn takes nothing more; on_down is still to come. */
	return client->socket.up && client->link->state == LINK_OPEN ? client->link : NULL;
}
