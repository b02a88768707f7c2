/* offline: messages to users who are away are stored, then fetched.  Accounts: those who send
 * first, then those to whom. */
#include "base/alloc.h"
#include "base/exits.h"
#include "tests/bench/load.h"
#include "tests/bench/modes.h"
#include "tests/bench/sample.h"
#include "tests/bench/stanza.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A sender pings the server after so many messages and waits for its answer. */
enum { BATCH = 20 };
/* So many users fetch at a time. */
enum { FETCHERS = 20 };

struct run {
	char *body;
	bool *seen;             /* of each message */
	unsigned *got;          /* of each recipient */
	struct conn **fetchers; /* the recipients' connections */
	unsigned next_fetcher;
	uint64_t sent, stored, fetched, total;
	uint64_t errors;
};

static struct run *run_of(const struct conn *c)
{
	return c->load->state;
}

static void complain(struct conn *c, const char *what, struct str s)
{
	if (run_of(c)->errors++ < 3)
		fprintf(stderr, "xmppload: %s: %s: %.*s\n", c->jid, what, STR_FMT(s));
}

/* The next messages, round all recipients, and a ping. */
static void send_batch(struct conn *c)
{
	const struct options *o = c->load->o;
	struct run *run = run_of(c);
	struct buf *out = conn_out(c);
	unsigned n = 0;

	for (; n < BATCH && run->sent < run->total; n++, run->sent++)
		buf_printf(out,
			"<message to='%s%u@%s' type='chat' id='m%llu'><body>%s</body></message>",
			o->user, o->first + o->senders + (unsigned)(run->sent % o->recipients),
			o->server.domain, (unsigned long long)run->sent, run->body);
	if (n > 0)
		buf_printf(out,
			"<iq type='get' to='%s' id='p%u'><ping xmlns='urn:xmpp:ping'/></iq>",
			o->server.domain, n);
}

/* Whatever the server answers to the ping: it has seen all that was before it. */
static void take_stored(struct conn *c, struct str s)
{
	struct str id = stanza_attr(s, "id");

	if (stanza_is(s, "message"))
		complain(c, "not stored", s);
	if (!stanza_is(s, "iq") || id.len < 2 || id.p[0] != 'p')
		return;
	run_of(c)->stored += strtoul(id.p + 1, NULL, 10);
	send_batch(c);
}

static size_t on_store_data(struct conn *c, const char *data, size_t len)
{
	return stanza_each(c, data, len, take_stored);
}

static void on_store_bound(struct conn *c)
{
	run_of(c)->fetchers[c->number] = c;
}

static const struct mode store = {
	.bound = on_store_bound, .data = on_store_data, .gone = load_lost, .silent = true};

static void fetch_next(struct load *load)
{
	struct run *run = load->state;

	if (run->next_fetcher < load->o->accounts)
		buf_put_lit(conn_out(run->fetchers[run->next_fetcher++]), "<presence/>");
}

static void take_fetched(struct conn *c, struct str s)
{
	const struct options *o = c->load->o;
	struct run *run = run_of(c);
	struct str id = stanza_attr(s, "id");
	uint64_t number = id.len > 1 && id.p[0] == 'm' ? strtoul(id.p + 1, NULL, 10) : UINT64_MAX;

	if (!stanza_is(s, "message"))
		return;
	if (number >= run->total || run->seen[number] || c->account < o->senders ||
		number % o->recipients != c->account - o->senders) {
		complain(c, "not due", s);
		return;
	}
	run->seen[number] = true;
	run->fetched++;
	if (++run->got[c->account - o->senders] == o->each)
		fetch_next(c->load);
}

static size_t on_fetch_data(struct conn *c, const char *data, size_t len)
{
	return stanza_each(c, data, len, take_fetched);
}

static const struct mode fetch = {
	.bound = on_store_bound, .data = on_fetch_data, .gone = load_lost, .silent = true};

static struct run *run_new(const struct options *o)
{
	struct run *run = bh_alloc(sizeof(*run));

