/* Two queues per front end. */
#include "routerd/settle.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "routerd/custody.h"
#include "routerd/front.h"
#include "routerd/origin.h"

enum {
	TOLD_MAX = 16 * 1024 * 1024, /* bytes of notes of SAFEs that a front end has not confirmed */
	CONFIRM_MS = 60000,
};

struct note {
	uint64_t frame;
	struct origin *origin;
	uint64_t number;
	uint64_t batch; /* that must have been committed, too (custody_store.h) */
};

static void add(struct records *r, const struct note *what)
{
	struct note n = *what;
	void *at = records_add(r, sizeof n);

	BUG_ON(at == NULL);
	n.origin = origin_ref(n.origin);
	memcpy(at, &n, sizeof n);
}

static void drop(struct records *r, struct note *n)
{
	records_drop(r);
	origin_unref(&n->origin);
}

void settle_sent(struct front *front, uint64_t frame, const struct parcel *p)
{
	add(&front->settling.sent, &(struct note){frame, p->origin, p->number,
		p->row != 0 ? front->router->batch_begun : 0});
}

static void end_link(struct front *front)
{
	if (front->peer->link != NULL)
		link_close_after_write(front->peer->link, "it does not confirm what it gets");
}

void settle_told(struct front *front, uint64_t frame, struct origin *o, uint64_t n)
{
	const struct records *told = &front->settling.told;

	add(&front->settling.told, &(struct note){frame, o, n, 0});
	if (records_end(told) - records_first(told) > TOLD_MAX)
		end_link(front);
}

void settle_held(struct front *front, uint64_t upto)
{
	struct note n;

	while (records_peek(&front->settling.told, &n, sizeof n) && n.frame <= upto) {
		origin_settle(n.origin, n.number);
		drop(&front->settling.told, &n);
	}
}

static void check(struct front *front, uint64_t now)
{
	struct settling *s = &front->settling;

	if (front->peer->link == NULL)
		return;
	if (front->held >= s->due) {
		s->due = link_sent(front->peer->link);
		s->due_ms = now;
	} else if (now - s->due_ms > CONFIRM_MS) {
		end_link(front);
	}
}

void settle_tick(struct router *r)
{
	uint64_t now = clock_ms();
	struct bus_peer *p = NULL;

	while ((p = bus_server_next(r->server, ROLES_FRONT, p)) != NULL)
		check(p->data, now);
}

static bool is_settled(const struct front *front, const struct note *n)
{
	return origin_settled(n->origin, n->number) && n->batch <= front->router->batch_stored;
}

static void tell(struct front *front)
{
	struct msg_settled m = {.upto = 0};
	struct note n;

	while (records_peek(&front->settling.sent, &n, sizeof n) && is_settled(front, &n)) {
		m.upto = n.frame;
		drop(&front->settling.sent, &n);
	}
	if (m.upto > 0 && front->peer->link != NULL)
		(void)LINK_SEND(front->peer->link, SETTLED, settled, 0, &m);
}

void settle_tell(struct router *r)
{
	struct bus_peer *p = NULL;

	while ((p = bus_server_next(r->server, ROLES_FRONT, p)) != NULL)
		tell(p->data);
}

static void clear(struct records *r)
{
	struct note n;

	while (records_peek(r, &n, sizeof n))
		drop(r, &n);
}

/* It is gone, and none of its sessions comes again by itself: what it was told, nobody has to hear.  Unless we go, too: then
 * it will ask the next routerd. */
void settle_free(struct front *front)
{
	if (!front->router->stopping)
		settle_held(front, UINT64_MAX);
	clear(&front->settling.sent);
	clear(&front->settling.told);
}
