/* Mutual subscriptions through the protocol: the account with the lower number asks, the other
 * agrees and asks back, and the pair is made when both servers' pushes say "both". */
#include "tests/bench/friends.h"

#include "base/alloc.h"
#include "base/err.h"
#include "tests/bench/stanza.h"

#include <stdio.h>
#include <stdlib.h>

/* Requests of one account that wait for their end. */
enum { WINDOW = 8 };

struct friends {
	struct conn **conns;
	bool *both; /* both[a * accounts + b]: a's roster says that it is mutual with b */
	bool *wanted;
	unsigned *next; /* whom each account asks next */
	unsigned accounts;
	uint64_t rosters, made, goal;
};

static struct friends *friends_of(const struct conn *c)
{
	return c->load->state;
}

static size_t at(const struct friends *f, unsigned a, unsigned b)
{
	return (size_t)a * f->accounts + b;
}

static void say(struct conn *c, unsigned to, const char *type)
{
	const struct options *o = c->load->o;

	buf_printf(conn_out(c), "<presence to='%s%u@%s' type='%s'/>", o->user, o->first + to,
		o->server.domain, type);
}

/* Asks the next account that is to be asked, if there is one. */
static void ask_next(struct conn *c)
{
	struct friends *f = friends_of(c);
	unsigned a = c->account, *b = &f->next[a];

	while (*b < f->accounts && (!f->wanted[at(f, a, *b)] || f->both[at(f, a, *b)]))
		(*b)++;
	if (*b < f->accounts)
		say(c, (*b)++, "subscribe");
}

static void mark(struct conn *c, struct str item)
{
	struct friends *f = friends_of(c);
	unsigned other;

	if (!str_is(stanza_attr(item, "subscription"), "both") ||
		!stanza_account(c->load->o, stanza_attr(item, "jid"), &other) ||
		f->both[at(f, c->account, other)] || !f->wanted[at(f, c->account, other)])
		return;
	f->both[at(f, c->account, other)] = true;
	f->made++;
	if (f->rosters == f->accounts && other > c->account)
		ask_next(c);
}

static void take_iq(struct conn *c, struct str s)
{
	struct str type = stanza_attr(s, "type"), id = stanza_attr(s, "id"), item;

	for (item = stanza_find(s, "item"); item.p != NULL;
		item = stanza_find(stanza_rest(item), "item"))
		mark(c, item);
	if (str_is(type, "set"))
		buf_printf(conn_out(c), "<iq type='result' id='%.*s'/>", STR_FMT(id));
	else if (str_is(type, "result") && str_is(id, "roster"))
		friends_of(c)->rosters++;
}

static void take(struct conn *c, struct str s)
{
	unsigned other;

	if (stanza_is(s, "iq")) {
		take_iq(c, s);
		return;
	}
	if (!stanza_is(s, "presence") || !str_is(stanza_attr(s, "type"), "subscribe") ||
		!stanza_account(c->load->o, stanza_attr(s, "from"), &other))
		return;
	say(c, other, "subscribed");
	if (other < c->account)
		say(c, other, "subscribe");
}

static size_t on_data(struct conn *c, const char *data, size_t len)
{
	return stanza_each(c, data, len, take);
}

static void on_bound(struct conn *c)
{
	friends_of(c)->conns[c->account] = c;
	buf_put_lit(conn_out(c), "<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>"
				 "<presence/>");
}

static const struct mode friends = {
	.bound = on_bound, .data = on_data, .gone = load_lost, .silent = true};

static void choose(struct friends *f, const struct options *o,
	bool (*are)(const struct options *o, unsigned a, unsigned b))
{
	for (unsigned a = 0; a < f->accounts; a++) {
		f->next[a] = a + 1;
		for (unsigned b = 0; b < f->accounts; b++) {
			f->wanted[at(f, a, b)] = a != b && are(o, a, b);
			f->goal += f->wanted[at(f, a, b)];
		}
	}
}

static int make_all(struct load *load, struct friends *f)
{
	int rc;

	load_open_until(load, f->accounts);
	rc = load_wait_bound(load);
	if (rc == 0)
		rc = load_run_to(load, &f->rosters, f->accounts);
	if (rc < 0)
		return rc;
	for (unsigned a = 0; a < f->accounts; a++) {
		for (unsigned i = 0; i < WINDOW; i++)
			ask_next(f->conns[a]);
	}
	rc = load_run_to(load, &f->made, f->goal);
	if (rc < 0)
		fprintf(stderr, "xmppload: %llu of %llu subscriptions were made\n",
			(unsigned long long)f->made, (unsigned long long)f->goal);
	return rc;
}

int friends_make(struct load *load, struct conn **conns,
	bool (*are)(const struct options *o, unsigned a, unsigned b))
{
	size_t n = load->o->accounts;
	struct friends f = {.conns = conns,
		.accounts = load->o->accounts,
		.both = bh_alloc(n * n),
		.wanted = bh_alloc(n * n),
		.next = bh_alloc(n * sizeof(*f.next))};
	const struct mode *mode = load->mode;
	void *state = load->state;
	int rc;

	choose(&f, load->o, are);
	load->mode = &friends;
	load->state = &f;
	rc = make_all(load, &f);
	load->mode = mode;
	load->state = state;
	free(f.both);
	free(f.wanted);
	free(f.next);
	return rc;
}
