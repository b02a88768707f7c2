/*
 * counters - what routerd counts
 */
#ifndef ROUTERD_COUNTERS_H
#define ROUTERD_COUNTERS_H

#include "daemon/counter.h"

enum router_count {
	COUNT_STANZAS_IN,
	COUNT_DELIVERIES,
	COUNT_ERRORS_SENT,
	COUNT_LOGINS,
	COUNT_LOGINS_FAILED,
	COUNT_SESSIONS,
	COUNT_RESUMED,
	COUNT_END,
};

extern struct counter router_counters[];

static inline void counter_add(enum router_count which, uint64_t n)
{
	router_counters[which].value += n;
}

#endif
