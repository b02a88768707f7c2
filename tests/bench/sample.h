/*
 * sample - the time and what the server and we have used until then
 */
#ifndef BENCH_SAMPLE_H
#define BENCH_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

struct load;
struct options;

struct sample {
	uint64_t ns;
	double server, own; /* CPU seconds */
};

/* *lost is set when a process of the server is no more. */
struct sample sample_take(const struct options *o, bool *lost);

/* The same once the server has nothing left to do (or 20 s have gone by): what it puts off,
 * a write or a collection, counts as well. */
struct sample sample_settled(struct load *load, bool *lost);

/* n a second of the time between two samples, and of the server's CPU time in it. */
double sample_per_s(const struct sample *from, const struct sample *to, double n);
double sample_per_cpu_s(const struct sample *from, const struct sample *to, double n);

/* The members that all results have, with a comma after the last. */
void sample_json(const struct sample *from, const struct sample *to);

#endif
