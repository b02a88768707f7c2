/* What a front end says of the sessions that it carries, after routerd has come back. */
#include "routerd/restore.h"

#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "bus/codes.h"
#include "routerd/abroad.h"
#include "routerd/account.h"
#include "routerd/custody.h"
#include "routerd/custody_store.h"
#include "routerd/front.h"
#include "routerd/handlers.h"
#include "routerd/proofs.h"
#include "routerd/restore_private.h"
#include "routerd/session.h"
#include "xmpp/error.h"

static void refuse(struct front *front, uint64_t connection)
{
	struct msg_kill m = {.condition = STREAM_RESET, .text = STR_LIT("the session is not known any more")};

	(void)LINK_SEND(front->peer->link, KILL, kill, connection, &m);
}

static struct session *claimed(const struct front *front, const struct msg_restore *m)
{
	struct session *s = session_find(front->router, &m->session);
	const struct claim *claim = s != NULL ? s->claim : NULL;

	if (claim == NULL || s->epoch != m->epoch || strcmp(claim->instance, front->peer->instance) != 0 ||
		memcmp(&claim->boot, &front->peer->boot, sizeof claim->boot) != 0)
		return NULL;
	return s;
}

static int join(struct session *s, struct connection *c, const struct msg_restore *m)
{
	struct router *r = c->front->router;

	c->component = s->component;
	c->proofs = proofs_copy(s->proofs);
	c->generation = s->generation;
	c->tls = m->flags & RESTORE_TLS;
	c->both = m->flags & RESTORE_BOTH;
	c->address = bh_strndup(m->address.p != NULL ? m->address.p : "", m->address.len);
	memcpy(c->mechanism, s->mechanism, sizeof c->mechanism);
	if (s->account != NULL && account_attach(r, s->account->jid.bare, c) != 0)
		return BH_ENOMEM;
	restore_forget(s);
	session_join(s, c);
	s->asleep_since = 0;
	s->sm = m->flags & RESTORE_SM;
	s->in_base = m->in_base;
	s->out_base = m->out_base;
	s->state.inactive = m->flags & RESTORE_INACTIVE;
	s->origin->number = s->origin->safe = s->origin->settled = m->in_safe;
	s->sent = m->out_number;
	s->acked = m->out_done;
	custody_done(s, m->out_done);
	return 0;
}

int on_restore(const struct bus_event *event)
{
	struct front *front = front_of(event);
	struct connection *c;
	struct session *s;
	struct msg_restore m;

	if (bus_get_restore(event->frame->body, &m) != 0 || front->restored ||
		front_connection(front, event->frame->subject) != NULL || m.out_done > m.out_number)
		return BH_EPROTO;
	s = claimed(front, &m);
	if (s == NULL) {
		refuse(front, event->frame->subject);
		return 0;
	}
	c = front_add_connection(front, event->frame->subject);
	return c != NULL ? join(s, c, &m) : BH_ENOMEM;
}

int on_restore_stanza(const struct bus_event *event)
{
	struct front *front = front_of(event);
	struct connection *c = front_connection(front, event->frame->subject);
	struct msg_restore_stanza m;

	if (bus_get_restore_stanza(event->frame->body, &m) != 0 || front->restored)
		return BH_EPROTO;
	if (c == NULL || c->session == NULL)
		return 0; /* of a session that was refused */
	return custody_restore(c->session, &m);
}

static void renew_sessions(struct front *front)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &front->connections);
	while ((n = map_walk_next(&walk)) != NULL) {
		struct session *s = container_of(n, struct connection, node)->session;

		if (s == NULL)
			continue;
		custody_renew(s);
		custody_room(s);
	}
}

int on_restored(const struct bus_event *event)
{
	struct front *front = front_of(event);
	struct router *r = front->router;
	struct restoring *x = r->restoring;
	struct msg_restored m;

	if (bus_get_restored(event->frame->body, &m) != 0 || front->restored)
		return BH_EPROTO;
	front->restored = true;
	renew_sessions(front);
	list_for_each_safe(pos, &x->claims) {
		struct claim *claim = container_of(pos, struct claim, link);

		if (strcmp(claim->instance, front->peer->instance) == 0)
			claim->gone = true;
	}
	if (!x->barrier) {
		restoring_abandon_gone(x);
		restoring_handle_deferred(x);
		restoring_send_credit(r, front->peer);
		if (front->peer->role == ROLE_S2S)
			abroad_seek_all(r);
	} else if (!restoring_waits_for_somebody(x)) {
		uv_timer_stop(&x->timer);
		restoring_open_barrier(x);
	}
	return 0;
}
