/* Gathering, and showing what was gathered. */
#include "routerd/watch.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "daemon/counter.h"
#include "routerd/front.h"
#include "routerd/instances.h"
#include "routerd/monitor.h"
#include "routerd/requests.h"
#include "routerd/restore.h"

enum {
	EVERY_MS = 950, /* a little less than a tick */
	PATIENCE_MS = 900,
	UNREAD_MAX = 1048576, /* of a watcher that asks again */
};

struct watching {
	struct router *router;
	struct list waiting; /* struct wait */
	bool gathering;
	uint8_t wish;	  /* the most that somebody wants of it */
	unsigned awaited; /* answers */
	uint64_t began_ms;
	bool ready; /* routerd itself, */
	uint64_t ready_ms; /* since when */
};

struct wait {
	struct list link;
	struct bus_peer *watcher;
	uint64_t subject;
	uint8_t wish;
};

struct watching *watching_create(struct router *r)
{
	struct watching *w = bh_alloc(sizeof *w);

	w->router = r;
	list_init(&w->waiting);
	return w;
}

static void wait_end(struct wait *wait)
{
	list_remove(&wait->link);
	free(wait);
}

void watching_free(struct watching **w)
{
	if (*w == NULL)
		return;
	list_for_each_safe(pos, &(*w)->waiting)
		wait_end(container_of(pos, struct wait, link));
	free(*w);
	*w = NULL;
}

static struct wait *wait_of(const struct watching *w, const struct bus_peer *watcher)
{
	list_for_each(pos, &w->waiting)
		if (container_of(pos, struct wait, link)->watcher == watcher)
			return container_of(pos, struct wait, link);
	return NULL;
}

void watch_lost(struct router *r, const struct bus_peer *watcher)
{
	struct wait *wait = wait_of(r->watching, watcher);

	if (wait != NULL)
		wait_end(wait);
}

/* ---- the picture ------------------------------------------------------------------------ */

static void show_self(struct router *r, const struct wait *to)
{
	const struct watching *w = r->watching;
	struct buf own = BUF_INIT;
	struct msg_instance m = {
		.role = ROLE_ROUTER,
		.instance = str_of(r->daemon->instance),
		.software = STR_LIT(BULKHEAD_VERSION),
		.pid = (uint32_t)getpid(),
		.state = w->ready ? INSTANCE_UP : INSTANCE_RESTARTING,
		.changed_ms = w->ready ? w->ready_ms : r->started_ms,
		.started_ms = r->started_ms,
	};

	counter_list(&own);
	m.counters = buf_str(&own);
	(void)LINK_SEND(to->watcher->link, INSTANCE, instance, to->subject, &m);
	buf_fini(&own);
}

static void show_instance(const struct instance *i, const struct wait *to)
{
	struct msg_instance m = {
		.role = (uint16_t)i->role,
		.instance = str_of(i->name),
		.software = str_of(i->software),
		.pid = (uint32_t)i->pid,
		.state = (uint8_t)i->state,
		.changed_ms = i->changed_ms,
		.started_ms = i->started_ms,
		.deaths = i->deaths,
		.counters = buf_str(&i->counters.text),
	};
	struct msg_associations a = {.instance = m.instance, .list = buf_str(&i->associations.text)};

	(void)LINK_SEND(to->watcher->link, INSTANCE, instance, to->subject, &m);
	if (to->wish != WATCH_NONE && i->peer != NULL && i->associations.text.len > 0)
		(void)LINK_SEND(to->watcher->link, ASSOCIATIONS, associations, to->subject, &a);
}

static void show(struct router *r, const struct wait *to)
{
	const struct msg_watched m = {};

	show_self(r, to);
	list_for_each(pos, &r->instances->all)
		show_instance(container_of(pos, struct instance, link), to);
	(void)LINK_SEND(to->watcher->link, WATCHED, watched, to->subject, &m);
}

/* Stanzas go their ways when the front ends have named their sessions. */
static void look_at_self(struct watching *w)
{
	if (w->ready || !restore_over(w->router))
		return;
	w->ready = true;
	w->ready_ms = clock_ms();
}

