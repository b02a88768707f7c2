/* What the records of ejabberd's tables hold.  The numbers are places in their tuples; 0 has the table's name. */
#include "ctl/move/ejabberd.h"

#include "base/base64.h"
#include "base/clock.h"
#include "bus/textlist.h"
#include "ctl/move/element.h"
#include "xmpp/escape.h"

enum { ELEMENT_DEPTH_MAX = 60, SHA512_SIZE = 64 };

/* What a double holds exactly. */
#define NUMBER_MAX 9007199254740992.0

static void unknown_form(struct moved *m, const char *what)
{
	moved_note(m, "%s in a form that is not known is left out", what);
}

/* 0 where it is none that is whole and not negative. */
static int64_t whole_number(const struct erl_value *v)
{
	double number = erl_number(v);

	return number > 0 && number < NUMBER_MAX && (double)(int64_t)number == number ? (int64_t)number : 0;
}

/* {MegaSecs, Secs, MicroSecs} in microseconds; 0 where it is none. */
static int64_t timestamp(const struct erl_value *v)
{
	double number = (erl_number(erl_at(v, 0)) * 1e6 + erl_number(erl_at(v, 1))) * 1e6 + erl_number(erl_at(v, 2));

	return number > 0 && number < NUMBER_MAX ? (int64_t)number : 0;
}

/* ---- addresses ------------------------------------------------------------------------------------------ */

/* {User, Server, Resource}, from the i-th on. */
static void put_address(struct buf *out, const struct erl_value *jid, unsigned i)
{
	struct str user = erl_text(erl_at(jid, i)), resource = erl_text(erl_at(jid, i + 2));

	buf_put_str(out, user);
	if (user.len > 0)
		buf_put_byte(out, '@');
	buf_put_str(out, erl_text(erl_at(jid, i + 1)));
	if (resource.len > 0)
		buf_put_byte(out, '/');
	buf_put_str(out, resource);
}

/* ---- elements: {xmlel, Name, Attributes, Children} ------------------------------------------------------- */

static bool put_attributes(struct buf *out, const struct erl_value *list)
{
	bool good = list != NULL && list->type == ERL_LIST;

	for (const struct erl_value *a = good ? list->first : NULL; a != NULL && good; a = a->next) {
		struct str name = erl_text(erl_at(a, 0));

		good = element_is_name(name);
		if (good)
			buf_printf(out, " %.*s='", STR_FMT(name));
		escape_attribute(out, erl_text(erl_at(a, 1)));
		buf_put_byte(out, '\'');
	}
	return good;
}

static bool put_element(struct buf *out, const struct erl_value *el, unsigned depth)
{
	struct str name = erl_text(erl_at(el, 1));
	const struct erl_value *children = erl_at(el, 3);
	bool good = depth < ELEMENT_DEPTH_MAX && erl_is(erl_at(el, 0), "xmlel") && element_is_name(name);

	if (good)
		buf_printf(out, "<%.*s", STR_FMT(name));
	good = good && put_attributes(out, erl_at(el, 2)) && children != NULL && children->type == ERL_LIST;
	buf_put_byte(out, '>');
	for (const struct erl_value *c = good ? children->first : NULL; c != NULL && good; c = c->next) {
		if (erl_is(erl_at(c, 0), "xmlcdata"))
			escape_text(out, erl_text(erl_at(c, 1)));
		else
			good = put_element(out, c, depth + 1);
	}
	if (good)
		buf_printf(out, "</%.*s>", STR_FMT(name));
	return good;
}

/* Calls fn with its XML; or notes that it is none. */
static void take_element(struct moved *m, const struct erl_value *el, const char *what,
	void (*fn)(struct moved *m, struct str xml))
{
	struct buf xml = BUF_INIT;

	if (put_element(&xml, el, 0) && !buf_failed(&xml))
		fn(m, buf_str(&xml));
	else
		unknown_form(m, what);
	buf_fini(&xml);
}

/* ---- passwd: {Table, {User, Server}, Password}; 25.03 and later have a type behind the server ------------- */

