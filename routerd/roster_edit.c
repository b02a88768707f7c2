/* One contact changes: in memory, in the store, and in the eyes of its owner's clients. */
#include "routerd/roster_edit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "routerd/data.h"
#include "routerd/roster_view.h"

static void push_then(struct change *c, struct account *a, const struct contact_text *text)
{
	struct buf inner = BUF_INIT;
	struct stanza s = {.kind = STANZA_IQ, .type = TYPE_SET, .from = a->jid.bare};
	char id[32];

	snprintf(id, sizeof id, "roster-%" PRIu64, a->roster.version);
	s.id = str_of(id);
	roster_view_push(&inner, a, text, roster_view_step(a));
	s.inner = buf_str(&inner);
	if (!buf_failed(&inner))
		change_then(c, THEN_TO_INTERESTED, a, &s);
	buf_fini(&inner);
}

static void store_version(struct store_tx *tx, const struct account *a)
{
	store_int(tx, (int64_t)a->roster.version);
	store_int(tx, (int64_t)a->roster.floor);
	store_text(tx, a->jid.bare);
	store_do(tx, SQL_ROSTER_VERSION);
}

static void store_contact(struct store_tx *tx, const struct account *a, const struct contact_text *text)
{
	store_text(tx, a->jid.bare);
	store_text(tx, text->jid);
	store_int(tx, (int64_t)text->version);
	store_int(tx, text->state);
	store_int(tx, text->flags);
	store_text(tx, text->name);
	store_blob(tx, text->groups);
	store_blob(tx, text->request);
	store_do(tx, SQL_CONTACT_PUT);
}

static void store_pair(struct store_tx *tx, const struct account *a, struct str jid, unsigned statement)
{
	store_text(tx, a->jid.bare);
	store_text(tx, jid);
	store_do(tx, statement);
}

/* What was removed is remembered for a while; the oldest of too many is not (2.6). */
static void remember_removal(struct store_tx *tx, struct account *a, struct str jid)
{
	struct roster *r = &a->roster;

	roster_remember(r, jid, r->version);
	store_text(tx, a->jid.bare);
	store_text(tx, jid);
	store_int(tx, (int64_t)r->version);
	store_do(tx, SQL_REMOVED_PUT);
	if (r->removed.count <= ROSTER_REMOVED_MAX)
		return;
	roster_raise_floor(r, r->version - ROSTER_REMOVED_MAX / 2);
	store_text(tx, a->jid.bare);
	store_int(tx, (int64_t)r->floor);
	store_do(tx, SQL_REMOVED_EXPIRE);
}

static bool same(const struct contact_text *a, const struct contact_text *b)
{
	return a->state == b->state && a->flags == b->flags && str_eq(a->name, b->name) &&
	       str_eq(a->groups, b->groups) && str_eq(a->request, b->request) &&
	       (a->name.p == NULL) == (b->name.p == NULL);
}

/* Does a client see a difference? */
static bool shown_differs(const struct contact_text *a, const struct contact_text *b)
{
	return a->flags != b->flags || !str_eq(a->name, b->name) || !str_eq(a->groups, b->groups) ||
	       subscription_asked(a->state) != subscription_asked(b->state) ||
	       strcmp(subscription_shown(a->state), subscription_shown(b->state)) != 0;
}

/* Neither in the roster nor anything between the two: forgotten. */
static void forget(struct change *c, struct account *a, struct contact *contact)
{
	store_pair(change_tx(c), a, contact->jid, SQL_CONTACT_DELETE);
	change_touch(c, a);
	roster_remove(&a->roster, contact);
}

static int put(struct change *c, struct account *a, const struct contact_text *old,
	const struct contact_text *text)
{
	struct contact_text now = *text;
	bool shown = (text->flags & CONTACT_LISTED) && shown_differs(old, text);
	struct contact *contact;
	struct store_tx *tx;

	now.version = shown ? a->roster.version + 1 : old->version;
	contact = roster_put(&a->roster, &now);
	if (contact == NULL)
		return BH_ENOMEM;
	tx = change_tx(c);
	now = contact_text(contact);
	change_touch(c, a);
	store_contact(tx, a, &now);
	if (!shown)
		return 0;
	a->roster.version++;
	if (roster_unremember(&a->roster, now.jid))
		store_pair(tx, a, now.jid, SQL_REMOVED_DELETE);
	store_version(tx, a);
	push_then(c, a, &now);
	return 0;
}

bool roster_edit_fits(const struct account *a, struct str jid)
{
	return a->roster.contacts.count < a->router->limits.roster_contacts ||
	       roster_find(&a->roster, jid) != NULL;
}

int roster_edit(struct change *c, struct account *a, const struct contact_text *text)
{
	struct contact *contact = roster_find(&a->roster, text->jid);
	struct contact_text old = {.state = SUB_NONE};
	bool gone = text->state == SUB_NONE && !(text->flags & (CONTACT_LISTED | CONTACT_APPROVED));

	if (contact == NULL && gone)
		return 0;
	if (!roster_edit_fits(a, text->jid))
		return BH_EBUSY;
	if (contact != NULL)
		old = contact_text(contact);
	if (contact != NULL && same(&old, text))
		return 0;
	if (gone && !(old.flags & CONTACT_LISTED)) {
		forget(c, a, contact);
		return 0;
	}
	return put(c, a, &old, text);
}

void roster_edit_remove(struct change *c, struct account *a, struct contact *contact)
{
	struct contact_text text = {.jid = contact->jid, .state = SUB_NONE};
	struct store_tx *tx = change_tx(c);

	change_touch(c, a);
	a->roster.version++;
	store_pair(tx, a, text.jid, SQL_CONTACT_DELETE);
	remember_removal(tx, a, text.jid);
	store_version(tx, a);
	push_then(c, a, &text);
	roster_remove(&a->roster, contact);
}
