/*
 * subscribe - subscription stanzas on their way (RFC 6121 3)
 *
 * The user's side judges it when it goes out (his state, his roster), the contact's when it comes
 * in; where one of them is not ours, only the other does.  Both sides, their pushes and what the
 * server answers for somebody are one change.
 */
#ifndef ROUTERD_SUBSCRIBE_H
#define ROUTERD_SUBSCRIBE_H

#include "routerd/account.h"
#include "routerd/change.h"
#include "routerd/route.h"

/* presence of type subscribe, subscribed, unsubscribe, unsubscribed, with or without `to`.  As
 * route_stanza(). */
bool subscribe_route(struct transit *t);

/* Both subscriptions with a contact end, by the stanzas that say so (2.5.3), as parts of a change
 * that removes the contact. */
void subscribe_cancel(struct change *c, struct account *a, const struct contact *contact);

/* The requests that wait for an answer are shown to a resource that became available (3.1.3). */
void subscribe_show_pending(struct cause *cause, struct session *s);

#endif
