/*
 * ctl_verb - what an administrator asks of a daemon: a table of verbs, a function each
 *
 * routerd has let the request pass, and has its own table (routerd/verb.h), since it also looks at who asks.
 */
#ifndef BUS_CTL_VERB_H
#define BUS_CTL_VERB_H

#include <stdint.h>

#include "base/str.h"
#include "bus/link.h"

/* A request as its verb sees it. */
struct ctl_ask {
	void *owner; /* the link's */
	const struct bus_event *event;
	struct link *link;
	uint64_t subject;
	struct str args; /* a list of texts (textlist.h) */
};

struct ctl_verb {
	const char *name; /* the table ends with NULL */
	void (*run)(const struct ctl_ask *q);
};

/* Runs the verb of a CTL_REQUEST, or answers that this daemon ("s2sd") does not know it.  As a handler of the bus. */
int ctl_run(const struct bus_event *event, const struct ctl_verb *verbs, const char *daemon);

#endif
