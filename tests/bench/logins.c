/* logins: how many clients a second come from TCP to bound, so many in flight. */
#include "base/exits.h"
#include "tests/bench/load.h"
#include "tests/bench/modes.h"
#include "tests/bench/sample.h"

#include <stdio.h>

static unsigned lost;

static void on_bound(struct conn *c)
{
	if (!c->load->o->keep)
		conn_close(c);
}

static size_t on_data(struct conn *c, const char *data, size_t len)
{
	(void)c;
	(void)data;
	return len;
}

static void on_gone(struct conn *c, const char *why)
{
	if (why != NULL && lost++ < 3)
		fprintf(stderr, "xmppload: %s: %s\n", c->jid, why);
}

static const struct mode logins = {.bound = on_bound, .data = on_data, .gone = on_gone};

static void report(const struct options *o, const struct sample *from, const struct sample *to)
{
	double seconds = (double)(to->ns - from->ns) / 1e9;
	double server = to->server - from->server;
	double per_cpu = server > 0 ? o->logins / server : 0;
	double own = (to->own - from->own) * 1e6 / o->logins;

	printf("%-10s logins: %.0f logins/s, %.0f per CPU second (%.0f %% CPU); generator %.0f us "
	       "a login\n",
		o->label, o->logins / seconds, per_cpu, server / seconds * 100, own);
	printf("JSON {\"mode\":\"logins\",\"label\":\"%s\",\"logins\":%u,\"inflight\":%u,"
	       "\"seconds\":%.2f,\"logins_per_s\":%.1f,\"logins_per_cpu_s\":%.1f,"
	       "\"server_cpu_s\":%.2f,\"generator_us_per_login\":%.1f}\n",
		o->label, o->logins, o->inflight, seconds, o->logins / seconds, per_cpu, server,
		own);
}

int mode_logins(const struct options *o)
{
	struct load *load = load_new(o, &logins, NULL);
	struct sample from, to;
	bool gone = false;

	/* Each account once: from then on no key is derived, on neither side. */
	load_open_until(load, o->accounts);
	if (load_wait_bound(load) < 0)
		return EXIT_FAILED;
	from = sample_take(o, &gone);
	load_open_until(load, o->accounts + o->logins);
	if (load_wait_bound(load) < 0)
		return EXIT_FAILED;
	to = sample_take(o, &gone);
	report(o, &from, &to);
	return gone || lost > 0 ? EXIT_FAILED : EXIT_OK;
}
