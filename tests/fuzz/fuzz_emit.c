/* What goes out of any input that comes in (attacks.md, S4): each stanza, written for each kind of
 * stream, is exactly one element to libxml2 and to expat, and means to both what had come in; to a
 * server like ours, which reads it again, it is the same stanza.
 *
 * The first byte says on which kind of stream it comes, and what is added on its way. */
#include "fuzz.h"
#include "meaning.h"
#include "xmpp/addition.h"
#include "xmpp/names.h"
#include "xmpp/reader.h"
#include "xmpp/xmlcheck.h"

#define OPEN(ns) "<stream:stream xmlns='" ns "' xmlns:stream='" NS_STREAMS "'"

/* What comes in may use a prefix of the root's, too. */
static const struct stream {
	const char *ns, *in, *out;
} streams[] = {
	{NS_CLIENT, OPEN(NS_CLIENT) " xmlns:q='v'>", OPEN(NS_CLIENT) ">"},
	{NS_SERVER, OPEN(NS_SERVER) " xmlns:db='" NS_DIALBACK "'>", OPEN(NS_SERVER) " xmlns:db='" NS_DIALBACK "'>"},
	{NS_COMPONENT, OPEN(NS_COMPONENT) ">", OPEN(NS_COMPONENT) ">"},
};

enum { KINDS = sizeof streams / sizeof streams[0] };
enum { WITH_ID = 4, WITH_DELAY = 8, WITH_CARBON = 16 };

#define CLOSE "</stream:stream>"

struct test {
	uint8_t choice;
	bool opened, closed;
	struct buf out[KINDS]; /* the meanings of all that was written */
};

static void put_additions(const struct test *t, const struct stanza *s, struct buf *out)
{
	const struct addition id = {ADDITION_STANZA_ID, s->from, s->id};
	const struct addition delay = {ADDITION_DELAY, s->to, STR_LIT("2002-09-10T23:08:25Z")};
	const struct addition carbon = {ADDITION_CARBON, STR_LIT("sent"), s->from};

	if (t->choice & WITH_ID)
		addition_put(out, &id);
	if (t->choice & WITH_DELAY)
		addition_put(out, &delay);
	if (t->choice & WITH_CARBON)
		addition_put(out, &carbon);
}

/* What one written stanza means; the same to both. */
static void understand(struct str written, const char *open, struct buf *text)
{
	struct buf document = BUF_INIT;
	struct meaning m = {.text = BUF_INIT}, other = {.text = BUF_INIT};

	buf_put_str(&document, str_of(open));
	buf_put_str(&document, written);
	buf_put_lit(&document, CLOSE);
	require(meaning_libxml2(buf_str(&document), &m) && m.children == 1);
	require(meaning_expat(buf_str(&document), &other) && other.children == 1);
	require(str_eq(buf_str(&m.text), buf_str(&other.text)));
	buf_put_str(text, buf_str(&m.text));
	meaning_fini(&m);
	meaning_fini(&other);
	buf_fini(&document);
}

/* ---- read again ------------------------------------------------------------------------------ */

struct again {
	const struct stanza *expected; /* NULL: it has got additions */
	unsigned elements;
};

static bool same_text(struct str a, struct str b)
{
	return str_eq(a, b) && (a.p == NULL) == (b.p == NULL);
}

static void on_open_again(void *owner, const struct stream_header *h)
{
	(void)owner, (void)h;
}

static void on_element_again(void *owner, const struct element *e)
{
	struct again *again = owner;
	const struct stanza *s = &e->stanza, *expected = again->expected;

	again->elements++;
	require(s->kind != 0 && xmlcheck_inner(s->inner) == 0);
	if (expected == NULL)
		return;
	require(s->kind == expected->kind && str_eq(s->inner, expected->inner));
	require(s->type == expected->type || expected->type == TYPE_UNKNOWN);
	require(s->content == expected->content && s->nchildren == expected->nchildren);
	require(same_text(s->to, expected->to) && same_text(s->from, expected->from));
	require(same_text(s->id, expected->id) && same_text(s->lang, expected->lang));
	require(str_eq(s->attrs, expected->attrs));
}

static void on_close_again(void *owner)
{
	(void)owner;
}

