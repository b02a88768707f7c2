/* One contact after another, then the rows of everything else. */
#include "routerd/rename.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/rand.h"
#include "daemon/log.h"
#include "routerd/account.h"
#include "routerd/change.h"
#include "routerd/data.h"
#include "routerd/domains.h"
#include "routerd/emit.h"
#include "routerd/ending.h"
#include "routerd/erase.h"
#include "routerd/front.h"
#include "routerd/roster_edit.h"
#include "routerd/subscribe.h"
#include "xmpp/escape.h"
#include "xmpp/names.h"

/* For its sessions, which have been told to end. */
enum { LEAVING_MS = 10000 };

/* What a contact says, in memory of its own: the contact goes before the new one comes, since a roster may be full. */
static struct contact_text copy(struct buf *memory, const struct contact *c)
{
	struct contact_text text = contact_text(c);
	struct str *const parts[] = {&text.jid, &text.name, &text.groups, &text.request};
	size_t at = 0;

	buf_clear(memory);
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		buf_put_str(memory, *parts[i]);
	for (size_t i = 0; i < sizeof parts / sizeof parts[0] && !buf_failed(memory); i++) {
		if (parts[i]->p != NULL)
			parts[i]->p = (const char *)memory->data + at;
		at += parts[i]->len;
	}
	return text;
}

/* A request that waits for the account's answer was for its old address. */
static void readdress(struct contact_text *text, struct str to, struct buf *memory)
{
	struct stanza s;

	if (text->request.len == 0 || stanza_decode(text->request, &s) != 0)
		return;
	s.to = to;
	stanza_encode(memory, &s);
	if (!buf_failed(memory))
		text->request = buf_str(memory);
}

static void show_then(struct change *c, struct account *of, struct str to)
{
	struct stanza s = {.kind = STANZA_PRESENCE, .from = of->jid.bare, .to = to};

	change_then(c, THEN_SHOW, of, &s);
}

/* In the roster of a contact of ours. */
static void replace_there(struct change *c, const struct ending *e, struct account *contact)
{
	struct contact *old = roster_find(&contact->roster, e->account->jid.bare);
	struct buf memory = BUF_INIT;
	struct contact_text text;

	if (old == NULL)
		return;
	text = copy(&memory, old);
	if (old->flags & CONTACT_LISTED) {
		roster_edit_remove(c, contact, old);
	} else {
		(void)roster_edit(c, contact, &(struct contact_text){.jid = old->jid, .state = SUB_NONE});
	}
	text.jid = e->other->jid.bare;
	if (!buf_failed(&memory) && roster_edit(c, contact, &text) == 0 && subscription_gives(text.state))
		show_then(c, contact, text.jid);
	buf_fini(&memory);
}

/* false: there is no room for it, or something of that address is there. */
static bool take_over(struct change *c, const struct ending *e, const struct contact *contact, bool ours)
{
	struct contact_text text = contact_text(contact);
	struct buf request = BUF_INIT;
	bool taken = roster_find(&e->other->roster, contact->jid) == NULL;

	if (!ours) {
		text.state = SUB_NONE;
		text.request = STR_NONE;
		text.flags &= CONTACT_LISTED;
	}
	readdress(&text, e->other->jid.bare, &request);
	taken = taken && roster_edit(c, e->other, &text) == 0;
	if (taken && subscription_gives(text.state))
		show_then(c, e->other, contact->jid);
	buf_fini(&request);
	return taken;
}

static void move_contact(struct ending *e, struct contact *contact, struct account *other)
{
	struct cause cause = cause_of_server(e->router);
	struct change *c = change_begin_for(&cause);
	bool ours = other != NULL && other->state == ACCOUNT_THERE && other != e->account && other != e->other;
	bool taken = other != e->account && other != e->other && take_over(c, e, contact, ours);

	if (taken && ours)
		replace_there(c, e, other);
	else
		subscribe_cancel(c, e->account, contact);
	roster_edit_remove(c, e->account, contact);
	change_commit(&c);
}

/* false: one of them has to be loaded first. */
static bool move_contacts(struct ending *e)
{
	struct roster *roster = &e->account->roster;
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &roster->contacts);
	while ((n = map_walk_next(&walk)) != NULL) {
		struct contact *contact = container_of(n, struct contact, node);
		struct account *other = account_of_ours(e->router, contact->jid);

		if (other != NULL && !ending_ready(e, other))
			return false;
		move_contact(e, contact, other);
	}
	return true;
}

