/*
 * states - the stream's state machine (RFC 6120 4 to 7), every element in every state
 *
 *   OPENING_CLEAR --header--> CLEAR --starttls--> OPENING_SECURE --header--> SECURE
 *   SECURE --auth--> JUDGING <-challenge/response-> CHALLENGED --success--> OPENING_AUTHED
 *   OPENING_AUTHED --header--> AUTHED --bind--> BINDING --> BOUND --> CLOSING
 *
 * Direct TLS begins at OPENING_SECURE.  Without SASL:
 *
 *   SECURE --jabber:iq:auth--> LEGACY_JUDGING --> BINDING
 *   SECURE --jabber:iq:register--> REGISTERING --> SECURE
 *   AUTHED --resume--> RESUMING --> BOUND, or back (XEP-0198)
 *   OPENING_COMPONENT --header--> COMPONENT --handshake--> COMPONENT_JUDGING --> BINDING
 */
#ifndef C2SD_STATES_H
#define C2SD_STATES_H

#include "xmpp/reader.h"

struct client;

enum client_state {
	CLIENT_OPENING_CLEAR,
	CLIENT_CLEAR,
	CLIENT_OPENING_SECURE,
	CLIENT_SECURE,
	CLIENT_JUDGING,	   /* authd's turn */
	CLIENT_CHALLENGED, /* the client's turn */
	CLIENT_LEGACY_JUDGING,
	CLIENT_REGISTERING, /* routerd's turn */
	CLIENT_OPENING_COMPONENT,
	CLIENT_COMPONENT,
	CLIENT_COMPONENT_JUDGING,
	CLIENT_OPENING_AUTHED,
	CLIENT_AUTHED,
	CLIENT_BINDING,
	CLIENT_RESUMING,
	CLIENT_BOUND,
	CLIENT_CLOSING,
	CLIENT_STATES
};

enum client_element {
	ELEMENT_STARTTLS,
	ELEMENT_AUTH,
	ELEMENT_RESPONSE,
	ELEMENT_ABORT,
	ELEMENT_COMPRESS,
	ELEMENT_HANDSHAKE,
	ELEMENT_CSI,
	ELEMENT_SM,
	ELEMENT_STANZA,
	ELEMENT_UNKNOWN,
	CLIENT_ELEMENTS
};

typedef void state_fn(struct client *c, const struct element *e);

/* Does what the table says for this element in the client's state. */
void states_element(struct client *c, const struct element *e);
/* The opening tag of the client's stream. */
void states_open(struct client *c, const struct stream_header *h);

#endif
