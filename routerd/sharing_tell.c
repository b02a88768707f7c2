/* Pushes and presence, account by account. */
#include "routerd/sharing_tell.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "routerd/account.h"
#include "routerd/custody.h"
#include "routerd/emit.h"
#include "routerd/federation.h"
#include "routerd/front.h"
#include "routerd/presence.h"
#include "routerd/roster_view.h"
#include "routerd/session.h"
#include "xmpp/error.h"

/* What may wait for a front end while more is made for it; how long an account that can take nothing is spared; and
 * after what time all is held or stored. */
enum { LINK_BYTES = 4 * 1024 * 1024, STALLED_MS = 30000, HELD_MS = 3000 };

/* An account that is to be told. */
struct listener {
	struct list link;
	struct account *account; /* kept in memory */
	uint32_t told;		 /* of its contacts */
	bool settled;
};

struct tell {
	struct sharing *sharing;
	struct regroup *regroup;
	struct list listeners, later; /* struct listener */
	struct ptrs contacts;	      /* struct person: of the first listener, when `gathered` */
	bool gathered;
	bool progress; /* since the last time that all had been tried */
	uint64_t stalled_ms; /* since when there was none; 0: there was */
	uint64_t over_ms;    /* when all had been told */
	unsigned count;
};

static void add_listener(void *arg, struct present *who)
{
	struct tell *t = arg;
	struct listener *l = bh_alloc(sizeof *l);

	l->account = container_of(who, struct account, present);
	account_hold(l->account);
	list_append(&t->listeners, &l->link);
}

struct tell *tell_create(struct sharing *s, struct regroup *rg)
{
	struct tell *t = bh_alloc(sizeof *t);

	t->sharing = s;
	t->regroup = rg;
	list_init(&t->listeners);
	list_init(&t->later);
	regroup_each_viewer(rg, add_listener, t);
	return t;
}

static void free_listener(struct listener *l)
{
	list_remove(&l->link);
	account_release(l->account);
	free(l);
}

void tell_free(struct tell **tell)
{
	struct tell *t = *tell;

	*tell = NULL;
	if (t == NULL)
		return;
	list_splice(&t->listeners, &t->later);
	while (!list_empty(&t->listeners))
		free_listener(container_of(t->listeners.next, struct listener, link));
	ptrs_fini(&t->contacts);
	free(t);
}

/* ---- one contact ---------------------------------------------------------------------------- */

/* A session that cannot take it would have a roster that is not true: it ends, and its client asks for the whole. */
static void push(struct sharing *s, struct account *a, const struct stanza *stanza)
{
	struct cause cause = cause_of_server(s->router);
	struct parcel *p = emit_parcel(&cause, stanza);
	struct ptrs full = {0};

	if (p == NULL)
		return;
	fanout_begin();
	list_for_each(pos, &a->sessions) {
		struct session *session = container_of(pos, struct session, in_account);

		if (session->wants_roster && fanout_add(p, session) != 0)
			ptrs_add(&full, session);
	}
	fanout_send(p);
	parcel_unref(&p);
	for (uint32_t i = 0; i < full.n; i++) {
		((struct session *)full.of[i])->wants_roster = false;
		session_kill(full.of[i], STREAM_RESOURCE_CONSTRAINT, "too much has changed in the roster");
	}
	ptrs_fini(&full);
}

static bool wants_pushes(const struct account *a)
{
	list_for_each(pos, &a->sessions)
		if (session_wants_roster(container_of(pos, struct session, in_account)))
			return true;
	return false;
}

/* step: which push of those to the account it is; 0: the last. */
static void push_contact(struct tell *t, struct account *a, const struct person *m, unsigned step)
{
	struct stanza s = {.kind = STANZA_IQ, .type = TYPE_SET, .from = a->jid.bare};
	const struct contact *c = roster_find(&a->roster, person_jid(m));
	struct contact_text own = {.jid = person_jid(m), .state = SUB_NONE};
	struct buf inner = BUF_INIT;
	char id[32];

	if (!wants_pushes(a))
		return;
	if (c != NULL)
		own = contact_text(c);
	snprintf(id, sizeof id, "shared-%lu", (unsigned long)t->sharing->router->self->number);
	s.id = str_of(id);
	roster_view_push(&inner, a, &own, step);
	s.inner = buf_str(&inner);
	if (!buf_failed(&inner))
		push(t->sharing, a, &s);
	buf_fini(&inner);
}

/* Whoever is subscribed besides sees him already, and goes on to; whoever is blocked saw nothing. */
static void change_presence(struct tell *t, struct account *a, struct account *of, bool sees)
{
	struct cause cause = cause_of_server(t->sharing->router);

	if (presence_subscribed(of, a->jid.bare) || presence_blocks(of, a->jid.bare))
		return;
	if (sees)
		presence_show_account(&cause, of, a->jid.bare);
	else
		presence_hide_account(&cause, of, a->jid.bare);
}

static struct account *account_of(const struct person *m)
{
	return m->present != NULL ? container_of(m->present, struct account, present) : NULL;
}

static void on_ready(void *sharing)
{
	sharing_go_on(sharing);
}

/* false: what that account shows whom is being read. */
static bool tell_contact(struct tell *t, struct account *a, const struct person *m, unsigned step)
{
	struct sight_change c = sight_compare(&t->sharing->people, viewer_present(&a->present), m);
	struct account *of = account_of(m);

	if (of != NULL && !account_ready(of)) {
		account_when_ready(of, on_ready, t->sharing);
		return false;
	}
	push_contact(t, a, m, step);
	if (of != NULL && c.saw != c.sees)
		change_presence(t, a, of, c.sees);
	return true;
}

