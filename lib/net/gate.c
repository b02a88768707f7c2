/* Two crowds: all that were let in, and the strangers among them. */
#include "net/gate.h"

#include <malloc.h>

enum { CROWD = 1000 };

void gate_fini(struct gate *g)
{
	crowd_fini(&g->all);
	crowd_fini(&g->strange);
}

bool gate_full(const struct gate *g, const struct gate_limits *limits)
{
	return g->strangers >= limits->strangers;
}

static unsigned strangers_of_one(const struct gate *g, const struct gate_limits *limits)
{
	return g->strangers < limits->strangers / 2 ? 0 : GATE_FEW;
}

bool gate_allows(const struct gate *g, const struct address *a, const struct gate_limits *limits)
{
	return crowd_has_room(&g->all, a, limits->per_address) &&
	       crowd_has_room(&g->strange, a, strangers_of_one(g, limits));
}

bool gate_enter(struct gate *g, const struct address *a, const struct gate_limits *limits)
{
	if (!gate_allows(g, a, limits) || !crowd_enter(&g->all, a, 0))
		return false;
	if (!crowd_enter(&g->strange, a, 0)) {
		crowd_leave(&g->all, a);
		return false;
	}
	g->strangers++;
	return true;
}

void gate_know(struct gate *g, const struct address *a)
{
	crowd_leave(&g->strange, a);
	g->strangers--;
}

void gate_leave(struct gate *g, const struct address *a)
{
	crowd_leave(&g->all, a);
}

void gate_tick(struct gate *g)
{
	if (g->strangers > g->most)
		g->most = g->strangers;
	if (g->most < CROWD || g->strangers > g->most / 4)
		return;
	malloc_trim(0);
	g->most = g->strangers;
}
