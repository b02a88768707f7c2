/* IQs: to the server and to accounts it answers itself, to a full JID it delivers. */
#include "base/err.h"
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
	if (t->stanza.to.p == NULL || str_is(t->to.bare, t->sender->account->jid))
		return SERVICE_ACCOUNT;
	return t->to.local.p == NULL ? SERVICE_SERVER : SERVICE_OTHER;
}

void route_iq(struct transit *t)
{
	bool full = t->stanza.to.p != NULL && t->to.local.p != NULL && t->to.resource.p != NULL;
	struct session *s = full ? route_session(t->router, &t->to) : NULL;

	if (!well_formed(t))
		transit_error(t, STANZA_BAD_REQUEST, NULL);
	else if (s != NULL)
		route_to_session(t, s);
	else if (!is_request(t))
		return; /* an answer to nobody, or to the server, which asked nothing */
	else if (full)
		transit_error(t, STANZA_SERVICE_UNAVAILABLE, NULL);
	else
		services_answer(t, place_of(t));
}
