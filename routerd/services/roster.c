/* Roster get and set (RFC 6121 2.2 to 2.6). */
#include "routerd/services/roster.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "bus/textlist.h"
#include "routerd/account.h"
#include "routerd/change.h"
#include "routerd/emit.h"
#include "routerd/keep.h"
#include "routerd/roster_edit.h"
#include "routerd/roster_view.h"
#include "routerd/subscribe.h"
#include "routerd/session_row.h"
#include "xmpp/names.h"

enum { TEXT_MAX = 1023 };

static bool owner_only(struct transit *t, enum service_place place)
{
	if (place == SERVICE_ACCOUNT && t->sender != NULL)
		return true;
	transit_error(t, STANZA_FORBIDDEN, "a roster is its owner's alone");
	return false;
}

static void send_whole(struct transit *t, const struct account *a, bool versioned)
{
	struct buf out = BUF_INIT;

	buf_put_lit(&out, "<query xmlns='" NS_ROSTER "'");
	if (versioned)
		roster_view_version(&out, a, a->roster.version, VERSION_LAST);
	buf_put_byte(&out, '>');
	roster_view_items(&out, a);
	buf_put_lit(&out, "</query>");
	if (buf_failed(&out))
		transit_error(t, STANZA_RESOURCE_CONSTRAINT, "out of memory");
	else
		transit_result(t, buf_str(&out));
	buf_fini(&out);
}

/* What has changed since a version: contacts, and removed ones (contact is NULL). */
struct delta {
	uint64_t version;
	const struct contact *contact;
	struct str jid;
};

struct deltas {
	struct delta *list;
	size_t n;
	uint64_t since;
};

static void note_removed(void *arg, struct str jid, uint64_t version)
{
	struct deltas *d = arg;

	if (version > d->since)
		d->list[d->n++] = (struct delta){.version = version, .jid = jid};
}

static int by_version(const void *a, const void *b)
{
	const struct delta *x = a, *y = b;

	return (x->version > y->version) - (x->version < y->version);
}

static void collect(const struct roster *r, struct deltas *d)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &r->contacts);
	while ((n = map_walk_next(&walk)) != NULL) {
		const struct contact *c = container_of(n, struct contact, node);

		if ((c->flags & CONTACT_LISTED) && c->version > d->since)
			d->list[d->n++] = (struct delta){c->version, c, c->jid};
	}
	roster_each_removed(r, note_removed, d);
	qsort(d->list, d->n, sizeof d->list[0], by_version);
}

static void push_delta(struct transit *t, const struct account *a, const struct delta *d)
{
	struct stanza s = {.kind = STANZA_IQ, .type = TYPE_SET, .from = a->jid.bare};
	struct contact_text own = {.jid = d->jid, .state = SUB_NONE};
	struct buf inner = BUF_INIT;
	char id[32];

	snprintf(id, sizeof id, "roster-%lu", (unsigned long)d->version);
	s.id = str_of(id);
	buf_put_lit(&inner, "<query xmlns='" NS_ROSTER "'");
	roster_view_version(&inner, a, d->version, VERSION_LAST);
	buf_put_byte(&inner, '>');
	if (d->contact != NULL)
		own = contact_text(d->contact);
	roster_view_item(&inner, a, &own);
	buf_put_lit(&inner, "</query>");
	s.inner = buf_str(&inner);
	if (!buf_failed(&inner))
		emit_to_session(&t->cause, &s, t->sender);
	buf_fini(&inner);
}

/* An empty result, and then pushes in the order of their versions (2.6.3). */
static void send_delta(struct transit *t, const struct account *a, uint64_t since)
{
	struct deltas d = {.since = since};

	transit_result(t, STR_LIT(""));
	d.list = calloc(a->roster.contacts.count + a->roster.removed.count + 1, sizeof d.list[0]);
	if (d.list == NULL)
		return;
	collect(&a->roster, &d);
	for (size_t i = 0; i < d.n; i++)
		push_delta(t, a, &d.list[i]);
	free(d.list);
}

void roster_get(struct transit *t, enum service_place place, const struct tree_node *child)
{
	struct str ver = tree_attr(child, "ver");
	const struct account *a;
	uint64_t since;

	if (!owner_only(t, place))
		return;
	a = t->sender->account;
	session_set(t->sender, &t->sender->wants_roster, true, &t->cause);
	if (child->children != NULL)
		transit_error(t, STANZA_BAD_REQUEST, "a roster is asked for as a whole");
	else if (ver.len > 0 && roster_view_parse(a, ver, &since) &&
		 since <= a->roster.version && since >= a->roster.floor)
		send_delta(t, a, since);
	else
		send_whole(t, a, ver.p != NULL);
}

/* A roster set's item, read and judged. */
struct item {
	char jid_text[JID_MAX + 1];
	struct jid jid;
	struct str name;
	struct buf groups; /* a textlist */
	unsigned ngroups;
	bool remove;
};

static bool has_group(const struct item *item, struct str group)
{
	struct str list = buf_str(&item->groups), one;

	while (textlist_take(&list, &one))
		if (str_eq(one, group))
			return true;
	return false;
}

/* 2.3.3.  0, or the error for the sender, and *text. */
static unsigned read_group(struct item *item, const struct tree_node *group, unsigned most,
	const char **text)
{
	if (!str_is(group->name, "group") || !str_is(group->ns, NS_ROSTER))
		return 0;
	if (group->text.len == 0 || group->text.len > TEXT_MAX) {
		*text = "a group's name has 1 to 1023 bytes";
		return STANZA_NOT_ACCEPTABLE;
	}
	if (has_group(item, group->text)) {
		*text = "a group stands there twice";
		return STANZA_BAD_REQUEST;
	}
	if (item->ngroups++ >= most) {
		*text = "routerd.roster_groups: too many groups";
		return STANZA_NOT_ACCEPTABLE;
	}
	textlist_put(&item->groups, group->text);
	return buf_failed(&item->groups) ? STANZA_RESOURCE_CONSTRAINT : 0;
}

