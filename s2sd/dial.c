/* Servers, their addresses, and attempts at these. */
#include "s2sd/dial.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "xmpp/error.h"
#include "xmpp/jid.h"

enum { ADDRESSES_MAX = 16, STEP_MS = 250, WHY_MAX = 200 };

struct dial {
	struct s2sd *srv;
	const struct dial_handlers *handlers;
	void *owner;
	struct servers_search *search;
	struct servers servers;
	unsigned target; /* the next one */
	struct query *queries[2]; /* AAAA, A: of the target before that */
	unsigned found[2];
	struct address addresses[2][ADDRESSES_MAX];
	unsigned next[2], turn; /* which were tried */
	struct list attempts;
	struct attempt *ready; /* connected, and waits for what the DNS says of its certificate */
	struct query *tlsa;    /* which is asked */
	struct dane *dane;     /* which was the answer; NULL: nothing */
	bool forged;	       /* or that cannot be believed */
	uv_timer_t timer;
	bool looking; /* a target is being tried */
	char domain[DNS_NAME_SIZE];
	char why[WHY_MAX]; /* the last failure */
};

struct attempt {
	struct list link; /* in dial.attempts */
	struct dial *dial;
	struct stream *stream;
	struct address address;
};

static const int types[2] = {DNS_AAAA, DNS_A};

static void try_target(struct dial *d);
static void try_address(struct dial *d);

static const struct server *target_of(const struct dial *d)
{
	return &d->servers.targets[d->target - 1];
}

