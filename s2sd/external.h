/*
 * external - who a server is by its certificate: SASL EXTERNAL (XEP-0178)
 *
 * Offered to a peer only where its certificate is valid for the domain that its stream is from.
 */
#ifndef S2SD_EXTERNAL_H
#define S2SD_EXTERNAL_H

#include "s2sd/states.h"

/* A peer's <auth/>, and the answers to ours. */
state_fn external_asked, external_answered;

/* Ours: says who we are. */
void external_start(struct peer *p);

/* The peer's proof is accepted, or not. */
void external_accepted(struct peer *p);
void external_refused(struct peer *p, unsigned condition);

#endif
