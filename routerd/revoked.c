/* A map and a list in the order of time. */
#include "routerd/revoked.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"

enum { KEPT_MS = 120000 }; /* log-ins take less (authd/conversation.h) */

struct revoked {
	struct map_node node; /* in router.revoked */
	struct list order;    /* in router.revoked_order, the oldest first */
	char *account;	      /* the key */
	uint64_t generation, noted_ms;
	unsigned condition;
};

static struct revoked *find(const struct router *r, struct str account)
{
	struct map_node *n = map_find(&r->revoked, account.p, account.len);

	return n != NULL ? container_of(n, struct revoked, node) : NULL;
}

static void drop(struct router *r, struct revoked *v)
{
	map_remove(&r->revoked, &v->node);
	list_remove(&v->order);
	free(v->account);
	free(v);
}

void revoked_note(struct router *r, struct str account, uint64_t generation, unsigned condition)
{
	struct revoked *v = find(r, account);

	if (v != NULL && v->generation >= generation)
		return;
	if (v != NULL)
		drop(r, v);
	v = bh_alloc(sizeof *v);
	v->account = bh_strndup(account.p, account.len);
	v->generation = generation;
	v->condition = condition;
	v->noted_ms = clock_ms();
	if (map_add(&r->revoked, &v->node, v->account, account.len) != 0) {
		free(v->account);
		free(v);
		return;
	}
	list_append(&r->revoked_order, &v->order);
}

unsigned revoked_since(const struct router *r, struct str account, uint64_t generation)
{
	const struct revoked *v = find(r, account);

	return v != NULL && generation < v->generation ? v->condition : 0;
}

void revoked_tick(struct router *r)
{
	uint64_t now = clock_ms();

	while (!list_empty(&r->revoked_order)) {
		struct revoked *v = container_of(r->revoked_order.next, struct revoked, order);

		if (now - v->noted_ms < KEPT_MS)
			return;
		drop(r, v);
	}
}

void revoked_free(struct router *r)
{
	while (!list_empty(&r->revoked_order))
		drop(r, container_of(r->revoked_order.next, struct revoked, order));
	map_fini(&r->revoked);
}
