/* SASL exchanges on their way between c2sd and authd. */
#include "routerd/conversation.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/rand.h"
#include "daemon/log.h"
#include "routerd/account.h"
#include "routerd/component.h"
#include "routerd/requests.h"
#include "routerd/counters.h"
#include "routerd/revoked.h"
#include "xmpp/error.h"
#include "xmpp/jid.h"

/* An authd takes 10,000: one process that asks for more leaves the others theirs.  At its limit the oldest one that has had
 * PATIENCE_MS already ends for a new one: most log-ins need a moment, those of an attack all that they can get. */
enum { CONVERSATION_MS = 30000, DELAY_MAX_MS = 60000, CONVERSATIONS_OF_ONE = 4000, PATIENCE_MS = 3000 };

struct conversations {
	struct router *router;
	struct map open; /* struct conversation by id */
	uint64_t last;
};

struct conversation {
	struct map_node node;
	struct list link; /* in front.log_ins */
	uint64_t id, began_ms;
	struct conversations *all;
	struct connection *connection;
	struct bus_peer *authd;
	bool asked;		/* it is the client's turn: so neither side can fill the other's link */
	uv_timer_t timer;	/* its end; after the verdict, the delay of the answer */
	struct msg_auth_result late; /* the answer that waits for the delay; its text is late_text */
	struct buf late_text;
};

struct conversations *conversations_create(struct router *r)
{
	struct conversations *all = bh_alloc(sizeof *all);

	all->router = r;
	all->last = rand_u64() >> 16;
	return all;
}

void conversations_free(struct conversations **c)
{
	BUG_ON(*c != NULL && (*c)->open.count != 0);
	if (*c != NULL)
		map_fini(&(*c)->open);
	free(*c);
	*c = NULL;
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct conversation *conv = handle->data;

	buf_fini(&conv->late_text);
	free(conv);
}

/* Unless it has judged, authd is told that nobody waits for it any more. */
void conversation_end(struct conversation *conv)
{
	struct msg_auth_abort m = {};

	if (conv->authd != NULL && conv->authd->link != NULL)
		(void)LINK_SEND(conv->authd->link, AUTH_ABORT, auth_abort, conv->id, &m);
	conv->connection->front->conversations--;
	list_remove(&conv->link);
	map_remove(&conv->all->open, &conv->node);
	conv->connection->conversation = NULL;
	uv_close((uv_handle_t *)&conv->timer, on_timer_closed);
}

static struct conversation *find(struct router *r, uint64_t id)
{
	struct map_node *n = map_find(&r->conversations->open, &id, sizeof id);

	return n != NULL ? container_of(n, struct conversation, node) : NULL;
}

/* The conversation that this authd may speak about. */
static struct conversation *find_of(const struct bus_event *event)
{
	struct conversation *conv = find(front_of(event)->router, event->frame->subject);

	return conv != NULL && conv->authd == event->owner ? conv : NULL;
}

static void send_result(struct connection *c, struct msg_auth_result *m)
{
	m->attempt = c->attempt;
	if (c->front->peer->link != NULL)
		(void)LINK_SEND(c->front->peer->link, AUTH_RESULT, auth_result, c->id, m);
}

static void fail(struct connection *c, enum sasl_error condition)
{
	struct msg_auth_result m = {.condition = (uint16_t)condition};

	send_result(c, &m);
}

static void on_expired(uv_timer_t *timer)
{
	struct conversation *conv = timer->data;

	fail(conv->connection, SASL_TEMPORARY_AUTH_FAILURE);
	conversation_end(conv);
}

void conversations_lost(struct router *r, const struct bus_peer *authd)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &r->conversations->open);
	while ((n = map_walk_next(&walk)) != NULL) {
		struct conversation *conv = container_of(n, struct conversation, node);

		if (conv->authd != authd)
			continue;
		conv->authd = NULL;
		fail(conv->connection, SASL_TEMPORARY_AUTH_FAILURE);
		conversation_end(conv);
	}
}

static struct conversation *open_for(struct connection *c, struct bus_peer *authd)
{
	struct conversations *all = c->front->router->conversations;
	struct conversation *conv = bh_alloc(sizeof *conv);

