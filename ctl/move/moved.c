/* An account is filled. */
#include "ctl/move/moved.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/list.h"
#include "bus/textlist.h"
#include "ctl/move/element.h"
#include "xmpp/inner.h"
#include "xmpp/names.h"
#include "xmpp/stanza.h"
#include "xmpp/tree.h"
#include "xmpp/xmlcheck.h"

#define NS_EJABBERD_BAN "ejabberd:banned"

/* REASON_MAX: as `user disable` has it. */
enum { NOTES_MAX = 2000, PASSWORD_MAX_BYTES = 1024, SALT_MAX = 64, REASON_MAX = 200 };

struct moved_contact {
	struct map_node node;
	char *jid;
	char *name; /* or NULL */
	uint8_t flags;
	struct buf groups, request;
};

void moved_init(struct moved *m, struct str local, struct str domain)
{
	char text[2 * JID_PART_MAX + 2];

	*m = (struct moved){.contacts = MAP_INIT};
	snprintf(text, sizeof text, "%.*s@%.*s", STR_FMT(local), STR_FMT(domain));
	if (local.len > JID_PART_MAX || domain.len > JID_PART_MAX || local.len == 0 ||
		memchr(local.p, '\0', local.len) != NULL || jid_prepare(str_of(text), m->name, &m->jid) != 0 || m->jid.local.p == NULL || m->jid.resource.p != NULL) {
		snprintf(m->name, sizeof m->name, "%s", text);
		moved_refuse(m, "that is no address of a user (RFC 7622)");
	}
}

static void keys_fini(struct moved_keys *k)
{
	buf_fini_secret(&k->salt);
	buf_fini_secret(&k->stored);
	buf_fini_secret(&k->server);
}

static void drop_contacts(struct moved *m)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &m->contacts);
	while ((n = map_walk_next(&walk)) != NULL) {
		struct moved_contact *c = container_of(n, struct moved_contact, node);

		map_remove(&m->contacts, n);
		buf_fini(&c->groups);
		buf_fini(&c->request);
		free(c->name);
		free(c->jid);
		free(c);
	}
	map_fini(&m->contacts);
	m->contacts = MAP_INIT;
}

void moved_fini(struct moved *m)
{
	drop_contacts(m);
	buf_fini_secret(&m->password);
	for (int i = 0; i < MOVED_HASHES; i++)
		keys_fini(&m->keys[i]);
	buf_fini(&m->reason);
	buf_fini(&m->data);
	buf_fini(&m->notes);
}

void moved_refuse(struct moved *m, const char *fmt, ...)
{
	va_list ap;

	if (m->refused[0] != '\0')
		return;
	va_start(ap, fmt);
	vsnprintf(m->refused, sizeof m->refused, fmt, ap);
	va_end(ap);
}

void moved_note(struct moved *m, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (m->notes.len + strlen(text) <= NOTES_MAX)
		buf_printf(&m->notes, "%s%s", m->notes.len > 0 ? "; " : "", text);
}

/* ---- what he logs in with ------------------------------------------------------------------------ */

void moved_password(struct moved *m, struct str password)
{
	buf_clear(&m->password);
	buf_put_str(&m->password, password);
	if (password.len == 0 || password.len > PASSWORD_MAX_BYTES)
		moved_refuse(m, "its password is empty or longer than %d bytes", PASSWORD_MAX_BYTES);
}

bool moved_scram(struct moved *m, uint64_t iterations, struct str salt, struct str stored, struct str server)
{
	struct moved_keys *k = &m->keys[stored.len == 20 ? MOVED_SHA1 : MOVED_SHA256];

	if ((stored.len != 20 && stored.len != 32) || server.len != stored.len || salt.len == 0 || salt.len > SALT_MAX ||
		iterations == 0 || iterations > UINT32_MAX) {
		moved_refuse(m, "its SCRAM keys are of no hash that is known here (SHA-1, SHA-256), or malformed");
		return false;
	}
	keys_fini(k);
	k->iterations = (uint32_t)iterations;
	buf_put_str(&k->salt, salt);
	buf_put_str(&k->stored, stored);
	buf_put_str(&k->server, server);
	return true;
}

/* The longest beginning of at most max bytes that cuts no character of UTF-8. */
static struct str cut(struct str text, uint32_t max)
{
	uint32_t n = text.len < max ? text.len : max;

	while (n > 0 && n < text.len && ((uint8_t)text.p[n] & 0xc0) == 0x80)
		n--;
	return str_make(text.p, n);
}

