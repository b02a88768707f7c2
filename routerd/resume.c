/* XEP-0198 in routerd. */
#include "routerd/resume.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "bus/codes.h"
#include "daemon/log.h"
#include "routerd/counters.h"
#include "routerd/custody_store.h"
#include "routerd/ended.h"
#include "routerd/hibernate.h"
#include "routerd/proofs.h"
#include "routerd/restore.h"
#include "routerd/session_row.h"
#include "xmpp/error.h"

enum { ID_TEXT = 2 * sizeof(struct bus_id) };

const char *resume_id(const struct session *s)
{
	static char text[ID_TEXT + 1];

	for (size_t i = 0; i < sizeof s->origin->id.b; i++)
		snprintf(text + 2 * i, 3, "%02x", s->origin->id.b[i]);
	return text;
}

static bool id_parse(struct str text, struct bus_id *id)
{
	static const char digits[16] = "0123456789abcdef";

	if (text.p == NULL || text.len != ID_TEXT)
		return false;
	for (size_t i = 0; i < sizeof id->b; i++) {
		const char *high = memchr(digits, text.p[2 * i], sizeof digits);
		const char *low = memchr(digits, text.p[2 * i + 1], sizeof digits);

		if (high == NULL || low == NULL)
			return false;
		id->b[i] = (uint8_t)((high - digits) << 4 | (low - digits));
	}
	return true;
}

static void on_enabled(void *arg, int rc)
{
	struct origin *o = arg;
	struct session *s = o->session;
	struct msg_sm_enabled m = {.id = STR_NONE};

	if (s != NULL)
		s->enabling = false;
	if (rc == 0 && s != NULL && s->connection != NULL && s->connection->front->peer->link != NULL) {
		s->sm = true;
		s->out_base = s->sent;
		session_changed(s, NULL);
		m.max = s->resume_s;
		if (s->resume_s > 0)
			m.id = str_of(resume_id(s));
		(void)LINK_SEND(s->connection->front->peer->link, SM_ENABLED, sm_enabled,
			s->connection->id, &m);
	} else if (rc != 0) {
		log_error("store-failed", "reason=%s", LOG_TEXT(bh_strerror(rc)));
	}
	origin_unref(&o);
}

