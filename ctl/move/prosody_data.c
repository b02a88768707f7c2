/* What prosody's stores hold. */
#include <inttypes.h>
#include <string.h>

#include "bus/textlist.h"
#include "ctl/move/element.h"
#include "ctl/move/prosody.h"
#include "xmpp/escape.h"

enum { STANZA_DEPTH_MAX = 60 };

/* ---- stanzas: tables with a name, attr, and children with the keys 1, 2, ... ------------------------------- */

/* Keys of attributes with a namespace are that, 0x01 and the name. */
static bool put_attribute(struct buf *out, struct str key, struct str value, unsigned number)
{
	const char *mark = memchr(key.p, '\1', key.len);
	struct str name = key;

	if (mark != NULL) {
		name = str_make(mark + 1, key.len - (size_t)(mark + 1 - key.p));
		buf_printf(out, " xmlns:p%u='", number);
		escape_attribute(out, str_make(key.p, (size_t)(mark - key.p)));
		buf_printf(out, "' p%u:%.*s='", number, STR_FMT(name));
	} else {
		buf_printf(out, " %.*s='", STR_FMT(name));
	}
	escape_attribute(out, value);
	buf_put_byte(out, '\'');
	return element_is_name(name);
}

static bool put_attributes(struct buf *out, const struct lua_value *attributes)
{
	unsigned number = 0;
	bool good = true;

	if (attributes == NULL || attributes->type != LUA_TABLE)
		return true;
	for (const struct lua_entry *e = attributes->first; e != NULL && good; e = e->next)
		good = e->key.type == LUA_STRING && e->value.type == LUA_STRING && e->key.text.len > 0 &&
		       put_attribute(out, e->key.text, e->value.text, ++number);
	return good;
}

static bool put_stanza(struct buf *out, const struct lua_value *stanza, unsigned depth)
{
	struct str name = lua_text(stanza, "name");
	bool good = element_is_name(name) && depth < STANZA_DEPTH_MAX;

	buf_printf(out, "<%.*s", good ? (int)name.len : 0, name.p);
	good = good && put_attributes(out, lua_field(stanza, "attr"));
	buf_put_byte(out, '>');
	for (const struct lua_entry *e = good ? stanza->first : NULL; e != NULL && good; e = e->next) {
		if (e->key.type != LUA_NUMBER)
			continue;
		if (e->value.type == LUA_STRING)
			escape_text(out, e->value.text);
		else
			good = e->value.type == LUA_TABLE && put_stanza(out, &e->value, depth + 1);
	}
	if (good)
		buf_printf(out, "</%.*s>", STR_FMT(name));
	return good;
}

void prosody_stanza(struct buf *out, const struct lua_value *stanza)
{
	if (!put_stanza(out, stanza, 0))
		buf_clear(out);
}

/* ---- accounts ------------------------------------------------------------------------------------------- */

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void put_hex(struct buf *out, struct str hex)
{
	for (uint32_t i = 0; i + 1 < hex.len; i += 2) {
		int high = hex_value(hex.p[i]), low = hex_value(hex.p[i + 1]);

		if (high < 0 || low < 0)
			return;
		buf_put_byte(out, (uint8_t)(high << 4 | low));
	}
}

static void take_scram(struct moved *m, const struct lua_value *account)
{
	double iterations = lua_number(account, "iteration_count");
	struct buf stored = BUF_INIT, server = BUF_INIT;

	put_hex(&stored, lua_text(account, "stored_key"));
	put_hex(&server, lua_text(account, "server_key"));
	(void)moved_scram(m, iterations >= 1 && iterations < UINT32_MAX ? (uint64_t)iterations : 0,
		lua_text(account, "salt"), buf_str(&stored), buf_str(&server));
	buf_fini_secret(&stored);
	buf_fini_secret(&server);
}

/* As prosody 13 does it: disabled_meta has a comment for people and a reason for programs, or is not there. */
static void take_disabled(struct moved *m, const struct lua_value *account)
{
	const struct lua_value *disabled = lua_field(account, "disabled"), *meta = lua_field(account, "disabled_meta");
	struct str comment = lua_text(meta, "comment");

	if (disabled != NULL && disabled->type != LUA_FALSE && disabled->type != LUA_NIL)
		moved_disable(m, comment.p != NULL ? comment : lua_text(meta, "reason"));
}

static void take_account(struct moved *m, const struct lua_value *account)
{
	struct str password = lua_text(account, "password");

	take_disabled(m, account);
	if (lua_text(account, "stored_key").p != NULL)
		take_scram(m, account);
	else if (password.p != NULL)
		moved_password(m, password);
}

/* ---- rosters --------------------------------------------------------------------------------------------- */

