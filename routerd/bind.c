/* BIND and CLOSED: a session begins and ends (RFC 6120 7). */
#include "base/err.h"
#include "base/rand.h"
#include "daemon/log.h"
#include "routerd/counters.h"
#include "routerd/component.h"
#include "routerd/handlers.h"
#include "routerd/session.h"
#include "xmpp/error.h"

static void refuse(struct connection *c, struct link *link, enum stanza_error condition)
{
	struct msg_bind_refused m = {.condition = (uint16_t)condition};

	(void)LINK_SEND(link, BIND_REFUSED, bind_refused, c->id, &m);
}

static void welcome(struct connection *c, struct link *link)
{
	struct session *s = c->session;
	struct msg_bound m = {
		.session = s->origin->id,
		.epoch = s->epoch,
		.jid = s->jid.full,
		.ticket = STR_LIT(""),
		.state = STR_LIT(""),
	};

	(void)LINK_SEND(link, BOUND, bound, c->id, &m);
	counter_add(COUNT_SESSIONS, 1);
	log_info("session-bound", "conn=%s/%lu jid=%s", c->front->peer->instance,
		(unsigned long)c->id, LOG_STR(s->jid.full));
}

/* The newer one wins: the older is closed with <conflict/> (7.7.2.2). */
static void replace(struct session *old)
{
	connection_kill(old->connection, STREAM_CONFLICT, "replaced by a new connection");
	session_end(old);
}

static void bind_resource(struct connection *c, struct link *link, struct str resource)
{
	struct router *r = c->front->router;
	struct session *s = account_session(c->account, resource);

	if (s != NULL)
		replace(s);
	else if (c->account->nsessions >= r->limits.sessions_per_account) {
		refuse(c, link, STANZA_RESOURCE_CONSTRAINT);
		return;
	}
	if (session_create(c, resource, &s) != 0)
		refuse(c, link, STANZA_RESOURCE_CONSTRAINT);
	else
		welcome(c, link);
}

/* One connection serves a component: the first one keeps it. */
static void bind_component(struct connection *c, struct link *link)
{
	struct session *s;

	if (component_session(c->component) != NULL)
		refuse(c, link, STANZA_CONFLICT);
	else if (session_create(c, STR_NONE, &s) != 0)
		refuse(c, link, STANZA_RESOURCE_CONSTRAINT);
	else
		welcome(c, link);
}

int on_bind(const struct bus_event *event)
{
	struct connection *c = front_connection(front_of(event), event->frame->subject);
	char text[JID_PART_MAX + 1], random[33];
	struct msg_bind m;
	size_t len;

	if (bus_get_bind(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (c == NULL)
		return 0;
	if ((c->account == NULL && c->component == NULL) || c->session != NULL)
		return BH_EPROTO;
	if (c->component != NULL) {
		bind_component(c, event->link);
		return 0;
	}
	if (m.resource.p == NULL || m.resource.len == 0) {
		rand_hex(random, sizeof random / 2);
		bind_resource(c, event->link, str_of(random));
	} else if (jid_prepare_resource(m.resource, text, &len) != 0) {
		refuse(c, event->link, STANZA_BAD_REQUEST);
	} else {
		bind_resource(c, event->link, str_make(text, len));
	}
	return 0;
}

int on_closed(const struct bus_event *event)
{
	struct connection *c = front_connection(front_of(event), event->frame->subject);
	struct msg_closed m;

	if (bus_get_closed(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (c == NULL)
		return 0;
	if (c->session != NULL)
		log_info("session-closed", "conn=%s/%lu jid=%s", c->front->peer->instance,
			(unsigned long)c->id, LOG_STR(c->session->jid.full));
	if (c->session != NULL && origin_busy(c->session->origin))
		c->closing = true; /* what it sent last is judged before it goes */
	else
		connection_end(c);
	return 0;
}
