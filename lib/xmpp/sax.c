/* libxml2's events into the reader's.
 *
 * After a failure, or when a handler has freed or restarted the reader, p->stop is set, and
 * nothing but xmlStopParser() happens any more: only at the start or the end of an element,
 * where libxml2 expects it. */
#include <stdlib.h>

#include "base/secret.h"
#include "xmpp/names.h"
#include "xmpp/reader_private.h"
#include "xmpp/xmlcheck.h"


static void header_attribute(
	struct parser *p, const struct sax_attribute *a, struct stream_header *h)
{
	if (a->ns == p->names.xml && a->name == p->names.lang)
		h->lang = sax_value(a);
	if (a->ns != NULL)
		return;
	if (a->name == p->names.to)
		h->to = sax_value(a);
	else if (a->name == p->names.from)
		h->from = sax_value(a);
	else if (a->name == p->names.id)
		h->id = sax_value(a);
	else if (a->name == p->names.version)
		h->version = sax_value(a);
}

static void root_open(struct parser *p, const struct start_tag *t)
{
	struct reader *r = p->reader;
	const struct sax_namespace *content = dialect_default(t);
	struct stream_header h = {
		.ns = sax_text(t->ns), .name = sax_text(t->name), .prefix = sax_text(t->prefix)};

	p->start = p->token;
	if (p->muted)
		return;
	r->dialect = dialect_of(t);
	if (r->dialect == NULL) {
		parser_refuse(p, STREAM_RESOURCE_CONSTRAINT, "out of memory");
		return;
	}
	if (content != NULL)
		h.content_ns = content->uri != NULL ? sax_text(content->uri) : STR_LIT("");
	for (size_t i = 0; i < t->nnamespaces; i++)
		h.dialback = h.dialback || sax_same(t->namespaces[i].uri, NS_DIALBACK);
	for (size_t i = 0; i < t->nattributes; i++)
		header_attribute(p, &t->attributes[i], &h);
	r->handlers->on_open(r->owner, &h);
}

static uint8_t stanza_kind_of(const struct parser *p, const struct start_tag *t)
{
	if (!dialect_is_content(p, t->ns))
		return 0;
	if (t->name == p->names.message)
		return STANZA_MESSAGE;
	if (t->name == p->names.presence)
		return STANZA_PRESENCE;
	return t->name == p->names.iq ? STANZA_IQ : 0;
}

/* Room for all attributes and their values, so that pointers to them stay good. */
static bool attribute_room(struct parser *p, const struct start_tag *t)
{
	size_t bytes = 1; /* so that an empty value has a place too */
	struct attribute *list;

	for (size_t i = 0; i < t->nattributes; i++)
		bytes += (size_t)(t->attributes[i].end - t->attributes[i].value);
	buf_clear(&p->values);
	if (buf_room(&p->values, bytes) == NULL)
		return false;
	if (t->nattributes <= p->attributes_cap)
		return true;
	list = realloc(p->attributes, t->nattributes * sizeof(*list));
	if (list == NULL)
		return false;
	p->attributes = list;
	p->attributes_cap = t->nattributes;
	return true;
}

static struct str keep_value(struct parser *p, const struct sax_attribute *a)
{
	struct str value = sax_value(a);

	buf_put_str(&p->values, value);
	value.p = (const char *)p->values.data + p->values.len - value.len;
	return value;
}

static void stanza_attribute(struct parser *p, const xmlChar *name, struct str value)
{
	struct stanza *s = &p->element.stanza;

	if (name == p->names.to)
		s->to = value;
	else if (name == p->names.from)
		s->from = value;
	else if (name == p->names.id)
		s->id = value;
	else if (name == p->names.type)
		s->type = stanza_type_parse(s->kind, value);
}

static void element_attributes(struct parser *p, const struct start_tag *t)
{
	struct element *e = &p->element;
	unsigned number = 0;

	for (size_t i = 0; i < t->nattributes; i++) {
		const struct sax_attribute *a = &t->attributes[i];
		struct attribute *kept = &p->attributes[e->nattributes];

		if (a->ns == NULL) {
			*kept = (struct attribute){sax_text(a->name), keep_value(p, a)};
			e->nattributes++;
			if (e->stanza.kind != 0)
				stanza_attribute(p, a->name, kept->value);
		} else if (e->stanza.kind == 0) {
			continue;
		} else if (a->ns != p->names.xml) {
			canonical_foreign_attribute(&p->attrs, a, ++number);
		} else if (a->name == p->names.lang) {
			e->stanza.lang = keep_value(p, a);
		}
	}
}

