/*
 * kept - stanzas that a peer with stream management has not acknowledged, as they came from routerd:
 * a routerd that restarts gets them back (custody.md, 2)
 */
#ifndef CARRY_KEPT_H
#define CARRY_KEPT_H

#include "base/records.h"
#include "bus/bus.h"

/* The n-th of the session. */
void kept_add(struct records *kept, const struct msg_deliver *m, uint64_t n);
/* All up to n are acknowledged. */
void kept_drop(struct records *kept, uint64_t n);

/* The one at that position, which goes on to the next; it borrows from the records.  false at the
 * end. */
bool kept_next(const struct records *kept, uint64_t *at, struct msg_restore_stanza *m);

#endif
