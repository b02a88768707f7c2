/* Rows for what waits. */
#include "routerd/custody_store.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "bus/mark.h"
#include "daemon/log.h"
#include "routerd/accepted.h"
#include "routerd/custody_entry.h"
#include "routerd/data.h"
#include "routerd/hibernate.h"
#include "routerd/offline.h"
#include "routerd/origin.h"
#include "routerd/parcel_mac.h"
#include "routerd/route.h"
#include "routerd/trace.h"

/* On its way to the store. */
struct custody_batch {
	struct router *router;
	struct store_tx *tx;
	uint64_t number;     /* of router.batch_begun */
	struct list entries; /* struct custody, by in_front */
};

static struct custody_batch *batch(struct router *r)
{
	struct custody_batch *b = r->storing;

	if (b != NULL)
		return b;
	b = bh_alloc(sizeof *b);
	b->router = r;
	b->tx = store_begin(r->store);
	b->number = ++r->batch_begun;
	list_init(&b->entries);
	r->storing = b;
	return b;
}

static struct str id_blob(const struct bus_id *id)
{
	return str_make((const char *)id->b, sizeof id->b);
}

void custody_store(struct custody *c, bool elsewhere)
{
	struct custody_batch *b = batch(c->session->origin->router);
	struct parcel_text text = parcel_text(c->parcel);

	store_blob(b->tx, id_blob(&c->session->origin->id));
	store_int(b->tx, (int64_t)c->n);
	store_blob(b->tx, id_blob(&c->parcel->origin->id));
	store_int(b->tx, (int64_t)c->parcel->number);
	store_int(b->tx, c->parcel->branch);
	store_text(b->tx, text.from);
	store_blob(b->tx, text.additions);
	store_blob(b->tx, text.envelope);
	store_int(b->tx, c->parcel->row);
	store_do(b->tx, SQL_QUEUED_ADD);
	c->stored = true;
	if (!elsewhere) {
		list_remove(&c->in_front);
		list_append(&b->entries, &c->in_front);
	}
}

void custody_moved(const struct parcel *p, const struct session *s)
{
	struct router *r = s->origin->router;

	offline_row_moved(batch(r)->tx, p->row);
	/* Its sender may not know that it was safe, and send it again. */
	accepted_note_queued(r, &s->origin->id, p);
}

static void drop_rows(struct store_tx *tx, const struct session *s, uint64_t upto)
{
	store_blob(tx, id_blob(&s->origin->id));
	store_int(tx, (int64_t)upto);
	store_do(tx, SQL_QUEUED_DROP);
}

void custody_unstore(struct session *s, uint64_t n)
{
	drop_rows(batch(s->origin->router)->tx, s, n);
}

static void store_overdue(struct front *front)
{
	if (front->peer->link == NULL)
		return;
	while (!list_empty(&front->unheld)) {
		struct custody *c = container_of(front->unheld.next, struct custody, in_front);

		if (c->frame > front->overdue[1])
			break;
		custody_store(c, false);
	}
	front->overdue[1] = front->overdue[0];
	front->overdue[0] = link_sent(front->peer->link);
}

void custody_store_overdue(struct router *r)
{
	struct bus_peer *p = NULL;

	while ((p = bus_server_next(r->server, ROLES_FRONT, p)) != NULL)
		store_overdue(p->data);
}

void custody_store_all(struct session *s)
{
	list_remove(&s->waking);
	list_remove(&s->resending);
	list_for_each(pos, &s->outbound) {
		struct custody *c = container_of(pos, struct custody, in_session);

		if (!c->stored)
			custody_store(c, custody_is_held(c));
	}
}

bool custody_unsafe(const struct session *s)
{
	if (s->connection != NULL)
		return false;
	list_for_each(pos, &s->outbound) {
		const struct parcel *p = container_of(pos, struct custody, in_session)->parcel;

		if (p->origin->session != NULL && p->number > p->origin->safe)
			return true;
	}
	return false;
}

bool custody_all_stored(const struct session *s)
{
	const struct custody *last;

	if (list_empty(&s->outbound))
		return true;
	last = container_of(s->outbound.prev, struct custody, in_session);
	return last->stored && custody_is_held(last);
}

