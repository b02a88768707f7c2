/* A set that is filled after a start, and emptied a minute later. */
#include "routerd/accepted.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/hash.h"
#include "bus/mark.h"
#include "routerd/custody.h"
#include "routerd/front.h"
#include "routerd/restore.h"
#include "routerd/session.h"

/* Of one front end: more than an honest one ever has under way. */
enum { ACCEPTED_MAX = 1 << 20 };

/* Who says that a session has accepted it: stands in the key in the place of accepted.zero, beside the mark of a front
 * end (said_by()). */
enum { BY_ANYBODY = 0, BY_THE_STORE = 1 };

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

static uint32_t said_by(const struct front *front)
{
	const char *name = front->peer->instance;

	return (uint32_t)hash_bytes(hash_process_key(), name, strlen(name)) | 2;
}

static bool is_said(const struct router *r, struct accepted a, uint32_t by)
{
	a.zero = by;
	return map_find(&r->accepted, &a, sizeof a) != NULL;
}

/* A front end is believed about the sessions that it has: what it says of another's would keep from that what it never
 * had.  Of a session that has moved its front end of before may know. */
bool accepted_has(const struct router *r, const struct parcel *p, const struct session *s)
{
	struct accepted a;

	if (r->accepted.count == 0)
		return false;
	a = entry_of(&s->origin->id, p);
	if (is_said(r, a, BY_THE_STORE))
		return true;
	if (s->connection != NULL && is_said(r, a, said_by(s->connection->front)))
		return true;
	return (s->connection == NULL || s->epoch > 1) && is_said(r, a, BY_ANYBODY);
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

	a.zero = BY_THE_STORE;
	(void)add(r, &a);
}

/* As if nobody's session had accepted it. */
static struct accepted judged(const struct bus_id *origin, uint64_t number)
{
	struct accepted a;

	memset(&a, 0, sizeof a);
	a.origin = *origin;
	a.number = number;
	a.zero = BY_THE_STORE;
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

/* Of itself, and for whoever has the session next. */
static int add_said(struct router *r, struct accepted *what, uint32_t by)
{
	int rc;

	what->zero = by;
	rc = add(r, what);
	what->zero = BY_ANYBODY;
	return rc == 0 ? add(r, what) : rc;
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
		if (++front->accepted > ACCEPTED_MAX || add_said(r, &what, said_by(front)) != 0)
			return BH_EPROTO;
	return m.list.len == 0 ? 0 : BH_EPROTO;
}
