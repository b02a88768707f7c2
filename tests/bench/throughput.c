/* throughput: pairs of clients; each sender keeps a few messages on their way to the peer's full
 * JID and sends the next when the peer has got one (closed loop), or sends by the clock (--rate,
 * open loop: the latency then counts from when the message was due). */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/exits.h"
#include "tests/bench/hex.h"
#include "tests/bench/hist.h"
#include "tests/bench/load.h"
#include "tests/bench/modes.h"
#include "tests/bench/stanza.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SM "xmlns='urn:xmpp:sm:3'"

/* A body begins with the time in 16 hexadecimal digits and the number in 8. */
enum { STAMP = 16, COUNT = 8, MARK = STAMP + COUNT };
enum { ASKED_EVERY = 8 };

struct pair {
	struct conn *sender, *receiver;
	char *head; /* "<message ... id='" */
	size_t head_len;
	uint32_t sent, expected;
	unsigned credit; /* messages that may be sent now */
	unsigned got;	 /* with stream management: stanzas of the receiver since <enabled/> */
	bool sender_enabled, receiver_enabled;
};

struct run {
	struct pair *pairs;
	unsigned pair_count;
	char *tail; /* the rest of the body and the end tag */
	size_t tail_len;
	uint64_t received, errors, misordered;
	unsigned lost;
	uint64_t paced_since, paced; /* open loop: when it began, how many were sent */
	bool started;
	struct hist latency, late;
};

struct sample {
	uint64_t ns, received;
	double server, other, own;
};

static const uint64_t second = 1000000000;

static struct run *run_of(const struct conn *c)
{
	return c->load->state;
}

static void send_one(struct run *run, struct pair *p, uint64_t stamp)
{
	static const char middle[] = "'><body>";
	char mark[COUNT + sizeof(middle) - 1 + MARK];
	struct buf *out = conn_out(p->sender);

	hex_put(mark, p->sent, COUNT);
	memcpy(mark + COUNT, middle, sizeof(middle) - 1);
	hex_put(mark + COUNT + sizeof(middle) - 1, stamp, STAMP);
	memcpy(mark + sizeof(mark) - COUNT, mark, COUNT);
	buf_put(out, p->head, p->head_len);
	buf_put(out, mark, sizeof(mark));
	buf_put(out, run->tail, run->tail_len);
	p->sent++;
	if (p->sender->load->o->sm && p->sent % ASKED_EVERY == 0)
		buf_put_lit(out, "<r " SM "/>");
}

/* One whole message: whose it is, how long it took, whether it is the next in order. */
static void take(struct run *run, struct pair *p, struct str m, uint64_t now)
{
	const char *body = memmem(m.p, m.len, "<body", 5);
	const char *text = body != NULL ? memchr(body, '>', (size_t)(m.p + m.len - body)) : NULL;
	uint64_t stamp, number;

	if (text == NULL || m.p + m.len - text <= MARK || !hex_get(text + 1, STAMP, &stamp) ||
		!hex_get(text + 1 + STAMP, COUNT, &number) ||
		memmem(m.p, (size_t)(body - m.p), "error", 5) != NULL) {
		if (run->errors++ < 3)
			fprintf(stderr, "xmppload: not our message: %.*s\n", STR_FMT(m));
		return;
	}
	if (number != p->expected && run->misordered++ < 3)
		fprintf(stderr, "xmppload: %s got message %u where %u was due\n", p->receiver->jid,
			(unsigned)number, p->expected);
	p->expected = (uint32_t)number + 1;
	run->received++;
	if (p->receiver->load->o->trace)
		printf("%" PRIu64 " %" PRIu64 "\n", stamp, now - stamp);
	hist_add(&run->latency, now > stamp ? now - stamp : 0);
	p->credit++;
}

static bool is_sender(const struct conn *c)
{
	return c->number % 2 == 0;
}

