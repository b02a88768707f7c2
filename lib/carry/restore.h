/*
 * restore - a front end's part in a restart of routerd (custody.md, 2, 5, 6)
 *
 * Sessions stay while routerd is away.  The next routerd is told of them, gets back what their peers have not
 * acknowledged, and what of others' stanzas was accepted here and may come again.
 */
#ifndef CARRY_RESTORE_H
#define CARRY_RESTORE_H

#include "carry/carrier.h"

/* A DELIVER was accepted for the session; SETTLED: all up to that frame are no more of interest. */
void restore_accepted(struct carried *c, const struct bus_event *event, const struct msg_deliver *m);
void restore_settled(struct carrier *k, uint64_t upto);

/* The link is gone: what is on its way will go again. */
void restore_lost(struct carrier *k);
/* There is a new one: it is told session by session, as the link has room (link.h: on_room). */
void restore_send(struct carrier *k);
void restore_go_on(struct carrier *k);
/* Now and then: what was accepted on former links is forgotten after a while. */
void restore_tick(struct carrier *k);
void restore_free(struct carrier *k);

#endif
