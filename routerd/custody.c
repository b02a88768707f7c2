/* Parcels and custody entries: from the first copy to DONE. */
#include "routerd/custody.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "bus/mark.h"
#include "routerd/accepted.h"
#include "routerd/counters.h"
#include "routerd/custody_entry.h"
#include "routerd/custody_store.h"
#include "routerd/offline.h"
#include "routerd/parcel_mac.h"
#include "routerd/settle.h"
#include "routerd/trace.h"

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

/* The same for the same stanza, whatever else the cause brings about and in whatever order: so a
 * repetition after a restart gives it again (custody.md, "Words").  Above what others choose. */
static uint64_t mix(uint64_t h, struct str text)
{
	uint64_t word = 0;

	for (; text.len >= sizeof word; text.p += sizeof word, text.len -= (uint32_t)sizeof word) {
		memcpy(&word, text.p, sizeof word);
		h = (h ^ word) * 0x9e3779b97f4a7c15u;
		h ^= h >> 32;
	}
	word = text.len;
	for (uint32_t i = 0; i < text.len; i++)
		word = word << 8 | (uint8_t)text.p[i];
	h = (h ^ word) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 32;
}

static uint32_t branch_of(const struct parcel_text *text)
{
	uint64_t h = mix(mix(mix(1, text->from), text->additions), text->envelope);

	return (uint32_t)h | 0x80000000u;
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

struct parcel *parcel_derive(const struct cause *cause, const struct parcel_text *text)
{
	return make_with(cause, branch_of(text), text);
}

struct parcel *parcel_branch(const struct cause *cause, uint32_t branch, const struct parcel_text *text)
{
	return make_with(cause, branch, text);
}

struct parcel *parcel_again(const struct cause *cause, struct parcel *source)
{
	struct parcel_text text = parcel_text(source);
	struct parcel *p = make(cause, branch_of(&text), 0);

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

void custody_hold(struct custody *c)
{
	if (custody_is_held(c))
		return;
	list_remove(&c->in_front);
	confirmed(c->parcel);
}

void custody_free(struct custody *c)
{
	custody_hold(c);
	list_remove(&c->in_session);
	custody_leave(c);
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

/* One more number of the session. */
static struct custody *entry(struct parcel *p, struct session *s)
{
	struct custody *c = bh_alloc(sizeof *c);

	c->parcel = parcel_ref(p);
	c->session = s;
	c->n = ++s->sent;
	list_init(&c->in_front);
	list_append(&s->outbound, &c->in_session);
	custody_enter(c);
	if (p->unheld++ == 0)
		origin_open(p->origin, p->number);
	p->copies++;
	counter_add(COUNT_DELIVERIES, 1);
	trace_out(s, p);
	return c;
}

/* To the front end that carries the session, or to the store: so also while the front end is still being sent what is
 * before it. */
static void enter(struct parcel *p, struct session *s)
{
	struct front *front = s->connection != NULL ? s->connection->front : NULL;
	struct custody *c = entry(p, s);

	if (front == NULL || !list_empty(&s->resending)) {
		c->frame = UINT64_MAX;
		custody_store(c, false);
		return;
	}
	/* Its row moves with it. */
	if (p->row != 0)
		custody_store(c, true);
	c->frame = link_sent(front->peer->link) + 1;
	list_append(&front->unheld, &c->in_front);
	if (list_empty(&front->fanout))
		list_append(&fanout_fronts, &front->fanout);
	target_put(&front->targets, &(struct target){s->connection->id, s->epoch, c->n});
}

static bool has_room(const struct session *s, const struct parcel *p)
{
	const struct front *front = s->connection != NULL ? s->connection->front : NULL;

	/* While a front end may still come with its numbers, it gets none of ours. */
	if (s->claim != NULL || (front != NULL && (front->peer->link == NULL || !front->restored)))
		return false;
	return s->outbound_bytes + s->state.bytes + p->envelope_len <=
	       s->origin->router->limits.session_queue;
}

int fanout_add(struct parcel *p, struct session *s)
{
	/* A repetition, after a restart, of what its front end has taken already. */
	if (accepted_has(s->origin->router, p, s)) {
		p->copies++;
		return 0;
	}
	/* Of presence the latest of each sender waits for room; not where it may be for different addresses. */
	if (!has_room(s, p))
		return s->account != NULL && client_state_keep(&s->state, p) ? 0 : BH_EBUSY;
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
		.mac = parcel_mac(p),
		.targets = buf_str(&front->targets),
		.from = text.from,
		.additions = text.additions,
		.stanza = text.envelope,
	};

	/* A frame that cannot be queued would be a gap in the numbers: lib/bus has closed
	 * the link then, and the entries are given up when it tells us. */
	(void)LINK_SEND(front->peer->link, DELIVER, deliver, 0, &m);
	buf_clear(&front->targets);
	settle_sent(front, link_sent(front->peer->link), p);
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
	front->held = upto;
	while (!list_empty(&front->unheld)) {
		struct custody *c = container_of(front->unheld.next, struct custody, in_front);

		if (c->frame > upto)
			break;
		custody_hold(c);
	}
	custody_store_held(front, upto);
	settle_held(front, upto);
}

void custody_room(struct session *s)
{
	if (client_state_pending(&s->state) && !s->state.inactive)
		client_state_flush(s);
	if (s->account != NULL && offline_queued(s->account) && session_takes_messages(s))
		offline_send(s);
}

void custody_done(struct session *s, uint64_t n)
{
	uint64_t stored = 0;

	while (!list_empty(&s->outbound)) {
		struct custody *c = container_of(s->outbound.next, struct custody, in_session);

		if (c->n > n)
			break;
		if (c->stored)
			stored = c->n;
		custody_free(c);
	}
	if (stored > 0)
		custody_unstore(s, stored);
	if (n > s->acked)
		s->acked = n;
	if (s->outbound_bytes <= s->origin->router->limits.session_queue / 2)
		custody_room(s);
}

/* New entries come before this one is closed, so that the number is not called safe in between. */
static void give_back(struct custody *c, undelivered_fn *undelivered, void *arg)
{
	struct parcel *p = parcel_ref(c->parcel);

	p->copies--;
	if (p->copies == 0)
		undelivered(arg, p);
	custody_free(c);
	parcel_unref(&p);
}

/* The last of the first n that stood in the store; 0: none did. */
static uint64_t take_first(struct session *s, uint64_t n, struct list *entries)
{
	uint64_t stored = 0;

	list_init(entries);
	while (!list_empty(&s->outbound)) {
		struct custody *c = container_of(s->outbound.next, struct custody, in_session);

		if (c->n > n)
			break;
		if (c->stored)
			stored = c->n;
		list_remove(&c->in_session);
		list_append(entries, &c->in_session);
	}
	return stored;
}

static void give_back_all(struct list *entries, undelivered_fn *undelivered, void *arg)
{
	while (!list_empty(entries))
		give_back(container_of(entries->next, struct custody, in_session), undelivered, arg);
}

void custody_return(struct session *s, uint64_t n, undelivered_fn *undelivered, void *arg)
{
	struct list entries;
	uint64_t stored = take_first(s, n, &entries);

	if (stored > 0)
		custody_unstore(s, stored);
	if (n > s->acked)
		s->acked = n;
	give_back_all(&entries, undelivered, arg);
}

void custody_abandon(struct session *s, undelivered_fn *undelivered, void *arg)
{
	struct list entries;

	(void)take_first(s, UINT64_MAX, &entries);
	give_back_all(&entries, undelivered, arg);
}