static void take_managed(struct conn *c, struct str s)
{
	struct pair *p = &run_of(c)->pairs[c->number / 2];
	bool counts = !is_sender(c) && p->receiver_enabled &&
		      (stanza_is(s, "message") || stanza_is(s, "presence") || stanza_is(s, "iq"));

	p->got += counts;
	if (stanza_is(s, "enabled") && is_sender(c))
		p->sender_enabled = true;
	else if (stanza_is(s, "enabled"))
		p->receiver_enabled = true;
	else if (stanza_is(s, "r"))
		buf_printf(conn_out(c), "<a " SM " h='%u'/>", is_sender(c) ? 0 : p->got);
	else if (stanza_is(s, "message"))
		take(run_of(c), p, s, clock_ns());
}

static size_t on_data(struct conn *c, const char *data, size_t len)
{
	static const char end[] = "</message>";
	struct run *run = run_of(c);
	uint64_t now = clock_ns();
	size_t used = 0;

	if (c->load->o->sm)
		return stanza_each(c, data, len, take_managed);
	for (;;) {
		const char *at = memmem(data + used, len - used, end, sizeof(end) - 1);
		size_t next;

		if (at == NULL)
			return used;
		next = (size_t)(at - data) + sizeof(end) - 1;
		take(run, &run->pairs[c->number / 2], str_make(data + used, next - used), now);
		used = next;
	}
}

static void on_bound(struct conn *c)
{
	struct pair *p = &run_of(c)->pairs[c->number / 2];

	if (is_sender(c))
		p->sender = c;
	else
		p->receiver = c;
	if (c->load->o->sm)
		buf_put_lit(conn_out(c), "<enable " SM " resume='true'/>");
}

static void on_gone(struct conn *c, const char *why)
{
	struct run *run = run_of(c);

	if (run->lost++ < 3)
		fprintf(stderr, "xmppload: %s: %s\n", c->jid, why);
	run->started = false;
}

static void send_credit(struct run *run)
{
	uint64_t now = clock_ns();

	for (unsigned i = 0; i < run->pair_count; i++) {
		struct pair *p = &run->pairs[i];

		for (; p->credit > 0; p->credit--)
			send_one(run, p, now);
	}
}

static uint64_t due_at(const struct load *load, const struct run *run)
{
	return run->paced_since + run->paced * second / load->o->rate;
}

static void send_due(struct load *load, struct run *run)
{
	uint64_t now = clock_ns(), due;

	while ((due = due_at(load, run)) <= now) {
		send_one(run, &run->pairs[run->paced % run->pair_count], due);
		hist_add(&run->late, now - due);
		run->paced++;
	}
}

static void on_turn(struct load *load)
{
	struct run *run = load->state;

	if (!run->started)
		return;
	if (load->o->rate > 0)
		send_due(load, run);
	else
		send_credit(run);
}

static bool all_enabled(const struct run *run)
{
	for (unsigned i = 0; i < run->pair_count; i++)
		if (!run->pairs[i].sender_enabled || !run->pairs[i].receiver_enabled)
			return false;
	return true;
}

static const struct mode throughput = {
	.bound = on_bound, .data = on_data, .gone = on_gone, .turn = on_turn};

static void start(struct load *load, struct run *run)
{
	for (unsigned i = 0; i < run->pair_count; i++) {
		struct pair *p = &run->pairs[i];
		struct buf head = BUF_INIT;

		buf_printf(&head, "<message to='%s' type='chat' id='", p->receiver->jid);
		p->head = (char *)head.data;
		p->head_len = head.len;
		p->credit = load->o->window;
	}
	run->paced_since = clock_ns();
	run->started = true;
	on_turn(load);
}

static struct sample take_sample(const struct load *load, const struct run *run, bool *lost)
{
	return (struct sample){clock_ns(), run->received, proc_cpu(&load->o->servers, lost),
		proc_cpu(&load->o->others, lost), proc_own_cpu()};
}

/* Runs the loop until the time; in the open loop it wakes for each message. */
static void run_until(struct load *load, struct run *run, uint64_t until)
{
	while (run->started && clock_ns() < until) {
		uint64_t wake = until;

		if (load->o->rate > 0 && due_at(load, run) < until)
			wake = due_at(load, run);
		load_turn(load, wake);
	}
}