void moved_disable(struct moved *m, struct str reason)
{
	if (m->disabled)
		return;
	m->disabled = true;
	if (reason.len > 0 && xmlcheck_text(reason))
		buf_put_str(&m->reason, cut(reason, REASON_MAX));
	moved_note(m, "it is disabled");
}

/* ---- contacts ------------------------------------------------------------------------------------- */

/* The contact of that address, which is new or known; NULL where it can be none. */
static struct moved_contact *contact(struct moved *m, struct str address)
{
	char text[JID_MAX + 1];
	struct moved_contact *c;
	struct map_node *n;
	struct jid jid;

	if (jid_prepare(address, text, &jid) != 0) {
		moved_note(m, "the contact \"%.*s\" is no address", STR_FMT(address));
		return NULL;
	}
	if (str_eq(jid.bare, m->jid.bare))
		return NULL; /* one sees oneself without it */
	n = map_find(&m->contacts, jid.bare.p, jid.bare.len);
	if (n != NULL)
		return container_of(n, struct moved_contact, node);
	c = bh_alloc(sizeof *c);
	c->jid = bh_strndup(jid.bare.p, jid.bare.len);
	if (map_add(&m->contacts, &c->node, c->jid, jid.bare.len) == 0)
		return c;
	free(c->jid);
	free(c);
	return NULL;
}

static uint8_t subscription_flags(struct str subscription)
{
	if (str_is(subscription, "both"))
		return USER_TO | USER_FROM;
	if (str_is(subscription, "to"))
		return USER_TO;
	return str_is(subscription, "from") ? USER_FROM : 0;
}

/* Names of a file that is no XML may have anything in them. */
static bool nameable(struct moved *m, const struct moved_contact *c, struct str name)
{
	bool good = name.len > 0 && xmlcheck_text(name) && memchr(name.p, '\0', name.len) == NULL;

	if (!good && name.len > 0)
		moved_note(m, "a name or group of %s has characters that XML cannot have", c->jid);
	return good;
}

void moved_contact(struct moved *m, const struct moved_item *item)
{
	struct moved_contact *c = str_is(item->subscription, "remove") ? NULL : contact(m, item->jid);
	struct str groups = item->groups, group;

	if (c == NULL)
		return;
	c->flags |= USER_LISTED | item->flags | subscription_flags(item->subscription);
	if (c->name == NULL && nameable(m, c, item->name))
		c->name = bh_strndup(item->name.p, item->name.len);
	buf_clear(&c->groups);
	while (textlist_take(&groups, &group))
		if (nameable(m, c, group))
			textlist_put(&c->groups, group);
}

struct requesting {
	struct moved *moved;
	struct moved_contact *contact;
};

/* As routerd keeps a request that it has got itself. */
static void keep_request(struct requesting *r, const struct stanza *from)
{
	struct stanza s = *from;

	s.kind = STANZA_PRESENCE;
	s.type = TYPE_SUBSCRIBE;
	s.from = STR_NONE;
	s.to = r->moved->jid.bare;
	buf_clear(&r->contact->request);
	stanza_encode(&r->contact->request, &s);
}

static void on_request(void *arg, const struct element *e)
{
	struct requesting *r = arg;

	if (e->stanza.kind == STANZA_PRESENCE)
		keep_request(r, &e->stanza);
}

void moved_request(struct moved *m, struct str from, struct str presence)
{
	struct requesting r = {m, contact(m, from)};

	if (r.contact == NULL)
		return;
	r.contact->flags |= USER_ASKS;
	keep_request(&r, &(struct stanza){.kind = STANZA_PRESENCE});
	if (presence.len > 0)
		(void)element_read(presence, on_request, &r);
}

static void put_contact(struct moved *m, const struct moved_contact *c)
{
	user_datum_put(&m->data, &(struct user_datum){
		.kind = USER_CONTACT,
		.flags = c->flags,
		.jid = str_of(c->jid),
		.name = str_of(c->name),
		.more = buf_str(&c->groups),
		.xml = c->request.len > 0 ? buf_str(&c->request) : STR_NONE,
	});
}

void moved_end(struct moved *m)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &m->contacts);
	while ((n = map_walk_next(&walk)) != NULL)
		put_contact(m, container_of(n, struct moved_contact, node));
	drop_contacts(m);
	if (buf_failed(&m->data) || buf_failed(&m->password))
		moved_refuse(m, "out of memory");
}

/* ---- the rest --------------------------------------------------------------------------------------- */

void moved_blocked(struct moved *m, struct str address)
{
	char text[JID_MAX + 1];
	struct jid jid;

	if (jid_prepare(address, text, &jid) == 0)
		user_datum_put(&m->data, &(struct user_datum){.kind = USER_BLOCKED, .jid = jid.full});
	else
		moved_note(m, "the blocked \"%.*s\" is no address", STR_FMT(address));
}

