/* The newest thousands. */
#include "routerd/ended.h"

#include <stdlib.h>

#include "base/alloc.h"

enum { ENDED_MAX = 10000 };

struct ended {
	struct map_node node; /* in router.ended */
	struct list order;    /* in router.ended_order, the oldest first */
	struct bus_id id;     /* the key */
	char *account;
	uint32_t h;
};

static void drop(struct router *r, struct ended *e)
{
	map_remove(&r->ended, &e->node);
	list_remove(&e->order);
	free(e->account);
	free(e);
}

void ended_add(struct router *r, const struct bus_id *id, struct str account, uint32_t h)
{
	struct ended *e = bh_alloc(sizeof *e);

	e->id = *id;
	e->h = h;
	if (map_add(&r->ended, &e->node, &e->id, sizeof e->id) != 0) {
		free(e);
		return;
	}
	e->account = bh_strndup(account.p, account.len);
	list_append(&r->ended_order, &e->order);
	if (r->ended.count > ENDED_MAX)
		drop(r, container_of(r->ended_order.next, struct ended, order));
}

bool ended_find(const struct router *r, const struct bus_id *id, struct str account, uint32_t *h)
{
	struct map_node *n = map_find(&r->ended, id, sizeof *id);
	const struct ended *e = n != NULL ? container_of(n, struct ended, node) : NULL;

	if (e == NULL || !str_is(account, e->account))
		return false;
	*h = e->h;
	return true;
}

void ended_free(struct router *r)
{
	while (!list_empty(&r->ended_order))
		drop(r, container_of(r->ended_order.next, struct ended, order));
	map_fini(&r->ended);
}
