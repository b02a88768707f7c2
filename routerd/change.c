/* Changes: from the first statement to the last consequence. */
#include "routerd/change.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "daemon/log.h"
#include "routerd/account.h"
#include "routerd/outbox.h"

struct touched {
	struct list link;
	struct account *account;
};

struct consequence {
	struct list link;
	uint8_t kind; /* enum consequence_kind */
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

static struct consequence *consequence(unsigned kind, struct account *about, const struct stanza *s)
{
	struct consequence *q = bh_alloc(sizeof *q);

	list_init(&q->link);
	q->kind = (uint8_t)kind;
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
	consequence_follow(q->kind, &c->cause, q->about, &s);
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
	c->refusal = consequence(THEN_ANSWER, NULL, &reply);
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

void change_then(struct change *c, unsigned kind, struct account *about, const struct stanza *s)
{
	list_append(&c->then, &consequence(kind, about, s)->link);
}

void change_then_result(struct change *c, struct transit *t, struct str inner)
{
	struct stanza reply;

	transit_reply(t, TYPE_RESULT, &reply);
	reply.inner = inner;
	change_then(c, THEN_ANSWER, NULL, &reply);
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
		log_error("store-failed", "reason=%s", LOG_TEXT(bh_strerror(rc)));
	finish(c, rc != 0);
}

/* With the change itself; nobody repeats what the server does of its own accord. */
static void store_consequences(struct change *c)
{
	struct outbox_row row = {.cause = &c->cause};

	if (c->cause.origin->session == NULL)
		return;
	list_for_each(pos, &c->then) {
		const struct consequence *q = container_of(pos, struct consequence, link);
		struct str text = buf_str(&q->text);

		row.seq++;
		row.kind = q->kind;
		row.about = q->about != NULL ? q->about->jid.bare : STR_NONE;
		row.from = str_make(text.p, q->from_len);
		row.envelope = str_make(text.p + q->from_len, text.len - q->from_len);
		outbox_put(c->tx, &row);
		c->cause.origin->outbox = c->cause.number;
	}
}

void change_commit(struct change **change)
{
	struct change *c = *change;

	*change = NULL;
	if (c->tx == NULL) {
		finish(c, false);
		return;
	}
	store_consequences(c);
	store_commit(c->tx, on_committed, c);
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
