/* SUBMIT: a stanza comes in.  What a front end says is checked here, all of it (custody.md, 23). */
#include "base/err.h"
#include "bus/mark.h"
#include "routerd/busy.h"
#include "routerd/counters.h"
#include "routerd/handlers.h"
#include "routerd/hold.h"
#include "routerd/outbox.h"
#include "routerd/proofs.h"
#include "routerd/trace.h"
#include "xmpp/xmlcheck.h"

/* It is canonical, and what the envelope says of the elements is true: as many, and a stanza-id is not hidden from
 * stanza_id_strip(). */
static int check_form(const struct stanza *s)
{
	struct xmlcheck_top top;

	if (!stanza_is_canonical(s, &top))
		return BH_EPROTO;
	if (s->nchildren != (top.elements < STANZA_CHILDREN_MAX ? top.elements : STANZA_CHILDREN_MAX))
		return BH_EPROTO;
	return top.claims_id && !(s->content & CONTENT_STANZA_ID) ? BH_EPROTO : 0;
}

/* The envelope and its addresses are in the form that an honest front end gives them. */
static int check(struct transit *t, const struct msg_submit *m)
{
	if (stanza_decode(m->stanza, &t->stanza) != 0)
		return BH_EPROTO;
	if (t->stanza.to.p != NULL && jid_check(t->stanza.to, &t->to) != 0)
		return BH_EPROTO;
	return check_form(&t->stanza);
}

/* A client is who it is; a component says who of its domain sends, and a server who of those domains that it has
 * proved; it must be to somebody. */
static int check_sender(struct transit *t, const struct session *s, const struct msg_submit *m)
{
	if (s->account != NULL) {
		t->from = s->jid;
		if (t->stanza.kind == STANZA_MESSAGE && t->stanza.to.p == NULL && m->refuse == 0)
			return BH_EPROTO; /* its front end says that it is to the client's own account */
		return m->from.p == NULL ? 0 : BH_EPROTO;
	}
	if (m->from.p == NULL || jid_check(m->from, &t->from) != 0)
		return BH_EPROTO;
	if (s->pair != NULL)
		return BH_EPROTO; /* that is the way out */
	if (s->proofs != NULL)
		return t->stanza.to.p != NULL && proofs_have(s->proofs, t->to.domain, t->from.domain) ? 0 : BH_EPROTO;
	if (t->stanza.to.p == NULL && m->refuse == 0)
		return BH_EPROTO;
	return str_eq(t->from.domain, s->jid.domain) ? 0 : BH_EPROTO;
}

/* One message of BUSY_SAMPLE: what is the same for all must cost next to nothing.  Not each n-th, since clients may
 * take turns. */
static bool is_sampled(struct router *r)
{
	if (r->busy_skip-- > 0)
		return false;
	r->busy_random = r->busy_random * 6364136223846793005u + 1442695040888963407u;
	r->busy_skip = (unsigned)(r->busy_random >> 60);
	return true;
}

/* By the loop's clock: it is read once a turn. */
static void count_busy(const struct transit *t)
{
	struct router *r = t->cause.router;
	uint64_t now = uv_now(r->daemon->loop);

	if (t->stanza.kind != STANZA_MESSAGE || !is_sampled(r))
		return;
	busy_add(r->busy_accounts, t->from.bare, now);
	busy_add(r->busy_domains, t->stanza.to.p != NULL ? t->to.domain : t->from.domain, now);
}

int on_submit(const struct bus_event *event)
{
	struct front *front = front_of(event);
	struct connection *c = front_connection(front, event->frame->subject);
	struct transit t = {.cause.router = front->router};
	struct msg_submit m;

	if (bus_get_submit(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (c == NULL || connection_killed(c))
		return 0; /* on its way when the connection ended */
	if (c->left != NULL)
		return 0; /* on its way when it was fenced off: never counted, so the client sends it again */
	if (c->session == NULL || c->closing || m.number != c->session->origin->number + 1)
		return BH_EPROTO;
	t.sender = c->session->account != NULL ? c->session : NULL;
	t.cause.origin = c->session->origin;
	t.cause.number = m.number;
	t.envelope = m.stanza;
	if (check(&t, &m) != 0 || check_sender(&t, c->session, &m) != 0 ||
		(m.refuse != 0 && stanza_error_name(m.refuse) == NULL) ||
		!origin_charge(t.cause.origin, m.number, m.stanza.len))
		return BH_EPROTO;
	count_stanza_in(t.stanza.kind);
	count_busy(&t);
	c->session->origin->number = m.number;
	if (outbox_judged(&t.cause)) {
		origin_open(t.cause.origin, m.number);
		origin_close(t.cause.origin, m.number);
		return 0;
	}
	trace_in(c->session, &t);
	hold_or_route(&t, m.refuse);
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
