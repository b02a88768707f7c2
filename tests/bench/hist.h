/*
 * hist - a histogram of latencies
 *
 * 128 steps in each power of two of nanoseconds: a value is known to 0.8 %.
 */
#ifndef BENCH_HIST_H
#define BENCH_HIST_H

#include <stdint.h>

enum { HIST_STEP_BITS = 7, HIST_SIZE = (64 - HIST_STEP_BITS + 1) << HIST_STEP_BITS };

struct hist {
	uint64_t count;
	uint32_t cells[HIST_SIZE];
};

void hist_clear(struct hist *h);
void hist_add(struct hist *h, uint64_t ns);

/* The value that the share (0..1) of all values does not exceed, in ms; 0 when it is empty. */
double hist_ms(const struct hist *h, double share);

#endif
