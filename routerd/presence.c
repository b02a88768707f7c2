/* Who is told of a session's presence, and what it is told of others'. */
#include "routerd/presence.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "routerd/data.h"
#include "routerd/domains.h"
#include "routerd/emit.h"
#include "routerd/presence_abroad.h"
#include "routerd/route.h"
#include "routerd/sharing.h"
#include "xmpp/names.h"
#include "xmpp/tree.h"

enum { STATUS_MAX = 1024 };

bool presence_subscribed(const struct account *a, struct str bare)
{
	const struct contact *c = roster_find(&a->roster, bare);

	return c != NULL && subscription_gives(c->state);
}

bool presence_given(const struct account *a, struct str bare)
{
	return presence_subscribed(a, bare) || sharing_sees(a->router, bare, a->jid.bare);
}

bool presence_directed(const struct session *s, const struct jid *with)
{
	return directed_has(&s->directed, with->full) || directed_has(&s->directed, with->bare);
}

bool presence_shared(const struct session *s, const struct jid *with)
{
	return str_eq(with->bare, s->account->jid.bare) || presence_given(s->account, with->bare) ||
	       presence_directed(s, with);
}

/* The names in the envelope spare most stanzas a look inside. */
int presence_child(const struct stanza *s, const char *name, struct tree **tree, struct str *text)
{
	const struct tree_node *n;
	int rc;

	*tree = NULL;
	*text = STR_NONE;
	if (s->nchildren < STANZA_CHILDREN_MAX &&
		!stanza_has_child(s, stanza_child_name(STR_LIT(NS_CLIENT), str_of(name))))
		return 0;
	rc = tree_parse(s->inner, NS_CLIENT, tree);
	if (rc != 0)
		return rc;
	for (n = tree_first(*tree); n != NULL; n = n->next)
		if (str_is(n->name, name) && str_is(n->ns, NS_CLIENT))
			break;
	if (n != NULL)
		*text = n->text;
	return 0;
}

bool presence_blocks(const struct account *a, struct str bare)
{
	struct jid jid;

	if (a->blocklist.entries.count == 0)
		return false;
	jid_split(bare, &jid);
	return blocklist_blocks(&a->blocklist, &jid);
}

/* Into the fan-out: each available session of the account, whose own the sender's may be. */
static void add_available(struct parcel *p, const struct account *a, const struct session *from)
{
	const struct blocklist *unwanted = &from->account->blocklist;

	list_for_each(pos, &a->sessions) {
		struct session *s = container_of(pos, struct session, in_account);

		if (session_available(s) && !blocklist_blocks(unwanted, &s->jid))
			(void)fanout_add(p, s);
	}
}

/* Contacts of ours that have a session; the others' number is the result: they may be abroad. */
static unsigned add_contacts(struct parcel *p, const struct session *s)
{
	const struct account *own = s->account;
	struct map_walk walk;
	struct map_node *n;
	unsigned others = 0;

	map_walk_start(&walk, &own->roster.contacts);
	while ((n = map_walk_next(&walk)) != NULL) {
		const struct contact *c = container_of(n, struct contact, node);
		const struct account *a;

		if (!subscription_gives(c->state))
			continue;
		a = account_find(own->router, c->jid);
		others += a == NULL;
		if (a != NULL && a != own && a->nsessions > 0 &&
			!blocklist_blocks(&a->blocklist, &s->jid))
			add_available(p, a, s);
	}
	return others;
}

struct fan {
	struct parcel *parcel;
	const struct session *from;
};

/* Who sees him by a group, and is not subscribed besides. */
static void add_viewer(void *arg, struct account *a)
{
	const struct fan *f = arg;

	if (!presence_subscribed(f->from->account, a->jid.bare) && !blocklist_blocks(&a->blocklist, &f->from->jid))
		add_available(f->parcel, a, f->from);
}

static void add_viewers(struct parcel *p, const struct session *s)
{
	struct fan f = {p, s};

	sharing_each_viewer(s->account, add_viewer, &f);
	/* It goes, and some may not have been told yet that they see him no more. */
	if (p != s->presence)
		sharing_each_who_saw(s->account, add_viewer, &f);
}

