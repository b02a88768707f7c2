/*
 * mechanisms - what authd offers for each domain, passed on to every c2sd
 *
 * Of several authds the one counts that said it first, as long as it is there; when all have gone, what the last one
 * said, until there is another.  So none changes what is offered for good.
 */
#ifndef ROUTERD_MECHANISMS_H
#define ROUTERD_MECHANISMS_H

#include "bus/link.h"
#include "routerd/front.h"

struct mechanisms *mechanisms_create(void);
void mechanisms_free(struct mechanisms **m);

/* Tells a c2sd that has just come. */
void mechanisms_tell(struct router *r, struct front *front);

/* An authd has gone. */
void mechanisms_lost(struct router *r, const struct bus_peer *authd);

bus_handler_fn on_mechanisms;

#endif
