/* Subscription stanzas: judged on the user's side, then on the contact's (RFC 6121 3). */
#include "routerd/subscribe.h"

#include "routerd/domains.h"
#include "routerd/emit.h"
#include "routerd/federation.h"
#include "routerd/pending.h"
#include "routerd/presence.h"
#include "routerd/roster_edit.h"
#include "routerd/sharing.h"

/* What the account's side knows of that address; all empty where it knows nothing. */
static struct contact_text known(const struct account *a, struct str bare)
{
	const struct contact *c = roster_find(&a->roster, bare);

	return c != NULL ? contact_text(c) : (struct contact_text){.jid = bare, .state = SUB_NONE};
}

static void presence_then(struct change *c, unsigned kind, struct account *a, struct str to)
{
	struct stanza s = {.kind = STANZA_PRESENCE, .from = a->jid.bare, .to = to};

	change_then(c, kind, a, &s);
}

static void arrive(struct change *c, struct router *r, const struct stanza *s);

/* By a group, whatever the subscriptions between them are. */
static bool sees(const struct account *a, struct str viewer)
{
	return sharing_sees(a->router, viewer, a->jid.bare);
}

/* The server says for the account what its user has allowed before. */
static void reply_subscribed(struct change *c, struct account *a, struct str to)
{
	struct stanza s = {
		.kind = STANZA_PRESENCE, .type = TYPE_SUBSCRIBED, .from = a->jid.bare, .to = to};

	arrive(c, a->router, &s);
	if (!sees(a, to))
		presence_then(c, THEN_SHOW, a, to);
}

/* Keeps what a request says, to show it again until it is answered. */
static bool keep_request(const struct account *a, struct contact_text *text, const struct stanza *s, struct buf *envelope)
{
	pending_encode(envelope, s);
	text->request = buf_str(envelope);
	return !buf_failed(envelope) && roster_fits_request(&a->roster, text);
}

/* envelope: of what is kept, the caller's to free.  What cannot be kept is dropped. */
static void take_in(struct change *c, struct account *a, const struct stanza *s, struct buf *envelope)
{
	struct contact_text text = known(a, s->from);
	bool gave = subscription_gives(text.state), seen = sees(a, s->from);
	struct transition t = subscription_inbound(text.state, s->type, seen || (text.flags & CONTACT_APPROVED));

	if (t.passed && !roster_edit_fits(a, s->from))
		return; /* what cannot be kept is not shown either */
	text.state = t.state;
	if (!subscription_pending_in(t.state))
		text.request = STR_NONE;
	else if (s->type == TYPE_SUBSCRIBE && t.passed && !keep_request(a, &text, s, envelope))
		return;
	if (t.granted && !gave) {
		text.flags |= CONTACT_LISTED;
		text.flags &= (uint8_t)~CONTACT_APPROVED;
	}
	/* Before the push: the user's clients are told what changes it (3.1.6). */
	if (t.passed)
		change_then(c, s->type == TYPE_SUBSCRIBE ? THEN_TO_AVAILABLE : THEN_TO_INTERESTED, a, s);
	if (roster_edit(c, a, &text) == 0 && t.granted)
		reply_subscribed(c, a, s->from);
	if (gave && !seen && !subscription_gives(t.state))
		presence_then(c, THEN_HIDE, a, s->from);
}

/* A.3: the stanza has come to an account of ours. */
static void inbound(struct change *c, struct account *a, const struct stanza *s)
{
	struct buf envelope = BUF_INIT;

	take_in(c, a, s, &envelope);
	buf_fini(&envelope);
}

/* On the other side: in an account of ours, which route_stanza() has loaded, or abroad. */
static void arrive(struct change *c, struct router *r, const struct stanza *s)
{
	struct account *a;
	struct jid to, from;

	jid_split(s->to, &to);
	jid_split(s->from, &from);
	if (!domains_have(&r->domains, to.domain)) {
		change_then(c, THEN_ABROAD, NULL, s);
		return;
	}
	a = account_find(r, to.bare);
	/* Of accounts that do not exist, and of those who block him or may not talk to him, the sender learns nothing. */
	if (a != NULL && federation_allows(r, &to, &from) && a->state == ACCOUNT_THERE && !blocklist_blocks(&a->blocklist, &from))
		inbound(c, a, s);
}

