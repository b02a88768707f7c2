/* A set that is filled after a start, and emptied a minute later. */
#include "routerd/accepted.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "bus/mark.h"
#include "routerd/custody.h"
#include "routerd/front.h"
#include "routerd/restore.h"

/* Of one front end: more than an honest one ever has under way. */
enum { ACCEPTED_MAX = 1 << 20 };

struct entry {
	struct map_node node;
	struct accepted what; /* the key */
};

static struct accepted entry_of(const struct bus_id *session, const struct parcel *p)
{
	struct accepted a;

	memset(&a, 0, sizeof a);
	a.session = *session;
	a.origin = p->origin->id;
	a.number = p->number;
	a.branch = p->branch;
	return a;
}

bool accepted_has(const struct router *r, const struct parcel *p, const struct session *s)
{
	struct accepted a;

	if (r->accepted.count == 0)
		return false;
	a = entry_of(&s->origin->id, p);
	return map_find(&r->accepted, &a, sizeof a) != NULL;
}

void accepted_forget(struct router *r)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &r->accepted);
	while ((n = map_walk_next(&walk)) != NULL) {
		map_remove(&r->accepted, n);
		free(container_of(n, struct entry, node));
	}
	map_fini(&r->accepted);
	r->accepted = MAP_INIT;
}

static int add(struct router *r, const struct accepted *what)
{
	struct entry *e;

	if (!restore_repeats(r))
		return 0;
	if (map_find(&r->accepted, what, sizeof *what) != NULL)
		return 0;
	e = bh_alloc(sizeof *e);
	e->what = *what;
	if (map_add(&r->accepted, &e->node, &e->what, sizeof e->what) == 0)
		return 0;
	free(e);
	return BH_ENOMEM;
}

void accepted_note_queued(struct router *r, const struct bus_id *session, const struct parcel *p)
{
	struct accepted a = entry_of(session, p);

	(void)add(r, &a);
}

/* As if nobody's session had accepted it. */
static struct accepted judged(const struct bus_id *origin, uint64_t number)
{
	struct accepted a;

	memset(&a, 0, sizeof a);
	a.origin = *origin;
	a.number = number;
	return a;
}

void accepted_note_judged(struct router *r, const struct bus_id *origin, uint64_t number)
{
	struct accepted a = judged(origin, number);

	(void)add(r, &a);
}

bool accepted_was_judged(const struct router *r, const struct bus_id *origin, uint64_t number)
{
	struct accepted a = judged(origin, number);

	return r->accepted.count > 0 && map_find(&r->accepted, &a, sizeof a) != NULL;
}

int on_accepted(const struct bus_event *event)
{
	struct front *front = front_of(event);
	struct router *r = front->router;
	struct msg_accepted m;
	struct accepted what;

	if (bus_get_accepted(event->frame->body, &m) != 0)
		return BH_EPROTO;
	while (accepted_take(&m.list, &what))
		if (++front->accepted > ACCEPTED_MAX || add(r, &what) != 0)
			return BH_EPROTO;
	return m.list.len == 0 ? 0 : BH_EPROTO;
}
