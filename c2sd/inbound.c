/* The queue from a client to routerd: numbers given, credit kept. */
#include "c2sd/inbound.h"

#include "base/err.h"
#include "bus/mark.h"
#include "c2sd/counters.h"
#include "c2sd/session.h"
#include "c2sd/sm.h"
#include "c2sd/sm_pace.h"

/* A record: this, then from, then envelope. */
struct entry {
	uint64_t number; /* of a stanza: its place among those of the session */
	uint32_t len, max;
	uint16_t from_len, refuse;
	uint8_t kind;
	bool active, resume;
};

static struct entry entry_of(struct str record)
{
	struct entry e;

	memcpy(&e, record.p, sizeof e);
	return e;
}

/* Nothing goes to a routerd that has given no credit yet; else only stanzas need it. */
static bool may_send(const struct client *c, const struct entry *e)
{
	const struct msg_credit *credit = &c->srv->credit;

	if (c2sd_link(c->srv) == NULL || credit->session_stanzas == 0)
		return false;
	return e->kind != INBOUND_STANZA || (c->in_number - c->in_safe < credit->session_stanzas &&
	       c->in_bytes < credit->session_bytes && c->srv->unsafe_bytes < credit->link_bytes);
}

static void send_stanza(struct client *c, const struct entry *e, const char *bytes)
{
	struct msg_submit m = {
		.number = ++c->in_number,
		.refuse = e->refuse,
		.from = e->from_len > 0 ? str_make(bytes, e->from_len) : STR_NONE,
		.stanza = str_make(bytes + e->from_len, e->len),
	};

	c->in_bytes += e->len;
	c->srv->unsafe_bytes += e->len;
	count_add(COUNT_STANZAS_IN, 1);
	/* A frame that finds no room closes the link; it is sent again on the next one. */
	(void)LINK_SEND(c2sd_link(c->srv), SUBMIT, submit, c->id, &m);
}

/* After a rewind some of it may be safe already. */
static void send_entry(struct client *c, const struct entry *e, const char *bytes)
{
	struct link *link = c2sd_link(c->srv);
	struct msg_client_state state = {.active = e->active};
	struct msg_detached detached;
	struct msg_sm_enable enable = {.in_base = e->number, .resume = e->resume, .max = e->max};

	if (e->kind == INBOUND_STANZA && e->number > c->in_safe)
		send_stanza(c, e, bytes);
	else if (e->kind == INBOUND_STANZA)
		return;
	else if (e->kind == INBOUND_STATE)
		(void)LINK_SEND(link, CLIENT_STATE, client_state, c->id, &state);
	else if (e->kind == INBOUND_ENABLE)
		(void)LINK_SEND(link, SM_ENABLE, sm_enable, c->id, &enable);
	else
		(void)LINK_SEND(link, DETACHED, detached, c->id, &detached);
}

/* All up to n are safe: their bytes are no longer under way. */
static void settle(struct client *c, uint64_t n)
{
	uint64_t at = c->settled;
	struct str record;

	while (at < c->unsent && records_next(&c->inbound, &at, &record)) {
		struct entry e = entry_of(record);

		if (e.kind == INBOUND_STANZA && e.number > n)
			return;
		if (e.kind == INBOUND_STANZA) {
			c->in_bytes -= e.len;
			c->srv->unsafe_bytes -= e.len;
		}
		c->settled = at;
	}
}

/* What is settled need not be kept; but for a request that was not answered, and so what is behind
 * it.  The last one of a detached client goes with the client. */
static void drop_settled(struct client *c)
{
	uint64_t at;
	struct str record;

	while ((at = records_first(&c->inbound)) < c->settled && records_next(&c->inbound, &at, &record)) {
		struct entry e = entry_of(record);

		if ((e.kind == INBOUND_ENABLE && !c->sm->enabled) || e.kind == INBOUND_DETACH)
			return;
		records_drop(&c->inbound);
	}
}

