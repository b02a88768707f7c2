/* mod_vcard_legacy keeps a vCard as vCard4 and avatar in PEP; here they become a vCard again. */
#include "ctl/move/element.h"
#include "ctl/move/prosody.h"
#include "ctl/move/vcard4.h"
#include "xmpp/names.h"

#define NS_NICK "http://jabber.org/protocol/nick"
#define NS_AVATAR "urn:xmpp:avatar:metadata"
#define NS_AVATAR_DATA "urn:xmpp:avatar:data"

const struct prosody_node prosody_nodes[PROSODY_NODES] = {
	[PROSODY_VCARD4] = {"urn:xmpp:vcard4", "pep_urn%3axmpp%3avcard4"},
	[PROSODY_NICK] = {NS_NICK, "pep_http%3a%2f%2fjabber%2eorg%2fprotocol%2fnick"},
	[PROSODY_AVATAR] = {NS_AVATAR, "pep_urn%3axmpp%3aavatar%3ametadata"},
	[PROSODY_AVATAR_DATA] = {NS_AVATAR_DATA, "pep_urn%3axmpp%3aavatar%3adata"},
};

/* ---- items ------------------------------------------------------------------------------------------------- */

/* What an item carries, and all that the file has of it but its key; NULL where it is not of that name.  It is the tree's. */
static const struct tree_node *payload(const struct lua_value *item, const char *ns, const char *name,
	struct tree **tree)
{
	struct buf xml = BUF_INIT, canonical = BUF_INIT;
	const struct tree_node *n = NULL;

	*tree = NULL;
	prosody_stanza(&xml, item);
	if (xml.len > 0 && element_canonical(buf_str(&xml), &canonical) == 0 &&
		tree_parse(buf_str(&canonical), NS_CLIENT, tree) == 0)
		n = tree_first(*tree);
	buf_fini(&xml);
	buf_fini(&canonical);
	return n != NULL && str_is(n->ns, ns) && str_is(n->name, name) ? n : NULL;
}

/* The last one, or the one with that key; NULL where there is none. */
static const struct lua_value *find_item(const struct lua_value *items, struct str key)
{
	const struct lua_value *found = NULL;

	for (const struct lua_entry *e = items != NULL ? items->first : NULL; e != NULL; e = e->next)
		if (e->value.type == LUA_TABLE && (key.p == NULL || str_eq(lua_text(&e->value, "key"), key)))
			found = &e->value;
	return found;
}

static const struct tree_node *last_payload(const struct lua_value *items, const char *ns, const char *name,
	struct tree **tree)
{
	const struct lua_value *item = find_item(items, STR_NONE);

	*tree = NULL;
	return item != NULL ? payload(item, ns, name, tree) : NULL;
}

/* ---- parts of a vCard ---------------------------------------------------------------------------------------- */

static void note_property(void *arg, struct str property)
{
	moved_note(arg, "<%.*s/> of its vCard4 is left out", STR_FMT(property));
}

static void put_text_parts(struct moved *m, const struct prosody_pep *pep, struct buf *out)
{
	struct tree *tree, *nick_tree;
	const struct tree_node *vcard = last_payload(pep->items[PROSODY_VCARD4], NS_VCARD4, "vcard", &tree);
	const struct tree_node *nick = last_payload(pep->items[PROSODY_NICK], NS_NICK, "nick", &nick_tree);

	if (vcard != NULL)
		vcard4_convert(vcard, out, note_property, m);
	else if (nick != NULL)
		vcard_put(out, "NICKNAME", nick->text);
	tree_free(&tree);
	tree_free(&nick_tree);
}

/* An image as it lies in the node of data; false where it does not. */
static bool put_image(const struct prosody_pep *pep, const struct tree_node *info, struct buf *out)
{
	struct str id = tree_attr(info, "id");
	const struct lua_value *item = id.p != NULL ? find_item(pep->items[PROSODY_AVATAR_DATA], id) : NULL;
	struct tree *tree = NULL;
	const struct tree_node *data = item != NULL ? payload(item, NS_AVATAR_DATA, "data", &tree) : NULL;
	bool there = data != NULL && data->text.len > 0;

	if (there) {
		buf_put_lit(out, "<PHOTO>");
		vcard_put(out, "TYPE", tree_attr(info, "type"));
		vcard_put(out, "BINVAL", data->text);
		buf_put_lit(out, "</PHOTO>");
	}
	tree_free(&tree);
	return there;
}

static bool put_link(const struct tree_node *info, struct buf *out)
{
	struct str url = tree_attr(info, "url");

	if (url.len == 0)
		return false;
	buf_put_lit(out, "<PHOTO>");
	vcard_put(out, "EXTVAL", url);
	buf_put_lit(out, "</PHOTO>");
	return true;
}

/* Of the forms of one avatar the first that is there. */
static void put_photo(const struct prosody_pep *pep, struct buf *out)
{
	struct tree *tree;
	const struct tree_node *metadata = last_payload(pep->items[PROSODY_AVATAR], NS_AVATAR, "metadata", &tree);
	const struct tree_node *info = metadata != NULL ? metadata->children : NULL;

	while (info != NULL && !(str_is(info->name, "info") && (put_image(pep, info, out) || put_link(info, out))))
		info = info->next;
	tree_free(&tree);
}

void prosody_take_pep(struct moved *m, const struct prosody_pep *pep)
{
	struct buf inner = BUF_INIT, xml = BUF_INIT;

	put_text_parts(m, pep, &inner);
	put_photo(pep, &inner);
	buf_put_lit(&xml, "<vCard xmlns='" NS_VCARD "'>");
	buf_put_str(&xml, buf_str(&inner));
	buf_put_lit(&xml, "</vCard>");
	if (buf_failed(&inner) || buf_failed(&xml))
		moved_refuse(m, "out of memory");
	else if (inner.len > 0)
		moved_vcard(m, buf_str(&xml));
	buf_fini(&inner);
	buf_fini(&xml);
}
