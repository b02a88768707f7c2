/*
 * restore - c2sd's part in a restart of routerd (custody.md, 2, 5, 6)
 *
 * Bound clients stay while routerd is away.  The next routerd is told of their sessions, gets back what
 * their clients have not acknowledged, and what of others' stanzas was accepted here and may come again.
 */
#ifndef C2SD_RESTORE_H
#define C2SD_RESTORE_H

#include "bus/link.h"
#include "c2sd/client.h"

/* A DELIVER was accepted for the client. */
void restore_accepted(struct client *c, const struct bus_event *event, const struct msg_deliver *m);

/* The link is gone: what is on its way will go again. */
void restore_lost(struct c2sd *srv);
/* There is a new one. */
void restore_send(struct c2sd *srv);
/* Now and then: what was accepted on former links is forgotten after a while. */
void restore_tick(struct c2sd *srv);
void restore_free(struct c2sd *srv);

bus_handler_fn on_settled;

#endif
