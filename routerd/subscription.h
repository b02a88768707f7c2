/*
 * subscription - the states of RFC 6121 Appendix A, as tables
 *
 * A state says what a user's side knows of him and one contact.  Nothing else is kept of a
 * subscription; what the roster shows of it is subscription_shown().
 */
#ifndef ROUTERD_SUBSCRIPTION_H
#define ROUTERD_SUBSCRIPTION_H

#include <stdbool.h>
#include <stdint.h>

/* A.1; "out": the user has asked, "in": the contact has asked. */
enum subscription {
	SUB_NONE,
	SUB_NONE_OUT,
	SUB_NONE_IN,
	SUB_NONE_OUT_IN,
	SUB_TO,
	SUB_TO_IN,
	SUB_FROM,
	SUB_FROM_OUT,
	SUB_BOTH,
	SUBSCRIPTIONS
};

/* What a presence stanza of that kind does to the state of the one side. */
struct transition {
	uint8_t state; /* afterwards */
	bool passed;   /* the stanza goes on: outbound, to the contact; inbound, to the user */
	bool granted;  /* inbound subscribe: the server answers "subscribed" for the user */
};

/* A.2: the user sends it (type: TYPE_SUBSCRIBE, TYPE_UNSUBSCRIBE, TYPE_SUBSCRIBED or
 * TYPE_UNSUBSCRIBED of xmpp/stanza.h). */
struct transition subscription_outbound(uint8_t state, uint8_t type);
/* A.3: the user's server receives it from the contact; approved: the user has granted it before
 * it was asked for (3.4). */
struct transition subscription_inbound(uint8_t state, uint8_t type, bool approved);

/* The roster's subscription='' ("none", "to", "from", "both"), and ask='subscribe'. */
const char *subscription_shown(uint8_t state);
bool subscription_asked(uint8_t state);
/* The user's presence goes to the contact: from, both. */
bool subscription_gives(uint8_t state);
/* The contact's presence comes to the user: to, both. */
bool subscription_takes(uint8_t state);
/* The contact's request waits for an answer. */
bool subscription_pending_in(uint8_t state);

#endif
