/*
 * presence_abroad - presence for contacts on other servers (RFC 6121 4)
 */
#ifndef ROUTERD_PRESENCE_ABROAD_H
#define ROUTERD_PRESENCE_ABROAD_H

#include "routerd/account.h"
#include "routerd/cause.h"
#include "routerd/custody.h"
#include "xmpp/stanza.h"

/* That stanza, if the address is of no domain of ours. */
void presence_send_abroad(struct cause *cause, const struct stanza *stanza, struct str to);
/* The parcel of a presence stanza, for all contacts there that are subscribed. */
void presence_to_contacts_abroad(struct cause *cause, const struct account *own, struct parcel *p);

/* The account may talk to them from now on: they see its resources, and are probed. */
void presence_go_abroad(struct cause *cause, struct account *a);
/* It may not any more: all there who saw a resource see it go. */
void presence_leave_abroad(struct cause *cause, struct account *a);

#endif
