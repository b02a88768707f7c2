/*
 * states - the state machine of server streams (RFC 6120 4 to 6, XEP-0220), every element in every state
 *
 * One that has connected to us:
 *
 *   IN_OPENING_CLEAR --header--> IN_CLEAR --starttls--> IN_OPENING_SECURE --header--> IN_SECURE
 *   IN_SECURE --auth--> IN_PROVING --routerd--> IN_OPENING_AUTHED --header--> IN_AUTHED
 *
 * Dialback happens in IN_CLEAR, IN_SECURE and IN_AUTHED; stanzas come in these, for pairs that are proved.
 *
 * One of ours:
 *
 *   OUT_OPENING_CLEAR --header--> OUT_CLEAR --features--> OUT_STARTTLS --proceed--> OUT_OPENING_SECURE
 *   --header--> OUT_SECURE --features--> OUT_AUTH --success--> OUT_OPENING_AUTHED --header--> OUT_AUTHED
 *   --features--> OUT_OPEN
 *   OUT_CLEAR or OUT_SECURE --features--> OUT_DIALBACK --valid--> OUT_OPEN
 *   OUT_CLEAR or OUT_SECURE --features--> OUT_VERIFYING, for a stream that only asks
 *
 * OUT_PROVING stands between OUT_SECURE and what follows where a stream is to be for both directions (bidi.h).
 * Where the remote has stream management, OUT_ENABLING or OUT_RESUMING stands before OUT_OPEN (sm.h).
 */
#ifndef S2SD_STATES_H
#define S2SD_STATES_H

#include "xmpp/reader.h"

struct peer;

enum peer_state {
	IN_OPENING_CLEAR,
	IN_CLEAR,
	IN_OPENING_SECURE,
	IN_SECURE,
	IN_PROVING, /* routerd's turn */
	IN_OPENING_AUTHED,
	IN_AUTHED,
	OUT_OPENING_CLEAR,
	OUT_CLEAR,
	OUT_STARTTLS,
	OUT_OPENING_SECURE,
	OUT_SECURE,
	OUT_PROVING, /* routerd's turn (bidi.h) */
	OUT_AUTH,
	OUT_OPENING_AUTHED,
	OUT_AUTHED,
	OUT_DIALBACK,
	OUT_VERIFYING,
	OUT_ENABLING,
	OUT_RESUMING,
	OUT_OPEN,
	PEER_CLOSING,
	PEER_STATES
};

enum peer_element {
	ELEMENT_FEATURES,
	ELEMENT_STREAM_ERROR,
	ELEMENT_STARTTLS,
	ELEMENT_TLS_ANSWER,
	ELEMENT_AUTH,
	ELEMENT_SASL_ANSWER,
	ELEMENT_RESULT,
	ELEMENT_VERIFY,
	ELEMENT_BIDI,
	ELEMENT_SM,
	ELEMENT_STANZA,
	ELEMENT_UNKNOWN,
	PEER_ELEMENTS
};

typedef void state_fn(struct peer *p, const struct element *e);

void states_element(struct peer *p, const struct element *e);
void states_open(struct peer *p, const struct stream_header *h);

#endif
