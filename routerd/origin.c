/* Origins: references, the window of what is safe, and the marks that tell of it. */
#include "routerd/origin.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/rand.h"
#include "bus/mark.h"
#include "routerd/front.h"
#include "routerd/hold.h"
#include "routerd/outbox.h"
#include "routerd/session.h"
#include "routerd/session_row.h"
#include "routerd/settle.h"

struct origin *origin_create(struct router *r)
{
	struct origin *o = bh_alloc(sizeof *o);

	o->router = r;
	o->refs = 1;
	list_init(&o->told);
	list_init(&o->waiting);
	rand_bytes(&o->id, sizeof o->id);
	return o;
}

/* Of a session that has gone nothing comes, so all is safe. */
struct origin *origin_known(struct router *r, const struct bus_id *id)
{
	struct map_node *n = map_find(&r->sessions, id, sizeof *id);
	struct origin *o;

	if (n != NULL)
		return origin_ref(container_of(n, struct session, node)->origin);
	o = origin_create(r);
	o->id = *id;
	o->number = o->safe = UINT64_MAX;
	return o;
}

void origin_settle(struct origin *o, uint64_t n)
{
	if (n > o->settled)
		o->settled = n;
	if (o->outbox == 0 || n < o->outbox)
		return;
	outbox_forget(o->router, o, o->outbox);
	o->outbox = 0;
}

bool origin_settled(const struct origin *o, uint64_t n)
{
	return o->settled >= n || o->session == NULL;
}

struct origin *origin_ref(struct origin *o)
{
	o->refs++;
	return o;
}

void origin_unref(struct origin **o)
{
	struct origin *gone = *o;

	*o = NULL;
	if (gone == NULL || --gone->refs > 0)
		return;
	list_remove(&gone->told);
	free(gone);
}

static uint16_t *open_count(struct origin *o, uint64_t n)
{
	bool in_window = n > o->safe && n - o->safe <= ORIGIN_WINDOW;

	return in_window ? &o->open[n % ORIGIN_WINDOW] : NULL;
}

void origin_open(struct origin *o, uint64_t n)
{
	uint16_t *count = open_count(o, n);

	if (count != NULL)
		++*count;
}

/* What of its front end it counts against. */
static size_t *charged(const struct origin *o)
{
	const struct connection *c = o->session->connection;

	return c->closing ? &c->front->closing_bytes : &c->front->unsafe_bytes;
}

bool origin_charge(struct origin *o, uint64_t n, uint32_t bytes)
{
	const struct router_limits *most = &o->router->most;
	struct front *front = o->session->connection->front;

	if (n - o->safe > most->session_stanzas || o->unsafe_bytes >= most->session_credit ||
		front->unsafe_bytes >= most->link_credit)
		return false;
	o->bytes[n % ORIGIN_WINDOW] = bytes;
	o->unsafe_bytes += bytes;
	front->unsafe_bytes += bytes;
	return true;
}

static void discharge(struct origin *o, uint64_t n)
{
	uint32_t bytes = o->bytes[n % ORIGIN_WINDOW];

	if (bytes == 0)
		return;
	o->bytes[n % ORIGIN_WINDOW] = 0;
	o->unsafe_bytes -= bytes;
	*charged(o) -= bytes;
}

bool origin_closing(struct origin *o)
{
	struct connection *c = o->session->connection;

	*charged(o) -= o->unsafe_bytes;
	c->closing = true;
	*charged(o) += o->unsafe_bytes;
	return *charged(o) / 2 <= o->router->most.link_credit;
}

void origin_uncharge(struct origin *o)
{
	for (unsigned i = 0; i < ORIGIN_WINDOW; i++)
		discharge(o, i);
}

void origin_close(struct origin *o, uint64_t n)
{
	uint16_t *count = open_count(o, n);
	uint64_t before = o->safe;

	if (count == NULL || --*count > 0)
		return;
	while (o->safe < o->number && o->open[(o->safe + 1) % ORIGIN_WINDOW] == 0)
		discharge(o, ++o->safe);
	if (o->safe > before && o->session != NULL && list_empty(&o->told))
		list_append(&o->router->unsafe_told, &o->told);
}

/* Whose front end keeps what the session sent: of one that has none, nobody does. */
static struct connection *teller(const struct origin *o)
{
	return o->session->connection != NULL ? o->session->connection : o->session->fenced;
}

/* All marks of one front end go into one frame; the list is short or of few fronts. */
static void tell_front(struct router *r, struct front *front)
{
	uint64_t frame = front->peer->link != NULL ? link_sent(front->peer->link) + 1 : 0;
	struct buf marks = BUF_INIT;
	struct msg_safe m;

	list_for_each_safe(pos, &r->unsafe_told) {
		struct origin *o = container_of(pos, struct origin, told);

		if (teller(o) == NULL || teller(o)->front != front)
			continue;
		list_remove(&o->told);
		mark_put(&marks, &(struct mark){teller(o)->id, o->safe});
		settle_told(front, frame, o, o->safe);
	}
	m.marks = buf_str(&marks);
	if (!buf_failed(&marks) && front->peer->link != NULL)
		(void)LINK_SEND(front->peer->link, SAFE, safe, 0, &m);
	buf_fini(&marks);
}

void origins_tell(struct router *r)
{
	while (!list_empty(&r->unsafe_told)) {
		struct origin *o = container_of(r->unsafe_told.next, struct origin, told);

		if (teller(o) != NULL) {
			tell_front(r, teller(o)->front);
		} else {
			list_remove(&o->told);
			origin_settle(o, o->safe);
		}
		if (o->session->connection == NULL)
			session_changed(o->session, NULL);
	}
}

void origin_block(struct origin *o)
{
	origin_ref(o);
	o->blocked++;
}

void origin_unblock(struct origin *o)
{
	o->blocked--;
	hold_resume(o);
	origin_unref(&o);
}

bool origin_busy(const struct origin *o)
{
	return o->blocked > 0 || o->running || !list_empty(&o->waiting);
}

void origin_forget(struct origin *o)
{
	hold_forget(o);
}
