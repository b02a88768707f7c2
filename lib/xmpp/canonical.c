/* Children of an element at depth one, written again in canonical form (stanza.h). */
#include "xmpp/escape.h"
#include "xmpp/reader_private.h"

static inline void put_name(struct buf *out, const xmlChar *name)
{
	buf_put(out, name, strlen((const char *)name));
}

static void close_tag(struct parser *p)
{
	if (p->tag_open)
		buf_put_byte(&p->inner, '>');
	p->tag_open = false;
}

static void put_default_namespace(struct buf *out, const xmlChar *ns)
{
	buf_put_lit(out, " xmlns='");
	if (ns != NULL)
		escape_attribute(out, str_of((const char *)ns));
	buf_put_byte(out, '\'');
}

static void put_value(struct buf *out, const struct sax_attribute *a)
{
	buf_put_lit(out, "='");
	escape_attribute(out, sax_value(a));
	buf_put_byte(out, '\'');
}

void canonical_foreign_attribute(struct buf *out, const struct sax_attribute *a, unsigned number)
{
	buf_printf(out, " xmlns:ns%u='", number);
	escape_attribute(out, str_of((const char *)a->ns));
	buf_printf(out, "' ns%u:", number);
	put_name(out, a->name);
	put_value(out, a);
}

static void put_attributes(struct parser *p, const struct start_tag *t)
{
	unsigned number = 0;

	for (size_t i = 0; i < t->nattributes; i++) {
		const struct sax_attribute *a = &t->attributes[i];

		if (a->ns != NULL && a->ns != p->names.xml) {
			canonical_foreign_attribute(&p->inner, a, ++number);
			continue;
		}
		if (a->ns == NULL)
			buf_put_byte(&p->inner, ' ');
		else
			buf_put_lit(&p->inner, " xml:");
		put_name(&p->inner, a->name);
		put_value(&p->inner, a);
	}
}

/* p->ns holds this element's namespace at p->depth - 1. */
void canonical_start(struct parser *p, const struct start_tag *t)
{
	const xmlChar *ns = p->ns[p->depth - 1];
	/* The parent of a first-level child counts as one of the content namespace. */
	const xmlChar *parent = p->depth > 3 ? p->ns[p->depth - 2] : p->names.client;

	close_tag(p);
	buf_put_byte(&p->inner, '<');
	put_name(&p->inner, t->name);
	if (ns != parent)
		put_default_namespace(&p->inner, ns);
	put_attributes(p, t);
	p->tag_open = true;
}

void canonical_text(struct parser *p, struct str text)
{
	if (text.len == 0)
		return;
	close_tag(p);
	escape_text(&p->inner, text);
}

void canonical_end(struct parser *p, const xmlChar *name)
{
	if (p->tag_open) {
		buf_put_lit(&p->inner, "/>");
		p->tag_open = false;
		return;
	}
	buf_put_lit(&p->inner, "</");
	put_name(&p->inner, name);
	buf_put_byte(&p->inner, '>');
}
