/* What root elements declare, in a form in which it can be declared again to another parser. */
#include <stdlib.h>

#include "xmpp/escape.h"
#include "xmpp/names.h"
#include "xmpp/reader_private.h"


#define DIALECT(ns, more, kind)                                                                    \
	{                                                                                          \
		.header = "<stream:stream xmlns='" ns "' xmlns:stream='" NS_STREAMS "'" more ">",  \
		.len = sizeof("<stream:stream xmlns='" ns "' xmlns:stream='" NS_STREAMS "'" more   \
			      ">") -                                                               \
		       1,                                                                          \
		.content = kind, .shared = true,                                                   \
	}

static const struct dialect client = DIALECT(NS_CLIENT, "", CONTENT_NS_CLIENT);
static const struct dialect server = DIALECT(NS_SERVER, "", CONTENT_NS_SERVER);
static const struct dialect server_dialback =
	DIALECT(NS_SERVER, " xmlns:db='" NS_DIALBACK "'", CONTENT_NS_SERVER);
static const struct dialect component = DIALECT(NS_COMPONENT, "", CONTENT_NS_COMPONENT);

static void put_declaration(struct buf *out, const struct sax_namespace *ns)
{
	buf_put_lit(out, " xmlns");
	if (ns->prefix != NULL) {
		buf_put_byte(out, ':');
		buf_put_str(out, sax_text(ns->prefix));
	}
	buf_put_lit(out, "='");
	if (ns->uri != NULL)
		escape_attribute(out, sax_text(ns->uri));
	buf_put_byte(out, '\'');
}

/* A root that declares the same: the default namespace first, the root's own prefix second,
 * so that the usual declarations give the same text in any order. */
static void write_synthetic(struct buf *out, const struct start_tag *t)
{
	buf_put_byte(out, '<');
	if (t->prefix != NULL) {
		buf_put_str(out, sax_text(t->prefix));
		buf_put_byte(out, ':');
	}
	buf_put_str(out, sax_text(t->name));
	for (int pass = 0; pass < 3; pass++) {
		for (size_t i = 0; i < t->nnamespaces; i++) {
			const struct sax_namespace *ns = &t->namespaces[i];
			int when = ns->prefix == NULL ? 0 : ns->prefix == t->prefix ? 1 : 2;

			if (when == pass)
				put_declaration(out, ns);
		}
	}
	buf_put_byte(out, '>');
}

const struct sax_namespace *dialect_default(const struct start_tag *t)
{
	for (size_t i = 0; i < t->nnamespaces; i++) {
		if (t->namespaces[i].prefix == NULL)
			return &t->namespaces[i];
	}
	return NULL;
}

static struct dialect *dialect_copy(struct str header, const struct start_tag *t)
{
	const struct sax_namespace *ns = dialect_default(t);
	struct dialect *d = malloc(sizeof(*d) + header.len);

	if (d == NULL)
		return NULL;
	*d = (struct dialect){.header = (char *)(d + 1), .len = header.len};
	memcpy(d + 1, header.p, header.len);
	if (ns != NULL && sax_same(ns->uri, NS_CLIENT))
		d->content = CONTENT_NS_CLIENT;
	else if (ns != NULL && sax_same(ns->uri, NS_SERVER))
		d->content = CONTENT_NS_SERVER;
	else if (ns != NULL && sax_same(ns->uri, NS_COMPONENT))
		d->content = CONTENT_NS_COMPONENT;
	return d;
}

const struct dialect *dialect_of(const struct start_tag *t)
{
	static const struct dialect *const usual[] = {
		&client, &server, &server_dialback, &component};
	const struct dialect *found = NULL;
	struct buf header = BUF_INIT;

	write_synthetic(&header, t);
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]) && found == NULL; i++) {
		if (str_eq(buf_str(&header), str_make(usual[i]->header, usual[i]->len)))
			found = usual[i];
	}
	if (found == NULL && !buf_failed(&header))
		found = dialect_copy(buf_str(&header), t);
	buf_fini(&header);
	return found;
}

bool dialect_is_content(const struct parser *p, const xmlChar *ns)
{
	switch (p->reader->dialect->content) {
	case CONTENT_NS_CLIENT:
		return ns == p->names.client;
	case CONTENT_NS_SERVER:
		return ns == p->names.server;
	case CONTENT_NS_COMPONENT:
		return ns == p->names.component;
	default:
		return ns == p->names.client || ns == p->names.server;
	}
}

const xmlChar *dialect_canonical(const struct parser *p, const xmlChar *ns)
{
	const struct dialect *dialect = p->reader->dialect;

	if (ns == p->names.server)
		return p->names.client;
	if (ns == p->names.component && dialect != NULL && dialect->content == CONTENT_NS_COMPONENT)
		return p->names.client;
	return ns;
}
