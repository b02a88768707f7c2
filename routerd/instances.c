/* Who is there, who was. */
#include "routerd/instances.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "routerd/front.h"

enum {
	SILENT_MS = 5000,
	RESTARTS_MS = 30000, /* after that it is gone */
	KEEP_MS = 600000,
	GONE_MAX = 256,
};

struct instances *instances_create(void)
{
	struct instances *all = bh_alloc(sizeof *all);

	list_init(&all->all);
	return all;
}

static void forget(struct instances *all, struct instance *i)
{
	map_remove(&all->by_name, &i->node);
	list_remove(&i->link);
	all->gone -= i->peer == NULL;
	buf_fini(&i->counters.text);
	buf_fini(&i->associations.text);
	free(i);
}

void instances_free(struct instances **all)
{
	struct instances *gone = *all;

	*all = NULL;
	if (gone == NULL)
		return;
	list_for_each_safe(pos, &gone->all)
		forget(gone, container_of(pos, struct instance, link));
	map_fini(&gone->by_name);
	free(gone);
}

static struct instance *find(const struct instances *all, const char *name)
{
	struct map_node *n = map_find(&all->by_name, name, strlen(name));

	return n != NULL ? container_of(n, struct instance, node) : NULL;
}

static struct instance *add(struct router *r, const char *name)
{
	struct instances *all = r->instances;
	struct instance *i = bh_alloc(sizeof *i);

	i->router = r;
	i->counters.of = i->associations.of = i;
	snprintf(i->name, sizeof i->name, "%s", name);
	if (map_add(&all->by_name, &i->node, i->name, strlen(i->name)) != 0) {
		free(i);
		return NULL;
	}
	list_append(&all->all, &i->link);
	all->gone++;
	return i;
}

static void set_state(struct instance *i, enum instance_state state, uint64_t since)
{
	if (i->state == state)
		return;
	i->state = state;
	i->changed_ms = since;
}

void instances_joined(struct router *r, struct bus_peer *peer)
{
	struct instance *i = find(r->instances, peer->instance);

	if (i == NULL)
		i = add(r, peer->instance);
	if (i == NULL)
		return;
	r->instances->gone--;
	i->peer = peer;
	i->role = peer->role;
	i->pid = peer->pid;
	i->started_ms = peer->started_ms;
	i->goodbye = false;
	snprintf(i->software, sizeof i->software, "%s", peer->software);
	set_state(i, INSTANCE_UP, clock_ms());
}

/* The one that has been gone for longest makes room. */
static void limit(struct instances *all)
{
	struct instance *oldest = NULL;

	if (all->gone <= GONE_MAX)
		return;
	list_for_each(pos, &all->all) {
		struct instance *i = container_of(pos, struct instance, link);

		if (i->peer == NULL && (oldest == NULL || i->changed_ms < oldest->changed_ms))
			oldest = i;
	}
	if (oldest != NULL)
		forget(all, oldest);
}

bool instances_left(struct router *r, const struct bus_peer *peer)
{
	struct instance *i = find(r->instances, peer->instance);
	bool goodbye = i != NULL && i->goodbye;

	if (i == NULL || i->peer != peer)
		return false;
	i->peer = NULL;
	i->deaths += !goodbye;
	set_state(i, INSTANCE_RESTARTING, clock_ms());
	r->instances->gone++;
	limit(r->instances);
	return goodbye;
}

int on_goodbye(const struct bus_event *event)
{
	const struct bus_peer *peer = event->owner;
	struct instance *i = find(front_of(event)->router->instances, peer->instance);
	struct msg_goodbye m;

	if (bus_get_goodbye(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (i != NULL && i->peer == peer)
		i->goodbye = true;
	return 0;
}

void instance_review(struct instance *i)
{
	uint64_t now = clock_ms();

	if (i->peer == NULL && i->state != INSTANCE_GONE && now - i->changed_ms > RESTARTS_MS)
		set_state(i, INSTANCE_GONE, i->changed_ms + RESTARTS_MS);
	if (i->peer == NULL)
		return;
	if (i->counters.asked && now - i->counters.asked_ms > SILENT_MS)
		set_state(i, INSTANCE_SILENT, i->counters.asked_ms + SILENT_MS);
	else if (((struct front *)i->peer->data)->draining)
		set_state(i, INSTANCE_DRAINING, now);
	else
		set_state(i, INSTANCE_UP, now);
}

void instances_tick(struct router *r)
{
	uint64_t now = clock_ms();

	list_for_each_safe(pos, &r->instances->all) {
		struct instance *i = container_of(pos, struct instance, link);

		instance_review(i);
		if (i->state == INSTANCE_GONE && now - i->changed_ms > KEEP_MS)
			forget(r->instances, i);
	}
}
