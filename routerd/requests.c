/* Requests under way to other processes. */
#include "routerd/requests.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/exits.h"
#include "base/rand.h"
#include "bus/ctl_answer.h"
#include "routerd/front.h"
#include "routerd/relay.h"

enum {
	PATIENCE_MS = 20000,
	PATIENCE_ADMIN_MS = 50000,
	UNREAD_MAX = 16 * 1024 * 1024, /* of an authd that is still asked: its link is never closed for it */
};

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

/* Each may end others with it, also of these. */
static void lose_all(struct router *r, struct list *over, bool gone)
{
	const char *why = gone ? "went away before it answered" : "does not answer";
	struct reply reply = {.lost = true, .gone = gone, .code = EXIT_TEMPORARY};
	char text[128];

	while (!list_empty(over)) {
		struct request *q = container_of(over->next, struct request, over);

		snprintf(text, sizeof text, "%s %s", q->answerer->instance, why);
		reply.text = str_of(text);
		request_answer(r, q, &reply);
	}
}

void requests_lost(struct router *r, const struct bus_peer *peer)
{
	struct map_walk walk;
	struct map_node *n;
	struct list over;

	list_init(&over);
	map_walk_start(&walk, &r->requests->open);
	while ((n = map_walk_next(&walk)) != NULL) {
		struct request *q = container_of(n, struct request, node);

		if (q->asker == peer)
			request_close(r, q);
		else if (q->answerer == peer)
			list_append(&over, &q->over);
	}
	lose_all(r, &over, true);
}

void requests_tick(struct router *r)
{
	uint64_t now = clock_ms();
	struct map_walk walk;
	struct map_node *n;
	struct list over;

	list_init(&over);
	map_walk_start(&walk, &r->requests->open);
	while ((n = map_walk_next(&walk)) != NULL) {
		struct request *q = container_of(n, struct request, node);

		if (q->answerer != NULL && now >= q->deadline_ms)
			list_append(&over, &q->over);
	}
	lose_all(r, &over, false);
}

/* The next one, after that or (NULL) from the first, that reads what it is asked. */
static struct bus_peer *next_authd(struct router *r, struct bus_peer *after)
{
	do {
		after = bus_server_next(r->server, ROLE_AUTH, after);
	} while (after != NULL && link_queued(after->link) > UNREAD_MAX);
	return after;
}

struct bus_peer *requests_authd(struct router *r)
{
	struct bus_peer *first = next_authd(r, NULL), *peer = first;
	unsigned n = 0;

	for (; peer != NULL; peer = next_authd(r, peer))
		n++;
	if (n == 0)
		return NULL;
	peer = first;
	for (n = (unsigned)(r->requests->last++ % n); n > 0; n--)
		peer = next_authd(r, peer);
	return peer;
}

void request_heard(struct request *q)
{
	q->deadline_ms = clock_ms() + (q->asker != NULL ? PATIENCE_ADMIN_MS : PATIENCE_MS);
}

/* One more, or less, of whom it counts for: only an administrator, or one who looks, is an asker. */
static void count(const struct request *q, int change)
{
	struct front *front = q->asker != NULL ? q->asker->data : NULL;

	if (front != NULL)
		front->asked += (size_t)change;
}

static struct request *add(struct router *r, struct bus_peer *asker, struct bus_peer *answerer)
{
	struct request *q = bh_alloc(sizeof *q);

	list_init(&q->over);
	q->id = ++r->requests->last;
	q->asker = asker;
	q->answerer = answerer;
	request_heard(q);
	if (map_add(&r->requests->open, &q->node, &q->id, sizeof q->id) != 0) {
		free(q);
		return NULL;
	}
	count(q, 1);
	return q;
}

uint64_t request_open(struct router *r, struct bus_peer *asker, uint64_t subject,
	struct bus_peer *answerer)
{
	struct request *q = add(r, asker, answerer);

	if (q == NULL)
		return 0;
	q->subject = subject;
	return q->id;
}

static struct request *add_own(struct router *r, struct bus_peer *answerer, reply_fn *fn, void *arg)
{
	struct request *q = add(r, NULL, answerer);

	if (q == NULL)
		return NULL;
	q->fn = fn;
	q->arg = arg;
	return q;
}

uint64_t request_ask(struct router *r, struct bus_peer *answerer, reply_fn *fn, void *arg)
{
	const struct request *q = answerer != NULL ? add_own(r, answerer, fn, arg) : NULL;

	return q != NULL ? q->id : 0;
}

uint64_t request_ask_at_leisure(struct router *r, struct bus_peer *answerer, reply_fn *fn, void *arg)
{
	struct request *q = add_own(r, answerer, fn, arg);

	if (q == NULL)
		return 0;
	q->deadline_ms = UINT64_MAX;
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
	list_remove(&q->over);
	count(q, -1);
	relaying_free(&q->relaying);
	free(q);
}
