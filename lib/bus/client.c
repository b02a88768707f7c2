/* A daemon's end of the bus: connect, greet, and again. */
#include "bus/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/rand.h"
#include "bus/client_socket.h"
#include "bus/link_private.h"
#include "bus/wire.h"

enum { NAME_MAX_LEN = 64, WHY_SIZE = 400 };

struct bus_client {
	struct bus_client_spec spec; /* its strings are ours */
	struct sockaddr_un address;
	uv_timer_t timer;
	struct link *link;
	bool up;
	bool told_down, told_refusal; /* since it was last up */
	uint64_t up_since, began; /* ms */
	struct backoff backoff;
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

static void on_timer(uv_timer_t *timer);

static void retry_later(struct bus_client *c)
{
	uv_timer_start(&c->timer, on_timer, backoff_next(&c->backoff), 0);
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
	if (c->up)
		backoff_lived(&c->backoff, uv_now(c->spec.loop) - c->up_since);
	c->up = false;
	retry_later(c);
	report_down(c, text, refused);
}

static void on_held(void *arg, uint64_t upto)
{
	struct bus_client *c = arg;

	if (c->spec.on_held != NULL)
		c->spec.on_held(c->spec.owner, upto);
}

static void on_room(void *arg)
{
	struct bus_client *c = arg;

	if (c->spec.on_room != NULL)
		c->spec.on_room(c->spec.owner);
}

static int take_welcome(struct bus_client *c, const struct frame *frame)
{
	struct msg_welcome welcome;
	int rc = bus_get_welcome(frame->body, &welcome);

	if (rc < 0 || c->up)
		return BH_EPROTO;
	link_greeted(c->link);
	c->up = true;
	c->told_down = false;
	c->told_refusal = false;
	c->up_since = uv_now(c->spec.loop);
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

static int greet(struct bus_client *c)
{
	struct msg_hello hello = {
		.version = BUS_VERSION,
		.role = (uint16_t)c->spec.role,
		.boot = process_boot(),
		.instance = str_of(c->spec.instance),
		.software = str_of(c->spec.software),
		.pid = (uint32_t)getpid(),
		.started_ms = c->began,
		.configuration = c->spec.configuration != NULL
			? str_make((const char *)c->spec.configuration, DIGEST_SHA256_SIZE) : STR_NONE,
	};
	struct link_spec spec = {
		.loop = c->spec.loop,
		.self = c->spec.role,
		.peer = ROLE_ROUTER,
		.handlers = c->spec.handlers,
		.owner = c,
		.on_held = on_held,
		.on_room = on_room,
		.on_closed = on_closed,
	};
	int rc = client_socket_connect(&c->address, SOCK_STREAM);

	if (rc < 0)
		return rc;
	rc = link_open(&spec, rc, &c->link);
	if (rc < 0)
		return rc;
	link_greet(c->link, on_greeting, c, c->spec.owner);
	rc = LINK_SEND(c->link, HELLO, hello, 0, &hello);
	if (rc < 0)
		link_close(&c->link);
	return rc;
}

static void on_timer(uv_timer_t *timer)
{
	struct bus_client *c = timer->data;
	int rc = greet(c);
	char why[WHY_SIZE];

	if (rc == 0)
		return;
	snprintf(why, sizeof why, "%s: %s", c->address.sun_path, bh_strerror(rc));
	retry_later(c);
	report_down(c, why, false);
}

static int check_spec(const struct bus_client_spec *spec, struct sockaddr_un *address)
{
	const char *name = bus_role_socket(spec->role);
	size_t instance = strlen(spec->instance);
	int n;

	if (name == NULL || instance == 0 || instance > NAME_MAX_LEN ||
		strlen(spec->software) > NAME_MAX_LEN)
		return BH_EINVAL;
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	n = snprintf(address->sun_path, sizeof address->sun_path, "%s/%s", spec->run_dir, name);
	return n < (int)sizeof address->sun_path ? 0 : BH_ETOOBIG;
}

int bus_client_start(const struct bus_client_spec *spec, struct bus_client **out)
{
	struct sockaddr_un address;
	struct bus_client *c;
	int rc = check_spec(spec, &address);

	if (rc < 0)
		return rc;
	c = bh_alloc(sizeof *c);
	c->spec = *spec;
	c->spec.run_dir = NULL; /* is in the address */
	c->spec.instance = bh_strdup(spec->instance);
	c->spec.software = bh_strdup(spec->software);
	c->address = address;
	c->began = clock_ms();
	uv_timer_init(spec->loop, &c->timer);
	c->timer.data = c;
	uv_timer_start(&c->timer, on_timer, 0, 0);
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

static void on_timer_closed(uv_handle_t *timer)
{
	part_gone(timer->data);
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
		if (c->up)
			(void)LINK_SEND(c->link, GOODBYE, goodbye, 0, &goodbye);
		link_close_then(&c->link, part_gone, c);
	}
	uv_close((uv_handle_t *)&c->timer, on_timer_closed);
}

struct link *bus_client_link(const struct bus_client *client)
{
	/* One that has failed in this turn takes nothing more; on_down is still to come. */
	return client->up && client->link->state == LINK_OPEN ? client->link : NULL;
}
