/* roster: one connection fetches a long roster again and again. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/exits.h"
#include "tests/bench/hist.h"
#include "tests/bench/load.h"
#include "tests/bench/modes.h"
#include "tests/bench/sample.h"
#include "tests/bench/stanza.h"

#include <stdio.h>
#include <string.h>

/* Contacts that are put into the roster at a time. */
enum { WINDOW = 16 };

struct run {
	struct conn *conn;
	unsigned items; /* of the roster that arrives */
	unsigned sent;  /* contacts put into the roster */
	uint64_t made, fetches, bytes, wrong, since;
	bool again; /* fetch it again when it has arrived */
	struct hist latency;
};

static const uint64_t second = 1000000000;

static void fetch(struct run *run)
{
	run->items = 0;
	run->since = clock_ns();
	buf_put_lit(conn_out(run->conn),
		"<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>");
}

static void on_bound(struct conn *c)
{
	struct run *run = c->load->state;

	run->conn = c;
	fetch(run);
}

static void on_fetched(struct load *load, struct run *run)
{
	hist_add(&run->latency, clock_ns() - run->since);
	run->fetches++;
	if (!run->again)
		return;
	if (run->items != load->o->entries && run->wrong++ < 3)
		fprintf(stderr, "xmppload: a roster of %u\n", run->items);
	fetch(run);
}

/* Takes whole tags only and never keeps a roster: its end is looked for among them. */
static size_t on_data(struct conn *c, const char *data, size_t len)
{
	static const char end[] = "</iq>";
	struct run *run = c->load->state;
	const char *last = memrchr(data, '>', len);
	size_t whole = last != NULL ? (size_t)(last - data) + 1 : 0;

	run->bytes += whole;
	run->items += stanza_count(str_make(data, whole), "item ");
	if (memmem(data, whole, end, sizeof(end) - 1) != NULL)
		on_fetched(c->load, run);
	return whole;
}

static const struct mode fetching = {
	.bound = on_bound, .data = on_data, .gone = load_lost, .silent = true};

static void add_next(struct load *load, struct run *run)
{
	unsigned n = run->sent;

	if (n == load->o->entries)
		return;
	run->sent++;
	buf_printf(conn_out(run->conn),
		"<iq type='set' id='set%u'><query xmlns='jabber:iq:roster'>"
		"<item jid='contact%04u@contacts.example' name='Contact %04u'><group>Group "
		"%u</group>"
		"</item></query></iq>",
		n, n, n, n % 10);
}

static void take_added(struct conn *c, struct str s)
{
	struct run *run = c->load->state;
	struct str type = stanza_attr(s, "type"), id = stanza_attr(s, "id");

	if (!stanza_is(s, "iq"))
		return;
	if (str_is(type, "set")) {
		buf_printf(conn_out(c), "<iq type='result' id='%.*s'/>", STR_FMT(id));
	} else if (str_is(type, "result")) {
		run->made++;
		add_next(c->load, run);
	} else {
		conn_kill(c, "a contact was refused");
	}
}

static size_t on_added_data(struct conn *c, const char *data, size_t len)
{
	return stanza_each(c, data, len, take_added);
}

static const struct mode adding = {
	.bound = on_bound, .data = on_added_data, .gone = load_lost, .silent = true};

/* Logs in, and fills the roster when it is empty. */
static int prepare(struct load *load, struct run *run)
{
	int rc;

	load_open_until(load, 1);
	if (load_wait_bound(load) < 0)
		return BH_EIO;
	rc = load_run_to(load, &run->fetches, 1);
	if (rc < 0 || run->items == load->o->entries)
		return rc;
	if (run->items > 0) {
		fprintf(stderr, "xmppload: there is a roster of %u already\n", run->items);
		return BH_EEXIST;
	}
	load->mode = &adding;
	for (unsigned i = 0; i < WINDOW; i++)
		add_next(load, run);
	rc = load_run_to(load, &run->made, load->o->entries);
	load_run_for(load, second); /* the last pushes */
	load->mode = &fetching;
	return rc;
}

static void report(const struct options *o, const struct run *run, const struct sample *from,
	const struct sample *to)
{
	double n = (double)run->fetches;
	double per_s = sample_per_s(from, to, n), per_cpu = sample_per_cpu_s(from, to, n);
	double mb = sample_per_s(from, to, (double)run->bytes) / 1e6;
	double p50 = hist_ms(&run->latency, 0.5), p99 = hist_ms(&run->latency, 0.99);

	printf("%-10s roster: %.1f fetches/s of %u contacts (%.0f bytes), %.1f per CPU second, "
	       "%.1f MB/s, p50 %.2f ms, p99 %.2f ms\n",
		o->label, per_s, o->entries, (double)run->bytes / n, per_cpu, mb, p50, p99);
	printf("JSON {\"mode\":\"roster\",\"label\":\"%s\",\"entries\":%u,", o->label, o->entries);
	sample_json(from, to);
	printf("\"fetches_per_s\":%.2f,\"fetches_per_cpu_s\":%.2f,\"mb_per_s\":%.2f,"
	       "\"bytes\":%.0f,\"p50_ms\":%.3f,\"p99_ms\":%.3f}\n",
		per_s, per_cpu, mb, (double)run->bytes / n, p50, p99);
}

int mode_roster(const struct options *o)
{
	struct run *run = bh_alloc(sizeof(*run));
	struct load *load = load_new(o, &fetching, run);
	struct sample from, to;
	bool lost = false;

	if (prepare(load, run) < 0)
		return EXIT_FAILED;
	run->again = true;
	fetch(run);
	load_run_for(load, o->warmup * second);
	hist_clear(&run->latency);
	run->fetches = run->bytes = 0;
	from = sample_take(o, &lost);
	load_run_for(load, o->seconds * second);
	to = sample_take(o, &lost);
	if (run->fetches == 0) {
		fputs("xmppload: no roster arrived\n", stderr);
		return EXIT_FAILED;
	}
	report(o, run, &from, &to);
	return lost || load->lost > 0 || run->wrong > 0 ? EXIT_FAILED : EXIT_OK;
}
