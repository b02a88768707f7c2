/*
 * monitor - what routerd looks up when it is asked for its counters, beside what it counts
 */
#ifndef ROUTERD_MONITOR_H
#define ROUTERD_MONITOR_H

#include "routerd/router.h"

struct monitor;

struct monitor *monitor_create(struct router *r);
void monitor_free(struct monitor **m);

/* Somebody watches: asks the store how many messages it holds, where that is not known well enough.  What takes
 * long is asked the more rarely: at most a hundredth of the store's time goes into it. */
void monitor_refresh(struct router *r);

#endif
