/*
 * crowd - how many of something there are for each address
 *
 * An IPv6 address counts as its /64, since whoever has one has 2^64 of them.  Memory is taken for an address while it has any.
 */
#ifndef BH_CROWD_H
#define BH_CROWD_H

#include <stdbool.h>

#include "base/map.h"
#include "net/address.h"

/* The owner's storage, all zeros at first. */
struct crowd {
	struct map counts; /* struct count (crowd.c) by address */
};

void crowd_fini(struct crowd *c);

/* Is there room for one more of that address?  0: there is no limit. */
bool crowd_has_room(const struct crowd *c, const struct address *a, unsigned limit);
/* One more; false when there are as many as the limit already (0: there is none), or no memory. */
bool crowd_enter(struct crowd *c, const struct address *a, unsigned limit);
/* One of those that have entered less. */
void crowd_leave(struct crowd *c, const struct address *a);

#endif
