/*
 * counters - what c2sd counts
 */
#ifndef C2SD_COUNTERS_H
#define C2SD_COUNTERS_H

#include "daemon/counter.h"

enum c2sd_count {
	COUNT_STREAM_ERRORS,
	COUNT_STANZAS_IN,
	COUNT_STANZAS_OUT,
	COUNT_END,
};

extern struct counter c2sd_counters[];

static inline void count_add(enum c2sd_count which, uint64_t n)
{
	c2sd_counters[which].value += n;
}

#endif
