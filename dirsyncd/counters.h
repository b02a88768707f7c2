/*
 * counters - what dirsyncd counts, of all directories together
 */
#ifndef DIRSYNCD_COUNTERS_H
#define DIRSYNCD_COUNTERS_H

#include "daemon/counter.h"

enum dirsyncd_count {
	COUNT_CHANGES, /* entries that were told of */
	COUNT_REVOKED,
	COUNT_RENAMED,
	COUNT_ERASED,
	COUNT_LOST, /* connections to directories */
	COUNT_END,
};

extern struct counter dirsyncd_counters[];

static inline void count_add(enum dirsyncd_count which, uint64_t n)
{
	dirsyncd_counters[which].value += n;
}

#endif