static void read_again(struct str written, const char *open, const struct stanza *expected)
{
	static const struct reader_handlers handlers = {on_open_again, on_element_again, on_close_again};
	static const struct reader_limits limits = {
		.stanza = 1 << 24, .tag = 1 << 20, .depth = 30, .attributes = 100};
	static struct reader_pool *pool;
	struct again again = {.expected = expected};
	struct reader *r;

	if (pool == NULL)
		pool = reader_pool_create();
	r = reader_create(pool, &handlers, &again, &limits);
	require(reader_feed(r, (const uint8_t *)open, strlen(open)) == 0);
	require(reader_feed(r, (const uint8_t *)written.p, written.len) == 0);
	require(again.elements == 1 && reader_idle(r));
	reader_free(&r);
}

/* ---- written --------------------------------------------------------------------------------- */

static void write_for(struct test *t, unsigned kind, const struct stanza *s)
{
	struct buf written = BUF_INIT, additions = BUF_INIT, text = BUF_INIT;

	stanza_write(&written, s, STR_NONE, STR_NONE);
	understand(buf_str(&written), streams[kind].out, &t->out[kind]);
	read_again(buf_str(&written), streams[kind].out, s);
	put_additions(t, s, &additions);
	if (additions.len > 0) {
		buf_clear(&written);
		stanza_write(&written, s, buf_str(&additions), s->to);
		understand(buf_str(&written), streams[kind].out, &text);
		read_again(buf_str(&written), streams[kind].out, NULL);
	}
	buf_fini(&written);
	buf_fini(&additions);
	buf_fini(&text);
}

static void on_open(void *owner, const struct stream_header *h)
{
	struct test *t = owner;

	(void)h;
	t->opened = true;
}

static void on_element(void *owner, const struct element *e)
{
	require(xmlcheck_inner(e->stanza.inner) == 0 && xmlcheck_attrs(e->stanza.attrs) == 0);
	if (e->stanza.kind != 0)
		for (unsigned kind = 0; kind < KINDS; kind++)
			write_for(owner, kind, &e->stanza);
}

static void on_close(void *owner)
{
	struct test *t = owner;

	t->closed = true;
}

/* Is it all of a stream, no byte less and none more? */
static bool read_all(struct test *t, struct str in, const char *open)
{
	static const struct reader_handlers handlers = {on_open, on_element, on_close};
	static const struct reader_limits limits = {
		.stanza = 65536, .tag = 4096, .depth = 20, .attributes = 20};
	static struct reader_pool *pool;
	struct reader *r;
	bool whole;

	if (pool == NULL)
		pool = reader_pool_create();
	r = reader_create(pool, &handlers, t, &limits);
	require(reader_feed(r, (const uint8_t *)open, strlen(open)) == 0 && t->opened);
	whole = reader_feed(r, (const uint8_t *)in.p, in.len) == 0 && !t->closed &&
		reader_feed(r, (const uint8_t *)CLOSE, strlen(CLOSE)) == 0 && t->closed;
	reader_free(&r);
	return whole;
}

static void compare(struct test *t, struct str in, const struct stream *stream)
{
	struct buf document = BUF_INIT;
	struct meaning m = {.taken = stream->ns}, other = {.taken = stream->ns};

	buf_put_str(&document, str_of(stream->in));
	buf_put_str(&document, in);
	buf_put_lit(&document, CLOSE);
	require(meaning_libxml2(buf_str(&document), &m));
	require(meaning_expat(buf_str(&document), &other));
	require(str_eq(buf_str(&m.text), buf_str(&other.text)));
	for (unsigned kind = 0; kind < KINDS; kind++)
		require(str_eq(buf_str(&t->out[kind]), buf_str(&m.text)));
	meaning_fini(&m);
	meaning_fini(&other);
	buf_fini(&document);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = str_make(data, size);
	struct test t = {.choice = take_choice(&in)};
	const struct stream *stream = &streams[(t.choice & 3) % KINDS];

	if (read_all(&t, in, stream->in))
		compare(&t, in, stream);
	for (unsigned kind = 0; kind < KINDS; kind++)
		buf_fini(&t.out[kind]);
	return 0;
}
