/* Changes: from the first statement to the last consequence. */
#include "routerd/change.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "daemon/log.h"
#include "routerd/account.h"
#include "routerd/emit.h"

struct touched {
	struct list link;
	struct account *account;
};

struct consequence {
	struct list link;
	consequence_fn *fn;
	struct account *about;
	uint32_t from_len;
	struct buf text; /* from, then the envelope */
};

struct change {
	struct cause cause;
	struct store_tx *tx;
	struct list touched, then;
	struct consequence *refusal; /* what the sender gets when it fails */
};

static struct consequence *consequence(consequence_fn *fn, struct account *about,
	const struct stanza *s)
{
	struct consequence *q = bh_alloc(sizeof *q);

	list_init(&q->link);
	q->fn = fn;
	q->about = about;
	if (about != NULL)
		account_hold(about);
	q->from_len = s->from.len;
	buf_put_str(&q->text, s->from);
	stanza_encode(&q->text, s);
	return q;
}

static void consequence_free(struct consequence *q)
{
	list_remove(&q->link);
	if (q->about != NULL)
		account_release(q->about);
	buf_fini(&q->text);
	free(q);
}

static void follow(struct change *c, struct consequence *q)
{
	struct str text = buf_str(&q->text);
	struct stanza s;

	if (buf_failed(&q->text) ||
		stanza_decode(str_make(text.p + q->from_len, text.len - q->from_len), &s) != 0)
		return;
	s.from = str_make(text.p, q->from_len);
	q->fn(&c->cause, q->about, &s);
}

/* To whoever asked. */
static void answer(struct cause *cause, struct account *about, const struct stanza *s)
{
	(void)about;
	if (cause->origin->session != NULL)
		emit_to_session(cause, s, cause->origin->session);
}

static void prepare_refusal(struct change *c, const struct transit *t)
{
	struct buf inner = BUF_INIT;
	struct stanza reply;

	if (t->stanza.type == TYPE_ERROR || t->stanza.type == TYPE_RESULT)
		return;
	transit_reply(t, TYPE_ERROR, &reply);
	stanza_error_write(&inner, STANZA_INTERNAL_SERVER_ERROR,
		STR_LIT("the change could not be stored"));
	reply.inner = buf_str(&inner);
	c->refusal = consequence(answer, NULL, &reply);
	buf_fini(&inner);
}

struct change *change_begin_for(const struct cause *cause)
{
	struct change *c = bh_alloc(sizeof *c);

	c->cause = *cause;
	list_init(&c->touched);
	list_init(&c->then);
	origin_block(c->cause.origin);
	origin_open(c->cause.origin, c->cause.number);
	return c;
}

struct change *change_begin(struct transit *t)
{
	struct change *c = change_begin_for(&t->cause);

	prepare_refusal(c, t);
	return c;
}

struct store_tx *change_tx(struct change *c)
{
	if (c->tx == NULL)
		c->tx = store_begin(c->cause.router->store);
	return c->tx;
}

void change_touch(struct change *c, struct account *a)
{
	struct touched *t = bh_alloc(sizeof *t);

	account_hold(a);
	a->changing++;
	t->account = a;
	list_append(&c->touched, &t->link);
}

void change_then(struct change *c, consequence_fn *fn, struct account *about, const struct stanza *s)
{
	list_append(&c->then, &consequence(fn, about, s)->link);
}

void change_then_result(struct change *c, struct transit *t, struct str inner)
{
	struct stanza reply;

	transit_reply(t, TYPE_RESULT, &reply);
	reply.inner = inner;
	change_then(c, answer, NULL, &reply);
}

static void untouch(struct touched *t, bool failed)
{
	struct account *a = t->account;

	list_remove(&t->link);
	free(t);
	a->changing--;
	if (failed)
		account_reload(a);
	account_wake(a);
	account_release(a);
}

static void finish(struct change *c, bool failed)
{
	struct origin *o = c->cause.origin;

	while (!list_empty(&c->then)) {
		struct consequence *q = container_of(c->then.next, struct consequence, link);

		if (!failed)
			follow(c, q);
		consequence_free(q);
	}
	if (c->refusal != NULL && failed)
		follow(c, c->refusal);
	if (c->refusal != NULL)
		consequence_free(c->refusal);
	while (!list_empty(&c->touched))
		untouch(container_of(c->touched.next, struct touched, link), failed);
	origin_close(o, c->cause.number);
	free(c);
	origin_unblock(o);
}

static void on_committed(void *arg, int rc)
{
	struct change *c = arg;

	if (rc != 0)
		log_error("store-failed", "error=%s", bh_strerror(rc));
	finish(c, rc != 0);
}

void change_commit(struct change **change)
{
	struct change *c = *change;

	*change = NULL;
	if (c->tx != NULL)
		store_commit(c->tx, on_committed, c);
	else
		finish(c, false);
}

void change_drop(struct change **change)
{
	struct change *c = *change;

	*change = NULL;
	BUG_ON(c->tx != NULL);
	while (!list_empty(&c->then))
		consequence_free(container_of(c->then.next, struct consequence, link));
	finish(c, false);
}