static void finish(struct watching *w)
{
	struct instances *all = w->router->instances;

	w->gathering = false;
	look_at_self(w);
	list_for_each(pos, &all->all) {
		struct instance *i = container_of(pos, struct instance, link);

		i->counters.awaited = i->associations.awaited = false;
		instance_review(i);
	}
	list_for_each_safe(pos, &w->waiting) {
		struct wait *wait = container_of(pos, struct wait, link);

		if (wait->wish > w->wish)
			continue;
		show(w->router, wait);
		wait_end(wait);
	}
	/* They are large, and for one picture only. */
	list_for_each(pos, &all->all)
		buf_fini(&container_of(pos, struct instance, link)->associations.text);
}

/* ---- gathering -------------------------------------------------------------------------- */

static void answered(struct watching *w)
{
	if (w->awaited > 0 && --w->awaited == 0 && w->gathering)
		finish(w);
}

static void on_told(void *arg, const struct reply *reply)
{
	struct told *t = arg;
	bool awaited = t->awaited;

	t->asked = t->awaited = false;
	/* What it said before it went is still what is known. */
	if (!reply->lost) {
		buf_clear(&t->text);
		buf_put_str(&t->text, reply->text);
	}
	if (awaited)
		answered(t->of->router->watching);
}

/* The number of a request for that, or 0: nobody is asked again who has not answered yet. */
static uint64_t ask(struct watching *w, struct told *t)
{
	uint64_t id = t->asked ? 0 : request_ask_at_leisure(w->router, t->of->peer, on_told, t);

	if (id == 0)
		return 0;
	t->asked = t->awaited = true;
	t->asked_ms = clock_ms();
	w->awaited++;
	return id;
}

static void ask_counters(struct watching *w, struct instance *i)
{
	const struct msg_stats_get m = {};
	uint64_t id = ask(w, &i->counters);

	if (id != 0)
		(void)LINK_SEND(i->peer->link, STATS_GET, stats_get, id, &m);
}

static void ask_associations(struct watching *w, struct instance *i)
{
	static const unsigned roles[] = {
		[WATCH_NONE] = 0, [WATCH_SERVERS] = ROLE_S2S, [WATCH_ALL] = ROLES_FRONT};
	const struct msg_associations_get m = {};
	uint64_t id = (i->role & roles[w->wish]) != 0 ? ask(w, &i->associations) : 0;

	if (id != 0)
		(void)LINK_SEND(i->peer->link, ASSOCIATIONS_GET, associations_get, id, &m);
}

static void gather(struct watching *w)
{
	w->gathering = true;
	w->began_ms = clock_ms();
	w->wish = WATCH_NONE;
	list_for_each(pos, &w->waiting) {
		uint8_t wish = container_of(pos, struct wait, link)->wish;

		w->wish = wish > w->wish ? wish : w->wish;
	}
	monitor_refresh(w->router);
	w->awaited = 1; /* for this function */
	list_for_each(pos, &w->router->instances->all) {
		struct instance *i = container_of(pos, struct instance, link);

		if (i->peer == NULL)
			continue;
		ask_counters(w, i);
		ask_associations(w, i);
	}
	answered(w);
}

static void gather_if_due(struct watching *w)
{
	if (!w->gathering && !list_empty(&w->waiting) && clock_ms() - w->began_ms >= EVERY_MS)
		gather(w);
}

void watch_tick(struct router *r)
{
	struct watching *w = r->watching;

	look_at_self(w);
	if (w->gathering && clock_ms() - w->began_ms >= PATIENCE_MS)
		finish(w);
	gather_if_due(w);
}

int on_watch(const struct bus_event *event)
{
	struct watching *w = front_of(event)->router->watching;
	struct bus_peer *watcher = event->owner;
	struct msg_watch m;
	struct wait *wait;

	if (bus_get_watch(event->frame->body, &m) != 0 || m.associations > WATCH_ALL ||
		wait_of(w, watcher) != NULL)
		return BH_EPROTO;
	if (link_queued(event->link) > UNREAD_MAX) {
		link_close_after_write(event->link, "it does not read what it asks for");
		return 0;
	}
	wait = bh_alloc(sizeof *wait);
	*wait = (struct wait){.watcher = watcher, .subject = event->frame->subject, .wish = m.associations};
	list_append(&w->waiting, &wait->link);
	gather_if_due(w);
	return 0;
}

int on_associations(const struct bus_event *event)
{
	struct router *r = front_of(event)->router;
	struct request *q = request_find(r, event->frame->subject, event->owner);
	struct msg_associations m;

	if (bus_get_associations(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (q != NULL && q->asker == NULL)
		request_answer(r, q, &(struct reply){.text = m.list});
	return 0;
}
