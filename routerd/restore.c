/* Rows, claims, and the barrier. */
#include "routerd/restore.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "bus/codes.h"
#include "daemon/log.h"
#include "routerd/abroad.h"
#include "routerd/accepted.h"
#include "routerd/component.h"
#include "routerd/custody_store.h"
#include "routerd/data.h"
#include "routerd/domains.h"
#include "routerd/front.h"
#include "routerd/handlers.h"
#include "routerd/hibernate.h"
#include "routerd/outbox.h"
#include "routerd/parcel_mac.h"
#include "routerd/proofs.h"
#include "routerd/requests.h"
#include "routerd/restore_private.h"
#include "routerd/resume.h"
#include "routerd/rules.h"
#include "routerd/session_row.h"
#include "routerd/session_state.h"
#include "routerd/sharing.h"
#include "xmpp/error.h"

enum { BARRIER_MS = 1500, REPEATS_MS = 60000, CHECK_AGAIN_MS = 10000 };

/* A request that waits for the barrier, of connection.deferred. */
struct deferred {
	struct list link; /* in restoring.deferred */
	struct connection *connection;
	uint16_t type;
	struct buf body;
};

struct restoring *restoring_create(struct router *r)
{
	struct restoring *x = bh_alloc(sizeof *x);

	x->router = r;
	x->barrier = true;
	list_init(&x->claims);
	list_init(&x->deferred);
	x->timer.data = x;
	uv_timer_init(r->daemon->loop, &x->timer);
	return x;
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct restoring *x = handle->data;

	x->stopped(x->router);
}

void restoring_stop(struct router *r, void (*done)(void *router))
{
	r->restoring->stopped = done;
	uv_close((uv_handle_t *)&r->restoring->timer, on_timer_closed);
}

void restoring_free(struct restoring **x)
{
	free(*x);
	*x = NULL;
}

bool restore_over(const struct router *r)
{
	return !r->restoring->barrier && list_empty(&r->restoring->claims);
}

void restore_forget(struct session *s)
{
	if (s->claim != NULL)
		list_remove(&s->claim->link);
	free(s->claim);
	s->claim = NULL;
}

/* ---- rows -------------------------------------------------------------------------- */

/* What it belongs to.  false: to nothing that we have any more. */
static bool owner_of(struct router *r, const struct session_row *row, const struct jid *jid,
	struct session_owner *owner)
{
	bool abroad = !abroad_is_ours(r, jid->domain) && abroad_allowed(r, jid->resource, jid->domain);

	*owner = (struct session_owner){0};
	if (row->kind == SESSION_PAIR)
		owner->pair = abroad ? pair_create(r, jid->resource, jid->domain) : NULL;
	else if (row->kind == SESSION_PROOFS)
		owner->proofs = abroad ? proofs_take(row->state) : NULL;
	else if (jid->local.p == NULL)
		owner->component = component_find(r, jid->full);
	else if (domains_have(&r->domains, jid->domain))
		owner->account = account_get(r, jid->bare);
	return owner->pair != NULL || owner->proofs != NULL || owner->component != NULL ||
	       owner->account != NULL;
}

static void take_numbers(struct session *s, const struct session_row *row)
{
	struct origin *o = s->origin;

	s->epoch = row->epoch;
	s->since = row->since;
	s->generation = row->generation;
	snprintf(s->mechanism, sizeof s->mechanism, "%.*s", STR_FMT(row->mechanism));
	s->sm = row->sm;
	s->resume_s = row->resume_s;
	s->in_base = row->in_base;
	s->out_base = row->out_base;
	s->acked = row->acked;
	s->sent = row->sent;
	o->number = o->safe = o->settled = row->in_number;
	s->asleep_since = row->asleep_since;
}

static void take_row(struct restoring *x, const struct session_row *row)
{
	struct router *r = x->router;
	struct session_owner owner;
	struct session *s = NULL;
	struct jid jid;

	if (jid_check(row->jid, &jid) == 0 && owner_of(r, row, &jid, &owner))
		s = session_create(r, &row->id, row->jid, &owner);
	if (s == NULL) {
		struct store_tx *tx = store_begin(r->store);

		session_unwrite(&row->id, tx);
		store_commit(tx, NULL, NULL);
		return;
	}
	take_numbers(s, row);
	if (row->state.len > 0 && session_state_take(s, row->state) != 0)
		log_warn("session-state", "jid=%s reason=unreadable", LOG_TEXT(s->text));
	s->claim = bh_alloc(sizeof *s->claim);
	s->claim->session = s;
	s->claim->boot = row->boot;
	s->claim->asleep = row->asleep_since != 0;
	snprintf(s->claim->instance, sizeof s->claim->instance, "%.*s", STR_FMT(row->instance));
	list_append(&x->claims, &s->claim->link);
}