void moved_vcard(struct moved *m, struct str xml)
{
	struct buf canonical = BUF_INIT;

	if (m->vcard)
		moved_note(m, "a second vCard is left out");
	else if (element_canonical(xml, &canonical) != 0)
		moved_note(m, "its vCard is no XML");
	else
		user_datum_put(&m->data, &(struct user_datum){.kind = USER_VCARD, .xml = buf_str(&canonical)});
	m->vcard = true;
	buf_fini(&canonical);
}

static bool storable(const struct tree_node *n)
{
	return n != NULL && n->next == NULL && n->ns.len > 0 && !str_is(n->ns, NS_PRIVATE) && !str_is(n->ns, NS_CLIENT);
}

static bool is_ban(const struct tree_node *n)
{
	return n != NULL && str_is(n->ns, NS_EJABBERD_BAN) && str_is(n->name, "banned");
}

static void take_ban(struct moved *m, const struct tree_node *ban)
{
	const struct tree_node *reason = tree_child(ban, NS_EJABBERD_BAN, "reason");

	moved_disable(m, reason != NULL ? reason->text : STR_NONE);
}

void moved_private(struct moved *m, struct str xml)
{
	struct buf canonical = BUF_INIT;
	struct tree *tree = NULL;
	const struct tree_node *n = NULL;

	if (element_canonical(xml, &canonical) == 0 && tree_parse(buf_str(&canonical), NS_CLIENT, &tree) == 0)
		n = tree_first(tree);
	if (is_ban(n))
		take_ban(m, n);
	else if (storable(n))
		user_datum_put(&m->data, &(struct user_datum){
			.kind = USER_PRIVATE, .name = n->name, .more = n->ns, .xml = buf_str(&canonical)});
	else
		moved_note(m, "private XML without a namespace of its own is left out");
	tree_free(&tree);
	buf_fini(&canonical);
}

void moved_last(struct moved *m, int64_t time, struct str status)
{
	if (time > 0)
		user_datum_put(&m->data, &(struct user_datum){
			.kind = USER_LAST, .time = time, .name = status.len > 0 && xmlcheck_text(status) ? status : STR_NONE});
}

/* ---- messages ---------------------------------------------------------------------------------------- */

struct storing {
	struct moved *moved;
	int64_t time;
	bool done;
};

struct delay {
	bool ours; /* of the server that kept it */
	int64_t time;
	const struct moved *moved;
};

static void judge_delay(void *arg, const struct element *e)
{
	struct delay *d = arg;
	struct str from = element_attribute(e, "from");
	bool delay = str_is(e->name, "delay") && str_is(e->ns, NS_DELAY);
	bool old = str_is(e->name, "x") && str_is(e->ns, "jabber:x:delay");

	d->ours = (delay || old) && (from.p == NULL || str_eq(from, d->moved->jid.domain));
	d->time = element_time(element_attribute(e, "stamp"));
}

/* Takes out what the server has added that kept it: ours says it again, by the time. */
static void without_delay(struct storing *st, struct str inner, struct buf *out)
{
	struct str child;

	while (inner_take(&inner, &child)) {
		struct delay d = {.moved = st->moved};

		if (element_head(child, NS_CLIENT, judge_delay, &d) == 0 && d.ours) {
			if (st->time == 0)
				st->time = d.time;
		} else {
			buf_put_str(out, child);
		}
	}
}

static void on_message(void *arg, const struct element *e)
{
	struct storing *st = arg;
	struct moved *m = st->moved;
	struct buf inner = BUF_INIT, envelope = BUF_INIT;
	struct stanza s = e->stanza;
	char sender[JID_MAX + 1];
	struct jid from;

	if (s.kind != STANZA_MESSAGE || jid_prepare(s.from.p != NULL ? s.from : m->jid.domain, sender, &from) != 0)
		return;
	without_delay(st, s.inner, &inner);
	s.from = STR_NONE;
	s.to = m->jid.bare;
	s.inner = buf_str(&inner);
	stanza_encode(&envelope, &s);
	user_datum_put(&m->data, &(struct user_datum){
		.kind = USER_MESSAGE, .time = st->time, .jid = from.full, .xml = buf_str(&envelope)});
	st->done = !buf_failed(&inner) && !buf_failed(&envelope);
	buf_fini(&inner);
	buf_fini(&envelope);
}

void moved_message(struct moved *m, struct str xml, int64_t time)
{
	struct storing st = {.moved = m, .time = time};

	if (element_read(xml, on_message, &st) != 0 || !st.done)
		moved_note(m, "a stored message is no message");
}