	conv->id = ++all->last;
	if (map_add(&all->open, &conv->node, &conv->id, sizeof conv->id) != 0) {
		free(conv);
		return NULL;
	}
	conv->all = all;
	conv->connection = c;
	conv->authd = authd;
	conv->timer.data = conv;
	uv_timer_init(all->router->daemon->loop, &conv->timer);
	uv_timer_start(&conv->timer, on_expired, CONVERSATION_MS, 0);
	c->conversation = conv;
	c->front->conversations++;
	conv->began_ms = clock_ms();
	list_append(&c->front->log_ins, &conv->link);
	return conv;
}

/* As many as one process may have open, over all its links. */
static bool has_conversations_left(const struct front *front)
{
	struct bus_peer *peer = NULL;
	size_t n = 0;

	while ((peer = bus_server_next(front->router->server, ROLE_C2S, peer)) != NULL)
		if (peer->pid == front->peer->pid)
			n += ((const struct front *)peer->data)->conversations;
	return n < CONVERSATIONS_OF_ONE;
}

/* False: there is none. */
static bool make_room(struct front *front)
{
	struct conversation *oldest;

	if (has_conversations_left(front))
		return true;
	if (list_empty(&front->log_ins))
		return false;
	oldest = container_of(front->log_ins.next, struct conversation, link);
	if (clock_ms() - oldest->began_ms < PATIENCE_MS)
		return false;
	fail(oldest->connection, SASL_TEMPORARY_AUTH_FAILURE);
	conversation_end(oldest);
	return true;
}

/* Nobody has used the log-in yet: the client had given up before its success reached it. */
static bool is_unused(const struct connection *c)
{
	return c->account != NULL && c->session == NULL && c->binding == NULL && c->wanted == NULL && !connection_killed(c);
}

/* The connection of an AUTH_BEGIN: a new one, or one that tries again. */
static int begin_on(struct front *front, uint64_t id, const struct msg_auth_begin *m,
	struct connection **out)
{
	struct connection *c = front_connection(front, id);

	if (c == NULL && !front_has_room(front))
		return BH_EBUSY;
	if (c == NULL)
		c = front_add_connection(front, id);
	if (c != NULL && is_unused(c) && c->attempt != m->attempt)
		account_detach(c);
	if (c == NULL || c->account != NULL || c->component != NULL)
		return BH_EPROTO;
	if (c->conversation != NULL)
		conversation_end(c->conversation);
	c->attempt = m->attempt;
	free(c->address);
	c->address = bh_strndup(m->address.p != NULL ? m->address.p : "", m->address.len);
	c->tls = m->tls != 0;
	*out = c;
	return 0;
}

int on_auth_begin(const struct bus_event *event)
{
	struct front *front = front_of(event);
	struct bus_peer *authd = requests_authd(front->router);
	struct msg_auth_result busy = {.condition = SASL_TEMPORARY_AUTH_FAILURE};
	struct conversation *conv;
	struct connection *c;
	struct msg_auth_begin m;
	bool has_room;
	int rc;

	if (bus_get_auth_begin(event->frame->body, &m) != 0)
		return BH_EPROTO;
	rc = begin_on(front, event->frame->subject, &m, &c);
	busy.attempt = m.attempt;
	if (rc == BH_EBUSY)
		return LINK_SEND(event->link, AUTH_RESULT, auth_result, event->frame->subject, &busy);
	if (rc != 0)
		return rc;
	has_room = authd != NULL && make_room(front);
	conv = has_room ? open_for(c, authd) : NULL;
	m.connection = str_of(connection_name(c));
	if (conv == NULL || LINK_SEND(authd->link, AUTH_BEGIN, auth_begin, conv->id, &m) != 0)
		fail(c, SASL_TEMPORARY_AUTH_FAILURE);
	return 0;
}