static void take_queued(struct router *r, const struct store_rows *rows)
{
	struct str id = store_row_text(rows, 1);
	struct map_node *n = map_find(&r->sessions, id.p, id.len);

	if (n != NULL)
		custody_load(container_of(n, struct session, node), rows);
}

/* ---- the end of a claim ------------------------------------------------------------ */

static void end_now(void *arg)
{
	struct origin *o = arg;

	if (o->session != NULL)
		session_end(o->session);
	origin_unref(&o);
}

/* Its contacts are told, whom its account's data name. */
static void end(struct session *s)
{
	struct origin *o = origin_ref(s->origin);

	if (s->account != NULL && !account_ready(s->account))
		account_when_ready(s->account, end_now, o);
	else
		end_now(o);
}

/* Nobody carries it: it sleeps, if it can. */
static void abandon(struct claim *claim)
{
	struct session *s = claim->session;
	struct router *r = s->origin->router;
	int64_t slept = s->asleep_since != 0 ? clock_wall() - s->asleep_since : 0;

	restore_forget(s);
	if (!session_outlives(s, CLOSE_LOST)) {
		end(s);
		return;
	}
	if (s->asleep_since == 0)
		s->asleep_since = clock_wall();
	s->wakes_until = clock_ms() + (slept < s->resume_s ? s->resume_s - (uint64_t)slept : 0) * 1000;
	list_append(&r->asleep, &s->asleep);
	session_changed(s, NULL);
	custody_room(s);
	abroad_asleep(s);
}

/* Those that nobody will come for.  After the barrier, since others hear of their end. */
void restoring_abandon_gone(struct restoring *x)
{
	list_for_each_safe(pos, &x->claims) {
		struct claim *claim = container_of(pos, struct claim, link);

		if (claim->asleep || claim->gone)
			abandon(claim);
	}
}

/* ---- the barrier ------------------------------------------------------------------- */

void restoring_send_credit(struct router *r, struct bus_peer *peer)
{
	struct msg_credit credit = {
		.link_bytes = r->limits.link_credit,
		.session_stanzas = r->limits.session_stanzas,
		.session_bytes = r->limits.session_credit,
	};

	if (peer->link != NULL)
		(void)LINK_SEND(peer->link, CREDIT, credit, 0, &credit);
}

void restore_credit(struct router *r)
{
	struct bus_peer *p = NULL;

	while (!r->restoring->barrier && (p = bus_server_next(r->server, ROLES_FRONT, p)) != NULL) {
		const struct front *front = p->data;

		if (front->restored)
			restoring_send_credit(r, p);
	}
}

bool restore_defer(const struct bus_event *event, struct connection *c, const struct session *s)
{
	struct restoring *x = c->front->router->restoring;
	struct deferred *d;

	if (!x->barrier && (s == NULL || s->claim == NULL))
		return false;
	restore_undefer(c);
	d = bh_alloc(sizeof *d);
	d->connection = c;
	d->type = event->frame->type;
	buf_put_str(&d->body, event->frame->body);
	c->deferred = d;
	list_append(&x->deferred, &d->link);
	return true;
}

void restore_undefer(struct connection *c)
{
	if (c->deferred == NULL)
		return;
	list_remove(&c->deferred->link);
	buf_fini(&c->deferred->body);
	free(c->deferred);
	c->deferred = NULL;
}

static void handle_deferred(struct deferred *d)
{
	struct connection *c = d->connection;
	struct frame frame = {.type = d->type, .subject = c->id, .body = buf_str(&d->body)};
	struct bus_event event = {
		.owner = c->front->peer, .link = c->front->peer->link, .frame = &frame};

	list_remove(&d->link);
	c->deferred = NULL;
	(void)(d->type == BUS_BIND ? on_bind : on_resume)(&event);
	buf_fini(&d->body);
	free(d);
}

/* Some of them may have to wait on. */
void restoring_handle_deferred(struct restoring *x)
{
	struct list now;

	list_init(&now);
	list_splice(&now, &x->deferred);
	while (!list_empty(&now))
		handle_deferred(container_of(now.next, struct deferred, link));
}

static void on_repeats_over(uv_timer_t *timer)
{
	struct restoring *x = timer->data;

	x->late = true;
	accepted_forget(x->router);
	list_for_each(pos, &x->claims)
		container_of(pos, struct claim, link)->gone = true;
	restoring_abandon_gone(x);
	restoring_handle_deferred(x);
}

