/* Presence: broadcast among an account's own resources, and directed presence (RFC 6121 4). */
#include "base/alloc.h"
#include "base/err.h"
#include "routerd/presence.h"
#include "routerd/route.h"
#include "xmpp/names.h"
#include "xmpp/tree.h"

#include <stdlib.h>

/* To every available resource of the account, the sender's own too (4.2.2). */
static void broadcast(struct parcel *p, struct account *a)
{
	fanout_begin();
	list_for_each(pos, &a->sessions) {
		struct session *s = container_of(pos, struct session, in_account);

		if (session_available(s))
			(void)fanout_add(p, s);
	}
	fanout_send(p);
}

/* A resource that becomes available sees its sisters. */
static void show_others(struct session *to)
{
	list_for_each(pos, &to->account->sessions) {
		struct session *s = container_of(pos, struct session, in_account);

		if (s != to && session_available(s))
			(void)deliver_one(s->presence, to);
	}
}

/* 0, or BH_EINVAL where <priority/> is no integer of -128..127 (4.7.2.3). */
static int read_priority(struct str inner, int8_t *priority)
{
	struct tree *tree;
	const struct tree_node *n;
	char text[8] = "", *end;
	long value = 0;

	*priority = 0;
	if (inner.len == 0)
		return 0;
	if (tree_parse(inner, NS_CLIENT, &tree) != 0)
		return BH_EINVAL;
	for (n = tree_first(tree); n != NULL; n = n->next)
		if (str_is(n->name, "priority") && str_is(n->ns, NS_CLIENT))
			break;
	if (n != NULL && n->text.len < sizeof text) {
		memcpy(text, n->text.p, n->text.len);
		value = strtol(text, &end, 10);
	}
	if (n != NULL && (text[0] == '\0' || *end != '\0' || value < -128 || value > 127)) {
		tree_free(&tree);
		return BH_EINVAL;
	}
	tree_free(&tree);
	*priority = (int8_t)value;
	return 0;
}

static void available(struct transit *t)
{
	struct session *s = t->sender;
	bool initial = !session_available(s);
	struct parcel *p;

	if (read_priority(t->stanza.inner, &s->priority) != 0) {
		transit_error(t, STANZA_BAD_REQUEST, "priority is no number of -128 to 127");
		return;
	}
	p = transit_parcel(t);
	if (p == NULL)
		return;
	parcel_unref(&s->presence);
	s->presence = parcel_ref(p);
	broadcast(p, s->account);
	if (initial)
		show_others(s);
	parcel_unref(&p);
}

static void unavailable(struct transit *t)
{
	struct session *s = t->sender;
	struct parcel *p = transit_parcel(t);

	if (p == NULL)
		return;
	broadcast(p, s->account);
	parcel_unref(&s->presence);
	parcel_unref(&p);
}

static void broadcast_presence(struct transit *t)
{
	switch (t->stanza.type) {
	case TYPE_NONE:
		available(t);
		return;
	case TYPE_UNAVAILABLE:
		unavailable(t);
		return;
	case TYPE_ERROR:
	case TYPE_PROBE:
		return;
	default:
		transit_error(t, STANZA_BAD_REQUEST, NULL);
	}
}

/* 8.5.2.1.2, 8.5.3.1: available and unavailable go to the resource, or to all of them. */
static void directed(struct transit *t)
{
	struct account *a = account_find(t->router, t->to.bare);
	struct session *s = t->to.resource.p != NULL ? route_session(t->router, &t->to) : NULL;
	struct parcel *p;

	if (a == NULL || (t->to.resource.p != NULL && s == NULL))
		return;
	p = transit_parcel(t);
	if (p == NULL)
		return;
	if (s != NULL)
		(void)deliver_one(p, s);
	else
		broadcast(p, a);
	parcel_unref(&p);
}

void route_presence(struct transit *t)
{
	if (t->stanza.to.p == NULL) {
		broadcast_presence(t);
		return;
	}
	switch (t->stanza.type) {
	case TYPE_NONE:
	case TYPE_UNAVAILABLE:
	case TYPE_ERROR:
		directed(t);
		return;
	case TYPE_UNKNOWN:
		transit_error(t, STANZA_BAD_REQUEST, NULL);
		return;
	case TYPE_PROBE:
		return;
	default:
		transit_error(t, STANZA_FEATURE_NOT_IMPLEMENTED, NULL);
	}
}

void presence_session_gone(struct session *s)
{
	struct stanza gone = {.kind = STANZA_PRESENCE, .type = TYPE_UNAVAILABLE};
	struct buf envelope = BUF_INIT;
	struct parcel *p;

	if (!session_available(s))
		return;
	parcel_unref(&s->presence);
	stanza_encode(&envelope, &gone);
	if (buf_failed(&envelope))
		return;
	/* The branch of what the server says at a session's end: after its last number. */
	p = parcel_create(s->origin, s->origin->number + 1, 1, s->jid.full, buf_str(&envelope));
	buf_fini(&envelope);
	if (p == NULL)
		return;
	broadcast(p, s->account);
	parcel_unref(&p);
}
