/*
 * watch - a picture of the suite for those who watch it (SNMP, metrics)
 *
 * Whoever wants a picture waits for the next one; one is taken when somebody waits, and at most once a second however
 * many they are: each daemon is asked for its counters, and who has not answered within a second is shown as it was. A
 * watcher that asks again before it has read its last picture loses its link: so nothing that a watcher does, or
 * does not do, costs anybody else anything.
 */
#ifndef ROUTERD_WATCH_H
#define ROUTERD_WATCH_H

#include "bus/server.h"
#include "routerd/router.h"

struct watching;

struct watching *watching_create(struct router *r);
void watching_free(struct watching **w);

bus_handler_fn on_watch, on_associations;

/* A watcher is gone. */
void watch_lost(struct router *r, const struct bus_peer *watcher);
/* Once a second. */
void watch_tick(struct router *r);

#endif