/* Of a hash that we do not know nothing is taken; others may follow. */
static void take_keys(struct moved *m, uint64_t iterations, const struct erl_value *scram)
{
	struct buf stored = BUF_INIT, server = BUF_INIT, salt = BUF_INIT;

	if (base64_decode(erl_text(erl_at(scram, 1)), &stored) != 0 ||
		base64_decode(erl_text(erl_at(scram, 2)), &server) != 0 ||
		base64_decode(erl_text(erl_at(scram, 3)), &salt) != 0)
		moved_refuse(m, "its SCRAM keys are no Base64");
	else if (stored.len == SHA512_SIZE)
		moved_note(m, "keys for SCRAM-SHA-512 are left out");
	else
		(void)moved_scram(m, iterations, buf_str(&salt), buf_str(&stored), buf_str(&server));
	buf_fini_secret(&stored);
	buf_fini_secret(&server);
	buf_fini_secret(&salt);
}

/* {scram, StoredKey, ServerKey, Salt, Hash, Iterations}; before 20.01 without a hash. */
static void take_passwd(struct moved *m, const struct erl_value *record)
{
	const struct erl_value *password = erl_at(record, 2);
	bool scram = erl_is(erl_at(password, 0), "scram") && password->n >= 5;

	if (erl_text(password).p != NULL)
		moved_password(m, erl_text(password));
	else if (scram)
		take_keys(m, (uint64_t)whole_number(erl_at(password, password->n - 1)), password);
	else
		moved_refuse(m, "its password is in a form that is not known");
}

/* ---- roster: {Table, USJ, US, JID, Name, Subscription, Ask, Groups, AskMessage, Xs} ------------------------ */

static void put_groups(struct buf *out, const struct erl_value *groups)
{
	if (groups == NULL || groups->type != ERL_LIST)
		return;
	for (const struct erl_value *g = groups->first; g != NULL; g = g->next)
		if (erl_text(g).len > 0)
			textlist_put(out, erl_text(g));
}

static void take_request(struct moved *m, struct str from, struct str message)
{
	struct buf xml = BUF_INIT;

	buf_put_lit(&xml, "<presence type='subscribe'>");
	if (message.len > 0) {
		buf_put_lit(&xml, "<status>");
		escape_text(&xml, message);
		buf_put_lit(&xml, "</status>");
	}
	buf_put_lit(&xml, "</presence>");
	moved_request(m, from, buf_str(&xml));
	buf_fini(&xml);
}

/* Somebody who has asked, and no more, is in no roster. */
static void take_contact(struct moved *m, const struct erl_value *record, struct str jid)
{
	const struct erl_value *subscription = erl_at(record, 5), *ask = erl_at(record, 6);
	bool asks = erl_is(ask, "in") || erl_is(ask, "both");
	struct buf groups = BUF_INIT;
	struct moved_item item = {.jid = jid, .name = erl_text(erl_at(record, 4)), .subscription = subscription->text};

	item.flags = erl_is(ask, "out") || erl_is(ask, "both") || erl_is(ask, "subscribe") ? USER_ASKED : 0;
	put_groups(&groups, erl_at(record, 7));
	item.groups = buf_str(&groups);
	if (!erl_is(subscription, "none") || !erl_is(ask, "in"))
		moved_contact(m, &item);
	if (asks)
		take_request(m, jid, erl_text(erl_at(record, 8)));
	buf_fini(&groups);
}

static void take_roster(struct moved *m, const struct erl_value *record)
{
	const struct erl_value *subscription = erl_at(record, 5);
	struct buf jid = BUF_INIT;

	put_address(&jid, erl_at(record, 3), 0);
	if (jid.len > 0 && subscription != NULL && subscription->type == ERL_ATOM)
		take_contact(m, record, buf_str(&jid));
	else
		unknown_form(m, "a contact");
	buf_fini(&jid);
}

/* ---- offline_msg: {Table, US, TimeStamp, Expire, From, To, Packet} ------------------------------------------- */

static void take_message(struct moved *m, const struct erl_value *record)
{
	int64_t time = timestamp(erl_at(record, 2)), expires = timestamp(erl_at(record, 3));
	struct buf xml = BUF_INIT;

	if (expires > 0 && expires < (int64_t)clock_wall_us())
		moved_note(m, "a stored message that has expired is left out");
	else if (put_element(&xml, erl_at(record, 6), 0))
		moved_message(m, buf_str(&xml), time / 1000000);
	else
		unknown_form(m, "a stored message");
	buf_fini(&xml);
}

/* ---- privacy: {Table, US, Default, [{Name, [Rule]}]} ----------------------------------------------------------- */