static void say(struct dial *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void say(struct dial *d, const char *fmt, ...)
{
	char text[512];
	va_list args;

	if (d->handlers->step == NULL)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	d->handlers->step(d->owner, text);
}

static void note(struct dial *d, const char *what, const char *why)
{
	snprintf(d->why, sizeof d->why, "%.100s: %.90s", what, why);
	say(d, "%s", d->why);
}

/* ---- attempts ------------------------------------------------------------------------- */

static bool trying(const struct dial *d)
{
	return d->queries[0] != NULL || d->queries[1] != NULL || !list_empty(&d->attempts) ||
	       d->next[0] < d->found[0] || d->next[1] < d->found[1];
}

/* When nothing of this target is left, the next one. */
static void go_on(struct dial *d)
{
	if (d->looking && !trying(d))
		try_target(d);
}

static void leave(struct attempt *a)
{
	list_remove(&a->link);
	a->dial = NULL;
}

static void close_attempts(struct dial *d, const struct attempt *but)
{
	list_for_each_safe(pos, &d->attempts) {
		struct attempt *a = container_of(pos, struct attempt, link);

		if (a == but)
			continue;
		leave(a);
		stream_close(a->stream, 0);
	}
}

static void hand_over(struct dial *d)
{
	struct attempt *a = d->ready;
	struct dane *dane = d->dane;
	struct stream *stream;

	if (a == NULL || d->tlsa != NULL)
		return;
	d->ready = NULL;
	stream = a->stream;
	if (d->forged) {
		leave(a);
		stream_close(stream, 0);
		dial_next(d, "what the DNS says of its certificate (TLSA) is not to be had, or not validly signed");
		return;
	}
	leave(a);
	free(a);
	d->looking = false;
	d->dane = NULL;
	d->handlers->connected(d->owner, stream, target_of(d), dane);
}

static void on_connected(void *owner)
{
	struct attempt *a = owner;
	struct dial *d = a->dial;
	char text[ADDRESS_TEXT_SIZE];

	if (d == NULL)
		return;
	address_text_port(&a->address, text);
	say(d, "connected to %s", text);
	uv_timer_stop(&d->timer);
	close_attempts(d, a);
	d->ready = a;
	hand_over(d);
}

static void on_closed(void *owner, const char *why)
{
	struct attempt *a = owner;
	struct dial *d = a->dial;
	char text[ADDRESS_TEXT_SIZE];

	if (d != NULL) {
		if (d->ready == a)
			d->ready = NULL;
		address_text_port(&a->address, text);
		note(d, text, why != NULL ? why : "closed");
		leave(a);
		try_address(d);
		go_on(d);
	}
	free(a);
}

static const struct stream_handlers attempt_handlers = {.on_connected = on_connected, .on_closed = on_closed};

static void attempt(struct dial *d, const struct address *address)
{
	struct attempt *a = bh_alloc(sizeof *a);
	char text[ADDRESS_TEXT_SIZE];

	a->dial = d;
	a->address = *address;
	a->address.port = target_of(d)->port;
	list_append(&d->attempts, &a->link);
	address_text_port(&a->address, text);
	say(d, "tries %s", text);
	if (stream_connect(d->srv->hub, &a->address, &attempt_handlers, a, &a->stream) == 0)
		return;
	note(d, text, "no socket");
	leave(a);
	free(a);
}

static void on_step(uv_timer_t *timer)
{
	try_address(timer->data);
}

/* The next address, of the other family where there is one. */
static void try_address(struct dial *d)
{
	unsigned family = d->turn;

	if (d->next[family] >= d->found[family])
		family = !family;
	if (!d->looking || d->ready != NULL || d->next[family] >= d->found[family])
		return;
	/* IPv6 goes first: its answer is waited for, as long as the timer runs. */
	d->turn = !family;
	attempt(d, &d->addresses[family][d->next[family]++]);
	uv_timer_start(&d->timer, on_step, STEP_MS, 0);
}

/* ---- addresses ------------------------------------------------------------------------ */

static void take(struct dial *d, unsigned family, const struct answer *answer)
{
	for (unsigned i = 0; i < answer->count && d->found[family] < ADDRESSES_MAX; i++)
		if (record_address(answer_record(answer, i), &d->addresses[family][d->found[family]]))
			d->found[family]++;
}

static void on_answer(struct dial *d, unsigned family, const struct answer *answer)
{
	d->queries[family] = NULL;
	take(d, family, answer);
	if (answer->kind == ANSWER_FAILED || answer->kind == ANSWER_BOGUS)
		note(d, target_of(d)->name, answer->why);
	else if (d->found[0] + d->found[1] == 0 && d->queries[!family] == NULL)
		note(d, target_of(d)->name, "has no address");
	if (list_empty(&d->attempts))
		try_address(d);
	go_on(d);
}

static void on_aaaa(void *arg, const struct answer *answer)
{
	on_answer(arg, 0, answer);
}

static void on_a(void *arg, const struct answer *answer)
{
	on_answer(arg, 1, answer);
}

/* ---- what the DNS says of the certificate --------------------------------------------- */

static struct dane *read_tlsa(const char *host, const struct answer *answer)
{
	struct dane *dane = dane_create(host);
	struct tlsa record;

	for (unsigned i = 0; i < answer->count; i++)
		if (record_tlsa(answer_record(answer, i), &record))
			dane_add(dane, &record);
	if (dane_count(dane) == 0)
		dane_free(&dane);
	return dane;
}

static void on_tlsa(void *arg, const struct answer *answer)
{
	struct dial *d = arg;

	d->tlsa = NULL;
	d->forged = answer->kind == ANSWER_FAILED || answer->kind == ANSWER_BOGUS;
	if (answer->secure && answer->kind == ANSWER_RECORDS)
		d->dane = read_tlsa(target_of(d)->name, answer);
	if (d->dane != NULL)
		say(d, "the DNS names its certificate (%u TLSA records)", dane_count(d->dane));
	hand_over(d);
}

static void forget_tlsa(struct dial *d)
{
	query_cancel(&d->tlsa);
	dane_free(&d->dane);
	d->forged = false;
}

static void ask_tlsa(struct dial *d, const struct server *t)
{
	char name[DNS_NAME_SIZE + 16];

	forget_tlsa(d);
	if (!t->secure)
		return;
	snprintf(name, sizeof name, "_%u._tcp.%s", t->port, t->name);
	d->tlsa = resolver_ask(d->srv->resolver, name, DNS_TLSA, on_tlsa, d);
}

/* ---- servers -------------------------------------------------------------------------- */

static void fail(struct dial *d, unsigned condition, const char *why)
{
	d->looking = false;
	uv_timer_stop(&d->timer);
	d->handlers->failed(d->owner, condition, why);
}

static void try_target(struct dial *d)
{
	static answer_fn *const done[2] = {on_aaaa, on_a};
	const struct server *t;

	if (d->target == d->servers.count) {
		fail(d, STANZA_REMOTE_SERVER_TIMEOUT, d->why);
		return;
	}
	t = &d->servers.targets[d->target++];
	d->looking = true;
	d->turn = 0;
	say(d, "server %s, port %u%s", t->name, t->port, t->tls ? ", TLS from the start" : "");
	ask_tlsa(d, t);
	for (unsigned i = 0; i < 2; i++) {
		d->found[i] = d->next[i] = 0;
		d->queries[i] = resolver_ask(d->srv->resolver, t->name, types[i], done[i], d);
	}
	if (!trying(d))
		note(d, t->name, "cannot be looked up");
	go_on(d);
}

static void on_servers(void *arg, const struct servers *servers)
{
	struct dial *d = arg;

	d->search = NULL;
	d->servers = *servers;
	switch (servers->kind) {
	case SERVERS_FOUND:
		try_target(d);
		return;
	case SERVERS_NONE:
		fail(d, STANZA_REMOTE_SERVER_NOT_FOUND, servers->why);
		return;
	default:
		fail(d, STANZA_REMOTE_SERVER_TIMEOUT, servers->why);
	}
}

static void on_unknown(uv_timer_t *timer)
{
	fail(timer->data, STANZA_REMOTE_SERVER_NOT_FOUND, "no name that the DNS could have");
}

struct dial *dial_start(struct s2sd *srv, struct str domain, const struct dial_handlers *handlers, void *owner)
{
	struct dial *d = bh_alloc(sizeof *d);

	d->srv = srv;
	d->handlers = handlers;
	d->owner = owner;
	list_init(&d->attempts);
	uv_timer_init(srv->daemon->loop, &d->timer);
	d->timer.data = d;
	if (jid_domain_ascii(domain, d->domain, sizeof d->domain) == 0)
		d->search = servers_find(srv->resolver, d->domain, on_servers, d);
	if (d->search == NULL)
		uv_timer_start(&d->timer, on_unknown, 0, 0);
	else
		say(d, "asks for the servers of %s", d->domain);
	return d;
}

void dial_next(struct dial *d, const char *why)
{
	note(d, target_of(d)->name, why);
	try_target(d);
}

void dial_again(struct dial *d)
{
	d->target--;
	try_target(d);
}

static void on_timer_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void dial_free(struct dial **dial)
{
	struct dial *d = *dial;

	*dial = NULL;
	if (d == NULL)
		return;
	servers_cancel(&d->search);
	query_cancel(&d->queries[0]);
	query_cancel(&d->queries[1]);
	forget_tlsa(d);
	close_attempts(d, NULL);
	uv_close((uv_handle_t *)&d->timer, on_timer_closed);
}
