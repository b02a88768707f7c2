/* Any bytes as a tree.  Whatever is one is written as XML of another form that gives the same tree.
 *
 * The first byte chooses the content namespace. */
#include "base/err.h"
#include "fuzz.h"
#include "xmpp/escape.h"
#include "xmpp/names.h"
#include "xmpp/tree.h"
#include "xmpp/xmlcheck.h"

#define NS_XML "http://www.w3.org/XML/1998/namespace"

/* Of the namespace that nobody may declare, an element has its prefix. */
static void put_name(struct buf *out, const struct tree_node *n)
{
	if (str_is(n->ns, NS_XML))
		buf_put_lit(out, "xml:");
	buf_put_str(out, n->name);
}

static void write_node(struct buf *out, const struct tree_node *n)
{
	require(n->name.len > 0 && n->text.p != NULL);
	buf_put_byte(out, '<');
	put_name(out, n);
	if (!str_is(n->ns, NS_XML))
		escape_put_attribute(out, "xmlns", n->ns.p != NULL ? n->ns : STR_LIT(""));
	for (const struct tree_attribute *a = n->attributes; a != NULL; a = a->next) {
		require(str_eq(tree_attr(n, a->name.p), a->value)); /* names end with a NUL */
		escape_put_attribute(out, a->name.p, a->value);
	}
	buf_put_byte(out, '>');
	escape_text(out, n->text);
	for (const struct tree_node *child = n->children; child != NULL; child = child->next)
		write_node(out, child);
	buf_put_lit(out, "</");
	put_name(out, n);
	buf_put_byte(out, '>');
}

static void write_tree(struct buf *out, const struct tree *tree)
{
	for (const struct tree_node *n = tree_first(tree); n != NULL; n = n->next)
		write_node(out, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = str_make(data, size);
	const char *ns = take_choice(&in) & 1 ? NS_SERVER : NS_CLIENT;
	struct buf once = BUF_INIT, twice = BUF_INIT;
	struct tree *tree = NULL, *again = NULL;
	int rc = tree_parse(in, ns, &tree);

	require(rc == 0 || (rc == BH_EPROTO && tree == NULL));
	require(rc == 0 || xmlcheck_inner(in) != 0);
	if (rc == 0) {
		write_tree(&once, tree);
		require(tree_parse(buf_str(&once), ns, &again) == 0);
		write_tree(&twice, again);
		require(str_eq(buf_str(&once), buf_str(&twice)));
	}
	tree_free(&tree);
	tree_free(&again);
	buf_fini(&once);
	buf_fini(&twice);
	return 0;
}
