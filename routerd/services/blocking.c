/* The blocklist: shown, added to, taken from, and pushed (XEP-0191 3). */
#include "routerd/services/blocking.h"

#include <stdio.h>

#include "base/err.h"
#include "base/rand.h"
#include "routerd/account.h"
#include "routerd/change.h"
#include "routerd/data.h"
#include "routerd/emit.h"
#include "routerd/presence.h"
#include "routerd/session_row.h"
#include "routerd/sharing.h"
#include "xmpp/escape.h"
#include "xmpp/names.h"

static void put_item(void *out, struct str address)
{
	buf_put_lit((struct buf *)out, "<item");
	escape_put_attribute(out, "jid", address);
	buf_put_lit((struct buf *)out, "/>");
}

void blocking_get(struct transit *t, enum service_place place, const struct tree_node *child)
{
	struct buf out = BUF_INIT;

	(void)place, (void)child;
	if (t->sender == NULL) {
		transit_error(t, STANZA_FORBIDDEN, NULL);
		return;
	}
	session_set(t->sender, &t->sender->wants_blocklist, true, &t->cause);
	buf_put_lit(&out, "<blocklist xmlns='" NS_BLOCKING "'>");
	blocklist_each(&t->sender->account->blocklist, put_item, &out);
	buf_put_lit(&out, "</blocklist>");
	if (buf_failed(&out))
		transit_error(t, STANZA_RESOURCE_CONSTRAINT, "out of memory");
	else
		transit_result(t, buf_str(&out));
	buf_fini(&out);
}

/* The clients that have asked for the list hear what has changed in it (3.3, 3.4). */
static void push_then(struct change *c, struct transit *t)
{
	struct stanza s = {.kind = STANZA_IQ, .type = TYPE_SET, .inner = t->stanza.inner,
		.from = t->sender->account->jid.bare};
	char id[25];

	rand_hex(id, 12);
	s.id = str_of(id);
	change_then(c, THEN_TO_BLOCKERS, t->sender->account, &s);
}

/* What becomes of the account's presence, for those whom an entry is about: they may be a whole domain. */
struct effect {
	struct change *change;
	struct account *account;
	struct str entry;
	unsigned kind;
};

static void affect(const struct effect *e, struct str bare)
{
	struct stanza s = {.kind = STANZA_PRESENCE, .from = e->account->jid.bare, .to = bare};
	struct jid jid;

	jid_split(bare, &jid);
	if (str_eq(jid.bare, e->entry) || str_eq(jid.domain, e->entry))
		change_then(e->change, e->kind, e->account, &s);
}

/* Who sees it by a group, and is not subscribed besides. */
static void affect_viewer(void *arg, struct account *viewer)
{
	const struct effect *e = arg;

	if (!presence_subscribed(e->account, viewer->jid.bare))
		affect(e, viewer->jid.bare);
}

/* Those who see the account stop seeing it, or see it again. */
static void presence_then(struct change *c, struct account *a, struct str entry, unsigned kind)
{
	struct effect e = {c, a, entry, kind};
	struct map_walk walk;
	struct map_node *n;
	struct jid what;

	jid_split(entry, &what);
	if (what.resource.p != NULL)
		return;
	map_walk_start(&walk, &a->roster.contacts);
	while ((n = map_walk_next(&walk)) != NULL) {
		const struct contact *contact = container_of(n, struct contact, node);

		if (subscription_gives(contact->state))
			affect(&e, contact->jid);
	}
	sharing_each_viewer(a, affect_viewer, &e);
}

static void store_entry(struct change *c, const struct account *a, struct str entry, unsigned statement)
{
	store_text(change_tx(c), a->jid.bare);
	store_text(change_tx(c), entry);
	store_do(change_tx(c), statement);
}

static void block_one(struct change *c, struct account *a, struct str entry)
{
	if (blocklist_add(&a->blocklist, entry) != 0)
		return;
	store_entry(c, a, entry, SQL_BLOCKED_ADD);
	presence_then(c, a, entry, THEN_HIDE);
}

static void unblock_one(struct change *c, struct account *a, struct str entry)
{
	if (blocklist_remove(&a->blocklist, entry) != 0)
		return;
	store_entry(c, a, entry, SQL_BLOCKED_DELETE);
	presence_then(c, a, entry, THEN_SHOW);
}

struct unblocking {
	struct change *change;
	struct account *account;
};

static void show_again(void *arg, struct str entry)
{
	struct unblocking *u = arg;

	presence_then(u->change, u->account, entry, THEN_SHOW);
}

static void unblock_all(struct change *c, struct account *a)
{
	struct unblocking u = {c, a};

	blocklist_each(&a->blocklist, show_again, &u);
	blocklist_clear(&a->blocklist);
	store_text(change_tx(c), a->jid.bare);
	store_do(change_tx(c), SQL_BLOCKED_ALL_DELETE);
}

/* All items are read before the first is applied: half a request changes nothing. */
static unsigned judge(const struct transit *t, const struct tree_node *child, unsigned *count)
{
	char text[JID_MAX + 1];
	struct jid jid;

	*count = 0;
	for (const struct tree_node *n = child->children; n != NULL; n = n->next) {
		if (!str_is(n->name, "item") || !str_is(n->ns, NS_BLOCKING) ||
			tree_attr(n, "jid").p == NULL)
			return STANZA_BAD_REQUEST;
		if (jid_prepare(tree_attr(n, "jid"), text, &jid) != 0)
			return STANZA_JID_MALFORMED;
		++*count;
	}
	return t->sender != NULL ? 0 : STANZA_FORBIDDEN;
}

static void apply(struct transit *t, const struct tree_node *child,
	void (*one)(struct change *c, struct account *a, struct str entry))
{
	struct account *a = t->sender->account;
	struct change *c = change_begin(t);
	char text[JID_MAX + 1];
	struct jid jid;

	change_touch(c, a);
	for (const struct tree_node *n = child->children; n != NULL; n = n->next)
		if (jid_prepare(tree_attr(n, "jid"), text, &jid) == 0)
			one(c, a, jid.full);
	if (child->children == NULL)
		unblock_all(c, a);
	change_then_result(c, t, STR_LIT(""));
	push_then(c, t);
	change_commit(&c);
}

void blocking_block(struct transit *t, enum service_place place, const struct tree_node *child)
{
	uint32_t most = t->cause.router->limits.blocklist;
	unsigned count, error = judge(t, child, &count);
	char text[64];

	(void)place;
	if (error == 0 && count == 0)
		error = STANZA_BAD_REQUEST;
	if (error != 0) {
		transit_error(t, error, NULL);
	} else if (t->sender->account->blocklist.entries.count + count > most) {
		snprintf(text, sizeof text, "routerd.blocklist: at most %u addresses", most);
		transit_error(t, STANZA_RESOURCE_CONSTRAINT, text);
	} else {
		apply(t, child, block_one);
	}
}

void blocking_unblock(struct transit *t, enum service_place place, const struct tree_node *child)
{
	unsigned count, error = judge(t, child, &count);

	(void)place;
	if (error != 0)
		transit_error(t, error, NULL);
	else
		apply(t, child, unblock_one);
}
