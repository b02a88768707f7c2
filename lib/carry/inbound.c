/* The queue from a session to routerd: numbers given, credit kept. */
#include "carry/inbound.h"

#include <string.h>

#include "carry/carrier.h"

/* A record: this, then from, then envelope. */
struct entry {
	uint64_t number; /* of a stanza: its place among those of the session */
	uint32_t len, value;
	uint16_t from_len, refuse;
	uint8_t kind;
	bool flag;
};

static struct entry entry_of(struct str record)
{
	struct entry e;

	memcpy(&e, record.p, sizeof e);
	return e;
}

/* Nothing goes to a routerd that has given no credit yet; else only stanzas need it. */
static bool may_send(const struct carried *c, const struct entry *e)
{
	const struct msg_credit *credit = &c->carrier->credit;

	if (carrier_link(c->carrier) == NULL || credit->session_stanzas == 0)
		return false;
	return e->kind != INBOUND_STANZA || (c->in_number - c->in_safe < credit->session_stanzas &&
	       c->in_bytes < credit->session_bytes && c->carrier->unsafe_bytes < credit->link_bytes);
}

static void send_stanza(struct carried *c, const struct entry *e, const char *bytes)
{
	struct msg_submit m = {
		.number = ++c->in_number,
		.refuse = e->refuse,
		.from = e->from_len > 0 ? str_make(bytes, e->from_len) : STR_NONE,
		.stanza = str_make(bytes + e->from_len, e->len),
	};

	c->in_bytes += e->len;
	c->carrier->unsafe_bytes += e->len;
	/* A frame that finds no room closes the link; it is sent again on the next one. */
	(void)LINK_SEND(carrier_link(c->carrier), SUBMIT, submit, c->id, &m);
}

/* After a rewind some of it may be safe already. */
static void send_entry(struct carried *c, const struct entry *e, const char *bytes)
{
	struct inbound note = {.kind = e->kind, .flag = e->flag, .value = e->value};

	if (e->kind != INBOUND_STANZA)
		c->carrier->spec->send_note(c, &note, e->number);
	else if (e->number > c->in_safe)
		send_stanza(c, e, bytes);
}

/* All up to n are safe: their bytes are no longer under way. */
static void settle(struct carried *c, uint64_t n)
{
	uint64_t at = c->settled;
	struct str record;

	while (at < c->unsent && records_next(&c->inbound, &at, &record)) {
		struct entry e = entry_of(record);

		if (e.kind == INBOUND_STANZA && e.number > n)
			return;
		if (e.kind == INBOUND_STANZA) {
			c->in_bytes -= e.len;
			c->carrier->unsafe_bytes -= e.len;
		}
		c->settled = at;
	}
}

/* What is settled need not be kept; but for a note that was not answered, and so what is behind it. */
static void drop_settled(struct carried *c)
{
	uint64_t at;
	struct str record;

	while ((at = records_first(&c->inbound)) < c->settled && records_next(&c->inbound, &at, &record)) {
		struct entry e = entry_of(record);

		if (e.kind != INBOUND_STANZA && c->carrier->spec->note_is_open(c, e.kind))
			return;
		records_drop(&c->inbound);
	}
}

/* Sends what waits, as far as the credit goes.  true: nothing waits. */
static bool push(struct carried *c)
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

static void stall(struct carried *c)
{
	if (list_empty(&c->stalled))
		list_append(&c->carrier->stalled, &c->stalled);
	c->carrier->spec->stall(c);
}

uint64_t inbound_count(const struct carried *c)
{
	return c->in_count;
}

bool inbound_waits(const struct carried *c)
{
	return c->unsent != records_end(&c->inbound);
}

void inbound_add(struct carried *c, const struct inbound *in)
{
	struct entry e = {
		.number = c->in_count + (in->kind == INBOUND_STANZA),
		.len = in->envelope.len,
		.from_len = (uint16_t)in->from.len,
		.refuse = in->refuse,
		.kind = in->kind,
		.flag = in->flag,
		.value = in->value,
	};
	char *p = records_add(&c->inbound, sizeof e + e.from_len + e.len);

	if (p == NULL) {
		c->carrier->spec->out_of_memory(c);
		return;
	}
	c->in_count = e.number;
	p = mempcpy(p, &e, sizeof e);
	if (e.from_len > 0)
		p = mempcpy(p, in->from.p, e.from_len);
	if (e.len > 0)
		memcpy(p, in->envelope.p, e.len);
	if (!push(c))
		stall(c);
	else
		inbound_safe(c, c->in_safe);
}

void inbound_note(struct carried *c, uint8_t kind, bool flag, uint32_t value)
{
	inbound_add(c, &(struct inbound){
		.kind = kind, .from = STR_NONE, .envelope = STR_NONE, .flag = flag, .value = value});
}

void inbound_safe(struct carried *c, uint64_t n)
{
	c->in_safe = n;
	settle(c, n);
	drop_settled(c);
}

void inbound_rewind(struct carried *c)
{
	c->unsent = records_first(&c->inbound);
	c->in_number = c->in_safe;
	c->carrier->unsafe_bytes -= c->in_bytes;
	c->in_bytes = 0;
	if (!records_empty(&c->inbound))
		stall(c);
}

/* From the end: the queue has no other way, and this happens once in a session's life. */
void inbound_cut(struct carried *c)
{
	c->inbound.buf.len = (size_t)(c->unsent - c->inbound.before);
	c->in_count = c->in_number;
	list_remove(&c->stalled);
}

void inbound_forget(struct carried *c)
{
	c->carrier->unsafe_bytes -= c->in_bytes;
	c->in_bytes = 0;
	records_fini(&c->inbound);
	c->unsent = c->settled = 0;
	list_remove(&c->stalled);
}

void inbound_push_all(struct carrier *k)
{
	list_for_each_safe(pos, &k->stalled) {
		struct carried *c = container_of(pos, struct carried, stalled);

		if (!push(c))
			continue;
		inbound_safe(c, c->in_safe);
		list_remove(&c->stalled);
		k->spec->go_on(c);
	}
}