/* It waits for its front end as before. */
static void wait_on(struct custody *c, struct front *front)
{
	struct list *at = front->unheld.next;

	while (at != &front->unheld && container_of(at, struct custody, in_front)->frame < c->frame)
		at = at->next;
	list_remove(&c->in_front);
	list_append(at, &c->in_front);
	c->stored = false;
}

/* The store has failed: the sender hears of it, if nobody else has the stanza. */
static void give_up(struct custody *c)
{
	struct parcel *p = parcel_ref(c->parcel);

	if (c->session->connection != NULL) {
		wait_on(c, c->session->connection->front);
		parcel_unref(&p);
		return;
	}
	if (p->copies <= 1)
		route_unstored(p);
	custody_free(c);
	parcel_unref(&p);
}

static void on_stored(void *arg, int rc)
{
	struct custody_batch *b = arg;

	b->router->batches--;
	b->router->batch_stored = b->number;
	if (rc != 0)
		log_error("store-failed", "reason=%s", LOG_TEXT(bh_strerror(rc)));
	while (!list_empty(&b->entries)) {
		struct custody *c = container_of(b->entries.next, struct custody, in_front);

		if (rc == 0)
			custody_hold(c);
		else
			give_up(c);
	}
	hibernate_progress(b->router);
	free(b);
}

void custody_store_flush(struct router *r)
{
	struct custody_batch *b = r->storing;

	r->storing = NULL;
	if (b == NULL)
		return;
	r->batches++;
	store_commit(b->tx, on_stored, b);
}

/* The entry behind which that number has its place, or the list's head. */
static struct list *place_of(struct session *s, uint64_t n)
{
	struct list *at = s->outbound.prev;

	while (at != &s->outbound && container_of(at, struct custody, in_session)->n > n)
		at = at->prev;
	return at;
}

static uint64_t last_number(const struct session *s)
{
	return list_empty(&s->outbound) ? s->acked
		: container_of(s->outbound.prev, struct custody, in_session)->n;
}

static bool has_number(struct session *s, uint64_t n)
{
	const struct list *at = place_of(s, n);

	return at != &s->outbound && container_of(at, struct custody, in_session)->n == n;
}

/* An entry that somebody has already. */
static void enter_held(struct session *s, struct parcel *p, uint64_t n, bool stored)
{
	struct custody *c = bh_alloc(sizeof *c);

	c->parcel = parcel_ref(p);
	c->session = s;
	c->n = n;
	c->stored = stored;
	list_init(&c->in_front);
	list_append(place_of(s, n)->next, &c->in_session);
	custody_enter(c);
	p->copies++;
	if (n > s->sent)
		s->sent = n;
}

static struct bus_id id_of(struct str blob)
{
	struct bus_id id = {{0}};

	memcpy(id.b, blob.p, blob.len < sizeof id.b ? blob.len : sizeof id.b);
	return id;
}

/* NULL without memory. */
static struct parcel *given_back(struct router *r, const struct msg_restore_stanza *m)
{
	struct origin *o = origin_known(r, &m->origin);
	struct cause cause = {.router = r, .origin = o, .number = m->number};
	struct parcel *p = parcel_branch(&cause, m->branch, &(struct parcel_text){
		.from = m->from, .additions = m->additions, .envelope = m->stanza});

	origin_unref(&o);
	return p;
}

void custody_load(struct session *s, const struct store_rows *row)
{
	struct router *r = s->origin->router;
	struct parcel *p = given_back(r, &(struct msg_restore_stanza){
		.origin = id_of(store_row_text(row, 3)),
		.number = (uint64_t)store_row_int(row, 4),
		.branch = (uint32_t)store_row_int(row, 5),
		.from = store_row_text(row, 6),
		.additions = store_row_text(row, 7),
		.stanza = store_row_text(row, 8)});

	if (p == NULL)
		return;
	p->row = store_row_int(row, 9);
	enter_held(s, p, (uint64_t)store_row_int(row, 2), true);
	/* Its sender may not know that it was safe, and send it again. */
	accepted_note_queued(r, &s->origin->id, p);
	parcel_unref(&p);
}

