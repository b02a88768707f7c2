/*
 * cause - why a stanza exists
 *
 * Whatever the server sends follows from a stanza that came in, or from a session's end.  Its
 * origin is derived (custody.md, "Words"): the cause's origin and number, and a branch that is made of
 * the stanza's content (custody.c), so that a repetition gives it again.
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
};

/* What the server does of its own accord: the next number of router.self. */
struct cause cause_of_server(struct router *r);

#endif
