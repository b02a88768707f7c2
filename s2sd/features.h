/*
 * features - what we offer to a server that has connected, and what we make of what one offers to us
 */
#ifndef S2SD_FEATURES_H
#define S2SD_FEATURES_H

#include "s2sd/states.h"

void features_send(struct peer *p);

/* <stream:features/> of a server that we have connected to. */
state_fn features_take;
/* Says who we are, by what the remote offers and our policy asks for. */
void features_prove(struct peer *p);
/* It is of before XMPP 1.0, and has none. */
void features_none(struct peer *p);

/* Is its certificate valid for the domain that it says it is? */
void features_check_certificate(struct peer *p);

#endif
