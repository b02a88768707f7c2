/* The set of those who were shown a session's presence. */
#include "routerd/directed.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/list.h"

struct shown {
	struct map_node node;
	char address[];
};

bool directed_has(const struct directed *d, struct str address)
{
	return map_find(&d->targets, address.p, address.len) != NULL;
}

int directed_add(struct directed *d, struct str address)
{
	struct shown *t;

	if (directed_has(d, address))
		return 0;
	t = malloc(sizeof *t + address.len);
	if (t == NULL)
		return BH_ENOMEM;
	memcpy(t->address, address.p, address.len);
	if (map_add(&d->targets, &t->node, t->address, address.len) == 0)
		return 0;
	free(t);
	return BH_ENOMEM;
}

static void drop(struct directed *d, struct map_node *n)
{
	map_remove(&d->targets, n);
	free(container_of(n, struct shown, node));
}

void directed_remove(struct directed *d, struct str address)
{
	struct map_node *n = map_find(&d->targets, address.p, address.len);

	if (n != NULL)
		drop(d, n);
}

void directed_clear(struct directed *d)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &d->targets);
	while ((n = map_walk_next(&walk)) != NULL)
		drop(d, n);
	map_fini(&d->targets);
	d->targets = MAP_INIT;
}

void directed_each(const struct directed *d, void (*each)(void *arg, struct str address), void *arg)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &d->targets);
	while ((n = map_walk_next(&walk)) != NULL)
		each(arg, str_make(n->key, n->key_len));
}
