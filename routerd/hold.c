/* The queue of an origin. */
#include "routerd/hold.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "routerd/front.h"
#include "routerd/keep.h"

struct held {
	struct list link; /* in origin.waiting */
	struct kept *stanza;
	unsigned refuse;
};

/* true: judged, however that went; false: it has to wait, and the origin is blocked. */
static bool judge(struct transit *t, unsigned refuse)
{
	if (refuse != 0) {
		transit_error(t, refuse, NULL);
		return true;
	}
	return route_stanza(t);
}

static void wait(struct transit *t, unsigned refuse)
{
	struct held *h = bh_alloc(sizeof *h);

	h->refuse = refuse;
	h->stanza = kept_copy(t);
	list_append(&t->cause.origin->waiting, &h->link);
}

void hold_or_route(struct transit *t, unsigned refuse)
{
	struct origin *o = t->cause.origin;

	/* Open while it is judged, so that it is safe only when all that it causes is. */
	origin_open(o, t->cause.number);
	if (!origin_busy(o) && judge(t, refuse))
		origin_close(o, t->cause.number);
	else
		wait(t, refuse);
}

static void held_free(struct held *h)
{
	list_remove(&h->link);
	kept_free(&h->stanza);
	free(h);
}

/* Not in the list while it is judged: what it does may end the session, and all that waits there. */
static bool run_first(struct origin *o)
{
	struct held *h = container_of(o->waiting.next, struct held, link);
	struct transit t;
	bool judged;

	list_remove(&h->link);
	kept_restore(h->stanza, &t);
	judged = judge(&t, h->refuse);
	if (!judged && o->session != NULL) {
		list_prepend(&o->waiting, &h->link);
		return false;
	}
	if (judged)
		origin_close(o, t.cause.number);
	held_free(h);
	return judged;
}

void hold_resume(struct origin *o)
{
	if (o->running)
		return;
	origin_ref(o);
	o->running = true;
	while (o->blocked == 0 && !list_empty(&o->waiting) && run_first(o))
		;
	o->running = false;
	if (!origin_busy(o) && o->session != NULL && o->session->connection != NULL &&
		o->session->connection->closing)
		connection_end(o->session->connection);
	origin_unref(&o);
}

void hold_forget(struct origin *o)
{
	while (!list_empty(&o->waiting))
		held_free(container_of(o->waiting.next, struct held, link));
}