/* ---- one account ------------------------------------------------------------------------------ */

/* Its front end has not come yet, or has not taken what it was sent; or its client has not, which sleeps not. */
static bool is_busy(const struct session *s)
{
	const struct front *front = s->connection != NULL ? s->connection->front : NULL;

	if (s->claim != NULL)
		return true;
	if (front == NULL || front->peer->link == NULL)
		return false;
	return !front->restored || link_queued(front->peer->link) > LINK_BYTES ||
	       s->outbound_bytes > s->origin->router->limits.session_queue / 2;
}

static bool is_any_busy(const struct account *a)
{
	list_for_each(pos, &a->sessions)
		if (is_busy(container_of(pos, struct session, in_account)))
			return true;
	return false;
}

static bool is_stalled(const struct tell *t)
{
	return t->stalled_ms != 0 && clock_ms() - t->stalled_ms > STALLED_MS;
}

static void add_contact(void *arg, struct person *m, struct sight_change change)
{
	struct tell *t = arg;

	(void)change;
	ptrs_add(&t->contacts, m);
}

/* The same each time, in the same order: nothing of this changes meanwhile. */
static void gather(struct tell *t, const struct account *a)
{
	regroup_each_contact(t->regroup, viewer_present(&a->present), add_contact, t);
	t->gathered = true;
}

static void forget_contacts(struct tell *t)
{
	ptrs_fini(&t->contacts);
	t->gathered = false;
}

static void on_settled(void *sharing)
{
	struct sharing *s = sharing;
	struct task *task = container_of(s->tasks.next, struct task, link);

	if (s->router->stopping)
		return;
	container_of(task->tell->listeners.next, struct listener, link)->settled = true;
	sharing_go_on(s);
}

/* What is on its way to the store was made of the roster as it was: its push must not come after ours. */
static bool must_settle(struct tell *t, struct listener *l)
{
	if (l->settled || account_settled(l->account)) {
		l->settled = true;
		return false;
	}
	account_when_settled(l->account, on_settled, t->sharing);
	return true;
}

static void put_off(struct tell *t, struct listener *l)
{
	forget_contacts(t);
	list_remove(&l->link);
	list_append(&t->later, &l->link);
}

static void over(struct tell *t, struct listener *l)
{
	t->count += t->contacts.n > 0;
	t->progress = true;
	forget_contacts(t);
	free_listener(l);
}

static enum tell_step tell_contacts(struct tell *t, struct listener *l)
{
	struct account *a = l->account;

	for (; l->told < t->contacts.n; l->told++) {
		bool last = l->told + 1 == t->contacts.n;

		if (a->nsessions == 0)
			break;
		if (sharing_is_late(t->sharing))
			return TELL_MORE;
		if (is_any_busy(a) && !is_stalled(t)) {
			put_off(t, l);
			return TELL_DONE;
		}
		if (!tell_contact(t, a, t->contacts.of[l->told], last ? 0 : l->told + 1))
			return TELL_WAIT;
		t->progress = true;
	}
	over(t, l);
	return TELL_DONE;
}

/* TELL_DONE: with this one, or it was put off. */
static enum tell_step tell_one(struct tell *t, struct listener *l)
{
	struct account *a = l->account;

	if (a->nsessions == 0) {
		over(t, l);
		return TELL_DONE;
	}
	if (must_settle(t, l))
		return TELL_WAIT;
	if (!t->gathered) {
		federation_review(a);
		gather(t, a);
	}
	return tell_contacts(t, l);
}

static void await_held(struct tell *t)
{
	struct bus_peer *p = NULL;

	t->over_ms = clock_ms();
	while ((p = bus_server_next(t->sharing->router->server, ROLE_C2S, p)) != NULL)
		if (p->link != NULL)
			((struct front *)p->data)->awaited = link_sent(p->link);
}

/* All that are left were put off: they are tried again in a moment. */
static enum tell_step try_again(struct tell *t)
{
	if (list_empty(&t->later)) {
		await_held(t);
		return TELL_DONE;
	}
	if (t->progress)
		t->stalled_ms = 0;
	else if (t->stalled_ms == 0)
		t->stalled_ms = clock_ms();
	t->progress = false;
	list_splice(&t->listeners, &t->later);
	return TELL_LATER;
}

enum tell_step tell_go_on(struct tell *t)
{
	while (!list_empty(&t->listeners)) {
		enum tell_step step = tell_one(t, container_of(t->listeners.next, struct listener, link));

		if (step != TELL_DONE)
			return step;
		if (sharing_is_late(t->sharing))
			return TELL_MORE;
	}
	return try_again(t);
}

/* ---- the end ----------------------------------------------------------------------------------- */

bool tell_is_held(const struct tell *t)
{
	struct bus_peer *p = NULL;

	if (t->count == 0 || clock_ms() - t->over_ms > HELD_MS)
		return true;
	while ((p = bus_server_next(t->sharing->router->server, ROLE_C2S, p)) != NULL) {
		const struct front *front = p->data;

		if (p->link != NULL && front->held < front->awaited)
			return false;
	}
	return true;
}

unsigned tell_count(const struct tell *t)
{
	return t->count;
}
