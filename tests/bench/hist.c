/* Latencies in cells whose width grows with the value. */
#include "tests/bench/hist.h"

#include <string.h>

void hist_clear(struct hist *h)
{
	memset(h, 0, sizeof(*h));
}

static unsigned cell_of(uint64_t ns)
{
	unsigned shift;

	if (ns < 1U << HIST_STEP_BITS)
		return (unsigned)ns;
	shift = 63U - (unsigned)__builtin_clzll(ns) - HIST_STEP_BITS;
	return (shift << HIST_STEP_BITS) + (unsigned)(ns >> shift);
}

/* The largest value of a cell. */
static uint64_t cell_end(unsigned cell)
{
	unsigned shift;
	uint64_t step;

	if (cell < 2U << HIST_STEP_BITS)
		return cell;
	shift = (cell >> HIST_STEP_BITS) - 1;
	step = cell - (shift << HIST_STEP_BITS);
	return ((step + 1) << shift) - 1;
}

void hist_add(struct hist *h, uint64_t ns)
{
	h->cells[cell_of(ns)]++;
	h->count++;
}

double hist_ms(const struct hist *h, double share)
{
	uint64_t wanted = (uint64_t)(share * (double)h->count);
	uint64_t seen = 0;

	if (h->count == 0)
		return 0;
	for (unsigned i = 0; i < HIST_SIZE; i++) {
		seen += h->cells[i];
		if (seen > wanted || seen == h->count)
			return (double)cell_end(i) / 1e6;
	}
	return 0;
}
