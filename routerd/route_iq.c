/* IQs: to the server and to accounts it answers itself, to a full JID it delivers. */
#include "base/err.h"
#include "routerd/account.h"
#include "routerd/presence.h"
#include "routerd/route.h"
#include "routerd/services.h"

static bool is_request(const struct transit *t)
{
	return t->stanza.type == TYPE_GET || t->stanza.type == TYPE_SET;
}

/* RFC 6120 8.2.3: an id, a type, and exactly one child in a request. */
static bool well_formed(const struct transit *t)
{
	const struct stanza *s = &t->stanza;

	if (s->id.p == NULL || s->type == TYPE_NONE || s->type == TYPE_UNKNOWN)
		return false;
	return !is_request(t) || s->nchildren == 1;
}

static enum service_place place_of(const struct transit *t)
{
	if (t->stanza.to.p == NULL || str_eq(t->to.bare, t->from.bare))
		return SERVICE_ACCOUNT;
	return t->to.local.p == NULL ? SERVICE_SERVER : SERVICE_OTHER;
}

/* RFC 6121 8.5.3.1: a request reaches a resource only from those who may know that it is
 * there; an answer always does.  Blocking: XEP-0191 3.2. */
static bool may_reach(const struct transit *t, const struct session *s)
{
	if (transit_recipient(t) == NULL || blocklist_blocks(&s->account->blocklist, &t->from))
		return false;
	return !is_request(t) || presence_shared(s, &t->from);
}

static void to_full(struct transit *t)
{
	struct session *s = route_session(t->cause.router, &t->to);

	if (s != NULL && may_reach(t, s))
		route_to_session(t, s);
	else
		transit_error(t, STANZA_SERVICE_UNAVAILABLE, NULL);
}

/* XEP-0191 3.2: a request to whom the sender blocks; what the server itself answers for is not. */
static bool blocked(const struct transit *t)
{
	return t->sender != NULL && is_request(t) && t->stanza.to.p != NULL &&
	       t->to.local.p != NULL && blocklist_blocks(&t->sender->account->blocklist, &t->to);
}

bool route_iq(struct transit *t)
{
	bool full = t->stanza.to.p != NULL && t->to.local.p != NULL && t->to.resource.p != NULL;

	if (!well_formed(t))
		transit_error(t, STANZA_BAD_REQUEST, NULL);
	else if (blocked(t))
		transit_blocked(t);
	else if (full)
		to_full(t);
	else if (is_request(t)) /* else an answer to the server, which asked nothing */
		return services_answer(t, place_of(t));
	return true;
}
