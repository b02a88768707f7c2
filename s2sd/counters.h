/*
 * counters - what s2sd counts
 */
#ifndef S2SD_COUNTERS_H
#define S2SD_COUNTERS_H

#include "daemon/counter.h"

enum s2sd_count {
	COUNT_STREAM_ERRORS,
	COUNT_STANZAS_IN,
	COUNT_STANZAS_OUT,
	COUNT_UNREACHABLE,
	COUNT_END,
};

extern struct counter s2sd_counters[];

static inline void count_add(enum s2sd_count which, uint64_t n)
{
	s2sd_counters[which].value += n;
}

#endif
