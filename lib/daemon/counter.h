/*
 * counter - what a daemon counts, by name
 *
 * Counters are static objects, in tables that enrol once; what is not counted but looked up when somebody asks comes
 * from a source.  `bulkheadctl stats`, SNMP and metrics show the same numbers under the same names, and the texts say
 * what they are: so a new counter is one line in one table.
 *
 * A name has small letters, digits and '_', and may be followed by one label: logins_failed{reason="aborted"}.  It ends
 * with its unit where it has one: _bytes, _seconds, _timestamp_seconds.  Those that begin with process_ or connection
 * are lib/daemon's own, and the same in every daemon.
 */
#ifndef BH_COUNTER_H
#define BH_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "bus/link.h"

enum counter_kind {
	COUNTER = 0,	/* only grows */
	COUNTER_MS = 1, /* the same in milliseconds; shown in seconds */
	GAUGE = 2,	/* goes both ways */
	GAUGE_TIME = 3, /* seconds since 1970, UTC; 0: never */
	GAUGE_CLOCK = 4, /* clock_ms() of something; 0: never.  Shown as the time of day that it was */
};

struct counter {
	const char *name;
	const char *about; /* what it is: a phrase, the same for all labels of a name */
	enum counter_kind kind;
	uint64_t value;
	struct counter *next;
};

/* Enrols the counters of a static table that ends with a NULL name. */
void counter_enrol(struct counter *table);

/* Something that is asked whenever the counters are, and puts its own numbers by counter_put(). */
struct counter_source {
	void (*look)(void *arg, struct buf *out);
	void *arg;
	struct counter_source *next;
};
void counter_enrol_source(struct counter_source *source);
void counter_forget_source(struct counter_source *source);

/* One of a source's.  label may be NULL; else the name is followed by it, with that value. */
void counter_put(struct buf *out, const struct counter *c, const char *label, const char *value);

/* All of them, in the order in which they enrolled.  What is more than STATS may hold is left out. */
void counter_list(struct buf *out);
/* The answer to STATS_GET: a bus_handler_fn of every daemon. */
int counter_answer(const struct bus_event *event);

/* One of a list. */
struct counted {
	struct str name; /* with its label, if it has one */
	struct str about;
	enum counter_kind kind;
	uint64_t value;
};
/* Takes the first; false at the end, or where the rest is no such list. */
bool counter_take(struct str *list, struct counted *out);

/* The value for people: a number, seconds with three decimals, a time of day or "never". */
enum { COUNTED_TEXT_SIZE = 32 };
void counted_text(const struct counted *c, char out[COUNTED_TEXT_SIZE]);
/* A GAUGE_CLOCK or GAUGE_TIME in milliseconds since 1970; 0: never. */
uint64_t counted_wall_ms(const struct counted *c);

#endif