static void element_open(struct parser *p, const struct start_tag *t)
{
	struct element *e = &p->element;

	*e = (struct element){.ns = sax_text(t->ns), .name = sax_text(t->name)};
	e->stanza.kind = stanza_kind_of(p, t);
	buf_clear(&p->inner);
	buf_clear(&p->text);
	buf_clear(&p->attrs);
	p->tag_open = false;
	if (!attribute_room(p, t)) {
		parser_refuse(p, STREAM_RESOURCE_CONSTRAINT, "out of memory");
		return;
	}
	e->attributes = p->attributes;
	element_attributes(p, t);
}

static void child_open(struct parser *p, const struct start_tag *t)
{
	if (p->depth == 3 && p->element.stanza.kind != 0)
		content_note(p, p->ns[2], t->name);
	canonical_start(p, t);
}

/* What the limits and our canonical form say about a start tag. */
static bool tag_accepted(struct parser *p, const struct start_tag *t, uint64_t len)
{
	const struct reader_limits *limits = &p->reader->limits;

	const xmlChar *end = p->xml->input->cur;

	if (p->muted)
		return true;
	if (end[0] != '>' && (end[0] != '/' || end[1] != '>')) /* libxml2 looks only later */
		parser_refuse(p, STREAM_NOT_WELL_FORMED, "start tag without an end");
	else if (len > limits->tag)
		parser_refuse(p, STREAM_POLICY_VIOLATION, "tag too long");
	else if (t->nattributes + t->nnamespaces > limits->attributes)
		parser_refuse(p, STREAM_POLICY_VIOLATION, "too many attributes");
	else if (p->depth > limits->depth)
		parser_refuse(p, STREAM_POLICY_VIOLATION, "nested too deeply");
	else if (t->ns == p->names.xml) /* could not be written without a prefix */
		parser_refuse(p, STREAM_BAD_NAMESPACE_PREFIX, "element with prefix 'xml'");
	return !p->stop;
}

static void open_by_depth(struct parser *p, const struct start_tag *t)
{
	p->ns[p->depth] = dialect_canonical(p, t->ns);
	p->depth++;
	if (p->depth > 2)
		child_open(p, t);
	else if (p->depth == 2)
		element_open(p, t);
	else
		root_open(p, t);
}

/* The parameters are libxml2's. */
static void on_start(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
	int nnamespaces, const xmlChar **namespaces, int nattributes, int ndefaulted,
	const xmlChar **attributes)
{
	struct parser *p = user;
	struct start_tag t = {
		.name = name,
		.prefix = prefix,
		.ns = uri,
		.nnamespaces = (size_t)nnamespaces,
		.nattributes = (size_t)nattributes,
		.namespaces = (const struct sax_namespace *)(const void *)namespaces,
		.attributes = (const struct sax_attribute *)(const void *)attributes,
	};
	uint64_t at = parser_offset(p); /* of '>' or "/>" */

	(void)ndefaulted;
	if (!p->stop && tag_accepted(p, &t, at - p->token + (*p->xml->input->cur == '/'))) {
		p->token = at + 1;
		open_by_depth(p, &t);
	}
	if (p->stop)
		xmlStopParser(p->xml);
}

/* What was said before or instead of stanzas may be a password: it does not stay in the
 * buffers longer than it must. */
static void wipe(struct parser *p)
{
	const struct _xmlParserInput *in = p->xml->input;

	if (p->text.len > 0)
		secret_wipe(p->text.data, p->text.len);
	if (p->inner.len > 0)
		secret_wipe(p->inner.data, p->inner.len);
	secret_wipe((void *)(uintptr_t)in->base, (size_t)(in->cur - in->base));
}

static void element_close(struct parser *p, uint64_t at)
{
	struct reader *r = p->reader;
	struct element *e = &p->element;
	bool secret = e->stanza.kind == 0 || r->limits.wipe;
	uint64_t size = at - p->start;

	if (size > r->limits.stanza) {
		parser_refuse(p, STREAM_POLICY_VIOLATION, "stanza too large");
		return;
	}
	if (buf_failed(&p->inner) || buf_failed(&p->text) || buf_failed(&p->attrs)) {
		parser_refuse(p, STREAM_RESOURCE_CONSTRAINT, "out of memory");
		return;
	}
	e->size = (uint32_t)size;
	e->text = e->stanza.kind == 0 ? buf_str(&p->text) : STR_NONE;
	e->stanza.inner = buf_str(&p->inner);
	e->stanza.attrs = p->attrs.len > 0 ? buf_str(&p->attrs) : STR_NONE;
	e->stanza.children = p->children;
	p->start = at;
	r->handlers->on_element(r->owner, e);
	if (secret && p->text.len + p->inner.len > 0)
		wipe(p);
	if (!p->stop && parser_worn(p)) {
		p->cut = at;
		p->stop = true;
	}
}