/* {listitem, Type, Value, Action, Order, MatchAll, ...}: what a blocklist has is no stanza either way. */
static void take_rule(struct moved *m, const struct erl_value *rule)
{
	struct buf address = BUF_INIT;

	put_address(&address, erl_at(rule, 2), 0);
	if (erl_is(erl_at(rule, 1), "jid") && erl_is(erl_at(rule, 3), "deny") && erl_is(erl_at(rule, 5), "true"))
		moved_blocked(m, buf_str(&address));
	else
		moved_note(m, "a privacy rule that is no block is left out");
	buf_fini(&address);
}

static void take_privacy(struct moved *m, const struct erl_value *record)
{
	struct str chosen = erl_text(erl_at(record, 2));
	const struct erl_value *lists = erl_at(record, 3);

	for (const struct erl_value *l = lists != NULL ? lists->first : NULL; l != NULL; l = l->next) {
		struct str name = erl_text(erl_at(l, 0));
		const struct erl_value *rules = erl_at(l, 1);

		if (chosen.p == NULL || !str_eq(name, chosen) || rules == NULL)
			moved_note(m, "the privacy list \"%.*s\" is left out", STR_FMT(name));
		else
			for (const struct erl_value *r = rules->first; r != NULL; r = r->next)
				take_rule(m, r);
	}
}

/* ---- the rest ---------------------------------------------------------------------------------------------------- */

static void take_private(struct moved *m, const struct erl_value *record)
{
	take_element(m, erl_at(record, 2), "private XML", moved_private);
}

static void take_vcard(struct moved *m, const struct erl_value *record)
{
	take_element(m, erl_at(record, 2), "a vCard", moved_vcard);
}

static void take_last(struct moved *m, const struct erl_value *record)
{
	moved_last(m, whole_number(erl_at(record, 2)), erl_text(erl_at(record, 3)));
}

static void take_node(struct moved *m, const struct erl_value *record)
{
	moved_note(m, "the PEP node %.*s is left out", STR_FMT(erl_text(erl_at(erl_at(record, 1), 1))));
}

/* ---- tables -------------------------------------------------------------------------------------------------------- */

/* {User, Server, ...} */
static const struct erl_value *key(const struct erl_value *record)
{
	return erl_at(record, 1);
}

static const struct erl_value *behind_key(const struct erl_value *record)
{
	return erl_at(record, 2);
}

/* {{User, Server, Resource}, Node}: others are of services. */
static const struct erl_value *in_key(const struct erl_value *record)
{
	return erl_at(erl_at(record, 1), 0);
}

static const struct table {
	const char *name;
	const struct erl_value *(*owner)(const struct erl_value *record);
	void (*take)(struct moved *m, const struct erl_value *record);
} tables[] = {
	{"passwd", key, take_passwd},
	{"roster", behind_key, take_roster},
	{"private_storage", key, take_private},
	{"vcard", key, take_vcard},
	{"offline_msg", key, take_message},
	{"privacy", key, take_privacy},
	{"last_activity", key, take_last},
	{"pubsub_node", in_key, take_node},
};

static const struct table *find_table(struct str name)
{
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
		if (str_is(name, tables[i].name))
			return &tables[i];
	return NULL;
}

static const struct table *table_of(const struct erl_value *record)
{
	const struct erl_value *tag = erl_at(record, 0);

	return tag != NULL && tag->type == ERL_ATOM ? find_table(tag->text) : NULL;
}

bool ejabberd_has_table(struct str name)
{
	return find_table(name) != NULL;
}

static bool is_name(struct str text)
{
	return text.len > 0 && memchr(text.p, '\0', text.len) == NULL;
}

bool ejabberd_owner(const struct erl_value *record, struct ejabberd_owner *out)
{
	const struct table *t = table_of(record);
	const struct erl_value *us = t != NULL ? t->owner(record) : NULL;

	*out = (struct ejabberd_owner){.local = erl_text(erl_at(us, 0)), .domain = erl_text(erl_at(us, 1))};
	if (t != NULL && t->take == take_message)
		out->time = timestamp(erl_at(record, 2));
	return is_name(out->local) && is_name(out->domain);
}

void ejabberd_take(struct moved *m, const struct erl_value *record)
{
	const struct table *t = table_of(record);

	if (t != NULL)
		t->take(m, record);
}