/* Sends what waits, as far as the credit goes.  true: nothing waits. */
static bool push(struct client *c)
{
	uint64_t at = c->unsent;
	struct str record;

	while (records_next(&c->inbound, &at, &record)) {
		struct entry e = entry_of(record);

		if (!may_send(c, &e))
			return false;
		send_entry(c, &e, record.p + sizeof e);
		c->unsent = at;
	}
#ifdef BULKHEAD_CUSTODY_OFF
	/* For tests/chaos alone, which must notice it: what was sent counts as if it were safe. */
	inbound_safe(c, c->in_number);
#endif
	return true;
}

static void stop_reading(struct client *c)
{
	if (list_empty(&c->stalled))
		list_append(&c->srv->stalled, &c->stalled);
	if (!c->paused && c->stream != NULL)
		stream_pause(c->stream);
	c->paused = true;
}

static void read_on(struct client *c)
{
	list_remove(&c->stalled);
	if (!c->paused)
		return;
	c->paused = false;
	if (c->finishing)
		client_finish(c);
	else if (c->stream != NULL)
		stream_resume(c->stream);
}

uint64_t inbound_count(const struct client *c)
{
	return c->in_count;
}

void inbound_add(struct client *c, const struct inbound *in)
{
	struct entry e = {
		.number = c->in_count + (in->kind == INBOUND_STANZA),
		.len = in->envelope.len,
		.from_len = (uint16_t)in->from.len,
		.refuse = in->refuse,
		.kind = in->kind,
		.active = in->active,
		.resume = in->resume,
		.max = in->max,
	};
	char *p = records_add(&c->inbound, sizeof e + e.from_len + e.len);

	if (p == NULL) {
		client_fail(c, STREAM_RESOURCE_CONSTRAINT, NULL);
		return;
	}
	c->in_count = e.number;
	p = mempcpy(p, &e, sizeof e);
	if (e.from_len > 0)
		p = mempcpy(p, in->from.p, e.from_len);
	if (e.len > 0)
		memcpy(p, in->envelope.p, e.len);
	if (!push(c))
		stop_reading(c);
	else
		inbound_safe(c, c->in_safe);
}

void inbound_safe(struct client *c, uint64_t n)
{
	c->in_safe = n;
	settle(c, n);
	drop_settled(c);
}

void inbound_rewind(struct client *c)
{
	c->unsent = records_first(&c->inbound);
	c->in_number = c->in_safe;
	c->srv->unsafe_bytes -= c->in_bytes;
	c->in_bytes = 0;
	if (!records_empty(&c->inbound))
		stop_reading(c);
}

/* From the end: the queue has no other way, and this happens once in a session's life. */
void inbound_cut(struct client *c)
{
	c->inbound.buf.len = (size_t)(c->unsent - c->inbound.before);
	c->in_count = c->in_number;
	list_remove(&c->stalled);
}

void inbound_forget(struct client *c)
{
	c->srv->unsafe_bytes -= c->in_bytes;
	c->in_bytes = 0;
	records_fini(&c->inbound);
	c->unsent = c->settled = 0;
	list_remove(&c->stalled);
}

void inbound_push_all(struct c2sd *srv)
{
	list_for_each_safe(pos, &srv->stalled) {
		struct client *c = container_of(pos, struct client, stalled);

		if (!push(c))
			continue;
		inbound_safe(c, c->in_safe);
		read_on(c);
	}
}

int on_safe(const struct bus_event *event)
{
	struct c2sd *srv = event->owner;
	struct msg_safe m;
	struct mark mark;

	if (bus_get_safe(event->frame->body, &m) != 0)
		return BH_EPROTO;
	while (mark_take(&m.marks, &mark)) {
		struct client *c = client_find(srv, mark.subject);

		if (c == NULL || mark.n <= c->in_safe)
			continue;
		if (mark.n > c->in_number)
			return BH_EPROTO;
		inbound_safe(c, mark.n);
		if (c->sm != NULL)
			sm_safe(c);
	}
	inbound_push_all(srv);
	return m.marks.len == 0 ? 0 : BH_EPROTO;
}

int on_credit(const struct bus_event *event)
{
	struct c2sd *srv = event->owner;

	if (bus_get_credit(event->frame->body, &srv->credit) != 0)
		return BH_EPROTO;
	inbound_push_all(srv);
	return 0;
}
