/*
 * picture - the suite as it was at one moment: its daemons, what they count, their connections
 *
 * It is made of what routerd shows (messages.def, INSTANCE), which has it from the daemons: one that has been taken over
 * may say anything of itself, and nothing of others.  All texts are UTF-8: what is not is left out.
 */
#ifndef WATCH_PICTURE_H
#define WATCH_PICTURE_H

#include <stdbool.h>

#include "base/list.h"
#include "bus/codes.h"
#include "daemon/association.h"
#include "daemon/counter.h"

/* Beside those of enum instance_state: routerd is not there to be asked. */
enum { INSTANCE_UNKNOWN = 6 };

/* A daemon.  Texts live as long as it. */
struct seen {
	struct list link;
	char name[65], software[65];
	unsigned role;
	uint32_t pid, deaths;
	unsigned state;			 /* enum instance_state, or INSTANCE_UNKNOWN */
	uint64_t changed_ms, started_ms; /* clock_ms() */
	struct counted *counters;
	size_t ncounters;
	struct association *associations;
	size_t nassociations;
	struct buf counters_text, associations_text;
};

struct picture {
	uint64_t taken_ms; /* clock_ms(); 0: never */
	struct list all;   /* struct seen, routerd first */
};

/* Of a suite of which nothing is known but that it should have a routerd, and that that is not there. */
struct picture *picture_create(void);
void picture_free(struct picture **p);

/* "up", "draining", ...; NULL past the last.  They are numbered from 1. */
const char *picture_state_name(unsigned state);

struct seen *picture_find(const struct picture *p, struct str name);

/* One more daemon, as routerd shows it.  NULL without memory. */
struct seen *picture_add(struct picture *p, const struct msg_instance *m);
/* Its connections; those that it had are forgotten. */
void seen_take_associations(struct seen *s, struct str list);
/* Of an earlier picture: its connections are those of this one, where that has none. */
void seen_keep_associations(struct seen *s, struct seen *earlier);

/* routerd has gone: what was known of the others is not known to be so any more. */
void picture_router_lost(struct picture *p, bool died);
/* Time passes. */
void picture_router_missing(struct picture *p);

/* What it counts under that name, label included; 0: it does not. */
uint64_t seen_value(const struct seen *s, const char *name);
/* NULL: it does not. */
const struct counted *seen_counter(const struct seen *s, const char *name);
/* The sum over the daemons of these roles. */
uint64_t picture_sum(const struct picture *p, unsigned roles, const char *name);

/* The name without its label, and the label's value as it stands between the quotes; absent: it has none. */
struct str counted_base(const struct counted *c);
struct str counted_label(const struct counted *c);

#endif
