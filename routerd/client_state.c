/* What is kept back for clients that nobody looks at. */
#include "routerd/client_state.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "routerd/custody.h"
#include "routerd/session.h"
#include "xmpp/addition.h"
#include "xmpp/names.h"
#include "xmpp/stanza.h"

/* More than this is not kept back: the next one sets all free. */
enum { KEPT_MAX = 1000, KEPT_BYTES_MAX = 256 * 1024 };

struct kept {
	struct map_node node; /* by the sender's full JID, in the parcel */
	struct map *map;      /* the one that it is in */
	struct list link;     /* in client_state.order */
	struct parcel *parcel;
};

void client_state_init(struct client_state *cs)
{
	list_init(&cs->order);
	list_init(&cs->late);
}

static void drop(struct client_state *cs, struct kept *k)
{
	cs->bytes -= k->parcel->envelope_len;
	map_remove(k->map, &k->node);
	list_remove(&k->link);
	parcel_unref(&k->parcel);
	free(k);
}

void client_state_fini(struct client_state *cs)
{
	while (!list_empty(&cs->order))
		drop(cs, container_of(cs->order.next, struct kept, link));
	map_fini(&cs->presence);
	map_fini(&cs->chat);
	cs->presence = cs->chat = MAP_INIT;
}

/* What may stand beside a chat state in a message that says nothing else. */
static bool is_idle_talk(const struct stanza *s)
{
	static const struct {
		const char *ns, *name;
	} idle[] = {
		{NS_CHAT_STATES, "active"}, {NS_CHAT_STATES, "composing"},
		{NS_CHAT_STATES, "gone"}, {NS_CHAT_STATES, "inactive"},
		{NS_CHAT_STATES, "paused"}, {NS_CLIENT, "thread"},
		{NS_HINTS, "no-copy"}, {NS_HINTS, "no-permanent-store"},
		{NS_HINTS, "no-storage"}, {NS_HINTS, "no-store"},
	};
	unsigned known = 0;

	for (size_t i = 0; i < sizeof idle / sizeof idle[0]; i++)
		known += stanza_has_child(s, stanza_child_name(str_of(idle[i].ns),
			str_of(idle[i].name)));
	return (s->content & CONTENT_CHAT_STATE) != 0 && s->type != TYPE_ERROR &&
	       known == s->nchildren;
}

/* A copy says what another client did, and a delay what was: these are not kept back. */
static bool is_direct(const struct parcel *p)
{
	struct str additions = parcel_text(p).additions;
	struct addition a;

	while (addition_take(&additions, &a))
		if (a.kind != ADDITION_STANZA_ID)
			return false;
	return true;
}

/* Where it is kept: presence that says who is there, and chat states with nothing else.  NULL:
 * it is important. */
static struct map *place(struct client_state *cs, const struct parcel *p)
{
	struct stanza s;

	if (!is_direct(p) || stanza_decode(parcel_envelope(p), &s) != 0)
		return NULL;
	if (s.kind == STANZA_PRESENCE && (s.type == TYPE_NONE || s.type == TYPE_UNAVAILABLE))
		return &cs->presence;
	return s.kind == STANZA_MESSAGE && is_idle_talk(&s) ? &cs->chat : NULL;
}

static bool has_room(const struct client_state *cs, const struct parcel *p)
{
	return cs->presence.count + cs->chat.count < KEPT_MAX &&
	       cs->bytes + p->envelope_len <= KEPT_BYTES_MAX;
}

bool client_state_keep(struct client_state *cs, struct parcel *p)
{
	struct str from = parcel_text(p).from;
	struct map *map = place(cs, p);
	struct map_node *old;
	struct kept *k;

	if (map == NULL)
		return false;
	/* The newest takes the place of the older one, and goes to the end. */
	old = map_find(map, from.p, from.len);
	if (old != NULL)
		drop(cs, container_of(old, struct kept, node));
	if (!has_room(cs, p))
		return false;
	k = bh_alloc(sizeof *k);
	if (map_add(map, &k->node, from.p, from.len) != 0) {
		free(k);
		return false;
	}
	k->map = map;
	k->parcel = parcel_ref(p);
	cs->bytes += p->envelope_len;
	list_append(&cs->order, &k->link);
	return true;
}

/* From the moment on that nothing is kept any more, nothing else waits behind it. */
void client_state_flush(struct session *s)
{
	struct client_state *cs = &s->state;
	bool inactive = cs->inactive;
	struct list out;

	list_init(&out);
	list_splice(&out, &cs->order);
	cs->inactive = false;
	while (!list_empty(&out)) {
		struct kept *k = container_of(out.next, struct kept, link);
		struct parcel *p = parcel_ref(k->parcel);

		drop(cs, k);
		(void)deliver_one(p, s); /* it may be kept back anew */
		parcel_unref(&p);
	}
	cs->inactive = inactive;
}

int on_client_state(const struct bus_event *event)
{
	struct connection *c = front_connection(front_of(event), event->frame->subject);
	struct msg_client_state m;

	if (bus_get_client_state(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (c == NULL || c->session == NULL || c->session->account == NULL)
		return 0;
	c->session->state.inactive = m.active == 0;
	if (m.active != 0)
		client_state_flush(c->session);
	return 0;
}
