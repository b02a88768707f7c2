/* The check at the router's entry against the parsers (architecture.md, invariant 3): it accepts
 * exactly what the reader would have made of the same bytes.  And what it accepts is, wrapped in a
 * stanza, one element with as many children as the bytes can be split into, to libxml2 and to expat. */
#include "base/err.h"
#include "fuzz.h"
#include "meaning.h"
#include "xmpp/inner.h"
#include "xmpp/names.h"
#include "xmpp/reader.h"
#include "xmpp/tree.h"
#include "xmpp/xmlcheck.h"

#define OPEN "<stream:stream xmlns='jabber:client' xmlns:stream='" NS_STREAMS "'>"
#define CLOSE "</stream:stream>"
#define WRAP_OPEN "<message>"
#define WRAP_CLOSE "</message>"

struct test {
	struct str in;
	unsigned elements;
	bool same; /* the reader gives just these bytes */
};

static void on_open(void *owner, const struct stream_header *h)
{
	(void)owner, (void)h;
}

static void on_element(void *owner, const struct element *e)
{
	struct test *t = owner;

	t->elements++;
	t->same = str_eq(e->stanza.inner, t->in);
}

static void on_close(void *owner)
{
	(void)owner;
}

static int feed(struct reader *r, struct str text)
{
	return reader_feed(r, (const uint8_t *)text.p, text.len);
}

/* Do the bytes come out of a reader as they went in? */
static bool is_fixpoint(struct str in)
{
	static const struct reader_handlers handlers = {on_open, on_element, on_close};
	/* Wider than the check's: the stream and the stanza, and a declaration for each attribute. */
	static const struct reader_limits limits = {.stanza = 1 << 20,
		.tag = 1 << 20,
		.depth = XMLCHECK_DEPTH_MAX + 2,
		.attributes = 2 * XMLCHECK_ATTRIBUTES_MAX + 1};
	static struct reader_pool *pool;
	struct test t = {.in = in};
	struct reader *r;
	bool read;

	if (pool == NULL)
		pool = reader_pool_create();
	r = reader_create(pool, &handlers, &t, &limits);
	read = feed(r, STR_LIT(OPEN WRAP_OPEN)) == 0 && feed(r, in) == 0 && feed(r, STR_LIT(WRAP_CLOSE)) == 0;
	reader_free(&r);
	return read && t.elements == 1 && t.same;
}

static unsigned count(struct str in, char c)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < in.len; i++)
		n += in.p[i] == c;
	return n;
}

static unsigned split(struct str in)
{
	struct str element;
	unsigned n = 0;

	while (inner_take(&in, &element)) {
		require(element.len > 0 && xmlcheck_inner(element) == 0);
		n++;
	}
	require(in.len == 0);
	return n;
}

static void understood_by(meaning_fn *parser, struct str in)
{
	struct buf document = BUF_INIT;
	struct meaning m = {.text = BUF_INIT};

	buf_put_lit(&document, OPEN WRAP_OPEN);
	buf_put_str(&document, in);
	buf_put_lit(&document, WRAP_CLOSE CLOSE);
	require(parser(buf_str(&document), &m) && m.children == 1);
	require(m.grandchildren == split(in));
	meaning_fini(&m);
	buf_fini(&document);
}

static void check_tree(struct str in)
{
	struct tree *tree = NULL;

	require(tree_parse(in, NS_CLIENT, &tree) == 0);
	require((tree_first(tree) == NULL) == (in.len == 0));
	tree_free(&tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = str_make(data, size);

	if (xmlcheck_inner(in) == 0) {
		require(is_fixpoint(in));
		understood_by(meaning_libxml2, in);
		understood_by(meaning_expat, in);
		check_tree(in);
	} else if (count(in, '<') <= XMLCHECK_DEPTH_MAX && count(in, '=') <= XMLCHECK_ATTRIBUTES_MAX) {
		require(!is_fixpoint(in)); /* else it is one of the two bounds */
	}
	return 0;
}
