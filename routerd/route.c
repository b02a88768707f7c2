/* The first decision: remote, the server, an account, one of its resources. */
#include "routerd/route.h"

#include "base/err.h"
#include "routerd/counters.h"
#include "routerd/domains.h"
#include "routerd/services.h"

struct parcel *transit_parcel(struct transit *t)
{
	struct parcel *p = parcel_create(t->sender->origin, t->number, 0, t->sender->jid.full,
		t->envelope);

	if (p == NULL)
		transit_error(t, STANZA_RESOURCE_CONSTRAINT, "out of memory");
	return p;
}

/* A stanza of ours for the sender, caused by this one. */
static void answer(struct transit *t, const struct stanza *reply)
{
	struct session *s = t->sender;
	struct buf envelope = BUF_INIT;
	struct parcel *p;

	stanza_encode(&envelope, reply);
	if (buf_failed(&envelope))
		return;
	p = parcel_create(s->origin, t->number, ++t->replies, reply->from, buf_str(&envelope));
	buf_fini(&envelope);
	if (p == NULL)
		return;
	(void)deliver_one(p, s);
	parcel_unref(&p);
}

static void make_reply(struct transit *t, uint8_t type, struct stanza *reply)
{
	stanza_reply(&t->stanza, type, reply);
	reply->from = t->stanza.to.p != NULL ? t->stanza.to : str_of(t->sender->account->jid);
	reply->to = t->sender->jid.full;
}

void transit_error(struct transit *t, enum stanza_error condition, const char *text)
{
	struct buf inner = BUF_INIT;
	struct stanza reply;

	if (t->stanza.type == TYPE_ERROR || t->stanza.type == TYPE_RESULT)
		return;
	make_reply(t, TYPE_ERROR, &reply);
	stanza_error_write(&inner, condition, str_of(text));
	reply.inner = buf_str(&inner);
	reply.content = CONTENT_ERROR;
	counter_add(COUNT_ERRORS_SENT, 1);
	answer(t, &reply);
	buf_fini(&inner);
}

void transit_result(struct transit *t, struct str inner)
{
	struct stanza reply;

	make_reply(t, TYPE_RESULT, &reply);
	reply.inner = inner;
	answer(t, &reply);
}

struct session *route_session(const struct router *r, const struct jid *to)
{
	struct account *a = account_find(r, to->bare);

	return a != NULL ? account_session(a, to->resource) : NULL;
}

void route_to_session(struct transit *t, struct session *s)
{
	struct parcel *p = transit_parcel(t);

	if (p == NULL)
		return;
	if (deliver_one(p, s) != 0)
		transit_error(t, STANZA_RESOURCE_CONSTRAINT, "the recipient's queue is full");
	parcel_unref(&p);
}

/* To the server itself. */
static void route_to_server(struct transit *t)
{
	switch (t->stanza.kind) {
	case STANZA_IQ:
		route_iq(t);
		return;
	case STANZA_MESSAGE:
		transit_error(t, STANZA_SERVICE_UNAVAILABLE, NULL);
		return;
	default:
		return; /* presence: nobody here to see it */
	}
}

static void route_by_kind(struct transit *t)
{
	switch (t->stanza.kind) {
	case STANZA_MESSAGE:
		route_message(t);
		return;
	case STANZA_PRESENCE:
		route_presence(t);
		return;
	default:
		route_iq(t);
	}
}

void route_stanza(struct transit *t)
{
	bool addressed = t->stanza.to.p != NULL;

	if (addressed && !domains_have(&t->router->domains, t->to.domain)) {
		if (t->stanza.kind != STANZA_PRESENCE)
			transit_error(t, STANZA_REMOTE_SERVER_NOT_FOUND, NULL);
	} else if (addressed && t->to.local.p == NULL) {
		route_to_server(t);
	} else {
		route_by_kind(t);
	}
}
