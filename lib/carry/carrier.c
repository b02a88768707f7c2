/* The table of what is carried, and the marks both ways. */
#include "carry/carrier.h"

#include "base/err.h"
#include "bus/mark.h"
#include "carry/restore.h"

void carrier_init(struct carrier *k, const struct carrier_spec *spec)
{
	*k = (struct carrier){.spec = spec, .accepted = RECORDS_INIT, .accepted_before = RECORDS_INIT};
	list_init(&k->stalled);
	list_init(&k->unnamed);
}

void carrier_fini(struct carrier *k)
{
	map_fini(&k->all);
	buf_fini(&k->done);
	restore_free(k);
}

struct link *carrier_link(const struct carrier *k)
{
	return k->bus != NULL ? bus_client_link(k->bus) : NULL;
}

int carrier_add(struct carrier *k, struct carried *c)
{
	c->carrier = k;
	c->id = ++k->last;
	c->inbound = RECORDS_INIT;
	list_init(&c->stalled);
	list_init(&c->unnamed);
	return map_add(&k->all, &c->node, &c->id, sizeof c->id);
}

void carrier_remove(struct carried *c)
{
	inbound_forget(c);
	list_remove(&c->unnamed);
	map_remove(&c->carrier->all, &c->node);
}

struct carried *carrier_find(const struct carrier *k, uint64_t id)
{
	struct map_node *n = map_find(&k->all, &id, sizeof id);

	return n != NULL ? container_of(n, struct carried, node) : NULL;
}

void carried_accept(struct carried *c, const struct bus_event *event, const struct msg_deliver *m, uint64_t n)
{
	restore_accepted(c, event, m);
	c->out_number = n;
}

void carried_done(struct carried *c, uint64_t n)
{
	if (n <= c->out_done)
		return;
	c->out_done = n;
	mark_put(&c->carrier->done, &(struct mark){c->id, n});
}

void carrier_flush_done(struct carrier *k)
{
	struct msg_done m = {.marks = buf_str(&k->done)};

	if (k->done.len == 0)
		return;
	/* DONE overtakes all else on the link: before routerd has taken what RESTORE says, and gives credit,
	 * it would know nothing of the session. */
	if (carrier_link(k) != NULL && k->credit.link_bytes == 0)
		return;
	if (carrier_link(k) != NULL)
		(void)LINK_SEND(carrier_link(k), DONE, done, 0, &m);
	buf_clear(&k->done);
}

int carrier_on_safe(struct carrier *k, const struct bus_event *event)
{
	struct msg_safe m;
	struct mark mark;

	if (bus_get_safe(event->frame->body, &m) != 0)
		return BH_EPROTO;
	while (mark_take(&m.marks, &mark)) {
		struct carried *c = carrier_find(k, mark.subject);

		if (c == NULL || mark.n <= c->in_safe)
			continue;
		if (mark.n > c->in_number)
			return BH_EPROTO;
		inbound_safe(c, mark.n);
		k->spec->safe(c);
	}
	inbound_push_all(k);
	return m.marks.len == 0 ? 0 : BH_EPROTO;
}

int carrier_on_credit(struct carrier *k, const struct bus_event *event)
{
	if (bus_get_credit(event->frame->body, &k->credit) != 0)
		return BH_EPROTO;
	inbound_push_all(k);
	return 0;
}

int carrier_on_settled(struct carrier *k, const struct bus_event *event)
{
	struct msg_settled m;

	if (bus_get_settled(event->frame->body, &m) != 0)
		return BH_EPROTO;
	restore_settled(k, m.upto);
	return 0;
}
