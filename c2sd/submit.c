/* From the client to routerd: addresses prepared, numbers given, credit kept. */
#include "base/err.h"
#include "bus/mark.h"
#include "c2sd/counters.h"
#include "c2sd/session.h"
#include "xmpp/jid.h"
#include "xmpp/xmlcheck.h"

/* A SUBMIT in a backlog: this, then the envelope. */
struct waiting {
	uint32_t len;
	uint16_t refuse;
};

static bool has_credit(const struct client *c)
{
	const struct msg_credit *credit = &c->srv->credit;

	return c2sd_link(c->srv) != NULL && c->in_number - c->in_safe < credit->session_stanzas &&
	       c->in_bytes < credit->session_bytes && c->srv->unsafe_bytes < credit->link_bytes;
}

static void send_submit(struct client *c, struct str envelope, uint16_t refuse)
{
	struct msg_submit m = {
		.number = ++c->in_number,
		.refuse = refuse,
		.stanza = envelope,
	};

	c->in_bytes += envelope.len;
	c->srv->unsafe_bytes += envelope.len;
	count_add(COUNT_STANZAS_IN, 1);
	/* A frame that finds no room closes the link, and with it this client. */
	(void)LINK_SEND(c2sd_link(c->srv), SUBMIT, submit, c->id, &m);
}

/* Keeps it until there is credit, and leaves the socket alone meanwhile. */
static void wait_for_credit(struct client *c, struct str envelope, uint16_t refuse)
{
	struct waiting w = {envelope.len, refuse};

	buf_put(&c->backlog, &w, sizeof w);
	buf_put_str(&c->backlog, envelope);
	if (buf_failed(&c->backlog)) {
		client_fail(c, STREAM_RESOURCE_CONSTRAINT, NULL);
		return;
	}
	if (list_empty(&c->stalled))
		list_append(&c->srv->stalled, &c->stalled);
	if (!c->paused)
		stream_pause(c->stream);
	c->paused = true;
}

/* Sends what waits, as far as the credit goes. */
static void drain(struct client *c)
{
	size_t at = 0;

	while (at < c->backlog.len && has_credit(c)) {
		struct waiting w;

		memcpy(&w, c->backlog.data + at, sizeof w);
		send_submit(c, str_make(c->backlog.data + at + sizeof w, w.len), w.refuse);
		at += sizeof w + w.len;
	}
	buf_drop(&c->backlog, at);
	if (c->backlog.len > 0)
		return;
	buf_fini(&c->backlog);
	list_remove(&c->stalled);
	c->paused = false;
	if (c->finishing)
		client_finish(c);
	else
		stream_resume(c->stream);
}

/* RFC 6120 8.1.2.1: a `from` that is given must be the client's own. */
static bool own_from(const struct client *c, struct str from)
{
	char text[JID_MAX + 1];
	struct jid jid;

	if (from.p == NULL || str_is(from, c->jid))
		return true;
	if (jid_prepare(from, text, &jid) != 0)
		return false;
	return str_is(jid.full, c->jid) || str_eq(jid.full, str_make(c->jid, c->bare_len));
}

/* routerd takes the link from a front end that sends anything else; so whatever should ever
 * slip through the reader costs this client alone. */
static bool canonical(const struct stanza *s)
{
	return xmlcheck_inner(s->inner) == 0 && xmlcheck_attrs(s->attrs) == 0 &&
	       xmlcheck_text(s->id) && xmlcheck_text(s->lang);
}

void session_submit(struct client *c, const struct element *e)
{
	struct stanza s = e->stanza;
	struct buf *scratch = &c->srv->scratch;
	char text[JID_MAX + 1];
	uint16_t refuse = 0;
	struct jid to;

	if (!own_from(c, s.from) || !canonical(&s)) {
		client_fail(c, canonical(&s) ? STREAM_INVALID_FROM : STREAM_NOT_WELL_FORMED, NULL);
		return;
	}
	if (s.to.p == NULL && s.kind == STANZA_MESSAGE) {
		s.to = str_make(c->jid, c->bare_len); /* 10.3.1 */
	} else if (s.to.p != NULL && jid_prepare(s.to, text, &to) == 0) {
		s.to = to.full;
	} else if (s.to.p != NULL) {
		s.to = STR_NONE;
		refuse = STANZA_JID_MALFORMED;
	}
	buf_clear(scratch);
	stanza_encode(scratch, &s);
	if (buf_failed(scratch))
		client_fail(c, STREAM_RESOURCE_CONSTRAINT, NULL);
	else if (c->backlog.len == 0 && has_credit(c))
		send_submit(c, buf_str(scratch), refuse);
	else
		wait_for_credit(c, buf_str(scratch), refuse);
}

/* Credit comes back: in proportion, since only the sum of the sizes is kept. */
static void settle(struct client *c, uint64_t upto)
{
	uint64_t open = c->in_number - c->in_safe, left = c->in_number - upto;
	uint64_t bytes = open > 0 ? c->in_bytes * left / open : 0;

	c->srv->unsafe_bytes -= c->in_bytes - bytes;
	c->in_bytes = bytes;
	c->in_safe = upto;
}

void session_forget(struct client *c)
{
	c->srv->unsafe_bytes -= c->in_bytes;
	c->in_bytes = 0;
	buf_fini(&c->backlog);
	list_remove(&c->stalled);
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
		settle(c, mark.n);
	}
	list_for_each_safe(pos, &srv->stalled)
		drain(container_of(pos, struct client, stalled));
	return m.marks.len == 0 ? 0 : BH_EPROTO;
}

int on_credit(const struct bus_event *event)
{
	struct c2sd *srv = event->owner;

	if (bus_get_credit(event->frame->body, &srv->credit) != 0)
		return BH_EPROTO;
	list_for_each_safe(pos, &srv->stalled)
		drain(container_of(pos, struct client, stalled));
	return 0;
}
