/* Accounts into XEP-0227. */
#include <stdlib.h>

#include "base/base64.h"
#include "base/clock.h"
#include "bus/textlist.h"
#include "ctl/move/pie.h"
#include "xmpp/addition.h"
#include "xmpp/escape.h"
#include "xmpp/names.h"
#include "xmpp/stanza.h"

void pie_begin(struct buf *out)
{
	buf_put_lit(out, "<?xml version='1.0' encoding='UTF-8'?>\n<server-data xmlns='urn:xmpp:pie:0'>\n");
}

void pie_host(struct buf *out, struct str domain)
{
	buf_put_lit(out, "<host");
	escape_put_attribute(out, "jid", domain);
	buf_put_lit(out, ">\n");
}

void pie_host_end(struct buf *out)
{
	buf_put_lit(out, "</host>\n");
}

void pie_end(struct buf *out)
{
	buf_put_lit(out, "</server-data>\n");
}

/* ---- keys --------------------------------------------------------------------------------------------- */

static void put_base64(struct buf *out, const char *name, struct str bytes)
{
	buf_printf(out, "<%s>", name);
	base64_encode(bytes, out);
	buf_printf(out, "</%s>", name);
}

struct scram_out {
	const char *mechanism;
	uint32_t iterations;
	struct str salt, stored, server;
};

static void put_scram(struct buf *out, const struct scram_out *k)
{
	if (k->iterations == 0)
		return;
	buf_printf(out, "<scram-credentials xmlns='urn:xmpp:pie:0#scram' mechanism='%s'><iter-count>%u</iter-count>",
		k->mechanism, k->iterations);
	put_base64(out, "salt", k->salt);
	put_base64(out, "server-key", k->server);
	put_base64(out, "stored-key", k->stored);
	buf_put_lit(out, "</scram-credentials>\n");
}

void pie_keys(struct buf *out, const struct msg_keys *k)
{
	put_scram(out, &(struct scram_out){"SCRAM-SHA-1", k->sha1_iterations, k->sha1_salt, k->sha1_stored, k->sha1_server});
	put_scram(out, &(struct scram_out){
		"SCRAM-SHA-256", k->sha256_iterations, k->sha256_salt, k->sha256_stored, k->sha256_server});
	if (k->disabled == 0)
		return;
	buf_put_lit(out, "<disabled xmlns='" NS_OWN "'>");
	escape_text(out, k->reason);
	buf_put_lit(out, "</disabled>\n");
}

/* ---- what belongs together is gathered first ------------------------------------------------------------ */

struct writing {
	const struct jid *account;
	struct buf roster, requests, private, messages, blocked, rest;
	unsigned nblocked;
};

static void put_stanza(struct buf *out, struct str envelope, struct str from, struct str additions)
{
	struct buf text = BUF_INIT;
	struct stanza s;
	size_t name;

	if (stanza_decode(envelope, &s) != 0)
		return;
	s.from = from;
	(void)stanza_write(&text, &s, additions, STR_LIT(""));
	/* The stream's namespace, which the stanza itself does not say. */
	name = strcspn((const char *)text.data, " >/");
	buf_put(out, text.data, name);
	buf_put_lit(out, " xmlns='" NS_CLIENT "'");
	buf_put(out, text.data + name, text.len - name);
	buf_fini(&text);
}

static const char *subscription(uint8_t flags)
{
	static const char *const names[] = {"none", "to", "from", "both"};

	return names[(flags & USER_TO ? 1 : 0) | (flags & USER_FROM ? 2 : 0)];
}

static void put_item(struct buf *out, const struct user_datum *d)
{
	struct str groups = d->more, group;

	buf_put_lit(out, "<item");
	escape_put_attribute(out, "jid", d->jid);
	escape_put_attribute(out, "name", d->name);
	escape_put_attribute(out, "subscription", str_of(subscription(d->flags)));
	if (d->flags & USER_ASKED)
		buf_put_lit(out, " ask='subscribe'");
	if (d->flags & USER_APPROVED)
		buf_put_lit(out, " approved='true'");
	buf_put_byte(out, '>');
	while (textlist_take(&groups, &group)) {
		buf_put_lit(out, "<group>");
		escape_text(out, group);
		buf_put_lit(out, "</group>");
	}
	buf_put_lit(out, "</item>\n");
}

