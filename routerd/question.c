/* Questions under way to dirsyncd, and those that wait for one. */
#include "routerd/question.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "bus/codes.h"
#include "routerd/front.h"
#include "routerd/keep.h"
#include "routerd/requests.h"

enum { QUESTIONS_MAX = 1000, PATIENCE_MS = 10000, PATIENCE_ASLEEP_MS = 1000 };

struct questions {
	struct list all; /* struct asking, the oldest first */
	unsigned n;
};

struct asking {
	struct list link;
	struct router *router;
	struct kept *kept;
	answer_fn *fn;
	uint64_t since_ms;
	struct bus_peer *answerer; /* NULL while it waits for one; else */
	uint64_t request;	   /* under that number */
	bool search;
	uint32_t limit;
	struct buf about, wanted; /* the account or the domain */
};

struct questions *questions_create(void)
{
	struct questions *all = bh_alloc(sizeof *all);

	list_init(&all->all);
	return all;
}

/* The stanza has been answered. */
static void forget(struct asking *a)
{
	list_remove(&a->link);
	a->router->questions->n--;
	kept_end(&a->kept);
	buf_fini(&a->about);
	buf_fini(&a->wanted);
	free(a);
}

void questions_free(struct questions **all)
{
	if (*all == NULL)
		return;
	while (!list_empty(&(*all)->all))
		forget(container_of((*all)->all.next, struct asking, link));
	free(*all);
	*all = NULL;
}

static void give_up(struct asking *a)
{
	struct transit t;

	kept_restore(a->kept, &t);
	transit_error(&t, STANZA_RESOURCE_CONSTRAINT, "the directory cannot be asked at the moment");
	forget(a);
}

static void on_reply(void *arg, const struct reply *reply)
{
	struct asking *a = arg;
	struct transit t;

	a->answerer = NULL;
	if (reply->lost || reply->code == FOUND_LATER)
		return;
	kept_restore(a->kept, &t);
	a->fn(&t, &(struct answer){.there = reply->code == FOUND_THERE, .more = reply->more,
		.limit = a->limit, .text = reply->text});
	forget(a);
}

static void send_question(const struct asking *a)
{
	struct msg_profile_get profile = {.account = buf_str(&a->about)};
	struct msg_search search = {
		.domain = buf_str(&a->about), .wanted = buf_str(&a->wanted), .limit = a->limit};

	if (a->search)
		(void)LINK_SEND(a->answerer->link, SEARCH, search, a->request, &search);
	else
		(void)LINK_SEND(a->answerer->link, PROFILE_GET, profile_get, a->request, &profile);
}

static void ask(struct asking *a)
{
	struct bus_peer *dirsyncd = bus_server_next(a->router->server, ROLE_DIR, NULL);

	a->request = request_ask(a->router, dirsyncd, on_reply, a);
	if (a->request == 0)
		return;
	a->answerer = dirsyncd;
	send_question(a);
}

void question_ask(struct transit *t, const struct question *q)
{
	struct router *r = t->cause.router;
	struct asking *a;

	if (r->questions->n >= QUESTIONS_MAX) {
		transit_error(t, STANZA_RESOURCE_CONSTRAINT, "too many wait for the directory");
		return;
	}
	a = bh_alloc(sizeof *a);
	*a = (struct asking){.router = r, .kept = transit_keep_aside(t), .fn = q->fn, .since_ms = clock_ms(),
		.search = q->account.p == NULL, .limit = q->limit};
	buf_put_str(&a->about, a->search ? q->domain : q->account);
	buf_put_str(&a->wanted, q->wanted);
	list_append(&r->questions->all, &a->link);
	r->questions->n++;
	if (buf_failed(&a->about) || buf_failed(&a->wanted))
		give_up(a);
	else
		ask(a);
}

void questions_ask_again(struct router *r)
{
	list_for_each(pos, &r->questions->all) {
		struct asking *a = container_of(pos, struct asking, link);

		if (a->answerer == NULL)
			ask(a);
	}
}

static bool is_overdue(const struct asking *a, uint64_t now)
{
	const struct session *s;
	struct transit t;

	kept_restore(a->kept, &t);
	s = t.cause.origin->session;
	return now - a->since_ms >= (s != NULL && s->connection == NULL ? PATIENCE_ASLEEP_MS : PATIENCE_MS);
}

void questions_tick(struct router *r)
{
	uint64_t now = clock_ms();

	list_for_each_safe(pos, &r->questions->all) {
		struct asking *a = container_of(pos, struct asking, link);

		if (!is_overdue(a, now))
			continue;
		if (a->answerer != NULL)
			request_close(r, request_find(r, a->request, a->answerer));
		give_up(a);
	}
	questions_ask_again(r);
}

/* ---- from dirsyncd --------------------------------------------------------------------- */

static void take(const struct bus_event *event, const struct reply *reply)
{
	struct router *r = front_of(event)->router;
	struct request *q = request_find(r, event->frame->subject, event->owner);

	if (q != NULL && q->asker == NULL)
		request_answer(r, q, reply);
}

int on_profile(const struct bus_event *event)
{
	struct msg_profile m;

	if (bus_get_profile(event->frame->body, &m) != 0 || m.state > FOUND_LATER)
		return BH_EPROTO;
	take(event, &(struct reply){.code = m.state, .text = m.xml});
	return 0;
}

int on_found(const struct bus_event *event)
{
	struct msg_found m;

	if (bus_get_found(event->frame->body, &m) != 0 || m.state > FOUND_LATER)
		return BH_EPROTO;
	take(event, &(struct reply){.code = m.state, .more = m.more, .text = m.rows});
	return 0;
}
