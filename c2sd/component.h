/*
 * component - external components (XEP-0114): another program's stream, for a whole domain
 *
 * The handshake is authd's to judge, as a SASL exchange of the mechanism COMPONENT; the session is
 * routerd's, as anybody's.  A component says who sends each of its stanzas.
 */
#ifndef C2SD_COMPONENT_H
#define C2SD_COMPONENT_H

#include "bus/bus.h"
#include "c2sd/client.h"
#include "c2sd/states.h"

/* What no client may name as its mechanism. */
#define COMPONENT_MECHANISM "COMPONENT"

state_fn component_handshake;

/* authd's judgement came; routerd let it in, or did not (an enum stanza_error). */
void component_judged(struct client *c, const struct msg_auth_result *m);
void component_welcome(struct client *c);
void component_refused(struct client *c, unsigned condition);

#endif
