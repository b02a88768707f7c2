/*
 * settle - what a front end need not remember any more (custody.md, 5)
 *
 * A stanza is settled when it is safe and its sender's front end has confirmed that it knows: it never
 * comes again; a stored message also when its row has moved to the session's queue.  Front ends remember what
 * they accepted until SETTLED says so.  One that does not confirm what it gets would let that of all others grow: its link
 * is ended after one to two minutes, or when too much has gathered.
 */
#ifndef ROUTERD_SETTLE_H
#define ROUTERD_SETTLE_H

#include <stdint.h>

#include "base/records.h"

struct front;
struct origin;
struct parcel;
struct router;

/* In struct front: what it was sent, and what it was told, by the numbers of its link's frames. */
struct settling {
	struct records sent; /* DELIVERs: struct note (settle.c) */
	struct records told; /* SAFEs */
	uint64_t due, due_ms; /* up to there it was sent when it had last confirmed all that was due; when */
};

/* That frame delivers the parcel. */
void settle_sent(struct front *front, uint64_t frame, const struct parcel *p);
/* That frame says that all of the origin up to n is safe. */
void settle_told(struct front *front, uint64_t frame, struct origin *o, uint64_t n);
/* The front end confirmed frames up to there. */
void settle_held(struct front *front, uint64_t upto);

/* Once a second: who has not confirmed for a minute loses his link. */
void settle_tick(struct router *r);
/* At the end of a turn: SETTLED to those for whom there is news. */
void settle_tell(struct router *r);
void settle_free(struct front *front);

#endif
