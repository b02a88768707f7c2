/* Asking for the status again and again. */
#include "ctl/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "bus/textlist.h"

/* The columns of the verb "status". */
enum { COLUMN_INSTANCE = 1, COLUMN_PID = 2, COLUMN_STATE = 5, COLUMN_SESSIONS = 6 };

static unsigned long number(struct str row, unsigned column)
{
	char text[24];

	snprintf(text, sizeof text, "%.*s", STR_FMT(result_value(row, column)));
	return strtoul(text, NULL, 10);
}

bool status_ask(const struct ctl *ctl, struct query *q)
{
	int rc;

	complain_silently(true);
	rc = query_ask(ctl, "status", STR_NONE, q);
	complain_silently(false);
	return rc == EXIT_OK && q->code == EXIT_OK;
}

struct instance_status status_of(const struct query *q, const char *instance)
{
	struct instance_status s = {.there = false};
	struct str rows = buf_str(&q->result.rows), row;

	while (textlist_take(&rows, &row)) {
		if (!str_is(result_value(row, COLUMN_INSTANCE), instance))
			continue;
		s.there = true;
		s.pid = (long)number(row, COLUMN_PID);
		s.sessions = number(row, COLUMN_SESSIONS);
		snprintf(s.state, sizeof s.state, "%.*s", STR_FMT(result_value(row, COLUMN_STATE)));
	}
	return s;
}

bool status_is_ready(const struct instance_status *s)
{
	return s->there && strcmp(s->state, "custody: healing") != 0;
}

bool status_until(const struct ctl *ctl, unsigned seconds, status_fn *good, void *arg)
{
	const struct timespec pause = {.tv_nsec = 100000000};
	uint64_t until = clock_ms() + (uint64_t)seconds * 1000;

	for (;;) {
		struct query q;
		bool found = status_ask(ctl, &q) && good(arg, &q);

		result_fini(&q.result);
		if (found || clock_ms() >= until)
			return found;
		nanosleep(&pause, NULL);
	}
}