static void write_contact(struct writing *w, const struct user_datum *d)
{
	if (d->flags & (USER_LISTED | USER_APPROVED))
		put_item(&w->roster, d);
	if (d->flags & USER_ASKS) {
		put_stanza(&w->requests, d->xml, d->jid, STR_NONE);
		buf_put_byte(&w->requests, '\n');
	}
}

static void write_blocked(struct writing *w, const struct user_datum *d)
{
	buf_put_lit(&w->blocked, "<item type='jid' action='deny'");
	escape_put_attribute(&w->blocked, "value", d->jid);
	buf_printf(&w->blocked, " order='%u'/>", ++w->nblocked);
}

static void write_vcard(struct writing *w, const struct user_datum *d)
{
	buf_put_str(&w->rest, d->xml);
	buf_put_byte(&w->rest, '\n');
}

static void write_private(struct writing *w, const struct user_datum *d)
{
	buf_put_str(&w->private, d->xml);
}

static bool has_delay(struct str additions)
{
	struct addition a;

	while (addition_take(&additions, &a))
		if (a.kind == ADDITION_DELAY)
			return true;
	return false;
}

static void write_message(struct writing *w, const struct user_datum *d)
{
	struct buf additions = BUF_INIT;
	char stamp[CLOCK_STAMP_SIZE];

	clock_stamp(d->time, stamp);
	buf_put_str(&additions, d->more);
	if (!has_delay(d->more))
		addition_put(&additions, &(struct addition){
			.kind = ADDITION_DELAY, .a = w->account->domain, .b = str_of(stamp)});
	put_stanza(&w->messages, d->xml, d->jid, buf_str(&additions));
	buf_put_byte(&w->messages, '\n');
	buf_fini(&additions);
}

static void write_last(struct writing *w, const struct user_datum *d)
{
	char stamp[CLOCK_STAMP_SIZE];

	clock_stamp(d->time, stamp);
	buf_printf(&w->rest, "<last-seen xmlns='" NS_OWN "' stamp='%s'>", stamp);
	escape_text(&w->rest, d->name);
	buf_put_lit(&w->rest, "</last-seen>\n");
}

static void (*const writers[])(struct writing *w, const struct user_datum *d) = {
	[USER_CONTACT] = write_contact,
	[USER_BLOCKED] = write_blocked,
	[USER_VCARD] = write_vcard,
	[USER_PRIVATE] = write_private,
	[USER_MESSAGE] = write_message,
	[USER_LAST] = write_last,
};

static void put_around(struct buf *out, const char *open, const struct buf *inner, const char *close)
{
	if (inner->len > 0) {
		buf_put_str(out, str_of(open));
		buf_put_str(out, buf_str(inner));
		buf_put_str(out, str_of(close));
	}
	out->failed = out->failed || buf_failed(inner);
}

static void put_all(struct buf *out, const struct writing *w)
{
	put_around(out, "<query xmlns='" NS_ROSTER "'>\n", &w->roster, "</query>\n");
	put_around(out, "", &w->requests, "");
	put_around(out, "", &w->rest, "");
	put_around(out, "<query xmlns='" NS_PRIVATE "'>", &w->private, "</query>\n");
	put_around(out, "<query xmlns='jabber:iq:privacy'><default name='blocked'/><list name='blocked'>", &w->blocked,
		"</list></query>\n");
	put_around(out, "<offline-messages>\n", &w->messages, "</offline-messages>\n");
}

void pie_user(struct buf *out, const struct jid *account, struct str keys, struct str data)
{
	struct writing w = {.account = account};
	struct buf *const bufs[] = {&w.roster, &w.requests, &w.private, &w.messages, &w.blocked, &w.rest};
	struct user_datum d;

	buf_put_lit(out, "<user");
	escape_put_attribute(out, "name", account->local);
	buf_put_lit(out, ">\n");
	buf_put_str(out, keys);
	while (user_datum_take(&data, &d))
		if (d.kind < sizeof writers / sizeof writers[0] && writers[d.kind] != NULL)
			writers[d.kind](&w, &d);
	put_all(out, &w);
	buf_put_lit(out, "</user>\n");
	for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++)
		buf_fini(bufs[i]);
}
