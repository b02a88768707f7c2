/* One timer looks at all streams: there are as many as there are remote domains. */
#include "s2sd/guard.h"

#include "base/clock.h"
#include "carry/restore.h"
#include "daemon/association.h"
#include "s2sd/bidi.h"
#include "s2sd/way.h"

enum { TICK_MS = 1000 };

static void no_stranger(struct peer *p)
{
	if (list_empty(&p->stranger))
		return;
	list_remove(&p->stranger);
	gate_know(&p->carrying.srv->gate, stream_peer(p->stream));
}

/* The one that has waited longest goes, once it has had a third of its time; so whoever is quick gets in. */
static bool make_room(struct s2sd *srv)
{
	struct peer *oldest;

	if (!gate_full(&srv->gate, &srv->settings.gate))
		return true;
	oldest = container_of(srv->strangers.next, struct peer, stranger);
	if (list_empty(&srv->strangers) || clock_ms() - oldest->since < srv->settings.auth_timeout_ms / 3)
		return false;
	peer_fail(oldest, STREAM_RESOURCE_CONSTRAINT, "others wait to say who they are");
	no_stranger(oldest);
	return true;
}

static bool enter(struct peer *p)
{
	struct s2sd *srv = p->carrying.srv;
	const struct address *peer = stream_peer(p->stream);

	return srv->nconnected <= srv->settings.connections && gate_allows(&srv->gate, peer, &srv->settings.gate) &&
	       make_room(srv) && gate_enter(&srv->gate, peer, &srv->settings.gate);
}

bool guard_admit(struct peer *p)
{
	p->counted = enter(p);
	if (p->counted) {
		list_append(&p->carrying.srv->strangers, &p->stranger);
		association_opened(ASSOCIATION_IN);
	} else {
		association_rejected();
	}
	return p->counted;
}

void guard_release(struct peer *p)
{
	no_stranger(p);
	if (!p->counted)
		return;
	p->counted = false;
	association_closed(ASSOCIATION_IN);
	gate_leave(&p->carrying.srv->gate, stream_peer(p->stream));
}

unsigned guard_linger_ms(const struct peer *p)
{
	enum { LINGER_MS = 2000 };
	const struct s2sd *srv = p->carrying.srv;
	bool crowded = !list_empty(&p->stranger) && gate_full(&srv->gate, &srv->settings.gate);

	return p->ours || (p->counted && !crowded) ? LINGER_MS : 0;
}

void guard_proved(struct peer *p)
{
	p->since = 0;
	no_stranger(p);
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
	gate_tick(&srv->gate);
	ways_tick(srv);
	list_for_each_safe(pos, &srv->peers)
		look_at(container_of(pos, struct peer, link), now);
}

int guard_start(struct s2sd *srv)
{
	list_init(&srv->strangers);
	srv->guard_timer.data = srv;
	uv_timer_init(srv->daemon->loop, &srv->guard_timer);
	return uv_timer_start(&srv->guard_timer, on_tick, TICK_MS, TICK_MS);
}

void guard_stop(struct s2sd *srv, uv_close_cb done)
{
	uv_close((uv_handle_t *)&srv->guard_timer, done);
}