	run->total = (uint64_t)o->recipients * o->each;
	run->body = bh_alloc(o->body + 1);
	memset(run->body, 'x', o->body);
	run->seen = bh_alloc(run->total);
	run->got = bh_alloc(o->recipients * sizeof(*run->got));
	run->fetchers = bh_alloc(o->accounts * sizeof(struct conn *));
	return run;
}

/* What was counted of what had to be; 0 or BH_EIO. */
static int run_all(struct load *load, const uint64_t *count, const char *what)
{
	const struct run *run = load->state;
	int rc = load_run_to(load, count, run->total);

	if (rc < 0)
		fprintf(stderr, "xmppload: %llu of %llu messages were %s\n",
			(unsigned long long)*count, (unsigned long long)run->total, what);
	return rc;
}

/* The sample at the last answer in *to; the CPU time of what the server put off is in it too. */
static int end_phase(struct load *load, struct sample *to)
{
	const struct run *run = load->state;
	bool lost = false;
	struct sample settled;

	*to = sample_take(load->o, &lost);
	settled = sample_settled(load, &lost);
	to->server = settled.server;
	return lost || load->lost > 0 || run->errors > 0 ? EXIT_FAILED : EXIT_OK;
}

static int store_all(struct load *load, struct run *run, struct sample *from, struct sample *to)
{
	bool lost = false;

	load_open_until(load, load->o->senders);
	if (load_wait_bound(load) < 0)
		return EXIT_FAILED;
	*from = sample_settled(load, &lost);
	for (unsigned i = 0; i < load->o->senders; i++)
		send_batch(run->fetchers[i]);
	if (lost || run_all(load, &run->stored, "stored") < 0)
		return EXIT_FAILED;
	return end_phase(load, to);
}

/* All recipients are logged in before, so that only the fetching is measured. */
static int fetch_all(struct load *load, struct run *run, struct sample *from, struct sample *to)
{
	bool lost = false;

	load->mode = &fetch;
	load_open_until(load, load->o->accounts);
	if (load_wait_bound(load) < 0)
		return EXIT_FAILED;
	*from = sample_settled(load, &lost);
	run->next_fetcher = load->o->senders;
	for (unsigned i = 0; i < FETCHERS; i++)
		fetch_next(load);
	if (lost || run_all(load, &run->fetched, "fetched") < 0)
		return EXIT_FAILED;
	return end_phase(load, to);
}

static void report(const struct options *o, const struct run *run, const struct sample s[4])
{
	double n = (double)run->total;
	double stored = sample_per_cpu_s(&s[0], &s[1], n),
	       fetched = sample_per_cpu_s(&s[2], &s[3], n);

	printf("%-10s offline: %.0f stored/s, %.0f per CPU second; %.0f fetched/s, %.0f per CPU "
	       "second\n",
		o->label, sample_per_s(&s[0], &s[1], n), stored, sample_per_s(&s[2], &s[3], n),
		fetched);
	printf("JSON {\"mode\":\"offline\",\"label\":\"%s\",\"recipients\":%u,\"each\":%u,"
	       "\"senders\":%u,\"body\":%u,\"store\":{",
		o->label, o->recipients, o->each, o->senders, o->body);
	sample_json(&s[0], &s[1]);
	printf("\"messages\":%.0f},\"fetch\":{", n);
	sample_json(&s[2], &s[3]);
	printf("\"messages\":%.0f},\"stored_per_s\":%.1f,\"stored_per_cpu_s\":%.1f,"
	       "\"fetched_per_s\":%.1f,\"fetched_per_cpu_s\":%.1f,\"errors\":%llu}\n",
		n, sample_per_s(&s[0], &s[1], n), stored, sample_per_s(&s[2], &s[3], n), fetched,
		(unsigned long long)run->errors);
}

int mode_offline(const struct options *o)
{
	struct run *run = run_new(o);
	struct load *load = load_new(o, &store, run);
	struct sample s[4];

	if (o->accounts != o->senders + o->recipients) {
		fputs("xmppload: offline needs senders + recipients accounts\n", stderr);
		return EXIT_USAGE;
	}
	if (store_all(load, run, &s[0], &s[1]) != EXIT_OK ||
		fetch_all(load, run, &s[2], &s[3]) != EXIT_OK)
		return EXIT_FAILED;
	report(o, run, s);
	return EXIT_OK;
}
