/* Messages to bare and full JIDs: RFC 6121 8.5, row by row. */
#include "base/err.h"
#include "routerd/route.h"

/* Which resources get a message to the bare JID: all that are available with a priority that
 * is not negative (8.5.2.1.1).  Returns how many took it. */
static unsigned to_resources(struct parcel *p, struct account *a)
{
	unsigned n = 0;

	fanout_begin();
	list_for_each(pos, &a->sessions) {
		struct session *s = container_of(pos, struct session, in_account);

		if (session_available(s) && s->priority >= 0)
			n += fanout_add(p, s) == 0;
	}
	fanout_send(p);
	return n;
}

/* Nobody can take it.  8.5.1, 8.5.2.2: an error, or silence where the type says so. */
static void nobody(struct transit *t)
{
	switch (t->stanza.type) {
	case TYPE_HEADLINE:
	case TYPE_ERROR:
		return;
	default:
		transit_error(t, STANZA_SERVICE_UNAVAILABLE, NULL);
	}
}

static void to_bare(struct transit *t)
{
	struct account *a = account_find(t->router, t->to.bare);
	struct parcel *p;

	if (t->stanza.type == TYPE_ERROR)
		return;
	if (a == NULL || t->stanza.type == TYPE_GROUPCHAT) {
		nobody(t);
		return;
	}
	p = transit_parcel(t);
	if (p == NULL)
		return;
	if (to_resources(p, a) == 0)
		nobody(t);
	parcel_unref(&p);
}

void route_message(struct transit *t)
{
	struct session *s;

	if (t->to.resource.p == NULL) {
		to_bare(t);
		return;
	}
	s = route_session(t->router, &t->to);
	if (s != NULL)
		route_to_session(t, s);
	else if (t->stanza.type == TYPE_CHAT)
		to_bare(t); /* 8.5.3.2.1: only a chat message goes on to other resources */
	else
		nobody(t);
}

/* An error for a sender who may be gone himself. */
static void bounce(struct router *r, struct parcel *p, const struct stanza *s)
{
	struct origin *o = p->origin;
	struct transit t = {
		.router = r,
		.sender = o->session,
		.number = p->number,
		.replies = p->branch,
		.stanza = *s,
	};

	if (o->session != NULL && p->branch == 0)
		transit_error(&t, STANZA_RECIPIENT_UNAVAILABLE, NULL);
}

void route_undelivered(struct router *r, struct parcel *p)
{
	struct stanza s;
	struct jid to;
	struct account *a;

	if (stanza_decode(parcel_envelope(p), &s) != 0 || s.to.p == NULL)
		return;
	if (s.kind == STANZA_IQ && (s.type == TYPE_GET || s.type == TYPE_SET)) {
		bounce(r, p, &s);
		return;
	}
	if (s.kind != STANZA_MESSAGE || s.type == TYPE_ERROR || s.type == TYPE_HEADLINE ||
		s.type == TYPE_GROUPCHAT)
		return;
	jid_split(s.to, &to);
	a = account_find(r, to.bare);
	if (a == NULL || to_resources(p, a) == 0)
		bounce(r, p, &s);
}
