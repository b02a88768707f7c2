/*
 * offers - the domains, and what authd offers for each; and the components
 */
#ifndef C2SD_OFFERS_H
#define C2SD_OFFERS_H

#include "base/buf.h"
#include "base/map.h"
#include "base/str.h"
#include "bus/link.h"

struct c2sd;
struct client;

/* What of a client's certificate says whose it is. */
enum certificate_name { NAME_ADDRESS, NAME_MAIL, NAME_SUBJECT, NAME_EXACT };

struct offer {
	struct map_node node;
	char *domain;
	char *mechanisms; /* separated by spaces, best first; NULL until authd told */
	char *caps;	  /* XEP-0115's ver; NULL until routerd told */
	bool component;	  /* another program's domain: it has nothing of these */
	enum certificate_name name;
};

/* Every domain and component of the configuration has an offer; none is ever taken away, since
 * streams point at them. */
int offers_add_domains(struct c2sd *srv);
void offers_free(struct c2sd *srv);
struct offer *offers_find(const struct c2sd *srv, struct str domain);
/* Has authd told us of every domain? */
bool offers_complete(const struct c2sd *srv);

/* The mechanisms that this client may use now, separated by spaces. */
void offers_for_client(const struct client *c, struct buf *out);

/* Takes the first of such a list; false at its end. */
bool offers_take(struct str *list, struct str *name);
bool offers_have(struct str list, const char *name);

bus_handler_fn on_mechanisms;

#endif
