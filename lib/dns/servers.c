/* Two questions, one list. */
#include "dns/servers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rand.h"

enum { PORT = 5269 };

/* The answer about one service. */
struct service {
	struct servers_search *search;
	struct query *query;
	bool tls, secure;
	enum answer_kind kind;
	bool refused; /* its only record is "." */
	unsigned count;
	struct srv records[SERVERS_MAX];
};

struct servers_search {
	char domain[DNS_NAME_SIZE];
	struct service services[2];
	servers_fn *done;
	void *arg;
	char why[160];
};

unsigned servers_pick(const struct srv *records, unsigned count, uint32_t chance)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < count; i++) {
		sum += records[i].weight;
		if (sum >= chance)
			return i;
	}
	return count - 1;
}

struct candidate {
	struct srv srv;
	bool tls, secure;
};

static int compare(const void *x, const void *y)
{
	const struct candidate *a = x, *b = y;

	if (a->srv.priority != b->srv.priority)
		return a->srv.priority < b->srv.priority ? -1 : 1;
	return (a->srv.weight != 0) - (b->srv.weight != 0);
}

static void add_target(struct servers *out, const struct candidate *c)
{
	struct server *t = &out->targets[out->count++];

	snprintf(t->name, sizeof t->name, "%s", c->srv.target);
	t->port = c->srv.port;
	t->tls = c->tls;
	t->secure = c->secure;
}

/* Those of one priority, one after the other by their weights. */
static void shuffle(struct candidate *list, unsigned count, struct servers *out)
{
	while (count > 0) {
		struct srv left[2 * SERVERS_MAX];
		uint32_t sum = 0;
		unsigned i;

		for (i = 0; i < count; i++) {
			left[i] = list[i].srv;
			sum += list[i].srv.weight;
		}
		i = servers_pick(left, count, (uint32_t)(rand_u64() % (sum + 1)));
		if (out->count < SERVERS_MAX)
			add_target(out, &list[i]);
		memmove(&list[i], &list[i + 1], (count - i - 1) * sizeof *list);
		count--;
	}
}

static unsigned gather(const struct servers_search *s, struct candidate *list)
{
	unsigned n = 0;

	for (unsigned i = 0; i < 2; i++)
		for (unsigned j = 0; j < s->services[i].count; j++)
			list[n++] = (struct candidate){
				s->services[i].records[j], s->services[i].tls, s->services[i].secure};
	return n;
}

static void put_in_order(const struct servers_search *s, struct servers *out)
{
	struct candidate list[2 * SERVERS_MAX];
	unsigned n = gather(s, list), from = 0;

	qsort(list, n, sizeof list[0], compare);
	for (unsigned i = 1; i <= n; i++) {
		if (i < n && list[i].srv.priority == list[from].srv.priority)
			continue;
		shuffle(list + from, i - from, out);
		from = i;
	}
}

/* The domain itself, where there is no record, or nobody says (RFC 6120 3.2.1). */
static void fall_back(const struct servers_search *s, struct servers *out)
{
	const struct service *plain = &s->services[1];

	out->count = 1;
	snprintf(out->targets[0].name, sizeof out->targets[0].name, "%s", s->domain);
	out->targets[0].port = PORT;
	out->targets[0].secure = plain->secure;
}

static void decide(const struct servers_search *s, struct servers *out)
{
	const struct service *tls = &s->services[0], *plain = &s->services[1];

	if (tls->kind == ANSWER_BOGUS || plain->kind == ANSWER_BOGUS) {
		out->kind = SERVERS_FAILED;
		out->why = s->why;
	} else if (tls->count + plain->count > 0) {
		put_in_order(s, out);
	} else if (plain->refused || tls->refused) {
		out->kind = SERVERS_NONE;
		out->why = "its SRV record says that it has no XMPP server";
	} else {
		fall_back(s, out);
	}
}

static void free_search(struct servers_search *s)
{
	for (unsigned i = 0; i < 2; i++)
		query_cancel(&s->services[i].query);
	free(s);
}

static void take_records(struct service *service, const struct answer *answer)
{
	for (unsigned i = 0; i < answer->count && service->count < SERVERS_MAX; i++) {
		struct srv *srv = &service->records[service->count];

		if (!record_srv(answer_record(answer, i), srv))
			continue;
		if (srv->target[0] == '\0')
			service->refused = true;
		else
			service->count++;
	}
}

static void on_service(void *arg, const struct answer *answer)
{
	struct service *service = arg;
	struct servers_search *s = service->search;
	struct servers *found;

	service->query = NULL;
	service->kind = answer->kind;
	service->secure = answer->secure;
	take_records(service, answer);
	if (answer->kind == ANSWER_BOGUS)
		snprintf(s->why, sizeof s->why, "its DNS records are not validly signed: %s", answer->why);
	if (s->services[0].query != NULL || s->services[1].query != NULL)
		return;
	found = bh_alloc(sizeof *found);
	decide(s, found);
	s->done(s->arg, found);
	free(found);
	free_search(s);
}

static bool ask(struct resolver *r, struct servers_search *s, unsigned i, const char *prefix)
{
	char name[DNS_NAME_SIZE + 32];

	snprintf(name, sizeof name, "%s.%s", prefix, s->domain);
	s->services[i].search = s;
	s->services[i].query = resolver_ask(r, name, DNS_SRV, on_service, &s->services[i]);
	return s->services[i].query != NULL;
}

struct servers_search *servers_find(struct resolver *r, const char *domain, servers_fn *done, void *arg)
{
	struct servers_search *s;

	if (strlen(domain) >= sizeof s->domain)
		return NULL;
	s = bh_alloc(sizeof *s);
	snprintf(s->domain, sizeof s->domain, "%s", domain);
	s->done = done;
	s->arg = arg;
	s->services[0].tls = true;
	if (ask(r, s, 0, "_xmpps-server._tcp") && ask(r, s, 1, "_xmpp-server._tcp"))
		return s;
	free_search(s);
	return NULL;
}

void servers_cancel(struct servers_search **search)
{
	if (*search != NULL)
		free_search(*search);
	*search = NULL;
}
