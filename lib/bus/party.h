/*
 * party - what one of those who connect may have of us, over all its links
 *
 * A daemon is a process.  Administrators' commands and those that watch, of which many come and go, are their user.  So
 * whoever has been taken over gains nothing by more links: they are few, and what waits to be read on them is bounded
 * as if they were one.
 */
#ifndef BH_BUS_PARTY_H
#define BH_BUS_PARTY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/list.h"

struct party {
	struct list link;
	unsigned role;
	uint64_t id;	/* of the process, or the user */
	unsigned links; /* of which it has one at least */
	size_t queued;	/* of all of them (link_spec.shared) */
};

/* Counts one link more of who that is, in a list of parties.  NULL: it has as many as it may. */
struct party *party_join(struct list *all, unsigned role, const struct ucred *cred);
/* A link is gone, with its memory. */
void party_leave(struct party **party);

#endif
