/* What a stanza's first-level children are: their names as hashes, and a few bits.
 *
 * The same few (namespace, name) pairs come again and again, and their pointers are unique in
 * a parser: so each pair is looked up by its text once. */
#include <endian.h>

#include "xmpp/names.h"
#include "xmpp/reader_private.h"

#define NS_RECEIPTS "urn:xmpp:receipts"
#define NS_MUC_USER "http://jabber.org/protocol/muc#user"

/* name NULL: every element of the namespace. */
static const struct {
	const char *ns, *name;
	uint32_t bit;
} table[] = {
	{NS_CLIENT, "body", CONTENT_BODY},
	{NS_CLIENT, "subject", CONTENT_SUBJECT},
	{NS_CLIENT, "error", CONTENT_ERROR},
	{NS_CHAT_STATES, NULL, CONTENT_CHAT_STATE},
	{NS_HINTS, "no-store", CONTENT_NO_STORE},
	{NS_HINTS, "no-copy", CONTENT_NO_COPY},
	{NS_HINTS, "store", CONTENT_STORE},
	{NS_CARBONS, "sent", CONTENT_CARBON},
	{NS_CARBONS, "received", CONTENT_CARBON},
	{NS_CARBONS, "private", CONTENT_PRIVATE},
	{NS_CAPS, "c", CONTENT_CAPS},
	{NS_RECEIPTS, NULL, CONTENT_RECEIPT},
	{NS_MUC_USER, NULL, CONTENT_MUC_USER},
	{NS_STANZA_ID, "stanza-id", CONTENT_STANZA_ID},
};

static uint32_t content_of(struct str ns, struct str name)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (str_is(ns, table[i].ns) &&
			(table[i].name == NULL || str_is(name, table[i].name)))
			bits |= table[i].bit;
	}
	return bits;
}

static const struct child_advice *advice_of(
	struct parser *p, const xmlChar *ns, const xmlChar *name)
{
	size_t slot = (((uintptr_t)ns >> 3) ^ ((uintptr_t)name >> 2) ^ ((uintptr_t)name >> 9)) %
		      READER_CHILD_CACHE;
	struct child_advice *advice = &p->cache[slot];
	struct str ns_text;
	struct str name_text;

	if (advice->name == name && advice->ns == ns)
		return advice;
	ns_text = ns != NULL ? str_of((const char *)ns) : STR_LIT("");
	name_text = str_of((const char *)name);
	advice->ns = ns;
	advice->name = name;
	advice->hash = stanza_child_name(ns_text, name_text);
	advice->content = content_of(ns_text, name_text);
	return advice;
}

void content_note(struct parser *p, const xmlChar *ns, const xmlChar *name)
{
	struct stanza *s = &p->element.stanza;
	const struct child_advice *advice = advice_of(p, ns, name);
	uint64_t big_endian = htobe64(advice->hash);

	s->content |= advice->content;
	if (s->nchildren == STANZA_CHILDREN_MAX)
		return;
	memcpy(p->children + 8 * (size_t)s->nchildren, &big_endian, 8);
	s->nchildren++;
}
