/* idle: what an authenticated, available, silent TLS connection costs the server in memory: the
 * slope between a few and very many of them. */
#include "base/clock.h"
#include "base/exits.h"
#include "tests/bench/load.h"
#include "tests/bench/modes.h"

#include <stdio.h>

static unsigned lost;

static void on_bound(struct conn *c)
{
	(void)c;
}

static size_t on_data(struct conn *c, const char *data, size_t len)
{
	(void)c;
	(void)data;
	return len;
}

static void on_gone(struct conn *c, const char *why)
{
	if (lost++ < 3)
		fprintf(stderr, "xmppload: %s: %s\n", c->jid, why);
}

static const struct mode idle = {.bound = on_bound, .data = on_data, .gone = on_gone};

/* Opens up to n, waits until the server has calmed down, and reads its memory.  Negative when
 * logins failed. */
static double memory_at(struct load *load, unsigned n, bool *resident)
{
	load_open_until(load, n);
	if (load_wait_bound(load) < 0)
		return -1;
	load_run_for(load, load->o->settle * UINT64_C(1000000000));
	return proc_pss(&load->o->servers, resident);
}

int mode_idle(const struct options *o)
{
	struct load *load = load_new(o, &idle, NULL);
	bool resident = false;
	double empty = proc_pss(&o->servers, &resident);
	double few = memory_at(load, o->few, &resident);
	double many = few < 0 ? -1 : memory_at(load, o->connections, &resident);
	double slope = (many - few) / (o->connections - o->few);

	if (many < 0 || lost > 0)
		return EXIT_FAILED;
	printf("%-10s idle: %.2f KiB of %s a connection (from %u to %u), %.1f MiB when empty\n",
		o->label, slope, resident ? "RSS" : "PSS", o->few, o->connections, empty / 1024);
	printf("JSON {\"mode\":\"idle\",\"label\":\"%s\",\"measure\":\"%s\",\"few\":%u,"
	       "\"connections\":%u,\"kib_per_connection\":%.3f,\"empty_kib\":%.0f,"
	       "\"few_kib\":%.0f,\"many_kib\":%.0f}\n",
		o->label, resident ? "rss" : "pss", o->few, o->connections, slope, empty, few,
		many);
	return EXIT_OK;
}