bool restore_repeats(const struct router *r)
{
	return !r->restoring->late;
}

/* What was to follow has followed. */
static void on_outbox_empty(struct router *r)
{
	struct restoring *x = r->restoring;

	x->barrier = false;
	log_info("restored", "sessions=%zu after_ms=%lu", r->sessions.count,
		(unsigned long)(clock_ms() - r->started_ms));
	restore_credit(r);
	sharing_open(r);
	restoring_abandon_gone(x);
	restoring_handle_deferred(x);
	uv_timer_start(&x->timer, on_repeats_over, REPEATS_MS, 0);
	uv_unref((uv_handle_t *)&x->timer);
}

void restoring_open_barrier(struct restoring *x)
{
	if (x->opening)
		return;
	x->opening = true;
	outbox_run(x->router, on_outbox_empty);
}

/* Those who nobody carried before the restart need wait for nobody. */
bool restoring_waits_for_somebody(const struct restoring *x)
{
	list_for_each(pos, &x->claims)
		if (!container_of(pos, struct claim, link)->asleep &&
			!container_of(pos, struct claim, link)->gone)
			return true;
	return false;
}

static void on_time(uv_timer_t *timer)
{
	restoring_open_barrier(timer->data);
}

static bool on_rows(void *arg, struct store_rows *rows)
{
	struct restoring *x = arg;
	struct session_row row;

	while (store_row(rows)) {
		if (store_row_int(rows, 0) == 1) {
			session_row_take(rows, &row);
			take_row(x, &row);
		} else if (store_row_int(rows, 0) == 2) {
			take_queued(x->router, rows);
		} else if (store_row_int(rows, 0) == 4) {
			rules_load(x->router->rules, rows);
		} else {
			outbox_load(x->router, rows);
		}
	}
	return true;
}

static void on_loaded(void *arg, int rc)
{
	struct restoring *x = arg;

	if (rc == 0)
		uv_timer_start(&x->timer, on_time, restoring_waits_for_somebody(x) ? BARRIER_MS : 0, 0);
	x->done(x->router, rc);
}

static void load(void *arg, int rc)
{
	struct restoring *x = arg;
	struct store_tx *tx;

	if (rc != 0) {
		x->done(x->router, rc);
		return;
	}
	tx = store_begin(x->router->store);
	store_do(tx, SQL_RULES_GET);
	store_do(tx, SQL_SESSIONS_GET);
	store_do(tx, SQL_QUEUED_GET);
	store_do(tx, SQL_OUTBOX_GET);
	store_read(tx, on_rows, on_loaded, x);
}

void restore_load(struct router *r, void (*done)(struct router *r, int rc))
{
	r->restoring->done = done;
	parcel_keys_open(r, load, r->restoring);
}

/* ---- accounts ---------------------------------------------------------------------- */

static void check_later(struct restoring *x)
{
	x->checked = false;
	x->check_ms = clock_ms() + CHECK_AGAIN_MS;
}

/* What changed while routerd was away. */
static void on_authd_says(void *arg, const struct reply *reply)
{
	struct account *a = arg;

	if (reply->lost || reply->code == ACCOUNT_UNREADABLE)
		check_later(a->router->restoring);
	else if (reply->code != ACCOUNT_ACTIVE)
		account_revoke(a, &(struct revocation){
			.generation = UINT64_MAX, .stream_error = STREAM_NOT_AUTHORIZED, .text = "the account is gone"});
	else
		account_revoke(a, &(struct revocation){
			.generation = reply->generation, .stream_error = STREAM_NOT_AUTHORIZED, .text = "the password was changed"});
	account_release(a);
}

static void check_account(struct account *a, struct bus_peer *authd)
{
	struct msg_account_lookup m = {.account = a->jid.bare};
	uint64_t id = request_ask(a->router, authd, on_authd_says, a);

	if (id == 0)
		return;
	account_hold(a);
	(void)LINK_SEND(authd->link, ACCOUNT_LOOKUP, account_lookup, id, &m);
}

void restore_check_accounts(struct router *r)
{
	struct bus_peer *authd = requests_authd(r);
	struct map_walk walk;
	struct map_node *n;

	if (r->restoring->checked || authd == NULL)
		return;
	r->restoring->checked = true;
	map_walk_start(&walk, &r->accounts);
	while ((n = map_walk_next(&walk)) != NULL) {
		struct account *a = container_of(n, struct account, node);

		if (a->nsessions > 0)
			check_account(a, authd);
	}
}

void restore_tick(struct router *r)
{
	if (r->restoring->check_ms != 0 && clock_ms() >= r->restoring->check_ms)
		restore_check_accounts(r);
}
