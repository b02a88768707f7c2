/*
 * cause - why a stanza exists
 *
 * Whatever the server sends follows from a stanza that came in, or from a session's end.  Its
 * origin is derived (custody.md, "Words"): the cause's origin and number, and a branch that counts
 * what the cause has brought about, in an order that a repetition would give again.
 */
#ifndef ROUTERD_CAUSE_H
#define ROUTERD_CAUSE_H

#include <stdint.h>

struct router;
struct origin;

struct cause {
	struct router *router;
	struct origin *origin;
	uint64_t number;
	uint32_t branch; /* of the last stanza that it caused; 0 is the stanza itself */
};

/* What the server does of its own accord: the next number of router.self. */
struct cause cause_of_server(struct router *r);

#endif
