/* One timer looks at all streams: there are as many as there are remote domains. */
#include "s2sd/guard.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "carry/restore.h"
#include "daemon/association.h"
#include "s2sd/bidi.h"
#include "s2sd/way.h"

enum { TICK_MS = 1000 };

struct address_count {
	struct map_node node;
	uint8_t ip[16]; /* the key */
	unsigned n;
};

static struct address_count *count_of(struct s2sd *srv, const uint8_t ip[16])
{
	struct map_node *n = map_find(&srv->addresses, ip, 16);

	return n != NULL ? container_of(n, struct address_count, node) : NULL;
}

static bool admit_address(struct peer *p)
{
	struct s2sd *srv = p->carrying.srv;
	const uint8_t *ip = stream_peer(p->stream)->ip;
	struct address_count *count = count_of(srv, ip);
	unsigned limit = srv->settings.connections_per_address;

	if (srv->nconnected > srv->settings.connections)
		return false;
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

bool guard_admit(struct peer *p)
{
	p->counted = admit_address(p);
	if (p->counted)
		association_opened(ASSOCIATION_IN);
	else
		association_rejected();
	return p->counted;
}

void guard_release(struct peer *p)
{
	struct address_count *count;

	if (!p->counted)
		return;
	p->counted = false;
	association_closed(ASSOCIATION_IN);
	count = count_of(p->carrying.srv, stream_peer(p->stream)->ip);
	if (count == NULL || --count->n > 0)
		return;
	map_remove(&p->carrying.srv->addresses, &count->node);
	free(count);
}

void guard_proved(struct peer *p)
{
	p->since = 0;
}

/* Ours have their deadline in outgoing.c. */
static void look_at(struct peer *p, uint64_t now)
{
	const struct s2sd_settings *settings = &p->carrying.srv->settings;

	if (p->state == PEER_CLOSING)
		return;
	if (!p->ours && p->since != 0 && now - p->since > settings->auth_timeout_ms)
		peer_fail(p, STREAM_CONNECTION_TIMEOUT, "it has not said who it is in time");
	else if (p->unsent_since != 0 && now - p->unsent_since > settings->write_timeout_ms)
		peer_fail(p, STREAM_CONNECTION_TIMEOUT, "it does not read");
	else if (now - p->moved > settings->idle_timeout_ms && !p->paused)
		peer_end(p, "idle");
	else
		sm_answer(p, true);
	if (p->state != PEER_CLOSING)
		bidi_tick(p);
}

static void on_tick(uv_timer_t *timer)
{
	struct s2sd *srv = timer->data;
	uint64_t now = clock_ms();

	restore_tick(&srv->carrier);
	ways_tick(srv);
	list_for_each_safe(pos, &srv->peers)
		look_at(container_of(pos, struct peer, link), now);
}

int guard_start(struct s2sd *srv)
{
	srv->guard_timer.data = srv;
	uv_timer_init(srv->daemon->loop, &srv->guard_timer);
	return uv_timer_start(&srv->guard_timer, on_tick, TICK_MS, TICK_MS);
}

void guard_stop(struct s2sd *srv, uv_close_cb done)
{
	uv_close((uv_handle_t *)&srv->guard_timer, done);
}

void guard_free(struct s2sd *srv)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &srv->addresses);
	while ((n = map_walk_next(&walk)) != NULL) {
		map_remove(&srv->addresses, n);
		free(container_of(n, struct address_count, node));
	}
	map_fini(&srv->addresses);
}
