/* presence: groups of accounts that all see each other; some change their presence again and
 * again, each when all of its contacts have seen the last change. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/exits.h"
#include "tests/bench/friends.h"
#include "tests/bench/hex.h"
#include "tests/bench/hist.h"
#include "tests/bench/modes.h"
#include "tests/bench/sample.h"
#include "tests/bench/stanza.h"

#include <stdio.h>

/* A status begins with the time in 16 hexadecimal digits and the number in 8. */
enum { STAMP = 16, COUNT = 8 };

struct user {
	uint32_t number;  /* of the last change; 0: sends none */
	unsigned reached; /* contacts that have seen it */
};

struct run {
	struct user *users;
	struct conn **conns;
	uint64_t received, errors;
	bool started;
	struct hist latency;
};

static const uint64_t second = 1000000000;

static bool same_group(const struct options *o, unsigned a, unsigned b)
{
	unsigned size = o->contacts + 1;

	return a / size == b / size;
}

static void change(struct conn *c, struct user *u)
{
	char mark[STAMP + COUNT + 1] = "";

	u->number++;
	u->reached = 0;
	hex_put(mark, clock_ns(), STAMP);
	hex_put(mark + STAMP, u->number, COUNT);
	buf_printf(conn_out(c),
		"<presence><show>%s</show><status>%s back in five minutes</status></presence>",
		u->number % 2 == 0 ? "away" : "dnd", mark);
}

/* One presence of another user: it must be the last change of that user. */
static void take(struct conn *c, struct str s)
{
	struct run *run = c->load->state;
	struct str text = stanza_rest(stanza_find(s, "status"));
	uint64_t stamp, number, now;
	unsigned from;

	if (!run->started || !stanza_is(s, "presence") ||
		!stanza_account(c->load->o, stanza_attr(s, "from"), &from) || from == c->account)
		return;
	if (text.len < STAMP + COUNT || !hex_get(text.p, STAMP, &stamp) ||
		!hex_get(text.p + STAMP, COUNT, &number) || number != run->users[from].number) {
		if (run->errors++ < 3)
			fprintf(stderr, "xmppload: not the last presence: %.*s\n", STR_FMT(s));
		return;
	}
	now = clock_ns();
	run->received++;
	hist_add(&run->latency, now > stamp ? now - stamp : 0);
	if (++run->users[from].reached == c->load->o->contacts)
		change(run->conns[from], &run->users[from]);
}

static size_t on_data(struct conn *c, const char *data, size_t len)
{
	return stanza_each(c, data, len, take);
}

static void on_bound(struct conn *c)
{
	(void)c;
}

static const struct mode presence = {.bound = on_bound, .data = on_data, .gone = load_lost};

static void report(const struct options *o, const struct run *run, const struct sample *from,
	const struct sample *to, double n)
{
	double per_s = sample_per_s(from, to, n), per_cpu = sample_per_cpu_s(from, to, n);
	double p50 = hist_ms(&run->latency, 0.5), p99 = hist_ms(&run->latency, 0.99);

	printf("%-10s presence: %.0f deliveries/s, %.0f per CPU second, p50 %.2f ms, p99 %.2f ms; "
	       "generator %.2f us a delivery\n",
		o->label, per_s, per_cpu, p50, p99, (to->own - from->own) * 1e6 / n);
	printf("JSON {\"mode\":\"presence\",\"label\":\"%s\",\"accounts\":%u,\"contacts\":%u,"
	       "\"senders\":%u,",
		o->label, o->accounts, o->contacts, o->senders);
	sample_json(from, to);
	printf("\"deliveries_per_s\":%.1f,\"deliveries_per_cpu_s\":%.1f,\"p50_ms\":%.3f,"
	       "\"p99_ms\":%.3f,\"errors\":%llu}\n",
		per_s, per_cpu, p50, p99, (unsigned long long)run->errors);
}

static void start(struct load *load, struct run *run)
{
	run->started = true;
	for (unsigned i = 0; i < load->o->senders; i++) {
		unsigned account = (unsigned)((uint64_t)i * load->o->accounts / load->o->senders);

		change(run->conns[account], &run->users[account]);
	}
}

static bool possible(const struct options *o)
{
	if (o->accounts % (o->contacts + 1) == 0 && o->senders <= o->accounts)
		return true;
	fputs("xmppload: presence needs groups of contacts + 1 accounts, and as many accounts as "
	      "senders\n",
		stderr);
	return false;
}

int mode_presence(const struct options *o)
{
	struct run *run = bh_alloc(sizeof(*run));
	struct load *load = load_new(o, &presence, run);
	struct sample from, to;
	uint64_t before;
	bool lost = false;

	if (!possible(o))
		return EXIT_USAGE;
	run->users = bh_alloc(o->accounts * sizeof(*run->users));
	run->conns = bh_alloc(o->accounts * sizeof(struct conn *));
	if (friends_make(load, run->conns, same_group) < 0)
		return EXIT_FAILED;
	(void)sample_settled(load, &lost);
	start(load, run);
	load_run_for(load, o->warmup * second);
	hist_clear(&run->latency);
	before = run->received;
	from = sample_take(o, &lost);
	load_run_for(load, o->seconds * second);
	to = sample_take(o, &lost);
	if (run->received == before) {
		fputs("xmppload: no presence arrived\n", stderr);
		return EXIT_FAILED;
	}
	report(o, run, &from, &to, (double)(run->received - before));
	return lost || load->lost > 0 || run->errors > 0 ? EXIT_FAILED : EXIT_OK;
}
