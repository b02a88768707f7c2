/* Parcels and custody entries: from the first copy to DONE. */
#include "routerd/custody.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "bus/mark.h"
#include "routerd/counters.h"
#include "routerd/offline.h"

/* One parcel on its way to one session. */
struct custody {
	struct list in_front;	/* front.unheld, until it is held */
	struct list in_session; /* session.outbound, until it is done */
	struct parcel *parcel;
	struct session *session;
	uint64_t frame; /* the link's number of the DELIVER */
	uint64_t n;	/* the session's number */
};

static struct parcel *make(const struct cause *cause, uint32_t branch, size_t size)
{
	struct parcel *p = malloc(sizeof *p + size);

	if (p != NULL)
		*p = (struct parcel){
			.origin = origin_ref(cause->origin),
			.number = cause->number,
			.branch = branch,
			.refs = 1,
		};
	return p;
}

static struct parcel *make_with(const struct cause *cause, uint32_t branch,
	const struct parcel_text *text)
{
	struct parcel *p = make(cause, branch,
		(size_t)text->from.len + text->additions.len + text->envelope.len);
	char *at;

	if (p == NULL)
		return NULL;
	p->from_len = text->from.len;
	p->additions_len = text->additions.len;
	p->envelope_len = text->envelope.len;
	at = mempcpy(p->bytes, text->from.p, text->from.len);
	if (text->additions.len > 0)
		at = mempcpy(at, text->additions.p, text->additions.len);
	memcpy(at, text->envelope.p, text->envelope.len);
	return p;
}

struct parcel *parcel_create(const struct cause *cause, const struct parcel_text *text)
{
	return make_with(cause, 0, text);
}

struct parcel *parcel_derive(struct cause *cause, const struct parcel_text *text)
{
	return make_with(cause, ++cause->branch, text);
}

struct parcel *parcel_branch(const struct cause *cause, uint32_t branch, const struct parcel_text *text)
{
	return make_with(cause, branch, text);
}

struct parcel *parcel_again(struct cause *cause, struct parcel *source)
{
	struct parcel *p = make(cause, ++cause->branch, 0);

	if (p == NULL)
		return NULL;
	if (source->source != NULL)
		source = source->source;
	p->source = parcel_ref(source);
	p->from_len = source->from_len;
	p->additions_len = source->additions_len;
	p->envelope_len = source->envelope_len;
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
	parcel_unref(&gone->source);
	offline_row_free(&gone->row);
	origin_unref(&gone->origin);
	free(gone);
}

struct parcel_text parcel_text(const struct parcel *p)
{
	const char *bytes = p->source != NULL ? p->source->bytes : p->bytes;

	return (struct parcel_text){
		.from = {bytes, p->from_len},
		.additions = {bytes + p->from_len, p->additions_len},
		.envelope = {bytes + p->from_len + p->additions_len, p->envelope_len},
	};
}

struct str parcel_envelope(const struct parcel *p)
{
	return parcel_text(p).envelope;
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
/* Sessions that must first get what was kept back for them: they come after the fan-out, since a
 * frame of their own may not stand between its numbers. */
static struct list fanout_late = {&fanout_late, &fanout_late};

void fanout_begin(void)
{
	BUG_ON(!list_empty(&fanout_fronts));
}

/* An entry for the session, the next of its numbers. */
static void enter(struct parcel *p, struct session *s)
{
	struct front *front = s->connection->front;
	struct custody *c = bh_alloc(sizeof *c);
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
}

int fanout_add(struct parcel *p, struct session *s)
{
	struct front *front = s->connection->front;

	if (front->peer->link == NULL ||
		s->outbound_bytes + s->state.bytes + p->envelope_len >
			front->router->limits.session_queue)
		return BH_EBUSY;
	if (s->state.inactive && client_state_keep(&s->state, p))
		return 0;
	if (client_state_pending(&s->state))
		list_append(&fanout_late, &s->state.late);
	else
		enter(p, s);
	return 0;
}

static void send_to_front(struct front *front, struct parcel *p)
{
	struct parcel_text text = parcel_text(p);
	struct msg_deliver m = {
		.origin = p->origin->id,
		.number = p->number,
		.branch = p->branch,
		.settled = p->origin->safe,
		.targets = buf_str(&front->targets),
		.from = text.from,
		.additions = text.additions,
		.stanza = text.envelope,
	};

	/* A frame that cannot be queued would be a gap in the numbers: lib/bus has closed
	 * the link then, and the entries are given up when it tells us. */
	(void)LINK_SEND(front->peer->link, DELIVER, deliver, 0, &m);
	buf_clear(&front->targets);
}

/* Each gets what was kept back, by fan-outs of its own, and then this. */
static void send_late(struct parcel *p)
{
	struct list late;

	list_init(&late);
	list_splice(&late, &fanout_late);
	while (!list_empty(&late)) {
		struct session *s = container_of(late.next, struct session, state.late);

		list_remove(&s->state.late);
		client_state_flush(s);
		(void)deliver_one(p, s);
	}
}

void fanout_send(struct parcel *p)
{
	while (!list_empty(&fanout_fronts)) {
		struct list *first = fanout_fronts.next;

		list_remove(first);
		send_to_front(container_of(first, struct front, fanout), p);
	}
	send_late(p);
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
		if (c->parcel->row != NULL)
			offline_row_done(c->parcel->row);
		entry_free(c);
	}
	/* What found no room in its queue comes when half of it is free. */
	if (s->account != NULL && offline_queued(s->account) && session_takes_messages(s) &&
		s->outbound_bytes <= s->origin->router->limits.session_queue / 2)
		offline_send(s);
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