static void report(const struct options *o, const struct run *run, const struct sample *from,
	const struct sample *to)
{
	double seconds = (double)(to->ns - from->ns) / 1e9;
	double n = (double)(to->received - from->received);
	double server = to->server - from->server;
	double other = to->other - from->other;
	double used = to->own - from->own;
	double own = n > 0 ? used * 1e6 / n : 0;
	double per_cpu = server > 0 ? n / server : 0;

	printf("%-10s %s: %.0f messages/s%s, %.0f per CPU second (%.0f %% CPU), p50 %.3f ms, "
	       "p99 %.3f ms, p99.9 %.3f ms; generator %.2f us a message\n",
		o->label, o->rate > 0 ? "paced" : "throughput", n / seconds,
		o->sm ? " with stream management" : "", per_cpu, server / seconds * 100, hist_ms(&run->latency, 0.5), hist_ms(&run->latency, 0.99),
		hist_ms(&run->latency, 0.999), own);
	printf("JSON {\"mode\":\"%s\",\"label\":\"%s\",\"pairs\":%u,\"window\":%u,\"body\":%u,"
	       "\"rate\":%u,\"sm\":%s,\"coalesce\":%s,\"seconds\":%.2f,\"messages_per_s\":%.1f,"
	       "\"messages_per_cpu_s\":%.1f,\"other_messages_per_cpu_s\":%.1f,\"other_cpu_s\":%.2f,"
	       "\"server_cpu_s\":%.2f,\"p50_ms\":%.4f,\"p99_ms\":%.4f,\"p999_ms\":%.4f,"
	       "\"generator_cpu_s\":%.2f,\"generator_late_p99_ms\":%.4f,"
	       "\"generator_us_per_message\":%.3f,"
	       "\"errors\":%llu,\"misordered\":%llu,\"lost_connections\":%u}\n",
		o->rate > 0 ? "paced" : "throughput", o->label, o->pairs, o->window, o->body,
		o->rate, o->sm ? "true" : "false", o->coalesce ? "true" : "false", seconds, n / seconds, per_cpu,
		other > 0 ? n / other : 0, other, server,
		hist_ms(&run->latency, 0.5), hist_ms(&run->latency, 0.99),
		hist_ms(&run->latency, 0.999), used, hist_ms(&run->late, 0.99), own,
		(unsigned long long)run->errors,
		(unsigned long long)run->misordered, run->lost);
}

static struct run *run_new(const struct options *o)
{
	static const char end[] = "</body></message>";
	struct run *run = bh_alloc(sizeof(*run));
	size_t padding = o->body > MARK ? o->body - MARK : 0;

	run->pair_count = o->pairs;
	run->pairs = bh_alloc(o->pairs * sizeof(*run->pairs));
	run->tail_len = padding + sizeof(end) - 1;
	run->tail = bh_alloc(run->tail_len);
	memset(run->tail, 'x', padding);
	memcpy(run->tail + padding, end, sizeof(end) - 1);
	return run;
}

int mode_throughput(const struct options *o)
{
	struct run *run = run_new(o);
	struct load *load = load_new(o, &throughput, run);
	struct sample from, to;
	bool lost = false;

	load_open_until(load, 2 * o->pairs);
	if (load_wait_bound(load) < 0)
		return EXIT_FAILED;
	load_run_for(load, second); /* presence and what else follows a login */
	if (o->sm && !all_enabled(run)) {
		fputs("xmppload: the server enables no stream management\n", stderr);
		return EXIT_FAILED;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	start(load, run);
	run_until(load, run, clock_ns() + o->warmup * second);
	hist_clear(&run->latency);
	hist_clear(&run->late);
	from = take_sample(load, run, &lost);
	run_until(load, run, clock_ns() + o->seconds * second);
	to = take_sample(load, run, &lost);
	report(o, run, &from, &to);
	return lost || run->lost > 0 || run->errors > 0 || run->misordered > 0 ||
			to.received == from.received
		? EXIT_FAILED
		: EXIT_OK;
}
