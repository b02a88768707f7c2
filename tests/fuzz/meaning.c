/* The one form in which both parsers' events are written. */
#include "fuzz.h"
#include "meaning_writer.h"
#include "xmpp/names.h"
#include "xmpp/stanza.h"

#define NS_XML "http://www.w3.org/XML/1998/namespace"

enum { ROOT = 1, STANZA = 2 }; /* depths, seen from inside */

static void put(struct buf *out, struct str text)
{
	buf_printf(out, "[%u:", text.len);
	buf_put_str(out, text);
	buf_put_byte(out, ']');
}

static void text_over(struct writer *w)
{
	bool shown = w->text.len > 0 && w->skipped == 0 && (w->m->taken == NULL || w->depth > STANZA);

	if (shown) {
		buf_put_byte(&w->m->text, '"');
		put(&w->m->text, buf_str(&w->text));
		buf_put_byte(&w->m->text, '\n');
	}
	buf_clear(&w->text);
}

static int order(struct str a, struct str b)
{
	uint32_t n = a.len < b.len ? a.len : b.len;
	int by_bytes = n > 0 ? memcmp(a.p, b.p, n) : 0;

	return by_bytes != 0 ? by_bytes : (a.len > b.len) - (a.len < b.len);
}

static int compare(const void *left, const void *right)
{
	const struct named *a = left, *b = right;
	int by_ns = order(a->ns, b->ns);

	return by_ns != 0 ? by_ns : order(a->name, b->name);
}

/* The streams differ in it, and stanzas cross from one kind to the other. */
static struct str content_ns(struct str ns)
{
	return str_is(ns, NS_SERVER) || str_is(ns, NS_COMPONENT) ? STR_LIT(NS_CLIENT) : ns;
}

/* 0: it is no stanza of those that are taken. */
static uint8_t kind_of(const struct meaning *m, const struct named *element)
{
	static const char *const names[] = {
		[STANZA_MESSAGE] = "message", [STANZA_PRESENCE] = "presence", [STANZA_IQ] = "iq"};

	for (uint8_t kind = STANZA_MESSAGE; kind <= STANZA_IQ; kind++)
		if (str_is(element->name, names[kind]) && str_is(element->ns, m->taken))
			return kind;
	return 0;
}

/* Does a stanza's tag keep it on its way? */
static bool kept(uint8_t kind, const struct named *a)
{
	if (str_is(a->ns, NS_XML))
		return str_is(a->name, "lang");
	if (str_is(a->name, "type") && a->ns.len == 0)
		return stanza_type_parse(kind, a->value) != TYPE_UNKNOWN;
	return a->ns.len > 0 || str_is(a->name, "to") || str_is(a->name, "from") || str_is(a->name, "id");
}

static void put_tag(struct writer *w, const struct named *element, struct named *list, size_t n)
{
	bool filter = w->m->taken != NULL && w->depth == ROOT;
	struct buf *out = &w->m->text;

	buf_put_byte(out, '<');
	put(out, content_ns(element->ns));
	put(out, element->name);
	if (n > 0)
		qsort(list, n, sizeof *list, compare);
	for (size_t i = 0; i < n; i++) {
		if (filter && !kept(kind_of(w->m, element), &list[i]))
			continue;
		buf_put_byte(out, ' ');
		put(out, list[i].ns);
		put(out, list[i].name);
		put(out, list[i].value);
	}
	buf_put_byte(out, '\n');
}

void writer_start(struct writer *w, const struct named *element, struct named *list, size_t n)
{
	text_over(w);
	if (w->skipped > 0 || (w->m->taken != NULL && w->depth == ROOT && kind_of(w->m, element) == 0)) {
		w->skipped++;
		return;
	}
	w->m->children += w->depth == ROOT;
	w->m->grandchildren += w->depth == STANZA;
	if (w->depth >= ROOT)
		put_tag(w, element, list, n);
	w->depth++;
}

void writer_end(struct writer *w)
{
	text_over(w);
	if (w->skipped > 0) {
		w->skipped--;
		return;
	}
	w->depth--;
	if (w->depth >= ROOT)
		buf_put_lit(&w->m->text, "/\n");
}

void writer_text(struct writer *w, const void *text, int len)
{
	buf_put(&w->text, text, (size_t)len);
}

void writer_odd(struct writer *w)
{
	text_over(w);
	buf_put_lit(&w->m->text, "odd\n");
}

struct named *writer_room(size_t n)
{
	struct named *list = malloc((n + 1) * sizeof *list);

	require(list != NULL);
	return list;
}

void meaning_fini(struct meaning *m)
{
	buf_fini(&m->text);
}
