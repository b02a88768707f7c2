/*
 * monitor - what c2sd shows to those who watch the suite, beside its counters
 */
#ifndef C2SD_MONITOR_H
#define C2SD_MONITOR_H

#include "c2sd/c2sd.h"

/* The certificates of the domains, and when they expire, are among the counters from now on. */
void monitor_start(struct c2sd *srv);
void monitor_stop(struct c2sd *srv);

bus_handler_fn on_associations_get;

#endif
