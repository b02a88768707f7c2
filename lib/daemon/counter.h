/*
 * counter - numbers that a daemon counts, by name
 *
 * Counters are static objects that enrol at first use: a table for `bulkheadctl stats`, SNMP and
 * metrics.  A counter only grows, a gauge goes both ways.
 */
#ifndef BH_COUNTER_H
#define BH_COUNTER_H

#include <stdint.h>

#include "base/buf.h"

struct counter {
	const char *name; /* "stanzas_in" */
	uint64_t value;
	struct counter *next;
};

/* Enrols the counters of a static table that ends with a NULL name. */
void counter_enrol(struct counter *table);

/* All of them as a list of texts, name and number in turn (textlist.h). */
void counter_list(struct buf *out);

#endif
