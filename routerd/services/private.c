/* Private XML: an element for each namespace and name, its owner's alone. */
#include "routerd/services/private.h"

#include <stdio.h>
#include <string.h>

#include "routerd/account.h"
#include "routerd/change.h"
#include "routerd/data.h"
#include "routerd/keep.h"
#include "xmpp/escape.h"
#include "xmpp/inner.h"
#include "xmpp/names.h"

/* 0 or why it is refused (XEP-0049 2.3). */
static unsigned judge(const struct transit *t, enum service_place place, const struct tree_node *child,
	const char **text)
{
	const struct tree_node *n = child->children;

	*text = NULL;
	if (place != SERVICE_ACCOUNT || t->sender == NULL)
		return STANZA_FORBIDDEN;
	*text = "one element, with a namespace of its own";
	if (n == NULL)
		return STANZA_BAD_REQUEST;
	if (n->next != NULL || n->ns.len == 0 || str_is(n->ns, NS_PRIVATE) || str_is(n->ns, NS_CLIENT))
		return STANZA_NOT_ACCEPTABLE;
	return 0;
}

static void put_key(struct store_tx *tx, const struct transit *t, const struct tree_node *n)
{
	store_text(tx, t->from.bare);
	store_text(tx, n->ns);
	store_text(tx, n->name);
}

/* Asks the store about the element that child is about, unless it is refused. */
static void ask(struct transit *t, enum service_place place, const struct tree_node *child, unsigned statement,
	transit_rows_fn *fn)
{
	const char *text;
	unsigned error = judge(t, place, child, &text);
	struct store_tx *tx;

	if (error != 0) {
		transit_error(t, error, text);
		return;
	}
	tx = store_begin(t->cause.router->store);
	put_key(tx, t, child->children);
	store_do(tx, statement);
	transit_ask(t, tx, fn);
}

/* The element as it is stored, or an empty one of that name. */
static void on_element(struct transit *t, struct store_rows *rows)
{
	struct buf out = BUF_INIT;

	buf_put_lit(&out, "<query xmlns='" NS_PRIVATE "'>");
	buf_put_str(&out, store_row(rows) ? store_row_text(rows, 0) : inner_contents(t->stanza.inner));
	buf_put_lit(&out, "</query>");
	transit_result(t, buf_str(&out));
	buf_fini(&out);
}

void private_get(struct transit *t, enum service_place place, const struct tree_node *child)
{
	ask(t, place, child, SQL_PRIVATE_GET, on_element);
}

static void store_element(struct transit *t, const struct tree_node *n, struct str xml)
{
	struct change *c = change_begin(t);

	put_key(change_tx(c), t, n);
	store_blob(change_tx(c), xml);
	store_do(change_tx(c), SQL_PRIVATE_PUT);
	change_then_result(c, t, STR_LIT(""));
	change_commit(&c);
}

/* What the account has stored besides is known now. */
static void on_size(struct transit *t, struct store_rows *rows)
{
	int64_t others = store_row(rows) ? store_row_int(rows, 0) : 0;
	uint32_t most = t->cause.router->limits.private_xml;
	struct str xml = inner_contents(t->stanza.inner);
	struct tree *tree;
	char text[64];

	if (others + xml.len > most) {
		snprintf(text, sizeof text, "routerd.private_xml: at most %u bytes", most);
		transit_error(t, STANZA_RESOURCE_CONSTRAINT, text);
		return;
	}
	if (tree_parse(t->stanza.inner, NS_CLIENT, &tree) != 0) {
		transit_error(t, STANZA_RESOURCE_CONSTRAINT, "out of memory");
		return;
	}
	store_element(t, tree_first(tree)->children, xml);
	tree_free(&tree);
}

void private_set(struct transit *t, enum service_place place, const struct tree_node *child)
{
	ask(t, place, child, SQL_PRIVATE_SIZE, on_size);
}
