/* From routerd to the client: written in order, reported when the kernel has it. */
#include "base/err.h"
#include "bus/mark.h"
#include "c2sd/counters.h"
#include "c2sd/guard.h"
#include "c2sd/session.h"
#include "c2sd/sm.h"
#include "xmpp/escape.h"

/* The client that a target names, if it still has the session of that epoch; one that is detached has. */
static struct client *client_of(struct c2sd *srv, const struct target *t)
{
	struct client *c = client_find(srv, t->subject);

	return c != NULL && (c->state == CLIENT_BOUND || c->detached) && c->carried.epoch == t->epoch ? c : NULL;
}

static void watch(struct client *c)
{
	c->mark_open = true;
	c->mark_number = c->carried.out_number;
	c->mark_offset = stream_written(c->stream);
	guard_write_waits(c);
	stream_wait_sent(c->stream);
}

/* What the socket has taken since the last look is done, unless the client says itself what it has. */
void session_sent(struct client *c)
{
	uint64_t sent = stream_sent(c->stream);
	bool open = c->mark_number < c->carried.out_number;

	if (c->mark_open && sent >= c->mark_offset) {
		c->mark_open = false;
		if (c->sm == NULL || !c->sm->enabled)
			carried_done(&c->carried, c->mark_number);
		guard_write_moves(c);
	}
	if (open && !c->mark_open)
		watch(c);
}

void session_answered(struct client *c)
{
	if (!c->mark_open)
		watch(c);
}

static void written(struct client *c, const struct bus_event *event, const struct msg_deliver *m,
	const struct stanza *s, uint64_t n)
{
	carried_accept(&c->carried, event, m, n);
	count_add(COUNT_STANZAS_OUT, 1);
	if (c->sm != NULL)
		sm_delivered(c, m, s, n);
	if (c->state == CLIENT_BOUND)
		session_sent(c);
}

static void deliver_to_one(const struct bus_event *event, const struct msg_deliver *m, const struct stanza *s,
	const struct target *t)
{
	struct client *c = client_of(event->owner, t);

	if (c == NULL)
		return;
	if (c->state == CLIENT_BOUND)
		stanza_write(client_output(c), s, m->additions, str_of(c->jid));
	written(c, event, m, s, t->n);
}

/* What was written for all, with each one's own address at the place of its `to` where it has
 * none (RFC 6120 8.1.1). */
static void put_copy(struct client *c, struct str text, size_t place)
{
	struct buf *out = c->state == CLIENT_BOUND ? client_output(c) : NULL;

	if (out == NULL)
		return;
	if (place > 0) {
		buf_put(out, text.p, place);
		escape_put_attribute(out, "to", str_of(c->jid));
	}
	buf_put(out, text.p + place, text.len - place);
}

/* Written once, copied to each. */
static void deliver_to_many(const struct bus_event *event, struct msg_deliver *m, const struct stanza *s)
{
	struct c2sd *srv = event->owner;
	struct target t;
	size_t place;

	buf_clear(&srv->scratch);
	place = stanza_write(&srv->scratch, s, m->additions, STR_NONE);
	if (buf_failed(&srv->scratch)) /* nobody gets half of it */
		return;
	while (target_take(&m->targets, &t)) {
		struct client *c = client_of(srv, &t);

		if (c == NULL)
			continue;
		put_copy(c, buf_str(&srv->scratch), place);
		written(c, event, m, s, t.n);
	}
}

int on_deliver(const struct bus_event *event)
{
	struct msg_deliver m;
	struct stanza s;
	struct target t;

	if (bus_get_deliver(event->frame->body, &m) != 0 || stanza_decode(m.stanza, &s) != 0 ||
		m.targets.len % TARGET_SIZE != 0)
		return BH_EPROTO;
	s.from = m.from;
	if (m.targets.len == TARGET_SIZE && target_take(&m.targets, &t))
		deliver_to_one(event, &m, &s, &t);
	else
		deliver_to_many(event, &m, &s);
	return 0;
}

int on_kill(const struct bus_event *event)
{
	struct client *c = client_find(event->owner, event->frame->subject);
	struct msg_kill m;
	char text[257];

	if (bus_get_kill(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (c == NULL)
		return 0;
	if (c->detached) {
		client_forgotten(c);
		return 0;
	}
	memcpy(text, m.text.p != NULL ? m.text.p : "", m.text.len);
	text[m.text.len] = '\0';
	client_fail(c, m.condition, text);
	return 0;
}