/* A.2: 0 and *passed, or why the sender's roster cannot take it. */
static int outbound(struct change *c, struct account *own, const struct stanza *s, bool *passed)
{
	struct contact_text text = known(own, s->to);
	bool gave = subscription_gives(text.state);
	struct transition t = subscription_outbound(text.state, s->type);

	text.state = t.state;
	if (!subscription_pending_in(t.state))
		text.request = STR_NONE;
	if (s->type == TYPE_SUBSCRIBE)
		text.flags |= CONTACT_LISTED;
	if (s->type == TYPE_SUBSCRIBED && t.passed)
		text.flags |= CONTACT_LISTED;
	if (s->type == TYPE_SUBSCRIBED && !t.passed && !gave)
		text.flags |= CONTACT_LISTED | CONTACT_APPROVED; /* 3.4: before it was asked for */
	if (s->type == TYPE_UNSUBSCRIBED)
		text.flags &= (uint8_t)~CONTACT_APPROVED;
	*passed = t.passed;
	return roster_edit(c, own, &text);
}

/* What the sender's presence does, after the stanza. */
static void presence_follows(struct change *c, struct account *own, const struct stanza *s, bool gave)
{
	bool gives = presence_given(own, s->to);

	if (s->type == TYPE_SUBSCRIBED && gives && !gave)
		presence_then(c, THEN_SHOW, own, s->to);
	if (gave && !gives)
		presence_then(c, THEN_HIDE, own, s->to);
}

static void send_out(struct transit *t, struct account *own, const struct stanza *s)
{
	struct change *c = change_begin(t);
	bool gave = presence_given(own, s->to), passed = false;

	if (outbound(c, own, s, &passed) != 0) {
		change_drop(&c);
		transit_error(t, STANZA_RESOURCE_CONSTRAINT, "routerd.roster_contacts: the roster is full");
		return;
	}
	if (passed)
		arrive(c, t->cause.router, s);
	presence_follows(c, own, s, gave);
	change_commit(&c);
}

static void come_in(struct transit *t, const struct stanza *s)
{
	struct change *c = change_begin(t);

	arrive(c, t->cause.router, s);
	change_commit(&c);
}

bool subscribe_route(struct transit *t)
{
	struct account *own = t->sender != NULL ? t->sender->account : NULL;
	struct stanza s = t->stanza;

	if (t->stanza.to.p == NULL) {
		transit_error(t, STANZA_BAD_REQUEST, "to whom?");
		return true;
	}
	s.from = t->from.bare; /* 3.1.2 */
	s.to = t->to.bare;
	if (own != NULL && str_eq(s.to, own->jid.bare))
		return true; /* one sees oneself without asking */
	if (own != NULL && blocklist_blocks(&own->blocklist, &t->to))
		transit_blocked(t);
	else if (own != NULL)
		send_out(t, own, &s);
	else
		come_in(t, &s);
	return true;
}

void subscribe_cancel(struct change *c, struct account *a, const struct contact *contact)
{
	struct stanza s = {.kind = STANZA_PRESENCE, .from = a->jid.bare, .to = contact->jid};
	uint8_t state = contact->state;

	if (subscription_takes(state) || subscription_asked(state)) {
		s.type = TYPE_UNSUBSCRIBE;
		arrive(c, a->router, &s);
	}
	if (subscription_gives(state) || subscription_pending_in(state)) {
		s.type = TYPE_UNSUBSCRIBED;
		arrive(c, a->router, &s);
	}
	if (subscription_gives(state) && !sees(a, contact->jid))
		presence_then(c, THEN_HIDE, a, contact->jid);
}

static void show_request(struct cause *cause, struct session *to, const struct contact *contact)
{
	struct stanza s = {.kind = STANZA_PRESENCE, .type = TYPE_SUBSCRIBE};

	if (contact->request.len > 0 && stanza_decode(contact->request, &s) != 0)
		return;
	s.from = contact->jid;
	s.to = to->account->jid.bare;
	emit_to_session(cause, &s, to);
}

void subscribe_show_pending(struct cause *cause, struct session *s)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &s->account->roster.contacts);
	while ((n = map_walk_next(&walk)) != NULL) {
		const struct contact *c = container_of(n, struct contact, node);

		if (subscription_pending_in(c->state))
			show_request(cause, s, c);
	}
}
