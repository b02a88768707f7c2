/* Requests under way to other processes. */
#include "routerd/requests.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/exits.h"
#include "base/rand.h"
#include "bus/ctl_answer.h"
#include "routerd/relay.h"

struct requests {
	struct map open;
	uint64_t last;
};

struct requests *requests_create(void)
{
	struct requests *all = bh_alloc(sizeof *all);

	all->last = rand_u64() >> 16;
	return all;
}

void requests_free(struct requests **all)
{
	struct map_walk walk;
	struct map_node *n;

	if (*all == NULL)
		return;
	map_walk_start(&walk, &(*all)->open);
	while ((n = map_walk_next(&walk)) != NULL) {
		struct request *q = container_of(n, struct request, node);

		relaying_free(&q->relaying);
		free(q);
	}
	map_fini(&(*all)->open);
	free(*all);
	*all = NULL;
}

/* Closed first: fn may ask anew. */
static void finish(struct router *r, struct request *q, const struct reply *reply)
{
	reply_fn *fn = q->fn;
	void *arg = q->arg;

	request_close(r, q);
	if (fn != NULL)
		fn(arg, reply);
}

void request_answer(struct router *r, struct request *q, const struct reply *reply)
{
	if (q->asker != NULL)
		ctl_end(q->asker->link, q->subject, reply->code, "%.*s", STR_FMT(reply->text));
	finish(r, q, reply);
}

void requests_lost(struct router *r, const struct bus_peer *peer)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &r->requests->open);
	while ((n = map_walk_next(&walk)) != NULL) {
		struct request *q = container_of(n, struct request, node);

		if (q->asker != peer && q->answerer != peer)
			continue;
		if (q->asker == peer) {
			request_close(r, q);
			continue;
		}
		if (q->asker != NULL)
			ctl_end(q->asker->link, q->subject, EXIT_TEMPORARY,
				"%s went away before it answered", peer->instance);
		finish(r, q, &(struct reply){.lost = true});
	}
}

struct bus_peer *requests_authd(struct router *r)
{
	struct bus_peer *first = bus_server_next(r->server, ROLE_AUTH, NULL), *peer = first;
	unsigned n = 0;

	for (; peer != NULL; peer = bus_server_next(r->server, ROLE_AUTH, peer))
		n++;
	if (n == 0)
		return NULL;
	peer = first;
	for (n = (unsigned)(r->requests->last++ % n); n > 0; n--)
		peer = bus_server_next(r->server, ROLE_AUTH, peer);
	return peer;
}

static struct request *add(struct router *r, struct bus_peer *answerer)
{
	struct request *q = bh_alloc(sizeof *q);

	q->id = ++r->requests->last;
	q->answerer = answerer;
	if (map_add(&r->requests->open, &q->node, &q->id, sizeof q->id) == 0)
		return q;
	free(q);
	return NULL;
}

uint64_t request_open(struct router *r, struct bus_peer *asker, uint64_t subject,
	struct bus_peer *answerer)
{
	struct request *q = add(r, answerer);

	if (q == NULL)
		return 0;
	q->asker = asker;
	q->subject = subject;
	return q->id;
}

uint64_t request_ask(struct router *r, struct bus_peer *answerer, reply_fn *fn, void *arg)
{
	struct request *q = add(r, answerer);

	if (q == NULL)
		return 0;
	q->fn = fn;
	q->arg = arg;
	return q->id;
}

struct request *request_find(struct router *r, uint64_t id, const struct bus_peer *answerer)
{
	struct map_node *n = map_find(&r->requests->open, &id, sizeof id);
	struct request *q = n != NULL ? container_of(n, struct request, node) : NULL;

	return q != NULL && q->answerer == answerer ? q : NULL;
}

void request_close(struct router *r, struct request *q)
{
	map_remove(&r->requests->open, &q->node);
	relaying_free(&q->relaying);
	free(q);
}
