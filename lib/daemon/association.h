/*
 * association - a daemon's connections with the outside, counted alike everywhere
 *
 * The words are RFC 2788's: an association is a connection of ours with another application, inbound where that one
 * began.  What was rejected or has failed is not among those that were made.
 */
#ifndef BH_ASSOCIATION_H
#define BH_ASSOCIATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "bus/link.h"

enum association_way { ASSOCIATION_IN, ASSOCIATION_OUT };

/* Enrols the counters; whoever never calls it has none of them. */
void associations_enrol(void);

void association_opened(enum association_way way);
void association_closed(enum association_way way);
/* Somebody came and was not let in. */
void association_rejected(void);
/* We could not reach somebody. */
void association_failed(void);

/* How many inbound ones there may be at a time; 0: any number. */
void association_set_limit(uint64_t limit);
/* Whether anybody is let in at all: not before the start is over. */
void association_set_accepting(bool accepting);

/* One of a list. */
struct association {
	uint64_t id; /* the daemon's own, never used twice in its life */
	enum association_way way;
	uint64_t began_ms; /* clock_ms() */
	struct str remote; /* a domain, or an address */
};
enum { ASSOCIATIONS_MAX = 10000 };
struct associations {
	struct buf list;
	unsigned n;
};
/* One more; false: the list is full. */
bool association_put(struct associations *all, const struct association *a);
/* The answer to ASSOCIATIONS_GET, as a bus_handler_fn gives it; frees the list. */
int associations_answer(const struct bus_event *event, struct associations *all);
/* Takes the first; false at the end, or where the rest is no such list. */
bool association_take(struct str *list, struct association *out);

#endif
