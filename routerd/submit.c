/* SUBMIT: a stanza comes in.  What a front end says is checked here, all of it (custody.md, 23). */
#include "base/err.h"
#include "bus/mark.h"
#include "routerd/counters.h"
#include "routerd/handlers.h"
#include "routerd/route.h"
#include "xmpp/xmlcheck.h"

/* The next number, within the session's credit. */
static bool in_order(const struct session *s, const struct msg_submit *m)
{
	return m->number == s->origin->number + 1 &&
	       m->number - s->origin->safe <= s->origin->router->session_stanzas;
}

/* The envelope and its addresses are in the form that an honest front end gives them. */
static int check(struct transit *t, const struct msg_submit *m)
{
	if (stanza_decode(m->stanza, &t->stanza) != 0)
		return BH_EPROTO;
	if (t->stanza.to.p != NULL && jid_check(t->stanza.to, &t->to) != 0)
		return BH_EPROTO;
	if (!xmlcheck_text(t->stanza.id) || !xmlcheck_text(t->stanza.lang))
		return BH_EPROTO;
	if (xmlcheck_attrs(t->stanza.attrs) != 0 || xmlcheck_inner(t->stanza.inner) != 0)
		return BH_EPROTO;
	return 0;
}

static void take(struct transit *t, unsigned refuse)
{
	struct origin *o = t->sender->origin;

	/* Open while we route, so that it is safe only when all that it causes is. */
	o->number = t->number;
	origin_open(o, t->number);
	if (refuse != 0)
		transit_error(t, refuse, NULL);
	else
		route_stanza(t);
	origin_close(o, t->number);
}

int on_submit(const struct bus_event *event)
{
	struct front *front = front_of(event);
	struct connection *c = front_connection(front, event->frame->subject);
	struct transit t = {.router = front->router};
	struct msg_submit m;

	if (bus_get_submit(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (c == NULL)
		return 0; /* on its way when the connection ended */
	if (c->session == NULL || !in_order(c->session, &m))
		return BH_EPROTO;
	t.sender = c->session;
	t.number = m.number;
	t.envelope = m.stanza;
	if (check(&t, &m) != 0 || (m.refuse != 0 && stanza_error_name(m.refuse) == NULL))
		return BH_EPROTO;
	counter_add(COUNT_STANZAS_IN, 1);
	take(&t, m.refuse);
	return 0;
}

int on_done(const struct bus_event *event)
{
	struct front *front = front_of(event);
	struct msg_done m;
	struct mark mark;

	if (bus_get_done(event->frame->body, &m) != 0)
		return BH_EPROTO;
	while (mark_take(&m.marks, &mark)) {
		struct connection *c = front_connection(front, mark.subject);

		if (c == NULL || c->session == NULL)
			continue;
		if (mark.n > c->session->sent)
			return BH_EPROTO;
		custody_done(c->session, mark.n);
	}
	return m.marks.len == 0 ? 0 : BH_EPROTO;
}
