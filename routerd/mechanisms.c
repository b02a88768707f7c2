/* The offers of authd, by domain. */
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
	char *domain;
	char *names;
};

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

		free(o->domain);
		free(o->names);
		free(o);
	}
	map_fini(&(*m)->offers);
	free(*m);
	*m = NULL;
}

static void tell(struct front *front, const struct offer *o)
{
	struct msg_mechanisms m = {.domain = str_of(o->domain), .mechanisms = str_of(o->names)};

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
	o->domain = bh_strndup(domain.p, domain.len);
	if (map_add(&all->offers, &o->node, o->domain, domain.len) == 0)
		return o;
	free(o->domain);
	free(o);
	return NULL;
}

int on_mechanisms(const struct bus_event *event)
{
	struct router *r = front_of(event)->router;
	struct bus_peer *peer = NULL;
	struct msg_mechanisms m;
	struct offer *o;

	if (bus_get_mechanisms(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (!domains_have(&r->domains, m.domain) || (o = offer_of(r->mechanisms, m.domain)) == NULL)
		return 0;
	free(o->names);
	o->names = bh_strndup(m.mechanisms.p != NULL ? m.mechanisms.p : "", m.mechanisms.len);
	while ((peer = bus_server_next(r->server, ROLE_C2S, peer)) != NULL)
		tell(peer->data, o);
	return 0;
}
