/* Those who have not logged in, and deadlines by lists in the order of time: one timer for all. */
#include "c2sd/guard.h"

#include "base/clock.h"
#include "base/err.h"
#include "c2sd/sm.h"
#include "c2sd/sm_pace.h"
#include "carry/restore.h"
#include "daemon/association.h"

enum { TICK_MS = 1000 };

/* The one that has waited longest goes, once it has had a third of its time; so whoever is quick gets in. */
static bool make_room(struct c2sd *srv)
{
	struct client *oldest;

	if (!gate_full(&srv->gate, &srv->settings.gate))
		return true;
	oldest = container_of(srv->deadlines.next, struct client, waiting);
	if (list_empty(&srv->deadlines) || clock_ms() - oldest->waiting_since < srv->settings.auth_timeout_ms / 3)
		return false;
	list_remove(&oldest->waiting);
	client_fail(oldest, STREAM_RESOURCE_CONSTRAINT, "others wait to log in");
	return true;
}

static bool enter(struct client *c)
{
	struct c2sd *srv = c->srv;
	const struct address *peer = stream_peer(c->stream);

	c->counted = srv->carrier.all.count <= srv->settings.connections &&
		     gate_allows(&srv->gate, peer, &srv->settings.gate) && make_room(srv) &&
		     gate_enter(&srv->gate, peer, &srv->settings.gate);
	c->stranger = c->counted;
	if (c->counted)
		association_opened(ASSOCIATION_IN);
	else
		association_rejected();
	return c->counted;
}

bool guard_admit(struct client *c)
{
	struct c2sd *srv = c->srv;

	c->waiting_since = clock_ms();
	list_append(&srv->deadlines, &c->waiting);
	if (guard_is_proxy(srv, stream_peer(c->stream))) {
		stream_expect_proxy(c->stream);
		return true;
	}
	return enter(c);
}

bool guard_admit_proxied(struct client *c)
{
	if (enter(c))
		return true;
	client_fail(c, STREAM_RESOURCE_CONSTRAINT, "too many connections");
	return false;
}

static void no_stranger(struct client *c)
{
	list_remove(&c->waiting);
	if (c->stranger)
		gate_know(&c->srv->gate, stream_peer(c->stream));
	c->stranger = false;
}

void guard_release(struct client *c)
{
	no_stranger(c);
	if (!c->counted)
		return;
	c->counted = false;
	association_closed(ASSOCIATION_IN);
	gate_leave(&c->srv->gate, stream_peer(c->stream));
}

void guard_authenticated(struct client *c)
{
	no_stranger(c);
}

unsigned guard_linger_ms(const struct client *c)
{
	enum { LINGER_MS = 5000 };
	const struct c2sd *srv = c->srv;

	return c->counted && !(c->stranger && gate_full(&srv->gate, &srv->settings.gate)) ? LINGER_MS : 0;
}

void guard_write_waits(struct client *c)
{
	if (c->state != CLIENT_BOUND || !list_empty(&c->waiting))
		return;
	c->waiting_since = clock_ms();
	list_append(&c->srv->unsent, &c->waiting);
}

void guard_write_moves(struct client *c)
{
	if (c->state == CLIENT_BOUND)
		list_remove(&c->waiting);
}

/* Fails the clients at the head of the list that have waited too long. */
static void expire(struct list *clients, uint64_t before, const char *text)
{
	while (!list_empty(clients)) {
		struct client *c = container_of(clients->next, struct client, waiting);

		if (c->waiting_since > before)
			return;
		list_remove(&c->waiting);
		client_fail(c, STREAM_CONNECTION_TIMEOUT, text);
	}
}

static void on_tick(uv_timer_t *timer)
{
	struct c2sd *srv = timer->data;
	uint64_t now = clock_ms();

	restore_tick(&srv->carrier);
	gate_tick(&srv->gate);
	sm_request_all(srv);
	if (srv->draining)
		sm_send_on(srv);
	expire(&srv->deadlines, now - srv->settings.auth_timeout_ms, "not logged in in time");
	expire(&srv->unsent, now - srv->settings.write_timeout_ms, "the client does not read");
}

int guard_start(struct c2sd *srv)
{
	list_init(&srv->deadlines);
	list_init(&srv->unsent);
	srv->guard_timer.data = srv;
	uv_timer_init(srv->daemon->loop, &srv->guard_timer);
	return uv_timer_start(&srv->guard_timer, on_tick, TICK_MS, TICK_MS);
}

void guard_stop(struct c2sd *srv, uv_close_cb done)
{
	uv_close((uv_handle_t *)&srv->guard_timer, done);
}

bool guard_is_proxy(const struct c2sd *srv, const struct address *a)
{
	for (unsigned i = 0; i < srv->settings.nproxies; i++)
		if (network_contains(&srv->settings.proxies[i], a))
			return true;
	return false;
}
