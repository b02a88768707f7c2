/*
 * offers - the domains, and what authd offers for each; and the features made from it
 */
#ifndef C2SD_OFFERS_H
#define C2SD_OFFERS_H

#include "base/buf.h"
#include "base/map.h"
#include "base/str.h"
#include "bus/link.h"

struct c2sd;
struct client;

struct offer {
	struct map_node node;
	char *domain;
	char *mechanisms; /* separated by spaces, best first; NULL until authd told */
};

/* Every domain of the configuration has an offer; none is ever taken away, since streams
 * point at them. */
int offers_add_domains(struct c2sd *srv);
void offers_free(struct c2sd *srv);
struct offer *offers_find(const struct c2sd *srv, struct str domain);
/* Has authd told us of every domain? */
bool offers_complete(const struct c2sd *srv);

/* The mechanisms that this client may use now, separated by spaces. */
void offers_for_client(const struct client *c, struct buf *out);

/* <stream:features/> for the state the client is in. */
void features_send(struct client *c);

bus_handler_fn on_mechanisms;

#endif
