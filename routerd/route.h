/*
 * route - where a stanza goes (RFC 6120 10, RFC 6121 8)
 */
#ifndef ROUTERD_ROUTE_H
#define ROUTERD_ROUTE_H

#include <stdint.h>

#include "routerd/cause.h"
#include "routerd/custody.h"
#include "routerd/session.h"
#include "xmpp/error.h"
#include "xmpp/stanza.h"

struct account;

/* A stanza in our hands: who sent it and what it says. */
struct transit {
	struct cause cause;
	struct jid from;	/* who sends: checked, full for a client */
	struct session *sender; /* the client's session; NULL where a component or a remote
				 * server sends: then only `from` counts */
	struct stanza stanza;
	struct jid to; /* valid when stanza.to is present */
	struct str envelope;
};

/* Sends it on its way by kind and address.  true: judged, and its number becomes safe in the
 * end, whatever happened.  false: it must wait, origin_unblock() will come; ask again then. */
bool route_stanza(struct transit *t);

void route_message(struct transit *t);
void route_presence(struct transit *t);
/* As route_stanza(). */
bool route_iq(struct transit *t);

/* The account of ours that it is addressed to; NULL where that is not in memory, or may not talk to the sender's
 * domain.  For what route_stanza() has loaded: messages, subscriptions, probes, IQs to accounts. */
struct account *transit_recipient(const struct transit *t);

/* The parcel of the stanza itself, from its sender; NULL without memory (the sender got an
 * error). */
struct parcel *transit_parcel(struct transit *t);
/* The same with additions. */
struct parcel *transit_parcel_with(struct transit *t, struct str additions);

/* The session that answers go to: the sender's, or that of what goes to its server; NULL where there is none. */
struct session *transit_asker(const struct transit *t);

/* Answers the sender.  Nothing is sent in answer to an error or a result. */
void transit_error(struct transit *t, enum stanza_error condition, const char *text);
/* The same with what an application says beside the condition. */
void transit_error_with(struct transit *t, enum stanza_error condition, const char *text,
	const struct stanza_error_detail *detail);
/* An IQ's result with that inner XML. */
void transit_result(struct transit *t, struct str inner);
/* The answer's stanza, whose inner XML is the caller's to fill: for answers that are sent
 * later (change.h).  It borrows from t. */
void transit_reply(const struct transit *t, uint8_t type, struct stanza *reply);

/* A message whose holder, a session of its account, has gone is routed again: to another resource, or to the store, or back
 * as an error. */
void route_undelivered(struct router *r, struct parcel *p);

/* What could not be delivered goes back to its sender as that enum stanza_error; text may be absent. */
void route_refused(struct parcel *p, unsigned condition, struct str text);

/* A message that could not be stored goes back to its sender. */
void route_unstored(struct parcel *p);

/* To that one resource; the sender gets an error when its queue is full. */
void route_to_session(struct transit *t, struct session *s);

/* To a domain that is not ours. */
void route_abroad(struct transit *t);

/* The sender blocks whom it writes to (XEP-0191 3.2). */
void transit_blocked(struct transit *t);

/* The session of a full JID of ours; NULL where there is none. */
struct session *route_session(const struct router *r, const struct jid *to);

#endif
