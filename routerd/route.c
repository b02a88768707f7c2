/* The first decision: abroad, the server, an account, one of its resources. */
#include "routerd/route.h"

#include "base/err.h"
#include "routerd/abroad.h"
#include "routerd/account.h"
#include "routerd/counters.h"
#include "routerd/domains.h"
#include "routerd/emit.h"
#include "routerd/federation.h"
#include "routerd/services.h"
#include "routerd/subscribe.h"
#include "xmpp/names.h"

struct parcel *transit_parcel_with(struct transit *t, struct str additions)
{
	struct parcel *p = parcel_create(&t->cause, &(struct parcel_text){
		.from = t->from.full, .additions = additions, .envelope = t->envelope});

	if (p == NULL)
		transit_error(t, STANZA_RESOURCE_CONSTRAINT, "out of memory");
	return p;
}

struct parcel *transit_parcel(struct transit *t)
{
	return transit_parcel_with(t, STR_NONE);
}

struct account *transit_recipient(const struct transit *t)
{
	struct router *r = t->cause.router;

	if (t->sender == NULL && !federation_allows(r, &t->to, &t->from))
		return NULL;
	return account_find(r, t->to.bare);
}

void transit_reply(const struct transit *t, uint8_t type, struct stanza *reply)
{
	stanza_reply(&t->stanza, type, reply);
	reply->from = t->stanza.to.p != NULL ? t->stanza.to : t->from.bare;
	reply->to = t->from.full;
}

struct session *transit_asker(const struct transit *t)
{
	struct router *r = t->cause.router;
	unsigned error;

	if (t->sender != NULL || t->stanza.to.p == NULL || abroad_is_ours(r, t->from.domain))
		return t->cause.origin->session;
	return abroad_session(r, &t->to, &t->from, &error);
}

static int answer(struct transit *t, const struct stanza *reply)
{
	struct session *to = transit_asker(t);

	return to != NULL ? emit_answer(&t->cause, reply, to) : 0;
}

void transit_error_with(struct transit *t, enum stanza_error condition, const char *text,
	const struct stanza_error_detail *detail)
{
	struct buf inner = BUF_INIT;
	struct stanza reply;

	if (t->stanza.type == TYPE_ERROR || t->stanza.type == TYPE_RESULT)
		return;
	transit_reply(t, TYPE_ERROR, &reply);
	stanza_error_write_with(&inner, condition, str_of(text), detail);
	reply.inner = buf_str(&inner);
	reply.content = CONTENT_ERROR;
	counter_add(COUNT_ERRORS_SENT, 1);
	(void)answer(t, &reply);
	buf_fini(&inner);
}

void transit_error(struct transit *t, enum stanza_error condition, const char *text)
{
	transit_error_with(t, condition, text, NULL);
}

void transit_result(struct transit *t, struct str inner)
{
	struct stanza reply;

	transit_reply(t, TYPE_RESULT, &reply);
	reply.inner = inner;
	/* A roster, say, may be more than a session can hold at all. */
	if (answer(t, &reply) != 0)
		transit_error(t, STANZA_RESOURCE_CONSTRAINT, "routerd.session_queue: the answer is too large");
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
static bool route_to_server(struct transit *t)
{
	switch (t->stanza.kind) {
	case STANZA_IQ:
		return route_iq(t);
	case STANZA_MESSAGE:
		transit_error(t, STANZA_SERVICE_UNAVAILABLE, NULL);
		return true;
	default:
		return true; /* presence: nobody here to see it */
	}
}

static bool route_by_kind(struct transit *t)
{
	switch (t->stanza.kind) {
	case STANZA_MESSAGE:
		route_message(t);
		return true;
	case STANZA_PRESENCE:
		route_presence(t);
		return true;
	default:
		return route_iq(t);
	}
}

static bool abroad(const struct transit *t)
{
	return t->stanza.to.p != NULL && !domains_have(&t->cause.router->domains, t->to.domain);
}

void transit_blocked(struct transit *t)
{
	static const struct stanza_error_detail blocked = {
		.type = "cancel", .element = STR_LIT("<blocked xmlns='" NS_BLOCKING_ERRORS "'/>")};

	transit_error_with(t, STANZA_NOT_ACCEPTABLE, NULL, &blocked);
}

/* To a domain that another program serves, or another server. */
void route_abroad(struct transit *t)
{
	unsigned error;
	struct session *s = abroad_session(t->cause.router, &t->from, &t->to, &error);

	if (s != NULL)
		route_to_session(t, s);
	else if (t->stanza.kind != STANZA_PRESENCE) /* which is not answered by errors */
		transit_error(t, error, NULL);
}

/* Is it judged by the data of the account that it goes to? */
static bool needs_recipient(const struct transit *t)
{
	if (t->stanza.to.p == NULL || t->to.local.p == NULL || abroad(t))
		return false;
	if (t->stanza.kind != STANZA_PRESENCE)
		return true;
	return stanza_is_subscription(&t->stanza) || t->stanza.type == TYPE_PROBE;
}

/* Waits for what is not in memory yet: the sender's account, and the recipient's. */
static bool must_wait(struct transit *t, bool *lost)
{
	struct account *own = t->sender != NULL ? t->sender->account : NULL, *a;

	if (own != NULL)
		account_ask_again(own);
	*lost = own != NULL && own->state == ACCOUNT_UNKNOWN;
	if (own != NULL && !account_ready(own)) {
		account_wait_ready(own, t->cause.origin);
		return true;
	}
	if (!needs_recipient(t))
		return false;
	a = account_get(t->cause.router, t->to.bare);
	*lost |= a == NULL || a->state == ACCOUNT_UNKNOWN;
	if (a == NULL || account_ready(a))
		return false;
	account_wait_ready(a, t->cause.origin);
	return true;
}

/* To a remote domain, from an account that may not (domain.federation). */
static bool is_forbidden(const struct transit *t)
{
	return t->sender != NULL && !federation_allows(t->cause.router, &t->from, &t->to);
}

bool route_stanza(struct transit *t)
{
	bool lost, out;

	if (must_wait(t, &lost))
		return false;
	out = abroad(t);
	if (lost)
		transit_error(t, STANZA_INTERNAL_SERVER_ERROR, "the account's data cannot be had");
	else if (out && is_forbidden(t))
		transit_error(t, STANZA_FORBIDDEN, "this account may not talk to other servers");
	else if (stanza_is_subscription(&t->stanza))
		return subscribe_route(t);
	else if (out && t->stanza.kind == STANZA_IQ)
		route_abroad(t);
	else if (t->stanza.to.p != NULL && !out && t->to.local.p == NULL)
		return route_to_server(t);
	else
		return route_by_kind(t);
	return true;
}
