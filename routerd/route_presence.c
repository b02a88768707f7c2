/* Presence without an address is for all who may see it; with one it is directed (RFC 6121 4). */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "routerd/account.h"
#include "routerd/domains.h"
#include "routerd/emit.h"
#include "routerd/offline.h"
#include "routerd/presence.h"
#include "routerd/route.h"
#include "routerd/session_row.h"
#include "routerd/subscribe.h"

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* 0, or BH_EINVAL where it is no integer of -128..127 (4.7.2.3; xs:byte may have space around). */
static int parse_priority(struct str text, int8_t *priority)
{
	char digits[16], *end;
	long value;

	while (text.len > 0 && is_space(text.p[text.len - 1]))
		text.len--;
	if (text.len == 0 || text.len >= sizeof digits)
		return BH_EINVAL;
	memcpy(digits, text.p, text.len);
	digits[text.len] = '\0';
	value = strtol(digits, &end, 10);
	if (*end != '\0' || value < -128 || value > 127)
		return BH_EINVAL;
	*priority = (int8_t)value;
	return 0;
}

static int read_priority(const struct stanza *s, int8_t *priority)
{
	struct tree *tree;
	struct str text;
	int rc = presence_child(s, "priority", &tree, &text);

	*priority = 0;
	if (rc == 0 && text.p != NULL)
		rc = parse_priority(text, priority);
	tree_free(&tree);
	return rc;
}

static void available(struct transit *t)
{
	struct session *s = t->sender;
	bool initial = !session_available(s), took = session_takes_messages(s);
	int8_t priority;
	struct parcel *p;

	if (read_priority(&t->stanza, &priority) != 0) {
		transit_error(t, STANZA_BAD_REQUEST, "priority is no number of -128 to 127");
		return;
	}
	p = transit_parcel(t);
	if (p == NULL)
		return;
	s->priority = priority;
	parcel_unref(&s->presence);
	s->presence = p;
	session_recount(s);
	session_changed(s, &t->cause);
	presence_broadcast(&t->cause, s, p);
	if (initial) {
		presence_welcome(&t->cause, s);
		subscribe_show_pending(&t->cause, s);
	}
	if (!took && session_takes_messages(s))
		offline_send(s);
}

static void unavailable(struct transit *t)
{
	struct stanza gone = t->stanza;
	struct parcel *p = transit_parcel(t);

	if (p == NULL)
		return;
	gone.from = t->from.full;
	presence_withdraw(&t->cause, t->sender, p, &gone);
	session_changed(t->sender, &t->cause);
	parcel_unref(&p);
}

static void broadcast(struct transit *t)
{
	switch (t->stanza.type) {
	case TYPE_NONE:
		available(t);
		return;
	case TYPE_UNAVAILABLE:
		unavailable(t);
		return;
	default:
		transit_error(t, STANZA_BAD_REQUEST, NULL);
	}
}

static void deliver_to_all(struct transit *t, struct account *a)
{
	struct parcel *p = transit_parcel(t);

	if (p == NULL)
		return;
	fanout_begin();
	list_for_each(pos, &a->sessions) {
		struct session *s = container_of(pos, struct session, in_account);

		if (session_available(s))
			(void)fanout_add(p, s);
	}
	fanout_send(p);
	parcel_unref(&p);
}

/* 8.5.2.1.2, 8.5.3.1: to the resource, or to all that are available. */
static void deliver(struct transit *t)
{
	struct account *a = transit_recipient(t);
	struct session *s;

	/* Before its data are there it can have shown itself to nobody. */
	if (a == NULL || a->state != ACCOUNT_THERE || blocklist_blocks(&a->blocklist, &t->from))
		return;
	if (t->to.resource.p == NULL) {
		deliver_to_all(t, a);
		return;
	}
	s = account_session(a, t->to.resource);
	if (s != NULL)
		route_to_session(t, s);
}

/* Who is shown it is remembered, to be told when it ends (4.6). */
static bool remember(struct transit *t)
{
	struct directed *d = &t->sender->directed;

	if (t->stanza.type == TYPE_UNAVAILABLE) {
		directed_remove(d, t->stanza.to);
		session_changed(t->sender, &t->cause);
		return true;
	}
	if (directed_has(d, t->stanza.to))
		return true;
	if (d->targets.count >= t->cause.router->limits.directed_presence ||
		directed_add(d, t->stanza.to) != 0) {
		transit_error(t, STANZA_RESOURCE_CONSTRAINT,
			"the session has shown itself to as many as it may (routerd.directed_presence)");
		return false;
	}
	session_changed(t->sender, &t->cause);
	return true;
}

static bool blocked(struct transit *t)
{
	if (t->sender == NULL || t->stanza.type == TYPE_ERROR ||
		!blocklist_blocks(&t->sender->account->blocklist, &t->to))
		return false;
	transit_blocked(t);
	return true;
}

static void directed(struct transit *t)
{
	if (t->sender != NULL && t->stanza.type != TYPE_ERROR && !remember(t))
		return;
	if (domains_have(&t->cause.router->domains, t->to.domain))
		deliver(t);
	else
		route_abroad(t);
}

/* A client may ask as its server would (4.3): of accounts of ours it is answered here. */
static void probe(struct transit *t)
{
	if (domains_have(&t->cause.router->domains, t->to.domain))
		presence_probed(t, transit_recipient(t));
	else
		route_abroad(t);
}

void route_presence(struct transit *t)
{
	if (t->stanza.to.p == NULL) {
		broadcast(t);
		return;
	}
	if (blocked(t))
		return;
	switch (t->stanza.type) {
	case TYPE_NONE:
	case TYPE_UNAVAILABLE:
	case TYPE_ERROR:
		directed(t);
		return;
	case TYPE_PROBE:
		probe(t);
		return;
	default:
		transit_error(t, STANZA_BAD_REQUEST, NULL);
	}
}
