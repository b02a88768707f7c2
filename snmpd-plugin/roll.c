/* Names by the order in which they came. */
#include "snmpd-plugin/roll.h"

#include <stdlib.h>

#include "base/alloc.h"

void roll_init(struct roll *r)
{
	*r = (struct roll){.by_name = MAP_INIT};
	list_init(&r->all);
}

void roll_fini(struct roll *r)
{
	list_for_each_safe(pos, &r->all) {
		struct roll_entry *e = container_of(pos, struct roll_entry, link);

		free(e->name);
		free(e);
	}
	map_fini(&r->by_name);
}

struct roll_entry *roll_call(struct roll *r, struct str name)
{
	struct map_node *n = map_find(&r->by_name, name.p, name.len);
	struct roll_entry *e;

	if (n != NULL)
		return container_of(n, struct roll_entry, node);
	if (r->last >= ROLL_MAX)
		return NULL;
	e = bh_alloc(sizeof *e);
	e->name = bh_strndup(name.p, name.len);
	e->number = ++r->last;
	BUG_ON(map_add(&r->by_name, &e->node, e->name, name.len) != 0);
	list_append(&r->all, &e->link);
	return e;
}

void roll_clear(struct roll *r)
{
	list_for_each(pos, &r->all)
		container_of(pos, struct roll_entry, link)->there = false;
}
