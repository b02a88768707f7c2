/* The offers of the authds, by domain. */
#include "routerd/mechanisms.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "routerd/domains.h"

struct mechanisms {
	struct map offers; /* struct offer by domain */
};

struct offer {
	struct map_node node;
	struct list said; /* struct said, never empty; the first one counts */
	char *domain;
};

/* What one authd can do for the domain. */
struct said {
	struct list link;
	const struct bus_peer *authd; /* NULL: it has gone, and no other has said anything since */
	char *names;
};

static struct said *counts(const struct offer *o)
{
	return container_of(o->said.next, struct said, link);
}

static void unsay(struct said *said)
{
	list_remove(&said->link);
	free(said->names);
	free(said);
}

struct mechanisms *mechanisms_create(void)
{
	return bh_alloc(sizeof(struct mechanisms));
}

void mechanisms_free(struct mechanisms **m)
{
	struct map_walk walk;
	struct map_node *n;

	if (*m == NULL)
		return;
	map_walk_start(&walk, &(*m)->offers);
	while ((n = map_walk_next(&walk)) != NULL) {
		struct offer *o = container_of(n, struct offer, node);

		while (!list_empty(&o->said))
			unsay(counts(o));
		free(o->domain);
		free(o);
	}
	map_fini(&(*m)->offers);
	free(*m);
	*m = NULL;
}

static void tell(struct front *front, const struct offer *o)
{
	struct msg_mechanisms m = {.domain = str_of(o->domain), .mechanisms = str_of(counts(o)->names)};

	if (front->peer->link != NULL)
		(void)LINK_SEND(front->peer->link, MECHANISMS, mechanisms, 0, &m);
}

void mechanisms_tell(struct router *r, struct front *front)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &r->mechanisms->offers);
	while ((n = map_walk_next(&walk)) != NULL)
		tell(front, container_of(n, struct offer, node));
}

static struct offer *offer_of(struct mechanisms *all, struct str domain)
{
	struct map_node *n = map_find(&all->offers, domain.p, domain.len);
	struct offer *o;

	if (n != NULL)
		return container_of(n, struct offer, node);
	o = bh_alloc(sizeof *o);
	list_init(&o->said);
	o->domain = bh_strndup(domain.p, domain.len);
	if (map_add(&all->offers, &o->node, o->domain, domain.len) == 0)
		return o;
	free(o->domain);
	free(o);
	return NULL;
}

static struct said *said_by(const struct offer *o, const struct bus_peer *authd)
{
	list_for_each(pos, &o->said)
		if (container_of(pos, struct said, link)->authd == authd)
			return container_of(pos, struct said, link);
	return NULL;
}

/* Whoever is there takes the place of who has gone. */
static void say(struct offer *o, const struct bus_peer *authd, struct str names)
{
	struct said *said = said_by(o, authd), *gone = said_by(o, NULL);

	if (said == NULL) {
		said = bh_alloc(sizeof *said);
		said->authd = authd;
		list_append(&o->said, &said->link);
	}
	if (gone != NULL)
		unsay(gone);
	free(said->names);
	said->names = bh_strndup(names.p != NULL ? names.p : "", names.len);
}

static void tell_all(struct router *r, const struct offer *o)
{
	struct bus_peer *peer = NULL;

	while ((peer = bus_server_next(r->server, ROLE_C2S, peer)) != NULL)
		tell(peer->data, o);
}

int on_mechanisms(const struct bus_event *event)
{
	struct router *r = front_of(event)->router;
	struct msg_mechanisms m;
	struct offer *o;

	if (bus_get_mechanisms(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (!domains_have(&r->domains, m.domain) || (o = offer_of(r->mechanisms, m.domain)) == NULL)
		return 0;
	say(o, event->owner, m.mechanisms);
	if (counts(o)->authd == event->owner)
		tell_all(r, o);
	return 0;
}

static void forget(struct router *r, struct offer *o, const struct bus_peer *authd)
{
	struct said *said = said_by(o, authd);
	bool counted = said == counts(o);

	if (said == NULL)
		return;
	said->authd = NULL;
	if (o->said.next == o->said.prev)
		return;
	unsay(said);
	if (counted)
		tell_all(r, o);
}

void mechanisms_lost(struct router *r, const struct bus_peer *authd)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &r->mechanisms->offers);
	while ((n = map_walk_next(&walk)) != NULL)
		forget(r, container_of(n, struct offer, node), authd);
}
