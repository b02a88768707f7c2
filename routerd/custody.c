/* Parcels and custody entries: from the first copy to DONE. */
#include "routerd/custody.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "bus/mark.h"
#include "routerd/counters.h"

/* One parcel on its way to one session. */
struct custody {
	struct list in_front;	/* front.unheld, until it is held */
	struct list in_session; /* session.outbound, until it is done */
	struct parcel *parcel;
	struct session *session;
	uint64_t frame; /* the link's number of the DELIVER */
	uint64_t n;	/* the session's number */
};

struct parcel *parcel_create(struct origin *o, uint64_t number, uint32_t branch, struct str from,
	struct str envelope)
{
	struct parcel *p = malloc(sizeof *p + from.len + envelope.len);

	if (p == NULL)
		return NULL;
	*p = (struct parcel){
		.origin = origin_ref(o),
		.number = number,
		.branch = branch,
		.refs = 1,
		.from_len = from.len,
		.envelope_len = envelope.len,
	};
	memcpy(p->bytes, from.p, from.len);
	memcpy(p->bytes + from.len, envelope.p, envelope.len);
	return p;
}

struct parcel *parcel_ref(struct parcel *p)
{
	p->refs++;
	return p;
}

void parcel_unref(struct parcel **p)
{
	struct parcel *gone = *p;

	*p = NULL;
	if (gone == NULL || --gone->refs > 0)
		return;
	origin_unref(&gone->origin);
	free(gone);
}

struct str parcel_from(const struct parcel *p)
{
	return (struct str){p->bytes, p->from_len};
}

struct str parcel_envelope(const struct parcel *p)
{
	return (struct str){p->bytes + p->from_len, p->envelope_len};
}

static void confirmed(struct parcel *p)
{
	if (--p->unheld == 0)
		origin_close(p->origin, p->number);
}

static void hold(struct custody *c)
{
	if (list_empty(&c->in_front))
		return;
	list_remove(&c->in_front);
	confirmed(c->parcel);
}

/* Takes the entry out of everything; its parcel lives on with its other references. */
static void entry_free(struct custody *c)
{
	hold(c);
	list_remove(&c->in_session);
	c->session->outbound_bytes -= c->parcel->envelope_len;
	parcel_unref(&c->parcel);
	free(c);
}

/* The fronts of the fan-out being made.  There is one at a time: nothing in between returns
 * to the loop. */
static struct list fanout_fronts = {&fanout_fronts, &fanout_fronts};

void fanout_begin(void)
{
	BUG_ON(!list_empty(&fanout_fronts));
}

int fanout_add(struct parcel *p, struct session *s)
{
	struct front *front = s->connection->front;
	struct custody *c;

	if (front->peer->link == NULL ||
		s->outbound_bytes + p->envelope_len > front->router->session_queue)
		return BH_EBUSY;
	c = bh_alloc(sizeof *c);
	c->parcel = parcel_ref(p);
	c->session = s;
	c->n = ++s->sent;
	c->frame = link_sent(front->peer->link) + 1;
	list_append(&front->unheld, &c->in_front);
	list_append(&s->outbound, &c->in_session);
	s->outbound_bytes += p->envelope_len;
	if (p->unheld++ == 0)
		origin_open(p->origin, p->number);
	p->copies++;
	counter_add(COUNT_DELIVERIES, 1);
	if (list_empty(&front->fanout))
		list_append(&fanout_fronts, &front->fanout);
	target_put(&front->targets, &(struct target){s->connection->id, s->epoch, c->n});
	return 0;
}

static void send_to_front(struct front *front, struct parcel *p)
{
	struct msg_deliver m = {
		.origin = p->origin->id,
		.number = p->number,
		.branch = p->branch,
		.settled = p->origin->safe,
		.targets = buf_str(&front->targets),
		.from = parcel_from(p),
		.additions = STR_LIT(""),
		.stanza = parcel_envelope(p),
	};

	/* A frame that cannot be queued would be a gap in the numbers: lib/bus has closed
	 * the link then, and the entries are given up when it tells us. */
	(void)LINK_SEND(front->peer->link, DELIVER, deliver, 0, &m);
	buf_clear(&front->targets);
}

void fanout_send(struct parcel *p)
{
	while (!list_empty(&fanout_fronts)) {
		struct list *first = fanout_fronts.next;

		list_remove(first);
		send_to_front(container_of(first, struct front, fanout), p);
	}
}

int deliver_one(struct parcel *p, struct session *s)
{
	int rc;

	fanout_begin();
	rc = fanout_add(p, s);
	fanout_send(p);
	return rc;
}

void custody_held(struct front *front, uint64_t upto)
{
	while (!list_empty(&front->unheld)) {
		struct custody *c = container_of(front->unheld.next, struct custody, in_front);

		if (c->frame > upto)
			break;
		hold(c);
	}
}

void custody_done(struct session *s, uint64_t n)
{
	while (!list_empty(&s->outbound)) {
		struct custody *c = container_of(s->outbound.next, struct custody, in_session);

		if (c->n > n)
			break;
		entry_free(c);
	}
}

void custody_abandon(struct session *s, void (*undelivered)(struct router *r, struct parcel *p))
{
	struct router *r = s->origin->router;
	struct list entries;

	list_init(&entries);
	list_splice(&entries, &s->outbound);
	while (!list_empty(&entries)) {
		struct custody *c = container_of(entries.next, struct custody, in_session);
		struct parcel *p = parcel_ref(c->parcel);

		p->copies--;
		/* New entries come before this one is closed, so that the number is not
		 * called safe in between. */
		if (p->copies == 0)
			undelivered(r, p);
		entry_free(c);
		parcel_unref(&p);
	}
}
