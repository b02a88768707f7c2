/*
 * reader_private - what the files of the reader share: reader.c (feeding, limits), pool.c
 * (parsers), guard.c (raw bytes), sax.c (events), dialect.c (roots), canonical.c (output),
 * content.c (advice)
 *
 * A struct reader is a stream; a struct parser is the machine that is lent to it while bytes
 * of an element are half-read.  All buffers belong to the parser.
 *
 * Names and namespaces that libxml2 hands out are interned in the parser's dictionary: within
 * one parser, equal texts are equal pointers, and only pointers are compared.
 */
#ifndef BH_READER_PRIVATE_H
#define BH_READER_PRIVATE_H

#include <libxml/parser.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/str.h"
#include "xmpp/error.h"
#include "xmpp/reader.h"
#include "xmpp/stanza.h"

enum {
	READER_SLICE = 8192,           /* bytes given to libxml2 at once: its buffer stays small */
	READER_POOL_MAX = 16,          /* parsers kept for the next reader */
	READER_DICT_MAX = 2000,        /* names interned before a parser is replaced */
	READER_PARSER_BYTES = 1 << 30, /* bytes read before a parser is replaced */
	READER_BUFFER_KEEP = 65536,    /* larger buffers are not kept */
	READER_CHILD_CACHE = 64,
};

/* What a root element declares, so that a parser can be brought to the same state by a
 * synthetic one.  The usual ones are constants, shared by all readers. */
struct dialect {
	const char *header;
	uint32_t len;
	uint8_t content; /* enum content */
	bool shared;
};

/* The stream's content namespace, where its root declares one of these as default. */
enum content { CONTENT_NS_EITHER, CONTENT_NS_CLIENT, CONTENT_NS_SERVER, CONTENT_NS_COMPONENT };

struct reader {
	struct reader_pool *pool;
	const struct reader_handlers *handlers;
	void *owner;
	struct parser *parser;         /* NULL while idle */
	const struct dialect *dialect; /* NULL until the stream is open */
	char *reason;
	struct reader_limits limits;
	int16_t error;
	bool closed;
};

/* guard.c: follows the bytes just closely enough to see forbidden markup as it begins. */
enum guard_state { GUARD_TEXT, GUARD_LT, GUARD_BANG, GUARD_CDATA, GUARD_DECLARATION };

struct guard {
	uint8_t state;   /* enum guard_state */
	uint8_t matched; /* of "[CDATA[", of "]]>", of "xml " */
	bool first;      /* no '<' has been seen: an XML declaration may come */
};

struct refusal {
	int condition; /* enum stream_error; 0: none */
	const char *reason;
};

/* How many of the bytes may go to the parser; fewer than n only with *why set, and then the
 * next byte is the one that is refused. */
size_t guard_scan(struct guard *g, const uint8_t *p, size_t n, struct refusal *why);

/* Judges the first bytes of a stream, blanks skipped; n > 0. */
void guard_first(const uint8_t *p, size_t n, struct refusal *why);

/* The number of blanks that p begins with. */
size_t guard_blanks(const uint8_t *p, size_t n);

struct sax_attribute {
	const xmlChar *name, *prefix, *ns, *value, *end;
};

struct sax_namespace {
	const xmlChar *prefix, *uri;
};

struct start_tag {
	const xmlChar *name, *prefix, *ns;
	size_t nnamespaces, nattributes;
	const struct sax_namespace *namespaces;
	const struct sax_attribute *attributes;
};

static inline struct str sax_value(const struct sax_attribute *a)
{
	return str_make(a->value, (size_t)(a->end - a->value));
}

/* NULL stays absent. */
static inline struct str sax_text(const xmlChar *text)
{
	return str_of((const char *)text);
}

static inline bool sax_same(const xmlChar *text, const char *with)
{
	return text != NULL && strcmp((const char *)text, with) == 0;
}

