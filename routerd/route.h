/*
 * route - where a stanza goes (RFC 6120 10, RFC 6121 8)
 */
#ifndef ROUTERD_ROUTE_H
#define ROUTERD_ROUTE_H

#include <stdint.h>

#include "routerd/custody.h"
#include "routerd/session.h"
#include "xmpp/error.h"
#include "xmpp/stanza.h"

/* A stanza in our hands: who sent it and what it says. */
struct transit {
	struct router *router;
	struct session *sender; /* of this server */
	uint64_t number;
	uint32_t replies; /* stanzas that it has caused so far: the branch of the next */
	struct stanza stanza;
	struct jid to; /* valid when stanza.to is present */
	struct str envelope;
};

/* Sends it on its way by kind and address.  Whatever happens, its number becomes safe in the end. */
void route_stanza(struct transit *t);

void route_message(struct transit *t);
void route_presence(struct transit *t);
void route_iq(struct transit *t);

/* The parcel of the stanza itself, from its sender; NULL without memory (the sender got an
 * error). */
struct parcel *transit_parcel(struct transit *t);

/* Answers the sender.  Nothing is sent in answer to an error or a result. */
void transit_error(struct transit *t, enum stanza_error condition, const char *text);
/* An IQ's result with that inner XML. */
void transit_result(struct transit *t, struct str inner);

/* A message whose holder has gone is routed again: to another resource, or back as an error. */
void route_undelivered(struct router *r, struct parcel *p);

/* To that one resource; the sender gets an error when its queue is full. */
void route_to_session(struct transit *t, struct session *s);

/* The session of a full JID of ours; NULL where there is none. */
struct session *route_session(const struct router *r, const struct jid *to);

#endif
