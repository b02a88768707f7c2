/* Front ends and their connections. */
#include "routerd/front.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "bus/codes.h"
#include "daemon/log.h"
#include "routerd/account.h"
#include "routerd/bind.h"
#include "routerd/conversation.h"
#include "routerd/custody.h"
#include "routerd/hibernate.h"
#include "routerd/proofs.h"
#include "routerd/restore.h"
#include "routerd/resume.h"
#include "routerd/session.h"

enum { CLOSE_MS = 10000 };

struct front *front_create(struct router *r, struct bus_peer *peer)
{
	struct front *f = bh_alloc(sizeof *f);

	f->router = r;
	f->peer = peer;
	list_init(&f->unheld);
	list_init(&f->waking);
	list_init(&f->resending);
	list_init(&f->log_ins);
	f->settling = (struct settling){.sent = RECORDS_INIT, .told = RECORDS_INIT};
	list_init(&f->fanout);
	return f;
}

void front_free(struct front **front)
{
	struct front *f = *front;
	struct map_walk walk;
	struct map_node *n;

	*front = NULL;
	if (f == NULL)
		return;
	/* From here on nothing is sent to it any more. */
	f->peer->link = NULL;
	/* The end of one may be that of another: where an account has too many sessions asleep, the eldest ends, and with
	 * it the connection that it has been taken from. */
	map_walk_start(&walk, &f->connections);
	while ((n = map_walk_any(&walk)) != NULL)
		connection_end(container_of(n, struct connection, node));
	map_fini(&f->connections);
	settle_free(f);
	buf_fini(&f->targets);
	free(f);
}

struct front *front_of(const struct bus_event *event)
{
	struct bus_peer *peer = event->owner;

	return peer->data;
}

struct connection *front_connection(struct front *front, uint64_t id)
{
	struct map_node *n = map_find(&front->connections, &id, sizeof id);

	return n != NULL ? container_of(n, struct connection, node) : NULL;
}

/* Those of clients that are gone for a moment count too: twice as many are never honest. */
bool front_has_room(struct front *front)
{
	const struct router_limits *limits = &front->router->limits;
	uint32_t most = front->peer->role == ROLE_S2S ? limits->s2s_connections : limits->c2s_connections;

	if (front->connections.count < (size_t)most * 2)
		return true;
	if (!front->full)
		log_warn("too-many-connections", "peer=%s connections=%zu", front->peer->instance,
			front->connections.count);
	front->full = true;
	return false;
}

struct connection *front_add_connection(struct front *front, uint64_t id)
{
	struct connection *c = bh_alloc(sizeof *c);

	c->id = id;
	c->front = front;
	list_init(&c->in_account);
	list_init(&c->killed);
	if (map_add(&front->connections, &c->node, &c->id, sizeof c->id) == 0)
		return c;
	free(c);
	return NULL;
}

void connection_end(struct connection *c)
{
	if (c->conversation != NULL)
		conversation_end(c->conversation);
	if (c->session != NULL && c->front->router->stopping)
		session_discard(c->session);
	else if (c->session != NULL && session_outlives(c->session, c->close_reason))
		session_sleep(c->session);
	else if (c->session != NULL)
		session_end(c->session);
	resume_forget(c);
	restore_undefer(c);
	bind_forget(c);
	account_detach(c);
	proofs_free(&c->proofs);
	list_remove(&c->killed);
	map_remove(&c->front->connections, &c->node);
	free(c->address);
	free(c);
}

const char *connection_name(const struct connection *c)
{
	static char name[96];

	snprintf(name, sizeof name, "%s/%lu", c->front->peer->instance, (unsigned long)c->id);
	return name;
}

void connection_kill(struct connection *c, unsigned stream_error, const char *text)
{
	struct msg_kill m = {.condition = (uint16_t)stream_error, .text = str_of(text)};

	/* A link without room for it is closed by lib/bus, and all its connections with it. */
	c->close_reason = CLOSE_BY_SERVER;
	if (list_empty(&c->killed)) {
		c->killed_ms = clock_ms();
		list_append(&c->front->router->killed, &c->killed);
	}
	if (c->front->peer->link != NULL)
		(void)LINK_SEND(c->front->peer->link, KILL, kill, c->id, &m);
}

bool connection_killed(const struct connection *c)
{
	return !list_empty(&c->killed);
}

void connections_tick(struct router *r)
{
	uint64_t now = clock_ms();

	list_for_each_safe(pos, &r->killed) {
		struct connection *c = container_of(pos, struct connection, killed);

		if (now - c->killed_ms < CLOSE_MS)
			return;
		if (c->session == NULL)
			continue;
		log_warn("kill-ignored", "conn=%s/%lu jid=%s", c->front->peer->instance, (unsigned long)c->id,
			LOG_TEXT(c->session->text));
		session_end(c->session);
	}
}
