/* Messages to bare and full JIDs: RFC 6121 8.5, row by row. */
#include <stdio.h>

#include "base/err.h"
#include "routerd/account.h"
#include "routerd/carbons.h"
#include "routerd/domains.h"
#include "routerd/offline.h"
#include "routerd/route.h"
#include "routerd/stanza_id.h"

/* To all that are available with a priority that is not negative (8.5.2.1.1).  Returns how many
 * took it. */
static unsigned to_resources(struct parcel *p, struct account *a)
{
	unsigned n = 0;

	fanout_begin();
	list_for_each(pos, &a->sessions) {
		struct session *s = container_of(pos, struct session, in_account);

		if (session_takes_messages(s))
			n += fanout_add(p, s) == 0;
	}
	fanout_send(p);
	return n;
}

static bool anybody_takes(const struct account *a)
{
	list_for_each(pos, &a->sessions)
		if (session_takes_messages(container_of(pos, struct session, in_account)))
			return true;
	return false;
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

/* It waits for the account, or the sender hears that it cannot. */
static void to_store(struct transit *t, struct account *a, struct parcel *p)
{
	char limit[96];

	if (!offline_wants(&t->stanza) || t->cause.router->limits.offline_messages == 0) {
		nobody(t);
		return;
	}
	if (offline_store(a, p) == 0)
		return;
	snprintf(limit, sizeof limit, "routerd.offline_messages: %u messages wait for the account",
		t->cause.router->limits.offline_messages);
	transit_error(t, STANZA_RESOURCE_CONSTRAINT, limit);
}

/* For carbons_received(). */
static bool got_by_bare(const struct transit *t, const struct session *s)
{
	(void)t;
	return session_takes_messages(s);
}

static bool got_by_full(const struct transit *t, const struct session *s)
{
	return str_eq(s->jid.resource, t->to.resource);
}

/* 8.5.2 */
static void to_bare(struct transit *t, struct account *a, struct str additions)
{
	struct parcel *p;

	if (t->stanza.type == TYPE_ERROR)
		return;
	if (t->stanza.type == TYPE_GROUPCHAT || (t->stanza.type == TYPE_HEADLINE && !anybody_takes(a))) {
		nobody(t);
		return;
	}
	p = transit_parcel_with(t, additions);
	if (p == NULL)
		return;
	if (!anybody_takes(a) || (offline_queued(a) && offline_wants(&t->stanza))) {
		to_store(t, a, p);
	} else {
		if (to_resources(p, a) == 0)
			to_store(t, a, p);
		carbons_received(t, a, additions, got_by_bare);
	}
	parcel_unref(&p);
}

/* 8.5.3.1 */
static void to_full(struct transit *t, struct session *s, struct str additions)
{
	struct parcel *p = transit_parcel_with(t, additions);
	struct account *a = s->account;

	if (p == NULL)
		return;
	/* Behind what was stored before, where that goes to this resource too. */
	if (offline_queued(a) && session_takes_messages(s) && offline_wants(&t->stanza)) {
		to_store(t, a, p);
	} else {
		if (deliver_one(p, s) != 0)
			to_store(t, a, p);
		carbons_received(t, a, additions, got_by_full);
	}
	parcel_unref(&p);
}

static void to_account(struct transit *t, struct account *a)
{
	struct str additions = STR_NONE;
	struct session *s;

	if (t->stanza.content & CONTENT_STANZA_ID)
		stanza_id_strip(t, a);
	if (t->stanza.type != TYPE_ERROR)
		additions = stanza_id_addition(&t->cause, a);
	s = t->to.resource.p != NULL ? account_session(a, t->to.resource) : NULL;
	if (s != NULL)
		to_full(t, s, additions);
	else if (t->to.resource.p == NULL || t->stanza.type == TYPE_CHAT)
		to_bare(t, a, additions); /* 8.5.3.2.1: only a chat message goes on to others */
	else
		nobody(t);
}

void route_message(struct transit *t)
{
	struct account *own = t->sender != NULL ? t->sender->account : NULL, *a;

	if (own != NULL && t->stanza.type != TYPE_ERROR &&
		blocklist_blocks(&own->blocklist, &t->to)) {
		transit_blocked(t);
		return;
	}
	carbons_sent(t);
	if (!domains_have(&t->cause.router->domains, t->to.domain)) {
		route_abroad(t);
		return;
	}
	a = transit_recipient(t);
	if (a == NULL || a->state != ACCOUNT_THERE || blocklist_blocks(&a->blocklist, &t->from))
		nobody(t);
	else
		to_account(t, a);
}

/* An error for a sender who may be gone himself.  What the server made of its own accord has none. */
static void bounce(struct parcel *p, const struct stanza *s, unsigned condition, const char *text)
{
	struct origin *o = p->origin;
	struct transit t = {
		.cause = {.router = o->router, .origin = o, .number = p->number},
		.sender = o->session != NULL && o->session->account != NULL ? o->session : NULL,
		.stanza = *s,
	};

	if (p->branch != 0)
		return;
	jid_split(parcel_text(p).from, &t.from);
	if (s->to.p != NULL)
		jid_split(s->to, &t.to);
	transit_error(&t, condition, text);
}

void route_refused(struct parcel *p, unsigned condition, struct str text)
{
	char reason[257];
	struct stanza s;

	if (stanza_decode(parcel_envelope(p), &s) != 0)
		return;
	snprintf(reason, sizeof reason, "%.*s", STR_FMT(text));
	bounce(p, &s, condition, text.len > 0 ? reason : NULL);
}

void route_unstored(struct parcel *p)
{
	struct stanza s;

	if (stanza_decode(parcel_envelope(p), &s) == 0)
		bounce(p, &s, STANZA_INTERNAL_SERVER_ERROR, NULL);
}

static void go_on_undelivered(void *arg)
{
	struct parcel *p = arg;

	route_undelivered(p->origin->router, p);
	parcel_unref(&p);
}

void route_undelivered(struct router *r, struct parcel *p)
{
	struct account *a;
	struct stanza s;
	struct jid to;

	if (stanza_decode(parcel_envelope(p), &s) != 0 || s.to.p == NULL)
		return;
	if (s.kind == STANZA_IQ && (s.type == TYPE_GET || s.type == TYPE_SET)) {
		bounce(p, &s, STANZA_RECIPIENT_UNAVAILABLE, NULL);
		return;
	}
	if (s.kind != STANZA_MESSAGE || s.type == TYPE_ERROR || s.type == TYPE_HEADLINE ||
		s.type == TYPE_GROUPCHAT || p->branch != 0)
		return;
	jid_split(s.to, &to);
	a = account_find(r, to.bare);
	if (a != NULL && !account_ready(a)) {
		account_when_ready(a, go_on_undelivered, parcel_ref(p));
		return;
	}
	/* Of one that cannot be had, a session was there until now. */
	if (a == NULL || a->state == ACCOUNT_NOWHERE ||
		(to_resources(p, a) == 0 && (!offline_wants(&s) || offline_store(a, p) != 0)))
		bounce(p, &s, STANZA_RECIPIENT_UNAVAILABLE, NULL);
}
