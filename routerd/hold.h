/*
 * hold - stanzas that cannot be judged yet: copies that wait in their origin
 */
#ifndef ROUTERD_HOLD_H
#define ROUTERD_HOLD_H

#include "routerd/route.h"

/* Judges the stanza, or keeps a copy of it until those before it are through.  Its number is
 * kept open meanwhile.  refuse: 0, or the error that its sender is to get (SUBMIT). */
void hold_or_route(struct transit *t, unsigned refuse);

/* Works off what waits, until something blocks the origin again. */
void hold_resume(struct origin *o);

void hold_forget(struct origin *o);

#endif