/* The interned pointers that events are compared with. */
struct sax_names {
	const xmlChar *message, *presence, *iq;
	const xmlChar *to, *from, *id, *type, *lang, *version;
	const xmlChar *client, *server, *component, *sasl, *xml;
};

struct child_advice {
	const xmlChar *ns, *name;
	uint64_t hash;
	uint32_t content;
};

struct parser {
	struct list link; /* in the pool, while idle */
	struct reader_pool *pool;
	struct reader *reader; /* NULL when idle, and when a handler freed or restarted it */
	xmlParserCtxtPtr xml;
	struct sax_names names;
	const struct dialect *dialect; /* of the root that is open; NULL where not shared */
	struct guard guard;

	/* Offsets count the bytes given to libxml2 since its reset. */
	uint64_t fed;
	uint64_t token; /* where the token begins that is not complete */
	uint64_t start; /* where the element at depth one begins */
	uint64_t cr_end; /* where a piece of CDATA ended with a CR; 0: with another byte */
	uint64_t cut;   /* where a worn parser stopped, between two elements */
	uint64_t peak;  /* the largest number of bytes that were pending */
	size_t after;   /* bytes of this feed that come after the slice */
	uint32_t depth; /* open elements, the root among them */
	bool running;   /* inside xmlParseChunk() */
	bool muted;     /* the root being read is synthetic */
	bool stop;      /* no more events: failed, closed, cut, or the reader is gone */

	const xmlChar **ns; /* of the open elements; other streams' content namespaces as the
			     * client's */
	size_t ns_cap;

	/* The element at depth one. */
	struct buf inner, text, values, attrs;
	bool tag_open; /* the last start tag in inner has no '>' yet */
	struct element element;
	struct attribute *attributes;
	size_t attributes_cap;
	uint8_t children[STANZA_CHILDREN_MAX * 8];
	struct child_advice cache[READER_CHILD_CACHE];
};

/* The offset of the first byte that libxml2 has not consumed; exact, for no decoder is ever
 * installed. */
static inline uint64_t parser_offset(const struct parser *p)
{
	const struct _xmlParserInput *in = p->xml->input;

	return in->consumed + (uint64_t)(in->cur - in->base);
}

/* pool.c */

/* The one place where an XML parser is made; NULL without memory.  handler is copied. */
xmlParserCtxtPtr parser_factory(const xmlSAXHandler *handler, void *user);

/* Lends a parser that stands where the reader's stream stands.  0 or BH_ENOMEM. */
int parser_attach(struct reader *r);
/* Takes it back; it stands between two elements and has nothing but blanks pending. */
void parser_detach(struct parser *p);
/* Frees a parser that is lent. */
void parser_destroy(struct parser *p);
bool parser_worn(const struct parser *p);

/* reader.c: the first failure of a stream is kept, with its reason. */
void reader_fail(struct reader *r, int condition, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void parser_refuse(struct parser *p, int condition, const char *reason);

/* sax.c */
extern const xmlSAXHandler reader_sax;

/* dialect.c: that of a root, one of the constants or a copy; NULL without memory. */
const struct dialect *dialect_of(const struct start_tag *t);
/* The declaration of the default namespace; NULL where there is none. */
const struct sax_namespace *dialect_default(const struct start_tag *t);
/* Is it the namespace of this stream's stanzas? */
bool dialect_is_content(const struct parser *p, const xmlChar *ns);
/* The namespace as inner XML has it, which is the same on every kind of stream. */
const xmlChar *dialect_canonical(const struct parser *p, const xmlChar *ns);

/* canonical.c: the children of the element at depth one go to p->inner. */
void canonical_start(struct parser *p, const struct start_tag *t);
void canonical_text(struct parser *p, struct str text);
void canonical_end(struct parser *p, const xmlChar *name);
/* " xmlns:nsN='uri' nsN:name='value'" */
void canonical_foreign_attribute(struct buf *out, const struct sax_attribute *a, unsigned number);

/* content.c: notes a first-level child of a stanza. */
void content_note(struct parser *p, const xmlChar *ns, const xmlChar *name);

#endif
