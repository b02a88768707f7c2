/*
 * levels - `bulkheadctl log level`: how much each daemon logs
 */
#ifndef ROUTERD_LEVELS_H
#define ROUTERD_LEVELS_H

#include "routerd/relay.h"

/* Without arguments a row for each daemon that is connected ("-" where it does not say), and routerd's own; with two, an instance and a level,
 * sets it. */
void levels_ask(struct router *r, const struct relay_ask *ask);

bus_handler_fn on_log_is;

#endif