static void root_close(struct parser *p)
{
	struct reader *r = p->reader;

	r->closed = true;
	p->stop = true;
	r->handlers->on_close(r->owner);
}

static void on_end(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct parser *p = user;
	uint64_t at = parser_offset(p);

	(void)prefix;
	(void)uri;
	if (!p->stop && at - p->token - 1 > p->reader->limits.tag)
		parser_refuse(p, STREAM_POLICY_VIOLATION, "tag too long");
	if (!p->stop) {
		p->token = at;
		p->depth--;
		if (p->depth > 1)
			canonical_end(p, name);
		else if (p->depth == 1)
			element_close(p, at);
		else
			root_close(p);
	}
	if (p->stop)
		xmlStopParser(p->xml);
}

static bool in_buffer(const struct parser *p, const xmlChar *text)
{
	const struct _xmlParserInput *in = p->xml->input;

	return (uintptr_t)text >= (uintptr_t)in->base && (uintptr_t)text < (uintptr_t)in->end;
}

/* The offset after the text.  Text in libxml2's buffer may be not yet consumed; a copy of it
 * is. */
static uint64_t text_end(const struct parser *p, const xmlChar *text, int len)
{
	const struct _xmlParserInput *in = p->xml->input;

	if (!in_buffer(p, text))
		return parser_offset(p);
	return in->consumed + (uint64_t)(text - in->base) + (uint64_t)len;
}

/* Between stanzas only blanks may stand, and no reference to one: what is seen of a reference
 * first, its '&', is no blank. */
static bool only_blanks(const struct parser *p, const xmlChar *text, size_t len)
{
	const struct _xmlParserInput *in = p->xml->input;
	bool reference = !in_buffer(p, text) && in->cur > in->base && in->cur[-1] == ';';

	return !reference && guard_blanks(text, len) == len;
}

static void element_text(struct parser *p, struct str text)
{
	if (p->depth > 2)
		canonical_text(p, text);
	else if (p->element.stanza.kind == 0)
		buf_put_str(&p->text, text);
}

static void on_text(void *user, const xmlChar *text, int len)
{
	struct parser *p = user;

	if (p->stop)
		return;
	p->token = text_end(p, text, len);
	if (p->depth > 1) {
		element_text(p, str_make(text, (size_t)len));
		return;
	}
	p->start = p->token;
	if (!only_blanks(p, text, (size_t)len))
		parser_refuse(p, STREAM_BAD_FORMAT, "text between stanzas");
}

static void skip_line_feed(struct str *text)
{
	if (text->len > 0 && *text->p == '\n')
		*text = str_make(text->p + 1, text->len - 1);
}

/* With LF for CR LF and for CR (XML 2.11), which libxml2 does everywhere but in CDATA.  A section comes in pieces:
 * what begins where the last one ended with a CR belongs to it. */
static void cdata_text(struct parser *p, struct str text, uint64_t end)
{
	const char *cr;

	if (p->cr_end != 0 && p->cr_end == end - text.len)
		skip_line_feed(&text);
	p->cr_end = text.len > 0 && text.p[text.len - 1] == '\r' ? end : 0;
	while (text.len > 0 && (cr = memchr(text.p, '\r', text.len)) != NULL) {
		uint32_t before = (uint32_t)(cr - text.p);

		element_text(p, str_make(text.p, before));
		element_text(p, STR_LIT("\n"));
		text = str_make(cr + 1, text.len - before - 1);
		skip_line_feed(&text);
	}
	element_text(p, text);
}

/* After the text may come "]]>", not yet consumed. */
static void on_cdata(void *user, const xmlChar *text, int len)
{
	struct parser *p = user;
	uint64_t end = text_end(p, text, len);

	if (p->stop)
		return;
	p->token = end + 3;
	/* libxml2 lets overlong UTF-8 of two bytes through here, and only here. */
	if (!xmlcheck_text(str_make(text, (size_t)len)))
		parser_refuse(p, STREAM_NOT_WELL_FORMED, "bad character in CDATA");
	else if (p->depth > 1)
		cdata_text(p, str_make(text, (size_t)len), end);
	else
		parser_refuse(p, STREAM_BAD_FORMAT, "text between stanzas");
}

static void on_document(void *user)
{
	struct parser *p = user;
	const xmlChar *encoding = p->xml->encoding;

	if (p->stop || p->muted)
		return;
	if (encoding != NULL && xmlStrcasecmp(encoding, (const xmlChar *)"UTF-8") != 0)
		parser_refuse(p, STREAM_UNSUPPORTED_ENCODING, "not UTF-8");
	else if (p->xml->version != NULL && !sax_same(p->xml->version, "1.0"))
		parser_refuse(p, STREAM_NOT_WELL_FORMED, "not XML 1.0");
	if (p->stop)
		xmlStopParser(p->xml);
}