static void put_groups(struct buf *out, const struct lua_value *groups)
{
	if (groups == NULL || groups->type != LUA_TABLE)
		return;
	for (const struct lua_entry *e = groups->first; e != NULL; e = e->next)
		if (e->key.type == LUA_STRING && e->key.text.len > 0)
			textlist_put(out, e->key.text);
}

static void take_item(struct moved *m, struct str jid, const struct lua_value *item)
{
	struct buf groups = BUF_INIT;
	struct moved_item it = {.jid = jid, .name = lua_text(item, "name"), .subscription = lua_text(item, "subscription")};
	const struct lua_value *approved = lua_field(item, "approved");

	put_groups(&groups, lua_field(item, "groups"));
	it.groups = buf_str(&groups);
	it.flags |= str_is(lua_text(item, "ask"), "subscribe") ? USER_ASKED : 0;
	it.flags |= approved != NULL && approved->type != LUA_FALSE && approved->type != LUA_NIL ? USER_APPROVED : 0;
	moved_contact(m, &it);
	buf_fini(&groups);
}

/* Of each either the stanza, or no more than that there was one. */
static void take_pending(struct moved *m, const struct lua_value *pending)
{
	if (pending == NULL || pending->type != LUA_TABLE)
		return;
	for (const struct lua_entry *e = pending->first; e != NULL; e = e->next) {
		struct buf xml = BUF_INIT;

		if (e->key.type != LUA_STRING)
			continue;
		if (e->value.type == LUA_TABLE)
			prosody_stanza(&xml, &e->value);
		moved_request(m, e->key.text, buf_str(&xml));
		buf_fini(&xml);
	}
}

/* The roster's own data are under the key false, in older versions "pending" is. */
static void take_roster(struct moved *m, const struct lua_value *roster)
{
	for (const struct lua_entry *e = roster->first; e != NULL; e = e->next) {
		if (e->key.type == LUA_FALSE)
			take_pending(m, lua_field(&e->value, "pending"));
		else if (e->key.type == LUA_STRING && str_is(e->key.text, "pending"))
			take_pending(m, &e->value);
		else if (e->key.type == LUA_STRING && e->value.type == LUA_TABLE)
			take_item(m, e->key.text, &e->value);
	}
}

/* ---- the rest ---------------------------------------------------------------------------------------------- */

static void take_vcard(struct moved *m, const struct lua_value *vcard)
{
	struct buf xml = BUF_INIT;

	prosody_stanza(&xml, vcard);
	if (xml.len > 0)
		moved_vcard(m, buf_str(&xml));
	buf_fini(&xml);
}

static void take_private(struct moved *m, const struct lua_value *elements)
{
	for (const struct lua_entry *e = elements->first; e != NULL; e = e->next) {
		struct buf xml = BUF_INIT;

		if (e->value.type == LUA_TABLE)
			prosody_stanza(&xml, &e->value);
		if (xml.len > 0)
			moved_private(m, buf_str(&xml));
		buf_fini(&xml);
	}
}

static void take_message(struct moved *m, const struct lua_value *message)
{
	struct buf xml = BUF_INIT;

	prosody_stanza(&xml, message);
	moved_message(m, buf_str(&xml), element_time(lua_text(lua_field(message, "attr"), "stamp")));
	buf_fini(&xml);
}

static void take_blocked(struct moved *m, const struct lua_value *list)
{
	for (const struct lua_entry *e = list->first; e != NULL; e = e->next)
		if (e->key.type == LUA_STRING)
			moved_blocked(m, e->key.text);
}

static bool is_taken(struct str node)
{
	for (size_t i = 0; i < PROSODY_NODES; i++)
		if (str_is(node, prosody_nodes[i].name))
			return true;
	return false;
}

static void take_nodes(struct moved *m, const struct lua_value *nodes)
{
	for (const struct lua_entry *e = nodes->first; e != NULL; e = e->next)
		if (e->key.type == LUA_STRING && !is_taken(e->key.text))
			moved_note(m, "the PEP node %.*s is left out", STR_FMT(e->key.text));
}

static const struct {
	const char *store;
	void (*take)(struct moved *m, const struct lua_value *value);
} stores[] = {
	{"accounts", take_account},
	{"roster", take_roster},
	{"vcard", take_vcard},
	{"private", take_private},
	{"offline", take_message},
	{"blocklist", take_blocked},
	{"pep", take_nodes},
};

void prosody_take(struct moved *m, const char *store, const struct lua_value *values)
{
	for (size_t i = 0; i < sizeof stores / sizeof stores[0]; i++) {
		if (strcmp(stores[i].store, store) != 0)
			continue;
		for (const struct lua_entry *e = values->first; e != NULL; e = e->next)
			if (e->value.type == LUA_TABLE)
				stores[i].take(m, &e->value);
	}
}