int custody_restore(struct session *s, const struct msg_restore_stanza *m)
{
	struct stanza stanza;
	struct parcel *p;

	if (stanza_decode(m->stanza, &stanza) != 0 || m->n > s->sent || !parcel_mac_is_ours(s->origin->router, m))
		return BH_EPROTO;
	/* DONE is urgent, and may have overtaken it; or the store had it, too. */
	if (m->n <= s->acked || has_number(s, m->n))
		return 0;
	p = given_back(s->origin->router, m);
	if (p == NULL)
		return BH_ENOMEM;
	enter_held(s, p, m->n, false);
	parcel_unref(&p);
	return 0;
}

static void send_again(struct custody *c, struct front *front)
{
	struct parcel_text text = parcel_text(c->parcel);
	struct msg_deliver m = {
		.origin = c->parcel->origin->id,
		.number = c->parcel->number,
		.branch = c->parcel->branch,
		.mac = parcel_mac(c->parcel),
		.from = text.from,
		.additions = text.additions,
		.stanza = text.envelope,
	};

	trace_out(c->session, c->parcel);
	buf_clear(&front->targets);
	target_put(&front->targets,
		&(struct target){c->session->connection->id, c->session->epoch, c->n});
	m.targets = buf_str(&front->targets);
	(void)LINK_SEND(front->peer->link, DELIVER, deliver, 0, &m);
	c->frame = link_sent(front->peer->link);
	buf_clear(&front->targets);
}

static void forget_rows(struct session *s)
{
	custody_unstore(s, s->wake_n);
	list_for_each(pos, &s->outbound) {
		struct custody *c = container_of(pos, struct custody, in_session);

		if (c->n <= s->wake_n)
			c->stored = false;
	}
}

/* Those after that number get numbers without gaps: what was between them comes again from its senders. */
static void renumber(struct session *s, uint64_t after)
{
	struct store_tx *tx = batch(s->origin->router)->tx;

	store_blob(tx, id_blob(&s->origin->id));
	store_int(tx, (int64_t)after);
	store_do(tx, SQL_QUEUED_CUT);
	list_for_each(pos, &s->outbound) {
		struct custody *c = container_of(pos, struct custody, in_session);

		if (c->n <= after)
			continue;
		c->n = ++s->sent;
		custody_store(c, true);
	}
}

/* false: the link has no room for more of it. */
static bool send_rest(struct session *s, struct front *front)
{
	list_for_each(pos, &s->outbound) {
		struct custody *c = container_of(pos, struct custody, in_session);

		if (c->n <= s->sent_again)
			continue;
		if (link_queued(front->peer->link) > LINK_ROOM)
			return false;
		send_again(c, front);
		s->sent_again = c->n;
	}
	return true;
}

void custody_go_on(struct front *front)
{
	while (!list_empty(&front->resending)) {
		struct session *s = container_of(front->resending.next, struct session, resending);

		if (!send_rest(s, front))
			return;
		list_remove(&s->resending);
		s->wake_frame = link_sent(front->peer->link);
		s->wake_n = s->sent;
		if (list_empty(&s->outbound))
			forget_rows(s); /* the front end has nothing to confirm */
		else
			list_append(&front->waking, &s->waking);
	}
}

/* What is behind that number, in its turn. */
static void send_after(struct session *s, uint64_t after)
{
	struct front *front = s->connection->front;

	s->sent_again = after;
	list_remove(&s->waking);
	list_remove(&s->resending);
	list_append(&front->resending, &s->resending);
	custody_go_on(front);
}

void custody_renew(struct session *s)
{
	uint64_t after = s->sent;

	if (list_empty(&s->outbound) || last_number(s) <= after)
		return;
	renumber(s, after);
	send_after(s, after);
}

void custody_send_again(struct session *s)
{
	send_after(s, 0);
}

void custody_store_held(struct front *front, uint64_t upto)
{
	while (!list_empty(&front->waking)) {
		struct session *s = container_of(front->waking.next, struct session, waking);

		if (s->wake_frame > upto)
			return;
		list_remove(&s->waking);
		forget_rows(s);
	}
}
