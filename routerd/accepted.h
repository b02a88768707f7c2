/*
 * accepted - what front ends, or the store, had taken before a restart of routerd (custody.md, 5)
 *
 * When such a stanza comes again from its sender, it is not delivered to that session again.
 */
#ifndef ROUTERD_ACCEPTED_H
#define ROUTERD_ACCEPTED_H

#include <stdbool.h>

#include "bus/link.h"

struct parcel;
struct router;
struct session;

bool accepted_has(const struct router *r, const struct parcel *p, const struct session *s);
/* A stanza that the run before has judged: what follows from it stands in the store (outbox.h). */
void accepted_note_judged(struct router *r, const struct bus_id *origin, uint64_t number);
bool accepted_was_judged(const struct router *r, const struct bus_id *origin, uint64_t number);

/* The session's queue in the store has it. */
void accepted_note_queued(struct router *r, const struct bus_id *session, const struct parcel *p);

/* Nothing of before the restart comes again. */
void accepted_forget(struct router *r);

bus_handler_fn on_accepted;

#endif
