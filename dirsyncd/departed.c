/* A map and a list. */
#include "dirsyncd/departed.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

void departures_init(struct departures *all)
{
	all->by_name = MAP_INIT;
	list_init(&all->order);
}

void departures_fini(struct departures *all)
{
	while (!list_empty(&all->order))
		departed_drop(all, container_of(all->order.next, struct departed, order));
	map_fini(&all->by_name);
}

struct departed *departed_find(const struct departures *all, struct str local)
{
	struct map_node *n = map_find(&all->by_name, local.p, local.len);

	return n != NULL ? container_of(n, struct departed, node) : NULL;
}

bool departed_add(struct departures *all, struct str local, const uint8_t uuid[UUID_SIZE], int64_t since)
{
	struct departed *d;

	if (departed_find(all, local) != NULL)
		return false;
	d = bh_alloc(sizeof *d + local.len + 1);
	d->since = since;
	memcpy(d->uuid, uuid, UUID_SIZE);
	memcpy(d->local, local.p, local.len);
	if (map_add(&all->by_name, &d->node, d->local, local.len) != 0) {
		free(d);
		return false;
	}
	list_append(&all->order, &d->order);
	return true;
}

struct departed *departed_due(const struct departures *all, int64_t by)
{
	struct departed *d = list_empty(&all->order) ? NULL : container_of(all->order.next, struct departed, order);

	return d != NULL && d->since <= by ? d : NULL;
}

void departed_drop(struct departures *all, struct departed *d)
{
	map_remove(&all->by_name, &d->node);
	list_remove(&d->order);
	free(d);
}
