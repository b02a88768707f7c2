/* From the client to routerd: addresses prepared, numbers given, credit kept. */
#include "base/err.h"
#include "bus/mark.h"
#include "c2sd/counters.h"
#include "c2sd/session.h"
#include "xmpp/jid.h"
#include "xmpp/xmlcheck.h"

/* What a client gives to routerd: a stanza, with its sender where the client says who that is; or
 * its own state, without any of these. */
struct submission {
	struct str from, envelope;
	uint16_t refuse;
	bool is_state, active;
};

/* The same in a backlog: this, then from, then envelope. */
struct waiting {
	uint32_t len;
	uint16_t from_len, refuse;
	bool is_state, active;
};

static bool has_credit(const struct client *c)
{
	const struct msg_credit *credit = &c->srv->credit;

	return c2sd_link(c->srv) != NULL && c->in_number - c->in_safe < credit->session_stanzas &&
	       c->in_bytes < credit->session_bytes && c->srv->unsafe_bytes < credit->link_bytes;
}

static void send_state(struct client *c, bool active)
{
	struct msg_client_state m = {.active = active};

	if (c2sd_link(c->srv) != NULL)
		(void)LINK_SEND(c2sd_link(c->srv), CLIENT_STATE, client_state, c->id, &m);
}

static void send_submit(struct client *c, const struct submission *s)
{
	struct msg_submit m = {
		.number = ++c->in_number,
		.refuse = s->refuse,
		.from = s->from,
		.stanza = s->envelope,
	};

	c->in_bytes += s->envelope.len;
	c->srv->unsafe_bytes += s->envelope.len;
	count_add(COUNT_STANZAS_IN, 1);
	/* A frame that finds no room closes the link, and with it this client. */
	(void)LINK_SEND(c2sd_link(c->srv), SUBMIT, submit, c->id, &m);
}

/* Keeps it until there is credit, and leaves the socket alone meanwhile. */
static void wait_for_credit(struct client *c, const struct submission *s)
{
	struct waiting w = {
		.len = s->envelope.len,
		.from_len = (uint16_t)s->from.len,
		.refuse = s->refuse,
		.is_state = s->is_state,
		.active = s->active,
	};

	buf_put(&c->backlog, &w, sizeof w);
	buf_put_str(&c->backlog, s->from);
	buf_put_str(&c->backlog, s->envelope);
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

/* Sends what begins the backlog, and returns how long that was; 0 when it must wait. */
static size_t send_first(struct client *c, const uint8_t *p)
{
	struct submission s = {.from = STR_NONE};
	struct waiting w;

	memcpy(&w, p, sizeof w);
	if (w.is_state) {
		send_state(c, w.active);
		return sizeof w;
	}
	if (!has_credit(c))
		return 0;
	if (w.from_len > 0)
		s.from = str_make(p + sizeof w, w.from_len);
	s.envelope = str_make(p + sizeof w + w.from_len, w.len);
	s.refuse = w.refuse;
	send_submit(c, &s);
	return sizeof w + w.from_len + w.len;
}

/* Sends what waits, as far as the credit goes. */
static void drain(struct client *c)
{
	size_t at = 0, n = 1;

	while (at < c->backlog.len && n > 0) {
		n = send_first(c, c->backlog.data + at);
		at += n;
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

void session_push_state(struct client *c)
{
	struct submission s = {.is_state = true, .active = !c->inactive_told};

	if (c->backlog.len == 0)
		send_state(c, s.active);
	else
		wait_for_credit(c, &s);
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

/* A component says who sends, any address of its domain, and to whom (XEP-0114, 3).  *from points
 * into text.  0 or an enum stream_error. */
static unsigned check_component(const struct client *c, const struct stanza *s,
	char text[JID_MAX + 1], struct str *from)
{
	struct jid jid;

	if (s->from.p == NULL || jid_prepare(s->from, text, &jid) != 0 ||
		!str_is(jid.domain, c->jid))
		return STREAM_INVALID_FROM;
	*from = jid.full;
	return s->to.p != NULL ? 0 : STREAM_IMPROPER_ADDRESSING;
}

/* routerd takes the link from a front end that sends anything else; so whatever should ever
 * slip through the reader costs this client alone. */
static bool canonical(const struct stanza *s)
{
	return xmlcheck_inner(s->inner) == 0 && xmlcheck_attrs(s->attrs) == 0 &&
	       xmlcheck_text(s->id) && xmlcheck_text(s->lang);
}

/* What is wrong with a stanza so that it ends the stream; 0, or an enum stream_error. */
static unsigned check(const struct client *c, const struct stanza *s, char text[JID_MAX + 1],
	struct str *from)
{
	if (!canonical(s))
		return STREAM_NOT_WELL_FORMED;
	if (c->entry == ENTRY_COMPONENT)
		return check_component(c, s, text, from);
	return own_from(c, s->from) ? 0 : STREAM_INVALID_FROM;
}

/* Prepares the address that it goes to, into text.  0, or the enum stanza_error of its answer. */
static uint16_t address(const struct client *c, struct stanza *s, char text[JID_MAX + 1])
{
	struct jid to;

	if (s->to.p == NULL) {
		if (s->kind == STANZA_MESSAGE)
			s->to = str_make(c->jid, c->bare_len); /* 10.3.1 */
		return 0;
	}
	if (jid_prepare(s->to, text, &to) != 0) {
		s->to = STR_NONE;
		return STANZA_JID_MALFORMED;
	}
	s->to = to.full;
	return 0;
}

void session_submit(struct client *c, const struct element *e)
{
	struct stanza s = e->stanza;
	struct submission out = {.from = STR_NONE};
	struct buf *scratch = &c->srv->scratch;
	char from_text[JID_MAX + 1], to_text[JID_MAX + 1];
	unsigned error = check(c, &s, from_text, &out.from);

	if (error != 0) {
		client_fail(c, error, NULL);
		return;
	}
	session_settle_state(c);
	if (c->state != CLIENT_BOUND)
		return; /* there was no memory to keep that */
	out.refuse = address(c, &s, to_text);
	if (s.lang.p == NULL)
		s.lang = str_of(c->lang); /* 8.1.5 */
	buf_clear(scratch);
	stanza_encode(scratch, &s);
	out.envelope = buf_str(scratch);
	if (buf_failed(scratch))
		client_fail(c, STREAM_RESOURCE_CONSTRAINT, NULL);
	else if (c->backlog.len == 0 && has_credit(c))
		send_submit(c, &out);
	else
		wait_for_credit(c, &out);
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