/* Contacts of ours by one fan-out: an account that is not in memory has no session. */
void presence_broadcast(struct cause *cause, struct session *s, struct parcel *p)
{
	unsigned others;

	fanout_begin();
	add_available(p, s->account, s);
	others = add_contacts(p, s);
	add_viewers(p, s);
	fanout_send(p);
	if (others > 0)
		presence_to_contacts_abroad(cause, s->account, p);
}

static void show_one(struct cause *cause, struct session *to, struct session *of)
{
	struct parcel *p = parcel_again(cause, of->presence);

	if (p == NULL)
		return;
	(void)deliver_one(p, to);
	parcel_unref(&p);
}

static void show_sessions(struct cause *cause, struct session *to, const struct account *of)
{
	const struct blocklist *unwanted = &to->account->blocklist;

	list_for_each(pos, &of->sessions) {
		struct session *s = container_of(pos, struct session, in_account);

		if (s != to && session_available(s) && !blocklist_blocks(unwanted, &s->jid))
			show_one(cause, to, s);
	}
}

struct welcome {
	struct cause *cause;
	struct session *session;
};

/* Whom he sees by a group, and is not shown as one whom he is subscribed to. */
static void show_seen(void *arg, struct account *a)
{
	const struct welcome *w = arg;
	struct session *s = w->session;
	const struct contact *c = roster_find(&s->account->roster, a->jid.bare);

	if ((c == NULL || !subscription_takes(c->state)) && !blocklist_blocks(&a->blocklist, &s->jid))
		show_sessions(w->cause, s, a);
}

void presence_welcome(struct cause *cause, struct session *s)
{
	struct welcome w = {cause, s};
	struct stanza probe = {.kind = STANZA_PRESENCE, .type = TYPE_PROBE, .from = s->jid.full};
	const struct account *own = s->account;
	struct map_walk walk;
	struct map_node *n;

	show_sessions(cause, s, own);
	map_walk_start(&walk, &own->roster.contacts);
	while ((n = map_walk_next(&walk)) != NULL) {
		const struct contact *c = container_of(n, struct contact, node);
		const struct account *a;

		if (!subscription_takes(c->state))
			continue;
		a = account_find(cause->router, c->jid);
		/* Both sides must agree that it may be seen. */
		if (a == NULL && !presence_blocks(own, c->jid))
			presence_send_abroad(cause, &probe, c->jid);
		else if (a != NULL && a != own && a->nsessions > 0 &&
			 presence_given(a, own->jid.bare) &&
			 !blocklist_blocks(&a->blocklist, &s->jid))
			show_sessions(cause, s, a);
	}
	sharing_each_seen(own, show_seen, &w);
}

static void send_to_ours(struct cause *cause, const struct stanza *stanza, const struct jid *to)
{
	struct account *a = account_find(cause->router, to->bare);
	struct session *s;
	struct jid from;

	if (a == NULL)
		return;
	jid_split(stanza->from, &from);
	if (blocklist_blocks(&a->blocklist, &from))
		return;
	if (to->resource.p == NULL) {
		(void)emit_to_account(cause, stanza, a, session_available);
		return;
	}
	s = account_session(a, to->resource);
	if (s != NULL)
		emit_to_session(cause, stanza, s);
}

/* Presence for a bare or full address, whoever that is. */
static void send_to(struct cause *cause, const struct stanza *stanza, struct str to)
{
	struct stanza copy = *stanza;
	struct jid jid;

	jid_split(to, &jid);
	if (domains_have(&cause->router->domains, jid.domain)) {
		send_to_ours(cause, stanza, &jid);
		return;
	}
	copy.to = to;
	(void)emit_abroad(cause, &copy);
}

struct withdrawal {
	struct cause *cause;
	struct session *session;
	const struct stanza *stanza;
	bool broadcast; /* it went to all who are subscribed */
};

/* Is that one resource of ours that only a stanza of its own reaches? */
static bool is_hidden(const struct router *r, const struct jid *jid)
{
	const struct session *s = jid->resource.p != NULL ? route_session(r, jid) : NULL;

	return s != NULL && !session_available(s);
}

