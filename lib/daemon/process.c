/* What every daemon says of its own process. */
#include <sys/resource.h>

#include "base/clock.h"
#include "daemon/counter.h"
#include "daemon/private.h"

enum { STARTED, CPU, MEMORY, COUNT };

static struct counter counters[] = {
	[STARTED] = {.name = "process_start_timestamp_seconds", .about = "When the process began", .kind = GAUGE_CLOCK},
	[CPU] = {.name = "process_cpu_seconds", .about = "What it has used of processors", .kind = COUNTER_MS},
	[MEMORY] = {.name = "process_memory_peak_bytes", .about = "The most memory that it has had", .kind = GAUGE},
};

static uint64_t ms(const struct timeval *t)
{
	return (uint64_t)t->tv_sec * 1000 + (uint64_t)t->tv_usec / 1000;
}

static void look(void *arg, struct buf *out)
{
	struct rusage usage;

	(void)arg;
	if (getrusage(RUSAGE_SELF, &usage) == 0) {
		counters[CPU].value = ms(&usage.ru_utime) + ms(&usage.ru_stime);
		counters[MEMORY].value = (uint64_t)usage.ru_maxrss * 1024;
	}
	for (int i = 0; i < COUNT; i++)
		counter_put(out, &counters[i], NULL, NULL);
}

void process_enrol(void)
{
	static struct counter_source source = {.look = look};

	counters[STARTED].value = clock_ms();
	counter_enrol_source(&source);
}