int on_auth_step(const struct bus_event *event)
{
	struct connection *c = front_connection(front_of(event), event->frame->subject);
	struct msg_auth_step m;

	if (bus_get_auth_step(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (c == NULL || c->conversation == NULL || c->conversation->authd == NULL || m.attempt != c->attempt)
		return 0;
	if (!c->conversation->asked)
		return BH_EPROTO;
	c->conversation->asked = false;
	(void)LINK_SEND(c->conversation->authd->link, AUTH_STEP, auth_step, c->conversation->id, &m);
	return 0;
}

int on_auth_abort(const struct bus_event *event)
{
	struct connection *c = front_connection(front_of(event), event->frame->subject);
	struct msg_auth_abort m;

	if (bus_get_auth_abort(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (c != NULL && c->conversation != NULL && m.attempt == c->attempt)
		conversation_end(c->conversation);
	else if (c != NULL && is_unused(c) && m.attempt == c->attempt)
		account_detach(c);
	return 0;
}

int on_auth_challenge(const struct bus_event *event)
{
	struct conversation *conv = find_of(event);
	struct msg_auth_challenge m;

	if (bus_get_auth_challenge(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (conv == NULL)
		return 0;
	if (conv->asked)
		return BH_EPROTO;
	conv->asked = true;
	m.attempt = conv->connection->attempt;
	(void)LINK_SEND(conv->connection->front->peer->link, AUTH_CHALLENGE, auth_challenge,
		conv->connection->id, &m);
	return 0;
}

/* A program that has shown a component's secret. */
static int grant_component(struct connection *c, struct str domain)
{
	c->component = component_find(c->front->router, domain);
	snprintf(c->mechanism, sizeof c->mechanism, "COMPONENT");
	return c->component != NULL ? 0 : BH_EPROTO;
}

/* Says who the connection is, before the front end hears of it. */
static int grant(struct connection *c, const struct msg_auth_verdict *m)
{
	struct jid jid;

	if (jid_check(m->account, &jid) != 0 || jid.resource.p != NULL)
		return BH_EPROTO;
	if (str_is(m->mechanism, "COMPONENT"))
		return grant_component(c, jid.full);
	if (jid.local.p == NULL)
		return BH_EPROTO;
	c->generation = m->generation;
	snprintf(c->mechanism, sizeof c->mechanism, "%.*s", STR_FMT(m->mechanism));
	counter_add(COUNT_LOGINS, 1);
	return account_attach(c->front->router, m->account, c);
}

static void on_delayed(uv_timer_t *timer)
{
	struct conversation *conv = timer->data;

	send_result(conv->connection, &conv->late);
	conversation_end(conv);
}

/* Keeps the refusal back for a while: those who guess passwords wait. */
static void delay(struct conversation *conv, const struct msg_auth_result *m, uint32_t ms)
{
	buf_put_str(&conv->late_text, m->text);
	conv->late = (struct msg_auth_result){
		.condition = m->condition,
		.text = m->text.p != NULL ? buf_str(&conv->late_text) : STR_NONE,
	};
	uv_timer_start(&conv->timer, on_delayed, ms < DELAY_MAX_MS ? ms : DELAY_MAX_MS, 0);
}

static void judge(struct conversation *conv, const struct msg_auth_verdict *v)
{
	struct connection *c = conv->connection;
	struct msg_auth_result m = {
		.condition = v->condition,
		.account = v->account,
		.final = v->final,
		.text = v->text,
	};

	if (v->condition == 0)
		m.condition = (uint16_t)revoked_since(c->front->router, v->account, v->generation);
	if (m.condition == 0 && grant(c, v) != 0)
		m = (struct msg_auth_result){.condition = SASL_TEMPORARY_AUTH_FAILURE};
	if (m.condition != 0) {
		count_login_failed(m.condition);
		m.account = STR_NONE;
	}
	conv->authd = NULL; /* judged: nobody may speak about it any more */
	if (m.condition != 0 && v->delay_ms > 0) {
		delay(conv, &m, v->delay_ms);
		return;
	}
	send_result(c, &m);
	conversation_end(conv);
}

int on_auth_verdict(const struct bus_event *event)
{
	struct conversation *conv = find_of(event);
	struct msg_auth_verdict m;

	if (bus_get_auth_verdict(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (conv != NULL)
		judge(conv, &m);
	return 0;
}