static void push_block(struct router *r, struct account *a, struct str address)
{
	struct cause cause = cause_of_server(r);
	struct buf inner = BUF_INIT;
	struct stanza s = {.kind = STANZA_IQ, .type = TYPE_SET, .from = a->jid.bare};
	char id[25];

	rand_hex(id, 12);
	s.id = str_of(id);
	buf_put_lit(&inner, "<block xmlns='" NS_BLOCKING "'><item");
	escape_put_attribute(&inner, "jid", address);
	buf_put_lit(&inner, "/></block>");
	s.inner = buf_str(&inner);
	if (!buf_failed(&inner))
		(void)emit_to_account(&cause, &s, a, session_wants_blocklist);
	buf_fini(&inner);
}

/* Who has blocked the old address blocks the new one: here those that are in memory, in the store all. */
static void keep_blocked(const struct ending *e)
{
	struct str old = e->account->jid.bare, new = e->other->jid.bare;
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &e->router->accounts);
	while ((n = map_walk_next(&walk)) != NULL) {
		struct account *a = container_of(n, struct account, node);

		if (a->state == ACCOUNT_THERE && blocklist_has(&a->blocklist, old) && blocklist_add(&a->blocklist, new) == 0)
			push_block(e->router, a, new);
	}
}

static void move_rows(struct ending *e)
{
	static const unsigned statements[] = {
		SQL_BLOCKED_RENAMED, SQL_BLOCKED_MOVE, SQL_OFFLINE_MOVE, SQL_IMPORTED_MOVE, SQL_VCARD_MOVE, SQL_PRIVATE_MOVE};
	struct store_tx *tx = store_begin(e->router->store);

	for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
		store_text(tx, e->other->jid.bare);
		store_text(tx, e->account->jid.bare);
		store_do(tx, statements[i]);
	}
	erase_rows(e->account, tx);
	store_commit(tx, NULL, NULL);
	account_reload(e->other);
}

static bool is_occupied(const struct ending *e)
{
	return (e->account->nsessions > 0 || !list_empty(&e->account->connections)) &&
	       clock_ms() - e->begun_ms < LEAVING_MS;
}

static void make(struct ending *e)
{
	struct store_tx *tx = store_begin(e->router->store);

	e->made = true;
	store_text(tx, e->other->jid.bare);
	store_int(tx, (int64_t)clock_wall_us());
	store_do(tx, SQL_ACCOUNT_ADD);
	store_commit(tx, NULL, NULL);
	account_load(e->other);
}

/* Nobody needs to have logged in there yet.  false: not now. */
static bool have_other(struct ending *e)
{
	if (e->other == NULL) {
		e->other = account_get(e->router, str_of(e->other_name));
		if (e->other == NULL)
			return false;
		account_hold(e->other);
	}
	if (!ending_ready(e, e->other))
		return false;
	if (e->other->state != ACCOUNT_THERE && !e->made)
		make(e);
	return ending_ready(e, e->other);
}

static bool move(struct ending *e)
{
	if (!ending_is_meant(e))
		return true;
	if (is_occupied(e) || !have_other(e))
		return false;
	if (e->other->state != ACCOUNT_THERE) {
		log_error("account-not-moved", "account=%s to=%s", LOG_TEXT(e->name), LOG_TEXT(e->other_name));
		return true;
	}
	if (!move_contacts(e))
		return false;
	keep_blocked(e);
	move_rows(e);
	log_info("account-moved", "account=%s to=%s", LOG_TEXT(e->name), LOG_TEXT(e->other_name));
	return true;
}

int on_account_renamed(const struct bus_event *event)
{
	struct router *r = front_of(event)->router;
	struct msg_account_renamed m;
	struct jid from, to;

	if (bus_get_account_renamed(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (domains_in_directory(&r->domains, m.account, &from) &&
		domains_in_directory(&r->domains, m.to, &to) && !str_eq(from.bare, to.bare))
		ending_begin(r, &(struct ending_spec){
			.run = move, .name = from.bare, .other = to.bare, .before = m.generation});
	return 0;
}
