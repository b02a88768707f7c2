/*
 * sasl - the SASL elements of a stream, relayed to authd (RFC 6120 6)
 */
#ifndef C2SD_SASL_H
#define C2SD_SASL_H

#include "bus/link.h"
#include "c2sd/client.h"
#include "c2sd/states.h"

state_fn sasl_begin, sasl_respond, sasl_abort;

/* <failure/>; the client may try again, a set number of times. */
void sasl_refuse(struct client *c, enum sasl_error condition);
/* There is nobody who could judge any more: it hears of that when it is its turn to hear something. */
void sasl_lost(struct client *c);

/* AUTH_BEGIN; initial and offered may be absent.  0 or negative; no answer has been given then. */
int sasl_send_begin(struct client *c, struct str mechanism, struct str initial,
	struct str offered);

bus_handler_fn on_auth_challenge, on_auth_result;

#endif
