/*
 * sm_kept - stanzas that a client with stream management has not acknowledged, as they came from
 * routerd: a routerd that restarts gets them back (custody.md, 2)
 */
#ifndef C2SD_SM_KEPT_H
#define C2SD_SM_KEPT_H

#include "base/records.h"
#include "bus/bus.h"

/* The n-th of the session. */
void sm_kept_add(struct records *kept, const struct msg_deliver *m, uint64_t n);
/* All up to n are acknowledged. */
void sm_kept_drop(struct records *kept, uint64_t n);

/* The one at that position, which goes on to the next; it borrows from the records.  false at the
 * end. */
bool sm_kept_next(const struct records *kept, uint64_t *at, struct msg_restore_stanza *m);

#endif
