/* Parsers: made in one place, lent to readers, taken back.
 *
 * A parser that is taken back stays where it is, inside an open root.  The next reader whose
 * root declares the same goes on from there at no cost; for another one it is reset and given
 * a synthetic root. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/secret.h"
#include "xmpp/names.h"
#include "xmpp/reader_private.h"

struct reader_pool {
	struct list idle;
	unsigned nidle;
	unsigned lent;
};

struct reader_pool *reader_pool_create(void)
{
	struct reader_pool *pool = bh_alloc(sizeof(*pool));

	list_init(&pool->idle);
	return pool;
}

static void parser_free(struct parser *p)
{
	list_remove(&p->link);
	xmlFreeParserCtxt(p->xml);
	buf_fini(&p->inner);
	buf_fini_secret(&p->text);
	buf_fini(&p->values);
	buf_fini(&p->attrs);
	free(p->attributes);
	free(p->ns);
	free(p);
}

void reader_pool_free(struct reader_pool **pool)
{
	if (*pool == NULL)
		return;
	BUG_ON((*pool)->lent != 0);
	list_for_each_safe (at, &(*pool)->idle)
		parser_free(container_of(at, struct parser, link));
	free(*pool);
	*pool = NULL;
}

xmlParserCtxtPtr parser_factory(const xmlSAXHandler *handler, void *user)
{
	xmlParserCtxtPtr xml;

	xmlInitParser();
	xmlGetWarningsDefaultValue = 0; /* else each relative namespace costs a printf */
	/* libxml2 copies the handler, though it does not say const. */
	xml = xmlCreatePushParserCtxt((xmlSAXHandler *)(uintptr_t)handler, user, NULL, 0, NULL);
	if (xml == NULL)
		return NULL;
	/* NOENT: attribute values come with &amp; resolved.  Nothing else could be: there
	 * is no getEntity.  OLD10: names that expat knows, too (xmlcheck.h). */
	xmlCtxtUseOptions(xml, XML_PARSE_NOENT | XML_PARSE_NONET | XML_PARSE_OLD10);
	return xml;
}

static const xmlChar *intern(struct parser *p, const char *text)
{
	return xmlDictLookup(p->xml->dict, (const xmlChar *)text, -1);
}

static void intern_names(struct parser *p)
{
	p->names = (struct sax_names){
		.message = intern(p, "message"),
		.presence = intern(p, "presence"),
		.iq = intern(p, "iq"),
		.to = intern(p, "to"),
		.from = intern(p, "from"),
		.id = intern(p, "id"),
		.type = intern(p, "type"),
		.lang = intern(p, "lang"),
		.version = intern(p, "version"),
		.client = intern(p, NS_CLIENT),
		.server = intern(p, NS_SERVER),
		.component = intern(p, NS_COMPONENT),
		.sasl = intern(p, NS_SASL),
		.xml = intern(p, (const char *)XML_XML_NAMESPACE),
	};
}

static struct parser *parser_create(struct reader_pool *pool)
{
	struct parser *p = bh_alloc(sizeof(*p));

	list_init(&p->link);
	p->pool = pool;
	p->xml = parser_factory(&reader_sax, p);
	if (p->xml == NULL) {
		free(p);
		return NULL;
	}
	intern_names(p);
	return p;
}

/* One that stands in an equal root if there is one, else any. */
static struct parser *parser_take(struct reader_pool *pool, const struct dialect *dialect)
{
	struct parser *p;

	if (list_empty(&pool->idle))
		return parser_create(pool);
	p = container_of(pool->idle.next, struct parser, link);
	list_for_each (at, &pool->idle) {
		struct parser *candidate = container_of(at, struct parser, link);

		if (dialect != NULL && candidate->dialect == dialect) {
			p = candidate;
			break;
		}
	}
	list_remove(&p->link);
	pool->nidle--;
	return p;
}

static int make_room(struct parser *p)
{
	size_t want = (size_t)p->reader->limits.depth + 2;
	const xmlChar **ns;

	if (p->ns_cap >= want)
		return 0;
	ns = realloc(p->ns, want * sizeof(const xmlChar *));
	if (ns == NULL)
		return BH_ENOMEM;
	p->ns = ns;
	p->ns_cap = want;
	return 0;
}

/* Back to the state of a new parser; the dictionary stays. */
static int parser_reset(struct parser *p)
{
	if (p->fed > 0 && xmlCtxtResetPush(p->xml, NULL, 0, NULL, NULL) != 0)
		return BH_ENOMEM;
	p->xml->nsNr = 0;
	p->fed = p->token = p->start = p->cr_end = 0;
	p->depth = 0;
	p->dialect = NULL;
	p->guard = (struct guard){.first = true};
	return 0;
}

/* Reads a root that declares what the reader's own declared. */
static int open_synthetic(struct parser *p, const struct dialect *dialect)
{
	int rc;

	p->muted = true;
	rc = xmlParseChunk(p->xml, dialect->header, (int)dialect->len, 0);
	p->muted = false;
	if (rc != 0 || p->depth != 1)
		return BH_ENOMEM;
	p->fed = p->token = p->start = dialect->len;
	p->guard.first = false;
	return 0;
}

static int parser_prepare(struct parser *p)
{
	const struct dialect *dialect = p->reader->dialect;
	int rc = make_room(p);

	if (rc < 0 || (dialect != NULL && p->dialect == dialect))
		return rc;
	rc = parser_reset(p);
	if (rc < 0 || dialect == NULL)
		return rc;
	rc = open_synthetic(p, dialect);
	p->dialect = dialect->shared ? dialect : NULL;
	return rc;
}

int parser_attach(struct reader *r)
{
	struct parser *p = parser_take(r->pool, r->dialect);
	int rc;

	if (p == NULL)
		return BH_ENOMEM;
	r->pool->lent++;
	r->parser = p;
	p->reader = r;
	rc = parser_prepare(p);
	if (rc < 0)
		parser_destroy(p);
	return rc;
}

bool parser_worn(const struct parser *p)
{
	return xmlDictSize(p->xml->dict) > READER_DICT_MAX || p->fed > READER_PARSER_BYTES ||
	       p->peak > READER_BUFFER_KEEP;
}

static void trim(struct buf *b)
{
	if (b->cap > READER_BUFFER_KEEP)
		buf_fini(b);
}

void parser_detach(struct parser *p)
{
	struct reader_pool *pool = p->pool;

	if (pool->nidle >= READER_POOL_MAX || parser_worn(p)) {
		parser_destroy(p);
		return;
	}
	p->dialect = p->reader->dialect->shared ? p->reader->dialect : NULL;
	p->reader->parser = NULL;
	p->reader = NULL;
	trim(&p->inner);
	trim(&p->text);
	trim(&p->values);
	trim(&p->attrs);
	list_prepend(&pool->idle, &p->link);
	pool->nidle++;
	pool->lent--;
}

void parser_destroy(struct parser *p)
{
	p->pool->lent--;
	if (p->reader != NULL)
		p->reader->parser = NULL;
	parser_free(p);
}
