/* BIND and CLOSED: a session begins and ends (RFC 6120 7). */
#include "routerd/bind.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/rand.h"
#include "daemon/log.h"
#include "routerd/component.h"
#include "routerd/counters.h"
#include "routerd/handlers.h"
#include "routerd/proofs.h"
#include "routerd/restore.h"
#include "routerd/session_row.h"
#include "xmpp/error.h"

/* Rows of new sessions that wait for the store: for clients, and as many for servers. */
enum { UNDER_WAY_MAX = 20000 };

static void refuse(struct connection *c, struct link *link, enum stanza_error condition)
{
	struct msg_bind_refused m = {.condition = (uint16_t)condition};

	(void)LINK_SEND(link, BIND_REFUSED, bind_refused, c->id, &m);
}

static void welcome(struct connection *c)
{
	struct session *s = c->session;
	struct msg_bound m = {.session = s->origin->id, .epoch = s->epoch, .jid = s->jid.full};

	(void)LINK_SEND(c->front->peer->link, BOUND, bound, c->id, &m);
	counter_add(COUNT_SESSIONS, 1);
	log_info("session-bound", "conn=%s jid=%s", connection_name(c), LOG_STR(s->jid.full));
}

/* The newer one wins: the older is closed with <conflict/> (7.7.2.2). */
static void replace(struct session *old)
{
	if (old->connection != NULL)
		connection_kill(old->connection, STREAM_CONFLICT, "replaced by a new connection");
	session_end(old); /* at once: its name is wanted */
}

/* 0, or why it cannot be bound. */
static unsigned make_room(const struct connection *c, struct str resource)
{
	struct session *old = c->account != NULL ? account_session(c->account, resource) : NULL;

	if (c->proofs != NULL)
		return 0;
	/* One connection serves a component: the first one keeps it. */
	if (c->component != NULL)
		return component_session(c->component) != NULL ? STANZA_CONFLICT : 0;
	BUG_ON(c->account == NULL); /* is_somebody() */
	if (old != NULL)
		replace(old);
	return c->account->nsessions >= c->front->router->limits.sessions_per_account
		? STANZA_RESOURCE_CONSTRAINT : 0;
}

/* A session whose row is on its way to the store: before that nobody hears of it. */
struct binding {
	struct router *router;
	unsigned role; /* of the front end that asked */
	struct connection *connection; /* NULL: it has gone */
	struct bus_id id;
	struct str resource; /* of address */
	char *address;
};

static unsigned *under_way(struct router *r, unsigned role)
{
	return role == ROLE_S2S ? &r->s2s_bindings : &r->c2s_bindings;
}

void bind_forget(struct connection *c)
{
	if (c->binding != NULL)
		c->binding->connection = NULL;
	c->binding = NULL;
}

static void forget_row(struct binding *b)
{
	struct store_tx *tx = store_begin(b->router->store);

	session_unwrite(&b->id, tx);
	store_commit(tx, NULL, NULL);
}

/* 0, or an enum stanza_error. */
static unsigned create(struct connection *c, struct binding *b)
{
	struct session_owner owner = {
		.account = c->account, .component = c->component, .proofs = proofs_copy(c->proofs)};
	unsigned error = make_room(c, b->resource);
	struct session *s = NULL;

	if (error == 0)
		s = session_create(b->router, &b->id, str_of(b->address), &owner);
	if (s == NULL) {
		proofs_free(&owner.proofs);
		return error != 0 ? error : STANZA_RESOURCE_CONSTRAINT;
	}
	session_join(s, c);
	return 0;
}

static void on_row_written(void *arg, int rc)
{
	struct binding *b = arg;
	struct connection *c = b->connection;
	unsigned error = rc != 0 ? STANZA_INTERNAL_SERVER_ERROR : 0;

	*under_way(b->router, b->role) -= 1;
	if (rc != 0)
		log_error("store-failed", "reason=%s", LOG_TEXT(bh_strerror(rc)));
	if (c != NULL) {
		bind_forget(c);
		if (error == 0)
			error = create(c, b);
		if (error != 0 && c->front->peer->link != NULL)
			refuse(c, c->front->peer->link, error);
		else if (error == 0)
			welcome(c);
	}
	/* At the end there is no store any more; the next run finds nobody who claims the row. */
	if ((c == NULL || error != 0) && !b->router->stopping)
		forget_row(b);
	free(b->address);
	free(b);
}

static void write_row(struct connection *c, struct str resource)
{
	struct router *r = c->front->router;
	struct binding *b = bh_alloc(sizeof *b);
	struct store_tx *tx = store_begin(r->store);
	struct buf state = BUF_INIT;
	struct jid jid;

	if (c->proofs != NULL)
		proofs_put(c->proofs, &state);
	b->router = r;
	b->role = c->front->peer->role;
	*under_way(r, b->role) += 1;
	b->connection = c;
	b->address = session_address(c, resource);
	jid_split(str_of(b->address), &jid);
	b->resource = jid.resource;
	rand_bytes(&b->id, sizeof b->id);
	c->binding = b;
	session_row_put(tx, &(struct session_row){
		.id = b->id,
		.jid = jid.full,
		.instance = str_of(c->front->peer->instance),
		.boot = c->front->peer->boot,
		.epoch = 1,
		.since = clock_wall(),
		.generation = c->generation,
		.mechanism = str_of(c->mechanism),
		.state = buf_str(&state),
		.kind = c->proofs != NULL ? SESSION_PROOFS : SESSION_OWNED});
	buf_fini(&state);
	store_commit(tx, on_row_written, b);
}

static bool is_somebody(const struct connection *c)
{
	return c->account != NULL || c->component != NULL || c->proofs != NULL;
}

int on_bind(const struct bus_event *event)
{
	struct connection *c = front_connection(front_of(event), event->frame->subject);
	char text[JID_PART_MAX + 1], random[33];
	struct msg_bind m;
	size_t len;

	if (bus_get_bind(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (c == NULL || connection_killed(c))
		return 0;
	if (!is_somebody(c) || c->session != NULL || c->binding != NULL || c->wanted != NULL)
		return BH_EPROTO;
	if (restore_defer(event, c, NULL))
		return 0;
	if (*under_way(c->front->router, c->front->peer->role) >= UNDER_WAY_MAX) {
		refuse(c, event->link, STANZA_RESOURCE_CONSTRAINT);
	} else if (c->account == NULL) {
		write_row(c, STR_NONE);
	} else if (m.resource.p == NULL || m.resource.len == 0) {
		rand_hex(random, sizeof random / 2);
		write_row(c, str_of(random));
	} else if (jid_prepare_resource(m.resource, text, &len) != 0) {
		refuse(c, event->link, STANZA_BAD_REQUEST);
	} else {
		write_row(c, str_make(text, len));
	}
	return 0;
}

/* What it sent last is judged before its session ends, and who is to hear of its end is known. */
static bool must_wait(struct session *s)
{
	if (s->account != NULL && !account_ready(s->account))
		account_wait_ready(s->account, s->origin);
	return origin_busy(s->origin) && origin_closing(s->origin);
}

int on_closed(const struct bus_event *event)
{
	struct connection *c = front_connection(front_of(event), event->frame->subject);
	struct msg_closed m;

	if (bus_get_closed(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (c == NULL || c->closing)
		return 0;
	if (!connection_killed(c))
		c->close_reason = m.reason; /* else it may have been lost before its front end heard that */
	if (c->session != NULL)
		log_info("session-closed", "conn=%s jid=%s", connection_name(c), LOG_STR(c->session->jid.full));
	if (c->session == NULL || !must_wait(c->session))
		connection_end(c);
	return 0;
}
