/* Indexes, and states as RFC 2788 has them. */
#include "snmpd-plugin/daemons.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"

enum { ROLE_STEP = 1000, NAMED_FROM = 500 };

void daemons_init(struct daemons *d)
{
	list_init(&d->all);
}

void daemons_fini(struct daemons *d)
{
	list_for_each_safe(pos, &d->all)
		free(container_of(pos, struct daemon_row, link));
}

static struct daemon_row *find(const struct daemons *d, const char *name)
{
	list_for_each(pos, &d->all) {
		struct daemon_row *row = container_of(pos, struct daemon_row, link);

		if (strcmp(row->name, name) == 0)
			return row;
	}
	return NULL;
}

/* ---- the index ---------------------------------------------------------------------------- */

/* The same for the same name in every process. */
static uint32_t scatter(const char *name)
{
	uint32_t h = 2166136261u;

	for (; *name != '\0'; name++)
		h = (h ^ (uint8_t)*name) * 16777619u;
	return h;
}

static uint32_t wanted_index(const struct seen *s)
{
	uint32_t base = (uint32_t)__builtin_ffs((int)s->role) * ROLE_STEP;
	const char *at = strchr(s->name, '@');
	char *end = NULL;
	unsigned long n = at != NULL ? strtoul(at + 1, &end, 10) : 0;

	if (at == NULL && bus_role_name(s->role) != NULL && strcmp(s->name, bus_role_name(s->role)) == 0)
		return base;
	if (at != NULL && at[1] >= '1' && at[1] <= '9' && *end == '\0' && n < NAMED_FROM)
		return base + (uint32_t)n;
	return base + NAMED_FROM + scatter(s->name) % (ROLE_STEP - NAMED_FROM);
}

/* The place of that index, or the next one that is free. */
static struct list *place_of(struct daemons *d, uint32_t *index)
{
	list_for_each(pos, &d->all) {
		const struct daemon_row *row = container_of(pos, struct daemon_row, link);

		if (row->index == *index)
			++*index;
		else if (row->index > *index)
			return pos;
	}
	return &d->all;
}

static struct daemon_row *add(struct daemons *d, const struct seen *s)
{
	struct daemon_row *row = bh_alloc(sizeof *row);
	struct list *place;

	snprintf(row->name, sizeof row->name, "%s", s->name);
	row->index = wanted_index(s);
	place = place_of(d, &row->index);
	row->deaths = s->deaths;
	list_insert_before(place, &row->link);
	return row;
}

/* ---- the state ---------------------------------------------------------------------------- */

/* Of one that is there. */
static enum oper_status serving(const struct seen *s)
{
	const struct counted *accepting = seen_counter(s, "connections_accepting");
	uint64_t limit = seen_value(s, "connections_limit");

	if (accepting != NULL && accepting->value == 0)
		return OPER_HALTED;
	return limit != 0 && seen_value(s, "connections_in_open") >= limit ? OPER_CONGESTED : OPER_UP;
}

/* Without routerd the others run, and serve nobody. */
static enum oper_status status_of(const struct seen *s)
{
	static const enum oper_status of[] = {
		[INSTANCE_DRAINING] = OPER_QUIESCING,
		[INSTANCE_SILENT] = OPER_HALTED,
		[INSTANCE_RESTARTING] = OPER_RESTARTING,
		[INSTANCE_GONE] = OPER_DOWN,
		[INSTANCE_UNKNOWN] = OPER_HALTED,
	};

	return s->state == INSTANCE_UP ? serving(s) : of[s->state];
}

static void take(struct daemon_row *row, const struct seen *s)
{
	enum oper_status status = status_of(s);

	row->seen = s;
	if (row->changed_ms != s->changed_ms)
		row->status_ms = s->changed_ms;
	else if (row->status != status)
		row->status_ms = clock_ms(); /* which it says itself, not routerd */
	row->changed_ms = s->changed_ms;
	row->status = status;
}

void daemons_take(struct daemons *d, const struct picture *p)
{
	list_for_each(pos, &d->all)
		container_of(pos, struct daemon_row, link)->seen = NULL;
	list_for_each(pos, &p->all) {
		const struct seen *s = container_of(pos, struct seen, link);
		struct daemon_row *row = find(d, s->name);

		take(row != NULL ? row : add(d, s), s);
	}
	list_for_each_safe(pos, &d->all) {
		struct daemon_row *row = container_of(pos, struct daemon_row, link);

		if (row->seen != NULL)
			continue;
		list_remove(&row->link);
		free(row);
	}
}