/* Nobody gets it twice: not by the broadcast, and not by its bare address as well. */
static void withdraw_one(void *arg, struct str address)
{
	struct withdrawal *w = arg;
	const struct session *s = w->session;
	struct jid to;

	jid_split(address, &to);
	if (blocklist_blocks(&s->account->blocklist, &to))
		return;
	if (!is_hidden(w->cause->router, &to)) {
		if (w->broadcast && (presence_given(s->account, to.bare) ||
					    str_eq(to.bare, s->account->jid.bare)))
			return;
		if (to.resource.p != NULL && directed_has(&s->directed, to.bare))
			return;
	}
	send_to(w->cause, w->stanza, address);
}

static bool nobody_left(const struct account *a)
{
	list_for_each(pos, &a->sessions)
		if (session_available(container_of(pos, struct session, in_account)))
			return false;
	return true;
}

static struct str cut(struct str status)
{
	uint32_t len = status.len;

	if (len <= STATUS_MAX)
		return status;
	/* Not within a character of UTF-8. */
	for (len = STATUS_MAX; len > 0 && (status.p[len] & 0xc0) == 0x80; len--)
		;
	return str_make(status.p, len);
}

static void note(struct account *a, struct str status)
{
	struct store_tx *tx = store_begin(a->router->store);

	a->last_seen = clock_wall();
	free(a->last_status);
	a->last_status = status.len > 0 ? bh_strndup(status.p, status.len) : NULL;
	store_int(tx, a->last_seen);
	store_text(tx, str_of(a->last_status));
	store_text(tx, a->jid.bare);
	store_do(tx, SQL_ACCOUNT_SEEN);
	store_commit(tx, NULL, NULL);
}

/* When the last resource goes, the time and its last words are kept (4.3.2, XEP-0012). */
static void note_last(struct account *a, const struct stanza *gone)
{
	struct tree *tree = NULL;
	struct str status;

	if (!nobody_left(a))
		return;
	if (presence_child(gone, "status", &tree, &status) != 0)
		status = STR_NONE;
	note(a, cut(status));
	tree_free(&tree);
}

void presence_withdraw(struct cause *cause, struct session *s, struct parcel *p,
	const struct stanza *gone)
{
	struct withdrawal w = {cause, s, gone, .broadcast = session_available(s)};

	if (w.broadcast) {
		presence_broadcast(cause, s, p);
		parcel_unref(&s->presence);
		session_recount(s);
		note_last(s->account, gone);
	}
	directed_each(&s->directed, withdraw_one, &w);
	directed_clear(&s->directed);
}

void presence_session_gone(struct session *s)
{
	struct stanza gone = {.kind = STANZA_PRESENCE, .type = TYPE_UNAVAILABLE, .from = s->jid.full};
	/* What the server says at a session's end comes after its last number. */
	struct cause cause = {
		.router = s->origin->router,
		.origin = s->origin,
		.number = s->origin->number + 1,
	};
	struct parcel *p;

	if (!session_available(s) && s->directed.targets.count == 0)
		return;
	p = emit_parcel(&cause, &gone);
	if (p != NULL)
		presence_withdraw(&cause, s, p, &gone);
	parcel_unref(&p);
}

void presence_show_account(struct cause *cause, struct account *a, struct str to)
{
	if (presence_blocks(a, to))
		return;
	list_for_each(pos, &a->sessions) {
		struct session *s = container_of(pos, struct session, in_account);
		struct stanza stanza;

		if (!session_available(s) || stanza_decode(parcel_envelope(s->presence), &stanza) != 0)
			continue;
		stanza.from = s->jid.full;
		send_to(cause, &stanza, to);
	}
}

void presence_hide_account(struct cause *cause, struct account *a, struct str to)
{
	list_for_each(pos, &a->sessions) {
		struct session *s = container_of(pos, struct session, in_account);
		struct stanza gone = {
			.kind = STANZA_PRESENCE, .type = TYPE_UNAVAILABLE, .from = s->jid.full};

		if (session_available(s))
			send_to(cause, &gone, to);
	}
}
