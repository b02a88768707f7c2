/*
 * figures - what `bulkheadctl top` shows, as it was at one moment, and what became of it in the next
 */
#ifndef CTL_TOP_FIGURES_H
#define CTL_TOP_FIGURES_H

#include <stdint.h>

#include "base/buf.h"
#include "bus/bus.h"

enum { FIGURES_DAEMONS = 128, FIGURES_BUSY = 40 };

struct daemon_figures {
	char name[65], state[16];
	uint32_t pid, deaths;
	uint64_t started_ms, cpu_ms, memory, connections;
};

/* What all of them count together.  The first ones only grow, and are shown as rates. */
enum total {
	TOTAL_MESSAGES, TOTAL_PRESENCE, TOTAL_IQS, TOTAL_DELIVERIES, TOTAL_STORED, TOTAL_LOGINS, TOTAL_LOGINS_FAILED,
	RATES,
	TOTAL_AVAILABLE = RATES, TOTAL_CONNECTED, TOTAL_ASLEEP, TOTAL_QUEUED, TOTAL_QUEUED_BYTES,
	TOTALS,
};
const char *total_name(enum total total);

struct busy_figures {
	char kind[16], name[128], rate[16];
};

struct figures {
	uint64_t taken_ms; /* clock_ms(); 0: never */
	unsigned ndaemons, nbusy;
	uint64_t totals[TOTALS];
	struct daemon_figures daemons[FIGURES_DAEMONS];
	struct busy_figures busy[FIGURES_BUSY];
};

void figures_take_instance(struct figures *f, const struct msg_instance *m);
/* A row of the verb "busy". */
void figures_take_busy(struct figures *f, struct str row);

/* Per second, between two of them. */
double figures_rate(const struct figures *before, const struct figures *now, enum total total);
/* Of one processor, in percent. */
double figures_cpu(const struct figures *before, const struct figures *now, unsigned i);

#endif
