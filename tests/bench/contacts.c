/* contacts_login: users with contacts that are all online log in again and again; a login is
 * done when the roster and the presence of every contact have arrived.  Accounts: the contacts
 * first, then those who log in, so many at a time as the window. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/exits.h"
#include "tests/bench/friends.h"
#include "tests/bench/hist.h"
#include "tests/bench/modes.h"
#include "tests/bench/sample.h"
#include "tests/bench/stanza.h"

#include <stdio.h>
#include <string.h>

/* One who logs in. */
struct watcher {
	struct conn *conn; /* NULL between two logins */
	bool *seen;        /* of each contact */
	unsigned presences;
	bool roster;
};

struct run {
	struct watcher *watchers;
	unsigned *idle; /* accounts whose next login may begin */
	unsigned idle_count;
	unsigned end;   /* begin no connection from this number on */
	uint64_t ended; /* logins that are over, the log-out included */
	uint64_t wrong; /* rosters of another size */
	struct hist latency;
};

static bool watcher_and_contact(const struct options *o, unsigned a, unsigned b)
{
	return (a < o->contacts) != (b < o->contacts);
}

static struct watcher *watcher_of(const struct conn *c)
{
	struct run *run = c->load->state;

	return c->account >= c->load->o->contacts
		       ? &run->watchers[c->account - c->load->o->contacts]
		       : NULL;
}

static unsigned pick(struct load *load, unsigned number)
{
	struct run *run = load->state;

	(void)number;
	BUG_ON(run->idle_count == 0);
	return run->idle[--run->idle_count];
}

static void on_bound(struct conn *c)
{
	struct watcher *w = watcher_of(c);

	memset(w->seen, 0, c->load->o->contacts * sizeof(bool));
	*w = (struct watcher){.conn = c, .seen = w->seen};
	buf_put_lit(conn_out(c), "<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>"
				 "<presence/>");
}

/* The login of this account is over: the next one may begin. */
static void release(struct load *load, unsigned account)
{
	struct run *run = load->state;

	run->watchers[account - load->o->contacts].conn = NULL;
	run->idle[run->idle_count++] = account;
	run->ended++;
	if (load->end < run->end)
		load_open_until(load, load->end + 1);
}

static void on_gone(struct conn *c, const char *why)
{
	if (why != NULL)
		load_lost(c, why);
	else if (watcher_of(c) != NULL)
		release(c->load, c->account);
}

static void finish(struct conn *c)
{
	struct run *run = c->load->state;

	hist_add(&run->latency, clock_ns() - c->since);
	if (!c->load->o->keep) {
		conn_close(c);
		return;
	}
	buf_put_lit(conn_out(c), "<presence type='unavailable'/>");
	release(c->load, c->account);
}

static void take_roster(struct conn *c, struct str s)
{
	struct run *run = c->load->state;
	unsigned items = stanza_count(s, "item");

	if (items != c->load->o->contacts && run->wrong++ < 3)
		fprintf(stderr, "xmppload: %s: a roster of %u\n", c->jid, items);
	watcher_of(c)->roster = true;
}

static void take_presence(struct conn *c, struct str s)
{
	struct watcher *w = watcher_of(c);
	unsigned from;

	if (stanza_attr(s, "type").p != NULL ||
		!stanza_account(c->load->o, stanza_attr(s, "from"), &from) ||
		from >= c->load->o->contacts || w->seen[from])
		return;
	w->seen[from] = true;
	w->presences++;
}

static void take(struct conn *c, struct str s)
{
	struct watcher *w = watcher_of(c);

	if (w->conn != c)
		return; /* kept from an earlier login */
	if (stanza_is(s, "presence"))
		take_presence(c, s);
	else if (stanza_is(s, "iq") && str_is(stanza_attr(s, "id"), "roster"))
		take_roster(c, s);
	if (w->roster && w->presences == c->load->o->contacts)
		finish(c);
}

static size_t on_data(struct conn *c, const char *data, size_t len)
{
	return watcher_of(c) != NULL ? stanza_each(c, data, len, take) : len;
}

