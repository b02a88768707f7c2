/*
 * mechanisms - what authd offers for each domain, passed on to every c2sd
 */
#ifndef ROUTERD_MECHANISMS_H
#define ROUTERD_MECHANISMS_H

#include "bus/link.h"
#include "routerd/front.h"

struct mechanisms *mechanisms_create(void);
void mechanisms_free(struct mechanisms **m);

/* Tells a c2sd that has just come. */
void mechanisms_tell(struct router *r, struct front *front);

bus_handler_fn on_mechanisms;

#endif
