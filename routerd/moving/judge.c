/* What comes from another server, held against our forms and limits. */
#include <stdio.h>

#include "base/buf.h"
#include "bus/textlist.h"
#include "routerd/account.h"
#include "routerd/moving/moving.h"
#include "xmpp/stanza.h"
#include "xmpp/xmlcheck.h"

/* What there will be of each kind that has a limit. */
struct sums {
	uint64_t contacts, blocked, private, messages;
};

struct judgement {
	const struct account *account;
	const struct moving_stored *stored;
	struct sums sums;
	char *text; /* of 256 bytes */
};

static const char *over(struct judgement *j, const char *setting, uint64_t limit, const char *unit)
{
	snprintf(j->text, 256, "routerd.%s: at most %llu %s", setting, (unsigned long long)limit, unit);
	return j->text;
}

static bool is_bare(struct str text)
{
	struct jid jid;

	return jid_check(text, &jid) == 0 && jid.resource.p == NULL;
}

/* A stanza of that kind, in the form that a front end would give it. */
static bool is_stanza(struct str envelope, enum stanza_kind kind)
{
	struct stanza s;
	struct jid to;

	return stanza_decode(envelope, &s) == 0 && s.kind == kind && (s.to.p == NULL || jid_check(s.to, &to) == 0) &&
	       stanza_is_canonical(&s, NULL);
}

static const char *judge_contact(struct judgement *j, const struct user_datum *d)
{
	struct str groups = d->more, group;

	if (!is_bare(d->jid) || !xmlcheck_text(d->name))
		return "a contact has no address, or a name that XML cannot have";
	while (textlist_take(&groups, &group))
		if (!xmlcheck_text(group))
			return "a contact's group has a name that XML cannot have";
	if (groups.len > 0 || (d->xml.p != NULL && !is_stanza(d->xml, STANZA_PRESENCE)))
		return "a contact's groups or request are malformed";
	j->sums.contacts += roster_find(&j->account->roster, d->jid) == NULL;
	return NULL;
}

static const char *judge_blocked(struct judgement *j, const struct user_datum *d)
{
	struct jid jid;

	j->sums.blocked += !blocklist_has(&j->account->blocklist, d->jid);
	return jid_check(d->jid, &jid) == 0 ? NULL : "a blocked address is none";
}

static const char *judge_vcard(struct judgement *j, const struct user_datum *d)
{
	uint32_t most = j->account->router->limits.vcard;

	if (d->xml.len > most)
		return over(j, "vcard", most, "bytes");
	return xmlcheck_inner(d->xml) == 0 ? NULL : "the vCard is malformed";
}

static const char *judge_private(struct judgement *j, const struct user_datum *d)
{
	j->sums.private += moving_has(j->account, d, j->stored) ? 0 : d->xml.len;
	return d->name.p != NULL && d->more.p != NULL && xmlcheck_inner(d->xml) == 0 ? NULL : "private XML is malformed";
}

static const char *judge_message(struct judgement *j, const struct user_datum *d)
{
	struct jid from;

	j->sums.messages += !moving_has(j->account, d, j->stored);
	return jid_check(d->jid, &from) == 0 && is_stanza(d->xml, STANZA_MESSAGE) ? NULL : "a stored message is malformed";
}

static const char *judge_last(struct judgement *j, const struct user_datum *d)
{
	(void)j;
	return xmlcheck_text(d->name) ? NULL : "the last status has characters that XML cannot have";
}

static const char *(*const judges[])(struct judgement *j, const struct user_datum *d) = {
	[USER_CONTACT] = judge_contact,
	[USER_BLOCKED] = judge_blocked,
	[USER_VCARD] = judge_vcard,
	[USER_PRIVATE] = judge_private,
	[USER_MESSAGE] = judge_message,
	[USER_LAST] = judge_last,
};

static uint64_t private_size(const struct moving_stored *stored)
{
	struct str list = buf_str(&stored->elements);
	struct user_datum d;
	uint64_t size = 0;

	while (user_datum_take(&list, &d))
		size += d.xml.len;
	return size;
}

static const char *judge_sums(struct judgement *j)
{
	const struct account *a = j->account;
	const struct router_limits *limits = &a->router->limits;

	if (a->roster.contacts.count + j->sums.contacts > limits->roster_contacts)
		return over(j, "roster_contacts", limits->roster_contacts, "contacts");
	if (a->blocklist.entries.count + j->sums.blocked > limits->blocklist)
		return over(j, "blocklist", limits->blocklist, "addresses");
	if (private_size(j->stored) + j->sums.private > limits->private_xml)
		return over(j, "private_xml", limits->private_xml, "bytes");
	if (a->offline.rows + j->sums.messages > limits->offline_messages)
		return over(j, "offline_messages", limits->offline_messages, "messages");
	return NULL;
}

const char *moving_judge(const struct account *a, struct str data, const struct moving_stored *stored, char text[256])
{
	struct judgement j = {.account = a, .stored = stored, .text = text};
	const char *why = NULL;
	struct user_datum d;

	while (why == NULL && user_datum_take(&data, &d)) {
		bool known = d.kind < sizeof judges / sizeof judges[0] && judges[d.kind] != NULL;

		why = known ? judges[d.kind](&j, &d) : "there are data of an unknown kind";
	}
	if (why == NULL && data.len > 0)
		why = "the data are malformed";
	return why != NULL ? why : judge_sums(&j);
}