int on_sm_enable(const struct bus_event *event)
{
	struct connection *c = front_connection(front_of(event), event->frame->subject);
	struct session *s = c != NULL ? c->session : NULL;
	struct store_tx *tx;
	struct msg_sm_enable m;
	uint32_t most;

	if (bus_get_sm_enable(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (s == NULL || (s->account == NULL && s->proofs == NULL))
		return 0;
	if (m.in_base > s->origin->number)
		return BH_EPROTO;
	/* It may come again, to a new routerd, though it was answered by the last one: the counts stay what they are. */
	if (s->sm || s->enabling)
		return 0;
	most = s->origin->router->limits.resume_s;
	s->resume_s = m.resume == 0 ? 0 : m.max < most ? m.max : most;
	s->in_base = m.in_base;
	s->enabling = true;
	tx = store_begin(s->origin->router->store);
	session_write(s, tx);
	store_commit(tx, on_enabled, origin_ref(s->origin));
	return 0;
}

static void refuse(struct connection *c, const struct msg_resume_refused *m)
{
	if (c->front->peer->link != NULL)
		(void)LINK_SEND(c->front->peer->link, RESUME_REFUSED, resume_refused, c->id, m);
}

/* Who may resume what was his: an account, or a server. */
static struct str owner_of(const struct connection *c)
{
	if (c->account != NULL)
		return c->account->jid.bare;
	return c->proofs != NULL ? proofs_first(c->proofs) : STR_LIT("");
}

static bool may_resume(const struct connection *c, const struct session *s)
{
	if (s->pair != NULL)
		return c->front->peer->role == ROLE_S2S;
	if (s->proofs != NULL)
		return c->proofs != NULL && proofs_cover(c->proofs, s->proofs);
	return c->account != NULL && s->account == c->account;
}

/* There is none of that id, for this account. */
static void refuse_unknown(struct connection *c, const struct bus_id *id, const char *why)
{
	struct msg_resume_refused m = {.condition = STANZA_ITEM_NOT_FOUND};
	struct str who = owner_of(c);

	log_info("resume-refused", "conn=%s account=%s reason=%s", connection_name(c), LOG_STR(who), LOG_TEXT(why));
	if (id != NULL)
		m.known = ended_find(c->front->router, id, who, &m.h);
	refuse(c, &m);
}

/* The number that h stands for; false when that was never sent. */
static bool acknowledged(const struct session *s, uint32_t h, uint64_t *n)
{
	uint32_t new = h - (uint32_t)(s->acked - s->out_base); /* modulo 2^32 */

	*n = s->acked + new;
	return *n <= s->sent;
}

static void fence(struct session *s)
{
	struct msg_fence m = {.condition = STREAM_CONFLICT, .text = STR_LIT("resumed elsewhere")};
	struct connection *c = s->connection;

	if (c->front->peer->link != NULL)
		(void)LINK_SEND(c->front->peer->link, FENCE, fence, c->id, &m);
	session_detach(s);
}

static void want(struct connection *c, struct session *s, uint64_t n)
{
	struct connection *before = s->wanted;

	if (before != NULL) {
		before->wanted = NULL;
		refuse_unknown(before, NULL, "another connection resumes it");
	}
	/* Before it is fenced off: nobody ends a session that is wanted. */
	s->wanted = c;
	if (s->connection != NULL)
		fence(s);
	s->wishes++;
	s->wanted_acked = n;
	c->wanted = s;
	list_remove(&s->unsealed);
	list_append(&s->origin->router->unsealed, &s->unsealed);
	hibernate_progress(s->origin->router);
}

/* A server's, and nothing has come on it. */
static bool is_fresh(const struct session *s)
{
	return s->proofs != NULL && !s->sm && !s->enabling && s->origin->number == 0;
}

int on_resume(const struct bus_event *event)
{
	struct router *r = front_of(event)->router;
	struct connection *c = front_connection(front_of(event), event->frame->subject);
	struct session *s;
	struct msg_resume m;
	struct bus_id id;
	uint64_t n;

	if (bus_get_resume(event->frame->body, &m) != 0)
		return BH_EPROTO;
	/* An s2sd that was asked to carry a pair comes with a connection that is new to us. */
	if (c == NULL && front_of(event)->peer->role == ROLE_S2S && front_has_room(front_of(event)))
		c = front_add_connection(front_of(event), event->frame->subject);
	if (c == NULL || connection_killed(c))
		return 0;
	if (c->component != NULL || (c->session != NULL && !is_fresh(c->session)) || c->binding != NULL || c->wanted != NULL ||
		(c->account == NULL && front_of(event)->peer->role != ROLE_S2S))
		return BH_EPROTO;
	if (restore_defer(event, c, NULL))
		return 0;
	if (!id_parse(m.id, &id)) {
		refuse_unknown(c, NULL, "not an id");
		return 0;
	}
	s = session_find(r, &id);
	if (s != NULL && may_resume(c, s) && restore_defer(event, c, s))
		return 0;
	if (s == NULL || !may_resume(c, s) || s->resume_s == 0)
		refuse_unknown(c, &id, s == NULL ? "no such session" : "not to be resumed");
	else if (s->pair != NULL)
		want(c, s, s->acked);
	else if (!acknowledged(s, m.h, &n))
		refuse(c, &(struct msg_resume_refused){.condition = STANZA_BAD_REQUEST, .too_high = 1,
			.h = m.h, .sent = (uint32_t)(s->sent - s->out_base)});
	else
		want(c, s, n);
	return 0;
}

static void welcome(struct session *s)
{
	struct msg_resumed m = {
		.session = s->origin->id,
		.epoch = s->epoch,
		.jid = s->jid.full,
		.id = str_of(resume_id(s)),
		.max = s->resume_s,
		.in_number = s->origin->number,
		.in_base = s->in_base,
		.out_base = s->out_base,
		.out_number = s->acked,
		.state = str_of(s->way_state),
	};

	(void)LINK_SEND(s->connection->front->peer->link, RESUMED, resumed, s->connection->id, &m);
	counter_add(COUNT_RESUMED, 1);
	log_info("session-resumed", "conn=%s jid=%s", connection_name(s->connection), LOG_TEXT(s->text));
}

void resume_finish(struct session *s, int rc)
{
	struct connection *c = s->wanted;

	s->wanted = NULL;
	c->wanted = NULL;
	if (rc != 0) {
		refuse(c, &(struct msg_resume_refused){.condition = STANZA_INTERNAL_SERVER_ERROR});
		return;
	}
	if (c->front->peer->link == NULL)
		return; /* it sleeps on */
	if (c->session != NULL)
		session_end(c->session); /* which a server's stream has got when it had proved itself */
	s->connection = c;
	c->session = s;
	session_recount(s);
	s->generation = c->generation;
	s->asleep_since = 0;
	s->state.inactive = false;
	list_remove(&s->asleep);
	custody_done(s, s->wanted_acked);
	s->acked = s->wanted_acked;
	welcome(s);
	custody_send_again(s);
	client_state_flush(s);
}

void resume_gone(struct session *s)
{
	struct connection *c = s->wanted;

	if (s->sm && s->pair == NULL)
		ended_add(s->origin->router, &s->origin->id,
			s->account != NULL ? s->account->jid.bare : s->jid.full,
			(uint32_t)(s->origin->safe - s->in_base));
	s->wanted = NULL;
	if (c == NULL)
		return;
	c->wanted = NULL;
	refuse_unknown(c, &s->origin->id, "it ends");
}

void resume_forget(struct connection *c)
{
	if (c->wanted != NULL)
		c->wanted->wanted = NULL;
	c->wanted = NULL;
	if (c->left != NULL)
		c->left->fenced = NULL;
	c->left = NULL;
}

int on_detached(const struct bus_event *event)
{
	struct connection *c = front_connection(front_of(event), event->frame->subject);
	struct msg_detached m;

	if (bus_get_detached(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (c == NULL || c->session == NULL)
		return 0;
	if (!session_outlives(c->session, CLOSE_LOST))
		return BH_EPROTO;
	if (connection_killed(c))
		connection_end(c); /* lost before it heard that it was killed */
	else
		session_detach(c->session);
	return 0;
}
