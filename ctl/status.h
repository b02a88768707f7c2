/*
 * status - the daemons as `bulkheadctl status` has them, for commands that wait for one
 */
#ifndef CTL_STATUS_H
#define CTL_STATUS_H

#include "ctl/query.h"

struct instance_status {
	bool there;
	long pid;
	char state[64];
	unsigned long sessions;
};

/* Asks routerd, silently; false: it cannot be asked now.  result_fini(&q->result) in any case. */
bool status_ask(const struct ctl *ctl, struct query *q);

struct instance_status status_of(const struct query *q, const char *instance);
/* It serves, or is being drained. */
bool status_is_ready(const struct instance_status *s);

/* Asks again, ten times a second, until good() says so: true; false when the time is over. */
typedef bool status_fn(void *arg, const struct query *q);
bool status_until(const struct ctl *ctl, unsigned seconds, status_fn *good, void *arg);

#endif
