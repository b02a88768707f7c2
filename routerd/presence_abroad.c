/* Presence that leaves the server. */
#include "routerd/presence_abroad.h"

#include "routerd/abroad.h"
#include "routerd/domains.h"
#include "routerd/emit.h"
#include "routerd/presence.h"
#include "routerd/session.h"

static bool is_abroad(const struct router *r, struct str address)
{
	struct jid jid;

	jid_split(address, &jid);
	return !domains_have(&r->domains, jid.domain);
}

void presence_send_abroad(struct cause *cause, const struct stanza *stanza, struct str to)
{
	struct stanza s = *stanza;

	if (!is_abroad(cause->router, to))
		return;
	s.to = to;
	(void)emit_abroad(cause, &s);
}

void presence_to_contacts_abroad(struct cause *cause, const struct account *own, struct parcel *p)
{
	struct map_walk walk;
	struct map_node *n;
	struct stanza s;

	if (stanza_decode(parcel_envelope(p), &s) != 0)
		return;
	s.from = parcel_text(p).from;
	map_walk_start(&walk, &own->roster.contacts);
	while ((n = map_walk_next(&walk)) != NULL) {
		const struct contact *c = container_of(n, struct contact, node);

		if (subscription_gives(c->state) && !presence_blocks(own, c->jid))
			presence_send_abroad(cause, &s, c->jid);
	}
}

static void probe_contacts(struct cause *cause, const struct session *s)
{
	struct stanza probe = {.kind = STANZA_PRESENCE, .type = TYPE_PROBE, .from = s->jid.full};
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &s->account->roster.contacts);
	while ((n = map_walk_next(&walk)) != NULL) {
		const struct contact *c = container_of(n, struct contact, node);

		if (subscription_takes(c->state) && !presence_blocks(s->account, c->jid))
			presence_send_abroad(cause, &probe, c->jid);
	}
}

void presence_go_abroad(struct cause *cause, struct account *a)
{
	list_for_each(pos, &a->sessions) {
		struct session *s = container_of(pos, struct session, in_account);

		if (!session_available(s))
			continue;
		presence_to_contacts_abroad(cause, a, s->presence);
		probe_contacts(cause, s);
	}
}

struct leaving {
	struct cause *cause;
	struct session *session;
	struct stanza gone;
};

/* Components stay where they are. */
static void leave_one(struct leaving *l, struct str address)
{
	struct jid jid;

	jid_split(address, &jid);
	if (abroad_is_ours(l->cause->router, jid.domain))
		return;
	l->gone.to = address;
	(void)emit_abroad_anyway(l->cause, &l->gone);
}

static void leave_directed(void *leaving, struct str address)
{
	struct leaving *l = leaving;
	struct jid jid;

	jid_split(address, &jid);
	/* Nobody gets it twice. */
	if (!session_available(l->session) || !presence_subscribed(l->session->account, jid.bare))
		leave_one(l, address);
}

static void leave_contacts(struct leaving *l)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &l->session->account->roster.contacts);
	while ((n = map_walk_next(&walk)) != NULL) {
		const struct contact *c = container_of(n, struct contact, node);

		if (subscription_gives(c->state) && !presence_blocks(l->session->account, c->jid))
			leave_one(l, c->jid);
	}
}

void presence_leave_abroad(struct cause *cause, struct account *a)
{
	list_for_each(pos, &a->sessions) {
		struct session *s = container_of(pos, struct session, in_account);
		struct leaving l = {.cause = cause, .session = s,
			.gone = {.kind = STANZA_PRESENCE, .type = TYPE_UNAVAILABLE, .from = s->jid.full}};

		if (session_available(s))
			leave_contacts(&l);
		directed_each(&s->directed, leave_directed, &l);
	}
}
