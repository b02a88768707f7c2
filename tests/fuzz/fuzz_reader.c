/* The reader on any bytes.  It must give the same events however the bytes are cut, and inner
 * XML that routerd's check and the tree accept.
 *
 * The first byte says how the bytes are cut, and whether a stream header comes before. */
#include "base/buf.h"
#include "fuzz.h"
#include "xmpp/names.h"
#include "xmpp/reader.h"
#include "xmpp/tree.h"
#include "xmpp/xmlcheck.h"

static const char header[] =
	"<stream:stream xmlns='jabber:client' xmlns:stream='" NS_STREAMS "' xmlns:q='v'>";
static struct reader_pool *pool;

static void put(struct buf *out, struct str value)
{
	buf_printf(out, "[%d:", value.p != NULL ? (int)value.len : -1);
	buf_put_str(out, value);
	buf_put_byte(out, ']');
}

static void on_open(void *owner, const struct stream_header *h)
{
	const struct str fields[] = {h->ns, h->name, h->content_ns, h->prefix, h->to, h->from,
		h->id, h->version, h->lang};

	buf_put_lit(owner, "open");
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		put(owner, fields[i]);
}

static void check_inner(const struct stanza *s)
{
	struct tree *tree = NULL;

	require(xmlcheck_inner(s->inner) == 0);
	require(s->attrs.p == NULL || xmlcheck_attrs(s->attrs) == 0);
	require(tree_parse(s->inner, NS_CLIENT, &tree) == 0);
	require((tree_first(tree) == NULL) == (s->inner.len == 0));
	tree_free(&tree);
}

static void on_element(void *owner, const struct element *e)
{
	const struct stanza *s = &e->stanza;
	const struct str fields[] = {
		e->ns, e->name, e->text, s->to, s->from, s->id, s->lang, s->attrs, s->inner};

	buf_printf(owner, "element %u %u %u %x %u", e->size, s->kind, s->type, s->content,
		s->nchildren);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		put(owner, fields[i]);
	for (size_t i = 0; i < e->nattributes; i++) {
		put(owner, e->attributes[i].name);
		put(owner, e->attributes[i].value);
	}
	check_inner(s);
}

static void on_close(void *owner)
{
	buf_put_lit(owner, "close");
}

/* Reads it all in steps of that size; the events go to out.  Whether it failed may differ: of
 * a malformed tag libxml2 may see less or more before its end. */
static void read_all(struct str in, size_t step, bool opened, struct buf *out)
{
	static const struct reader_handlers handlers = {on_open, on_element, on_close};
	static const struct reader_limits limits = {
		.stanza = 4096, .tag = 512, .depth = 10, .attributes = 10};
	struct reader *r = reader_create(pool, &handlers, out, &limits);
	int rc = READER_OK;

	if (opened)
		require(reader_feed(r, (const uint8_t *)header, sizeof(header) - 1) == 0);
	for (size_t i = 0; i < in.len && rc == READER_OK; i += step)
		rc = reader_feed(
			r, (const uint8_t *)in.p + i, in.len - i < step ? in.len - i : step);
	require(rc != READER_STOPPED);
	reader_free(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole = BUF_INIT;
	struct buf cut = BUF_INIT;
	struct str in;
	size_t step;

	if (size < 2)
		return 0;
	if (pool == NULL)
		pool = reader_pool_create();
	in = str_make(data + 1, size - 1);
	step = (size_t)(data[0] & 0x3f) + 1;
	read_all(in, in.len, (data[0] & 0x40) != 0, &whole);
	read_all(in, step, (data[0] & 0x40) != 0, &cut);
	require(str_eq(buf_str(&whole), buf_str(&cut)));
	buf_fini(&whole);
	buf_fini(&cut);
	return 0;
}
