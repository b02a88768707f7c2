/* Figures for people. */
#include "ctl/top/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "bus/textlist.h"
#include "ctl/clean.h"

static const char *const sorts[SORTS] = {
	[SORT_NAME] = "name", [SORT_CPU] = "cpu", [SORT_MEMORY] = "memory"};

const char *report_sort_name(enum report_sort sort)
{
	return sorts[sort];
}

/* Names are others' words: nothing in them may do anything to a terminal. */
static void put_name(struct buf *out, const char *text, bool utf8)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (clean_is_control((const unsigned char *)text, strlen(text))) {
			buf_put_byte(out, '?');
			text += c == 0xc2;
		} else if (c < 0x80 || utf8) {
			buf_put_byte(out, c);
		} else if (c >= 0xc0) { /* the first byte of a character */
			buf_put_byte(out, '?');
		}
	}
}

/* "17", "4.2K", "1.3M" */
static void put_size(struct buf *out, uint64_t bytes)
{
	static const char units[] = " KMGT";
	double n = (double)bytes;
	unsigned unit = 0;

	for (; n >= 1024 && unit + 1 < sizeof units - 1; unit++)
		n /= 1024;
	if (unit == 0)
		buf_printf(out, "%6" PRIu64 " ", bytes);
	else
		buf_printf(out, "%6.1f%c", n, units[unit]);
}

static void put_uptime(struct buf *out, uint64_t ms)
{
	uint64_t s = ms / 1000;

	if (s >= 86400)
		buf_printf(out, "%5" PRIu64 "d%02" PRIu64 "h", s / 86400, s / 3600 % 24);
	else
		buf_printf(out, "%3" PRIu64 ":%02" PRIu64 ":%02" PRIu64, s / 3600, s / 60 % 60, s % 60);
}

/* ---- daemons -------------------------------------------------------------------------------------- */

struct ranked {
	unsigned i;
	double key;
};

static int compare(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? 1 : -1;
	return x->i < y->i ? -1 : x->i > y->i;
}

/* By name they are as routerd has them: itself first, then as they came. */
static void rank(const struct report *r, struct ranked out[FIGURES_DAEMONS])
{
	for (unsigned i = 0; i < r->now->ndaemons; i++) {
		out[i] = (struct ranked){.i = i};
		if (r->sort == SORT_CPU)
			out[i].key = figures_cpu(r->before, r->now, i);
		else if (r->sort == SORT_MEMORY)
			out[i].key = (double)r->now->daemons[i].memory;
	}
	qsort(out, r->now->ndaemons, sizeof out[0], compare);
}

static void put_daemon(const struct report *r, unsigned i, struct buf *out)
{
	const struct daemon_figures *d = &r->now->daemons[i];

	buf_printf(out, "%-12s %-10s %7" PRIu32 " ", d->name, d->state, d->pid);
	put_uptime(out, clock_ms() - d->started_ms);
	buf_printf(out, " %6.1f ", figures_cpu(r->before, r->now, i));
	put_size(out, d->memory);
	buf_printf(out, " %11" PRIu64 " %6" PRIu32 "\n", d->connections, d->deaths);
}

/* ---- all of it ------------------------------------------------------------------------------------ */

static void put_totals(const struct report *r, struct buf *out)
{
	const uint64_t *t = r->now->totals;

	buf_printf(out, "sessions: %" PRIu64 " available, %" PRIu64 " connected, %" PRIu64 " asleep   queued: %" PRIu64 " stanzas,",
		t[TOTAL_AVAILABLE], t[TOTAL_CONNECTED], t[TOTAL_ASLEEP], t[TOTAL_QUEUED]);
	put_size(out, t[TOTAL_QUEUED_BYTES]);
	buf_printf(out, "\nper second:");
	for (unsigned i = 0; i < RATES; i++)
		buf_printf(out, "%s %s %.1f", i > 0 ? "," : "", total_name(i), figures_rate(r->before, r->now, i));
	buf_put_byte(out, '\n');
}

static void put_busy(const struct report *r, const char *kind, struct buf *out)
{
	bool any = false;

	for (unsigned i = 0; i < r->now->nbusy; i++) {
		const struct busy_figures *b = &r->now->busy[i];

		if (strcmp(b->kind, kind) != 0)
			continue;
		if (!any)
			buf_printf(out, "\n   MSG/S  BUSIEST %sS\n", strcmp(kind, "account") == 0 ? "ACCOUNT" : "DOMAIN");
		any = true;
		buf_printf(out, "%8s  ", b->rate);
		put_name(out, b->name, r->utf8);
		buf_put_byte(out, '\n');
	}
}

void report_text(const struct report *r, struct buf *out)
{
	struct ranked order[FIGURES_DAEMONS];

	put_totals(r, out);
	buf_printf(out, "\n%-12s %-10s %7s %9s %6s %7s %11s %6s\n", "DAEMON", "STATE", "PID", "UPTIME", "CPU%", "MEMORY",
		"CONNECTIONS", "DEATHS");
	rank(r, order);
	for (unsigned i = 0; i < r->now->ndaemons; i++)
		put_daemon(r, order[i].i, out);
	put_busy(r, "domain", out);
	put_busy(r, "account", out);
}

/* ---- rows ----------------------------------------------------------------------------------------- */

static void put_row(struct result *out, struct buf *row)
{
	result_row(out, buf_str(row));
	buf_fini(row);
}

static void named_row(struct result *out, const char *kind, const char *name, const char *value)
{
	struct buf row = BUF_INIT;

	textlist_put(&row, str_of(kind));
	textlist_put(&row, str_of(name));
	textlist_put(&row, str_of(value));
	put_row(out, &row);
}

static void daemon_row(const struct report *r, unsigned i, struct result *out)
{
	const struct daemon_figures *d = &r->now->daemons[i];
	struct buf row = BUF_INIT;

	textlist_put(&row, STR_LIT("daemon"));
	textlist_put(&row, str_of(d->name));
	textlist_printf(&row, "%.1f", figures_cpu(r->before, r->now, i));
	textlist_put(&row, str_of(d->state));
	textlist_printf(&row, "%" PRIu32, d->pid);
	textlist_printf(&row, "%" PRIu64, (clock_ms() - d->started_ms) / 1000);
	textlist_printf(&row, "%" PRIu64, d->memory);
	textlist_printf(&row, "%" PRIu64, d->connections);
	textlist_printf(&row, "%" PRIu32, d->deaths);
	put_row(out, &row);
}

void report_rows(const struct report *r, struct result *out)
{
	char value[32];

	result_name_columns(out, "kind name value state pid uptime memory_bytes connections deaths");
	for (unsigned i = 0; i < r->now->ndaemons; i++)
		daemon_row(r, i, out);
	for (unsigned i = 0; i < TOTALS; i++) {
		if (i < RATES)
			snprintf(value, sizeof value, "%.1f", figures_rate(r->before, r->now, i));
		else
			snprintf(value, sizeof value, "%" PRIu64, r->now->totals[i]);
		named_row(out, i < RATES ? "rate" : "total", total_name(i), value);
	}
	for (unsigned i = 0; i < r->now->nbusy; i++)
		named_row(out, r->now->busy[i].kind, r->now->busy[i].name, r->now->busy[i].rate);
}
