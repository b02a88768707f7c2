/* The list of the tables of counters that enrolled. */
#include "daemon/counter.h"

#include <stddef.h>

#include "base/str.h"
#include "bus/textlist.h"

static struct counter *all;

void counter_enrol(struct counter *table)
{
	for (; table->name != NULL; table++) {
		table->next = all;
		all = table;
	}
}

void counter_list(struct buf *out)
{
	for (const struct counter *c = all; c != NULL; c = c->next) {
		textlist_put(out, str_of(c->name));
		textlist_printf(out, "%lu", (unsigned long)c->value);
	}
}
