/* Figures out of what daemons count. */
#include "ctl/top/figures.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "bus/codes.h"
#include "ctl/result.h"
#include "daemon/counter.h"
#include "watch/picture.h"

/* name: how users see it; counter: how it is counted, all labels of that name where none is given. */
static const struct {
	const char *name, *counter;
} totals[TOTALS] = {
	[TOTAL_MESSAGES] = {"messages", "stanzas_in{kind=\"message\"}"},
	[TOTAL_PRESENCE] = {"presence", "stanzas_in{kind=\"presence\"}"},
	[TOTAL_IQS] = {"iqs", "stanzas_in{kind=\"iq\"}"},
	[TOTAL_DELIVERIES] = {"deliveries", "deliveries"},
	[TOTAL_STORED] = {"stored", "messages_stored"},
	[TOTAL_LOGINS] = {"logins", "logins"},
	[TOTAL_LOGINS_FAILED] = {"logins_failed", "logins_failed"},
	[TOTAL_AVAILABLE] = {"available", "client_sessions{state=\"available\"}"},
	[TOTAL_CONNECTED] = {"connected", "client_sessions{state=\"connected\"}"},
	[TOTAL_ASLEEP] = {"asleep", "client_sessions{state=\"asleep\"}"},
	[TOTAL_QUEUED] = {"queued", "queued"},
	[TOTAL_QUEUED_BYTES] = {"queued_bytes", "queued_bytes"},
};

static const struct {
	const char *counter;
	size_t offset;
} own[] = {
	{"process_cpu_seconds", offsetof(struct daemon_figures, cpu_ms)},
	{"process_memory_peak_bytes", offsetof(struct daemon_figures, memory)},
	{"connections_in_open", offsetof(struct daemon_figures, connections)},
	{"connections_out_open", offsetof(struct daemon_figures, connections)},
};

const char *total_name(enum total total)
{
	return totals[total].name;
}

static bool is_counter(struct str name, const char *wanted)
{
	size_t len = strlen(wanted);

	return str_is(name, wanted) || (name.len > len && memcmp(name.p, wanted, len) == 0 && name.p[len] == '{');
}

static void take_counter(struct figures *f, struct daemon_figures *d, unsigned role, const struct counted *c)
{
	for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
		if (is_counter(c->name, own[i].counter))
			*(uint64_t *)(void *)((char *)d + own[i].offset) += c->value;
	/* routerd counts what goes through the suite; others have counters of the same names for their parts. */
	for (unsigned i = 0; role == ROLE_ROUTER && i < TOTALS; i++)
		if (is_counter(c->name, totals[i].counter))
			f->totals[i] += c->value;
}

void figures_take_instance(struct figures *f, const struct msg_instance *m)
{
	struct str counters = m->counters;
	const char *state = picture_state_name(m->state);
	struct daemon_figures *d;
	struct counted c;

	if (f->ndaemons == FIGURES_DAEMONS)
		return;
	d = &f->daemons[f->ndaemons++];
	*d = (struct daemon_figures){.pid = m->pid, .deaths = m->deaths, .started_ms = m->started_ms};
	snprintf(d->name, sizeof d->name, "%.*s", STR_FMT(m->instance));
	snprintf(d->state, sizeof d->state, "%s", state != NULL ? state : "-");
	while (counter_take(&counters, &c))
		take_counter(f, d, m->role, &c);
}

void figures_take_busy(struct figures *f, struct str row)
{
	struct busy_figures *b;

	if (f->nbusy == FIGURES_BUSY)
		return;
	b = &f->busy[f->nbusy++];
	snprintf(b->kind, sizeof b->kind, "%.*s", STR_FMT(result_value(row, 0)));
	snprintf(b->name, sizeof b->name, "%.*s", STR_FMT(result_value(row, 1)));
	snprintf(b->rate, sizeof b->rate, "%.*s", STR_FMT(result_value(row, 2)));
}

/* A daemon that was started anew begins at 0. */
static double per_second(uint64_t before, uint64_t now, uint64_t ms)
{
	return now > before && ms > 0 ? (double)(now - before) * 1000 / (double)ms : 0;
}

double figures_rate(const struct figures *before, const struct figures *now, enum total total)
{
	if (before->taken_ms == 0)
		return 0;
	return per_second(before->totals[total], now->totals[total], now->taken_ms - before->taken_ms);
}

double figures_cpu(const struct figures *before, const struct figures *now, unsigned i)
{
	const struct daemon_figures *d = &now->daemons[i];

	for (unsigned k = 0; k < before->ndaemons; k++)
		if (before->daemons[k].pid == d->pid && strcmp(before->daemons[k].name, d->name) == 0)
			return per_second(before->daemons[k].cpu_ms, d->cpu_ms, now->taken_ms - before->taken_ms) / 10;
	return 0;
}
