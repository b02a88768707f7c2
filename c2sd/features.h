/*
 * features - what a stream advertises (RFC 6120 4.3.2), from the state that it is in
 */
#ifndef C2SD_FEATURES_H
#define C2SD_FEATURES_H

#include "c2sd/client.h"

/* <stream:features/> */
void features_send(struct client *c);

#endif