static const struct mode contacts = {
	.bound = on_bound, .data = on_data, .gone = on_gone, .account = pick, .silent = true};

/* So many logins; 0 or BH_EIO. */
static int run_logins(struct load *load, struct run *run, unsigned count)
{
	unsigned at_once = load->o->window < count ? load->o->window : count;
	int rc;

	run->end = load->end + count;
	load_open_until(load, load->end + at_once);
	rc = load_run_to(load, &run->ended, run->ended + count);
	if (rc == 0)
		return 0;
	for (unsigned i = 0; i < load->o->window; i++) {
		struct watcher *w = &run->watchers[i];

		if (w->conn != NULL)
			fprintf(stderr, "xmppload: %s: %s roster and %u contacts\n", w->conn->jid,
				w->roster ? "its" : "no", w->presences);
	}
	return rc;
}

static struct run *run_new(const struct options *o)
{
	struct run *run = bh_alloc(sizeof(*run));

	run->watchers = bh_alloc(o->window * sizeof(*run->watchers));
	run->idle = bh_alloc(o->window * sizeof(*run->idle));
	for (unsigned i = 0; i < o->window; i++)
		run->watchers[i].seen = bh_alloc(o->contacts * sizeof(bool));
	return run;
}

/* Makes the subscriptions and logs those out who are to log in. */
static int prepare(struct load *load, struct run *run)
{
	const struct options *o = load->o;
	struct conn **conns = bh_alloc(o->accounts * sizeof(struct conn *));
	bool lost = false;

	if (friends_make(load, conns, watcher_and_contact) < 0)
		return EXIT_FAILED;
	(void)sample_settled(load, &lost);
	for (unsigned a = o->contacts; a < o->accounts; a++) {
		if (o->keep) {
			buf_put_lit(conn_out(conns[a]), "<presence type='unavailable'/>");
			release(load, a);
		} else {
			conn_close(conns[a]);
		}
	}
	return load_run_to(load, &run->ended, o->window) == 0 && !lost ? EXIT_OK : EXIT_FAILED;
}

static void report(const struct options *o, const struct run *run, const struct sample *from,
	const struct sample *to)
{
	double per_s = sample_per_s(from, to, o->logins);
	double per_cpu = sample_per_cpu_s(from, to, o->logins);
	double p50 = hist_ms(&run->latency, 0.5), p99 = hist_ms(&run->latency, 0.99);

	printf("%-10s contacts_login: %.1f logins/s, %.1f per CPU second, p50 %.1f ms, p99 %.1f "
	       "ms; "
	       "generator %.0f us a login\n",
		o->label, per_s, per_cpu, p50, p99, (to->own - from->own) * 1e6 / o->logins);
	printf("JSON {\"mode\":\"contacts_login\",\"label\":\"%s\",\"logins\":%u,\"contacts\":%u,"
	       "\"window\":%u,",
		o->label, o->logins, o->contacts, o->window);
	sample_json(from, to);
	printf("\"logins_per_s\":%.2f,\"logins_per_cpu_s\":%.2f,\"p50_ms\":%.3f,\"p99_ms\":%.3f}\n",
		per_s, per_cpu, p50, p99);
}

int mode_contacts_login(const struct options *o)
{
	struct run *run = run_new(o);
	struct load *load = load_new(o, &contacts, run);
	struct sample from, to;
	bool lost = false;

	if (o->accounts != o->contacts + o->window) {
		fputs("xmppload: contacts_login needs contacts + window accounts\n", stderr);
		return EXIT_USAGE;
	}
	if (prepare(load, run) != EXIT_OK || run_logins(load, run, 4 * o->window) < 0)
		return EXIT_FAILED;
	hist_clear(&run->latency);
	from = sample_take(o, &lost);
	if (run_logins(load, run, o->logins) < 0)
		return EXIT_FAILED;
	to = sample_take(o, &lost);
	report(o, run, &from, &to);
	return lost || load->lost > 0 || run->wrong > 0 ? EXIT_FAILED : EXIT_OK;
}