static unsigned read_item(struct transit *t, struct item *item, const struct tree_node *query,
	const char **text)
{
	const struct tree_node *n = query->children;
	unsigned error = 0;

	if (n == NULL || n->next != NULL || !str_is(n->name, "item") || !str_is(n->ns, NS_ROSTER)) {
		*text = "one item at a time";
		return STANZA_BAD_REQUEST;
	}
	if (tree_attr(n, "jid").p == NULL) {
		*text = "the item has no address";
		return STANZA_BAD_REQUEST;
	}
	if (jid_prepare(tree_attr(n, "jid"), item->jid_text, &item->jid) != 0)
		return STANZA_JID_MALFORMED;
	item->remove = str_is(tree_attr(n, "subscription"), "remove");
	item->name = tree_attr(n, "name");
	if (item->name.len > TEXT_MAX) {
		*text = "a name has at most 1023 bytes";
		return STANZA_NOT_ACCEPTABLE;
	}
	for (n = n->children; n != NULL && error == 0; n = n->next)
		error = read_group(item, n, t->cause.router->limits.roster_groups, text);
	return error;
}

static void on_contact_ready(void *arg)
{
	struct kept *k = arg;
	struct transit t;

	kept_restore(k, &t);
	if (t.sender != NULL)
		(void)services_answer(&t, SERVICE_ACCOUNT);
	kept_end(&k);
}

/* Who is there by a group stays as long as that says so. */
static void refuse_removal(struct transit *t, const struct account *a, const struct item *item)
{
	if (roster_view_shares(a, item->jid.bare))
		transit_error(t, STANZA_NOT_ALLOWED, "the contact is in a group of the directory");
	else
		transit_error(t, STANZA_ITEM_NOT_FOUND, NULL);
}

/* 2.5: both subscriptions end with it.  The contact's side must be in memory to hear of it. */
static void remove_contact(struct transit *t, struct account *a, const struct item *item)
{
	struct contact *contact = roster_find(&a->roster, item->jid.bare);
	struct account *other;
	struct change *c;

	if (contact == NULL || !(contact->flags & CONTACT_LISTED)) {
		refuse_removal(t, a, item);
		return;
	}
	other = contact->state != SUB_NONE ? account_of_ours(a->router, contact->jid) : NULL;
	if (other != NULL && !account_ready(other)) {
		account_when_ready(other, on_contact_ready, transit_keep(t));
		return;
	}
	c = change_begin(t);
	subscribe_cancel(c, a, contact);
	roster_edit_remove(c, a, contact);
	change_then_result(c, t, STR_LIT(""));
	change_commit(&c);
}

static void refuse_full(struct transit *t)
{
	char limit[80];

	snprintf(limit, sizeof limit, "routerd.roster_contacts: at most %u contacts",
		t->cause.router->limits.roster_contacts);
	transit_error(t, STANZA_RESOURCE_CONSTRAINT, limit);
}

/* Nothing is left of what is his own of a contact that he sees by a group. */
static bool is_nothing(const struct account *a, const struct contact_text *text)
{
	return text->state == SUB_NONE && !(text->flags & CONTACT_APPROVED) && text->name.len == 0 &&
	       text->groups.len == 0 && roster_view_shares(a, text->jid);
}

/* 0, or as roster_edit(). */
static int put_own_part(struct change *c, struct account *a, const struct contact_text *text)
{
	struct contact *contact = roster_find(&a->roster, text->jid);

	if (!is_nothing(a, text))
		return roster_edit(c, a, text);
	if (contact != NULL)
		roster_edit_remove(c, a, contact);
	return 0;
}

static void put_contact(struct transit *t, struct account *a, const struct item *item)
{
	const struct contact *contact = roster_find(&a->roster, item->jid.bare);
	struct contact_text text = {.jid = item->jid.bare, .state = SUB_NONE};
	struct buf groups = BUF_INIT;
	struct change *c;

	if (contact != NULL)
		text = contact_text(contact);
	text.name = item->name;
	text.groups = buf_str(&item->groups);
	text.flags |= CONTACT_LISTED;
	roster_view_own_part(a, &text, &groups);
	c = change_begin(t);
	if (put_own_part(c, a, &text) == 0) {
		change_then_result(c, t, STR_LIT(""));
		change_commit(&c);
	} else {
		change_drop(&c);
		refuse_full(t);
	}
	buf_fini(&groups);
}

void roster_set(struct transit *t, enum service_place place, const struct tree_node *child)
{
	struct item item = {.groups = BUF_INIT};
	const char *text = NULL;
	unsigned error;

	if (!owner_only(t, place))
		return;
	error = read_item(t, &item, child, &text);
	if (error == 0 && str_eq(item.jid.bare, t->sender->account->jid.bare)) {
		/* Nobody subscribes to oneself: an entry could never mean anything. */
		error = STANZA_NOT_ALLOWED;
		text = "one is no contact of one's own";
	}
	if (error != 0)
		transit_error(t, error, text);
	else if (item.remove)
		remove_contact(t, t->sender->account, &item);
	else
		put_contact(t, t->sender->account, &item);
	buf_fini(&item.groups);
}
