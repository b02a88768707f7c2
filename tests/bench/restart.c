/* restart: a process of the server is killed under idle connections; how long until each of them is served
 * again, and how many were lost. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/exits.h"
#include "tests/bench/hist.h"
#include "tests/bench/load.h"
#include "tests/bench/modes.h"
#include "tests/bench/stanza.h"

#include <signal.h>
#include <stdio.h>
#include <sys/types.h>

struct run {
	struct conn **conns;
	uint64_t killed_at; /* ns */
	uint64_t answers, last;
	struct hist waits;
};

static void on_bound(struct conn *c)
{
	struct run *run = c->load->state;

	run->conns[c->number] = c;
}

static void take(struct conn *c, struct str s)
{
	struct run *run = c->load->state;

	if (!stanza_is(s, "iq") || !str_is(stanza_attr(s, "id"), "after"))
		return;
	run->answers++;
	run->last = clock_ns() - run->killed_at;
	hist_add(&run->waits, run->last);
}

static size_t on_data(struct conn *c, const char *data, size_t len)
{
	return stanza_each(c, data, len, take);
}

static const struct mode restart = {.bound = on_bound, .data = on_data, .gone = load_lost};

static void report(const struct options *o, const struct run *run, unsigned lost)
{
	double p50 = hist_ms(&run->waits, 0.5), p99 = hist_ms(&run->waits, 0.99);

	printf("%-10s restart: of %u connections %u were lost; the others were served again after %.0f ms "
	       "(p50), %.0f ms (p99), %.0f ms (the last)\n",
		o->label, o->connections, lost, p50, p99, (double)run->last / 1e6);
	printf("JSON {\"mode\":\"restart\",\"label\":\"%s\",\"connections\":%u,\"lost\":%u,\"p50_ms\":%.1f,"
	       "\"p99_ms\":%.1f,\"last_ms\":%.1f}\n",
		o->label, o->connections, lost, p50, p99, (double)run->last / 1e6);
}

int mode_restart(const struct options *o)
{
	struct run *run = bh_alloc(sizeof(*run));
	struct load *load = load_new(o, &restart, run);

	run->conns = bh_alloc(o->connections * sizeof(*run->conns));
	load_open_until(load, o->connections);
	if (o->victim == 0 || load_wait_bound(load) < 0)
		return EXIT_FAILED;
	load_run_for(load, o->settle * UINT64_C(1000000000));
	run->killed_at = clock_ns();
	if (kill((pid_t)o->victim, SIGKILL) != 0)
		return EXIT_FAILED;
	for (unsigned i = 0; i < o->connections; i++)
		buf_put_lit(conn_out(run->conns[i]),
			"<iq type='get' id='after'><ping xmlns='urn:xmpp:ping'/></iq>");
	if (load_run_to(load, &run->answers, o->connections) < 0)
		return EXIT_FAILED;
	report(o, run, load->lost);
	return load->lost > 0 ? EXIT_FAILED : EXIT_OK;
}
