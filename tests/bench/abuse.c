/* abuse: holds many places at the server, and does there what the kind of attack is. */
#include "tests/bench/abuse.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/exits.h"
#include "tests/bench/modes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const uint64_t second = 1000000000;
enum { TICKS = 100 }; /* of each second; in each of them a hundredth of the places has its turn */

struct place *abuse_place(const struct conn *c)
{
	return &((struct abuse *)c->load->state)->places[c->number];
}

static const struct abuse_kind *kind_of(const struct conn *c)
{
	return ((struct abuse *)c->load->state)->kind;
}

static void open_stream(struct conn *c)
{
	buf_printf(conn_out(c), "<?xml version='1.0'?><stream:stream to='%s' version='1.0' xmlns='jabber:client' "
		"xmlns:stream='http://etherx.jabber.org/streams'>", c->load->o->server.domain);
}

/* What leads from each depth to the next. */
static void go_on(struct conn *c)
{
	switch (abuse_place(c)->depth) {
	case AT_TCP:
	case AT_TLS:
		open_stream(c);
		return;
	case AT_FEATURES:
		buf_put_lit(conn_out(c), "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
		return;
	case AT_PROCEED:
		conn_start_tls(c);
		return;
	case AT_SECURE_FEATURES:
		return;
	}
}

static void arrive(struct conn *c, enum depth depth)
{
	struct place *p = abuse_place(c);

	p->depth = depth;
	p->ready = depth == kind_of(c)->depth;
	p->said = 0;
	if (!p->ready)
		go_on(c);
	else if (kind_of(c)->begin != NULL)
		kind_of(c)->begin(c);
}

static void on_connected(struct conn *c)
{
	arrive(c, AT_TCP);
}

static void on_secured(struct conn *c)
{
	arrive(c, AT_TLS);
}

/* The server's part of the way to the attack's depth: so much of it is used up. */
static size_t advance(struct conn *c, struct str s)
{
	static const char *const ends[] = {
		[AT_TCP] = "</stream:features>", [AT_FEATURES] = "<proceed", [AT_TLS] = "</stream:features>"};
	enum depth depth = abuse_place(c)->depth;
	const char *at = ends[depth] != NULL ? memmem(s.p, s.len, ends[depth], strlen(ends[depth])) : NULL;
	const char *end = at != NULL ? memchr(at, '>', s.len - (size_t)(at - s.p)) : NULL;

	if (end == NULL)
		return 0;
	arrive(c, depth + 1);
	return s.len;
}

static size_t on_data(struct conn *c, const char *data, size_t len)
{
	struct str s = str_make(data, len);

	if (!abuse_place(c)->ready)
		return advance(c, s);
	return kind_of(c)->data != NULL ? kind_of(c)->data(c, s) : len;
}

static void on_gone(struct conn *c, const char *why)
{
	struct abuse *a = c->load->state;
	struct place *p = abuse_place(c);

	if (why != NULL && !c->connected)
		a->broken++;
	else if (why != NULL)
		a->ended++;
	*p = (struct place){.since = clock_ns() + (why != NULL ? second : 0)};
}

static const struct mode abuse_mode = {
	.data = on_data, .gone = on_gone, .connected = on_connected, .secured = on_secured};

static void open_one(struct load *load, struct abuse *a, unsigned n, uint64_t now)
{
	struct place *p = &a->places[n];

	if (p->conn != NULL || p->since > now)
		return;
	p->conn = conn_open(load, n);
	p->since = now + second;
	a->opened += p->conn != NULL;
	a->broken += p->conn == NULL;
}

/* Fills free places, as many as the rate allows until now. */
static void open_places(struct load *load, struct abuse *a)
{
	uint64_t now = clock_ns();
	uint64_t due = load->o->rate > 0 ? (now - a->began) * load->o->rate / second + 1 : UINT64_MAX;

	for (unsigned i = 0; i < load->o->connections && a->opened < due; i++) {
		open_one(load, a, a->next, now);
		a->next = (a->next + 1) % load->o->connections;
	}
}

static void tick(struct load *load, struct abuse *a, unsigned number)
{
	for (unsigned n = number % TICKS; n < load->o->connections; n += TICKS) {
		struct place *p = &a->places[n];

		if (p->conn != NULL && p->ready && !p->conn->dead)
			a->kind->tick(p->conn);
	}
}

static unsigned held(const struct load *load, const struct abuse *a)
{
	unsigned n = 0;

	for (unsigned i = 0; i < load->o->connections; i++)
		n += a->places[i].ready;
	return n;
}

static void report(const struct load *load, const struct abuse *a, const char *what)
{
	printf("%s {\"mode\":\"abuse\",\"kind\":\"%s\",\"held\":%u,\"seconds\":%.2f,\"opened\":%" PRIu64 ",\"ended\":%" PRIu64
	       ",\"broken\":%" PRIu64 ",\"attempts\":%" PRIu64 ",\"refused\":%" PRIu64 ",\"delayed\":%" PRIu64
	       ",\"busy\":%" PRIu64 ",\"let_in\":%" PRIu64 ",\"wait_p50_ms\":%.1f}\n",
		what, a->kind->name, held(load, a), (double)(clock_ns() - a->began) / 1e9, a->opened, a->ended, a->broken,
		a->attempts, a->refused, a->delayed, a->busy, a->let_in, hist_ms(&a->waits, 0.5));
	fflush(stdout);
}

/* All places are held, or for three seconds there were no more. */
static bool settled(const struct load *load, struct abuse *a, uint64_t now)
{
	unsigned n = held(load, a);

	if (n > a->most) {
		a->most = n;
		a->most_since = now;
	}
	return a->attempts > 0 || n == load->o->connections || (a->most > 0 && now - a->most_since > 3 * second);
}

/* Until the time, or until there were so many attempts; a line tells when it has settled. */
static void attack(struct load *load, struct abuse *a)
{
	uint64_t end = a->began + load->o->seconds * second;
	unsigned ticks = 0;
	bool told = false;

	for (uint64_t now; (now = clock_ns()) < end && (load->o->logins == 0 || a->attempts < load->o->logins);) {
		open_places(load, a);
		load_turn(load, now + second / TICKS);
		for (; a->kind->tick != NULL && (now - a->began) * TICKS / second > ticks; ticks++)
			tick(load, a, ticks);
		if (!told && settled(load, a, now)) {
			told = true;
			report(load, a, "HELD");
		}
	}
}

int mode_abuse(const struct options *o)
{
	struct abuse *a = bh_alloc(sizeof(*a));
	struct load *load = load_new(o, &abuse_mode, a);

	a->kind = abuse_kind(o->kind);
	if (a->kind == NULL) {
		fprintf(stderr, "xmppload: %s: no kind of abuse\n", o->kind);
		return EXIT_USAGE;
	}
	if (a->kind->tls12)
		SSL_CTX_set_max_proto_version(load->tls, TLS1_2_VERSION);
	a->places = bh_alloc(o->connections * sizeof(*a->places));
	a->began = clock_ns();
	attack(load, a);
	report(load, a, "JSON");
	return EXIT_OK;
}
