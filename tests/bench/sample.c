/* Samples of CPU time and what follows from two of them. */
#include "tests/bench/sample.h"

#include "base/clock.h"
#include "tests/bench/load.h"

#include <stdio.h>

static const uint64_t second = 1000000000;

struct sample sample_take(const struct options *o, bool *lost)
{
	return (struct sample){clock_ns(), proc_cpu(&o->servers, lost), proc_own_cpu()};
}

struct sample sample_settled(struct load *load, bool *lost)
{
	struct sample before = sample_take(load->o, lost), now = before;
	uint64_t until = before.ns + 20 * second;

	do {
		before = now;
		load_run_for(load, second / 2);
		now = sample_take(load->o, lost);
	} while (now.server - before.server > 0.02 && now.ns < until);
	return now;
}

double sample_per_s(const struct sample *from, const struct sample *to, double n)
{
	return n * 1e9 / (double)(to->ns - from->ns);
}

double sample_per_cpu_s(const struct sample *from, const struct sample *to, double n)
{
	double server = to->server - from->server;

	return server > 0 ? n / server : 0;
}

void sample_json(const struct sample *from, const struct sample *to)
{
	printf("\"seconds\":%.2f,\"server_cpu_s\":%.2f,\"generator_cpu_s\":%.2f,",
		(double)(to->ns - from->ns) / 1e9, to->server - from->server, to->own - from->own);
}
