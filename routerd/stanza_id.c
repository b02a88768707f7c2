/* Making stanza ids, and taking false ones out. */
#include "routerd/stanza_id.h"

#include <string.h>

#include "base/hash.h"
#include "xmpp/addition.h"
#include "xmpp/inner.h"
#include "xmpp/jid.h"
#include "xmpp/names.h"
#include "xmpp/tree.h"

/* Two halves of the id.  Fixed: the id must be the same after a restart.  What cannot be known is
 * the origin. */
static const struct hash_key halves[] = {
	{0x62756c6b68656164, 0x7374616e7a612d31},
	{0x62756c6b68656164, 0x7374616e7a612d32},
};

static void put_hex(char *out, uint64_t value)
{
	for (unsigned i = 0; i < 16; i++)
		out[i] = "0123456789abcdef"[value >> (60 - 4 * i) & 15];
}

struct str stanza_id_addition(const struct cause *cause, const struct account *a)
{
	static struct buf list;
	uint8_t input[16 + 8];
	char id[32];
	struct addition addition = {.kind = ADDITION_STANZA_ID, .a = a->jid.bare, .b = {id, sizeof id}};

	memcpy(input, cause->origin->id.b, 16);
	memcpy(input + 16, &cause->number, 8);
	put_hex(id, hash_bytes(&halves[0], input, sizeof input));
	put_hex(id + 16, hash_bytes(&halves[1], input, sizeof input));
	buf_clear(&list);
	addition_put(&list, &addition);
	return buf_str(&list);
}

static bool is_by_us(struct str element, const struct account *a)
{
	const struct tree_node *n;
	struct tree *tree;
	char text[JID_MAX + 1];
	struct jid by;
	bool ours;

	if (tree_parse(element, NS_CLIENT, &tree) != 0)
		return false;
	n = tree_first(tree);
	ours = str_is(n->name, "stanza-id") && str_is(n->ns, NS_STANZA_ID) &&
	       jid_prepare(tree_attr(n, "by"), text, &by) == 0 &&
	       (str_eq(by.full, a->jid.bare) || str_eq(by.full, a->jid.domain));
	tree_free(&tree);
	return ours;
}

void stanza_id_strip(struct transit *t, const struct account *a)
{
	static struct buf inner, envelope;
	struct str rest = t->stanza.inner, element;

	buf_clear(&inner);
	while (inner_take(&rest, &element))
		if (!is_by_us(element, a))
			buf_put_str(&inner, element);
	if (inner.len == t->stanza.inner.len || buf_failed(&inner))
		return;
	t->stanza.inner = buf_str(&inner);
	buf_clear(&envelope);
	stanza_encode(&envelope, &t->stanza);
	t->envelope = buf_str(&envelope);
}