/* The three that guard.c refuses before: nothing rests on that alone. */
static void on_comment(void *user, const xmlChar *text)
{
	(void)text;
	parser_refuse(user, STREAM_RESTRICTED_XML, "comment");
}

static void on_instruction(void *user, const xmlChar *target, const xmlChar *data)
{
	(void)target;
	(void)data;
	parser_refuse(user, STREAM_RESTRICTED_XML, "processing instruction");
}

static void on_dtd(void *user, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
	struct parser *p = user;

	(void)name;
	(void)external;
	(void)system;
	parser_refuse(p, STREAM_RESTRICTED_XML, "DTD");
	xmlStopParser(p->xml);
}

static const struct {
	int code;
	int condition;
	const char *reason;
} errors[] = {
	{XML_ERR_NO_MEMORY, STREAM_RESOURCE_CONSTRAINT, "out of memory"},
	{XML_ERR_UNDECLARED_ENTITY, STREAM_RESTRICTED_XML, "undefined entity"},
	{XML_WAR_UNDECLARED_ENTITY, STREAM_RESTRICTED_XML, "undefined entity"},
	{XML_ERR_UNKNOWN_ENCODING, STREAM_UNSUPPORTED_ENCODING, "not UTF-8"},
	{XML_ERR_UNSUPPORTED_ENCODING, STREAM_UNSUPPORTED_ENCODING, "not UTF-8"},
	{XML_ERR_INVALID_CHAR, STREAM_NOT_WELL_FORMED, "character not allowed, or not UTF-8"},
	{XML_ERR_INVALID_CHARREF, STREAM_NOT_WELL_FORMED, "character reference not allowed"},
	{XML_ERR_TAG_NAME_MISMATCH, STREAM_NOT_WELL_FORMED, "start and end tag differ"},
	{XML_ERR_ATTRIBUTE_REDEFINED, STREAM_NOT_WELL_FORMED, "attribute twice"},
	{XML_NS_ERR_XML_NAMESPACE, STREAM_NOT_WELL_FORMED, "reserved namespace or prefix"},
	{XML_NS_ERR_QNAME, STREAM_NOT_WELL_FORMED, "bad qualified name"},
	{XML_NS_ERR_ATTRIBUTE_REDEFINED, STREAM_NOT_WELL_FORMED, "attribute twice"},
	{XML_NS_ERR_EMPTY, STREAM_NOT_WELL_FORMED, "prefix without a namespace"},
	{XML_NS_ERR_COLON, STREAM_NOT_WELL_FORMED, "bad qualified name"},
};

static void undeclared_prefix(struct parser *p, const char *prefix)
{
	char shown[33] = "";
	size_t n = 0;

	for (; prefix != NULL && prefix[n] != '\0' && n < sizeof(shown) - 1; n++)
		shown[n] = (char)(prefix[n] > ' ' && prefix[n] < 0x7f ? prefix[n] : '?');
	p->stop = true;
	reader_fail(p->reader, STREAM_BAD_NAMESPACE_PREFIX, "undeclared prefix '%s'", shown);
}

/* The parser may not be stopped here, in the middle of a tag: its events do it. */
static void on_error(void *user, xmlErrorPtr error)
{
	struct parser *p = user;
	bool namespace = error->domain == XML_FROM_NAMESPACE &&
			 error->code >= XML_NS_ERR_XML_NAMESPACE && error->code <= XML_NS_ERR_COLON;

	if (p->stop || (error->level != XML_ERR_FATAL && !namespace))
		return;
	if (error->code == XML_NS_ERR_UNDEFINED_NAMESPACE) {
		undeclared_prefix(p, error->str1);
		return;
	}
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (errors[i].code == error->code) {
			parser_refuse(p, errors[i].condition, errors[i].reason);
			return;
		}
	}
	p->stop = true;
	/* Of a declaration that says UTF-16, or of the bytes of the header. */
	if (error->code == XML_ERR_INVALID_ENCODING && p->reader->dialect == NULL)
		reader_fail(p->reader, STREAM_UNSUPPORTED_ENCODING, "not UTF-8");
	else
		reader_fail(p->reader, STREAM_NOT_WELL_FORMED, "XML error %d", error->code);
}

/* Without getEntity no entity is known but the five. */
const xmlSAXHandler reader_sax = {
	.initialized = XML_SAX2_MAGIC,
	.startDocument = on_document,
	.startElementNs = on_start,
	.endElementNs = on_end,
	.characters = on_text,
	.ignorableWhitespace = on_text,
	.cdataBlock = on_cdata,
	.comment = on_comment,
	.processingInstruction = on_instruction,
	.internalSubset = on_dtd,
	.serror = on_error,
};
