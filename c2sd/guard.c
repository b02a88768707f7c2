/* Connections per address, and deadlines by lists in the order of time: one timer for all. */
#include "c2sd/guard.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "c2sd/sm.h"
#include "c2sd/sm_pace.h"
#include "carry/restore.h"
#include "daemon/association.h"

enum { TICK_MS = 1000 };

struct address_count {
	struct map_node node;
	uint8_t ip[16]; /* the key */
	unsigned n;
};

static struct address_count *count_of(struct c2sd *srv, const uint8_t ip[16])
{
	struct map_node *n = map_find(&srv->addresses, ip, 16);

	return n != NULL ? container_of(n, struct address_count, node) : NULL;
}

static bool admit_address(struct c2sd *srv, const uint8_t ip[16])
{
	struct address_count *count = count_of(srv, ip);
	unsigned limit = srv->settings.connections_per_address;

	if (count == NULL) {
		count = bh_alloc(sizeof *count);
		memcpy(count->ip, ip, sizeof count->ip);
		if (map_add(&srv->addresses, &count->node, count->ip, sizeof count->ip) != 0) {
			free(count);
			return false;
		}
	}
	if (limit != 0 && count->n >= limit)
		return false;
	count->n++;
	return true;
}

static bool admit(struct client *c)
{
	struct c2sd *srv = c->srv;

	c->counted = srv->carrier.all.count <= srv->settings.connections &&
		admit_address(srv, stream_peer(c->stream)->ip);
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
	return admit(c);
}

bool guard_admit_proxied(struct client *c)
{
	if (admit(c))
		return true;
	client_fail(c, STREAM_RESOURCE_CONSTRAINT, "too many connections");
	return false;
}

void guard_release(struct client *c)
{
	struct address_count *count;

	list_remove(&c->waiting);
	if (!c->counted)
		return;
	c->counted = false;
	association_closed(ASSOCIATION_IN);
	count = count_of(c->srv, stream_peer(c->stream)->ip);
	if (count == NULL || --count->n > 0)
		return;
	map_remove(&c->srv->addresses, &count->node);
	free(count);
}

void guard_authenticated(struct client *c)
{
	list_remove(&c->waiting);
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

void guard_free(struct c2sd *srv)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &srv->addresses);
	while ((n = map_walk_next(&walk)) != NULL)
		free(container_of(n, struct address_count, node));
	map_fini(&srv->addresses);
}

bool guard_is_proxy(const struct c2sd *srv, const struct address *a)
{
	for (unsigned i = 0; i < srv->settings.nproxies; i++)
		if (network_contains(&srv->settings.proxies[i], a))
			return true;
	return false;
}
