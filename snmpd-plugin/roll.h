/*
 * roll - names and the numbers that they have in tables
 *
 * A name has its number from when it is first called to the end of the process.  There are at most ROLL_MAX, since the
 * names are what daemons say.
 */
#ifndef SNMPD_PLUGIN_ROLL_H
#define SNMPD_PLUGIN_ROLL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/map.h"
#include "base/str.h"

enum { ROLL_MAX = 16384 };

struct roll {
	struct map by_name;
	struct list all;
	uint32_t last;
};

struct roll_entry {
	struct map_node node;
	struct list link;
	uint32_t number; /* from 1 */
	char *name;
	/* What the table says of it, as of the last picture; what is not `there` is not shown. */
	bool there;
	uint64_t value;
	bool flag;
	/* What was notified. */
	bool noted;
	uint64_t noted_ms;
};

void roll_init(struct roll *r);
void roll_fini(struct roll *r);
/* The name's entry, which is made where there is none; NULL when there can be no more. */
struct roll_entry *roll_call(struct roll *r, struct str name);
/* None is there any more. */
void roll_clear(struct roll *r);

#endif
