/* libxml2's events, of a document as a whole: our reader has it in pieces. */
#include <libxml/parserInternals.h>

#include "fuzz.h"
#include "meaning_writer.h"

struct reading {
	struct writer w;
	bool namespaces_wrong;
};

static struct str text_of(const xmlChar *text)
{
	return text != NULL ? str_of((const char *)text) : STR_LIT("");
}

/* The parameters are libxml2's. */
static void on_start(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
	int nnamespaces, const xmlChar **namespaces, int nattributes, int ndefaulted,
	const xmlChar **attributes)
{
	struct named element = {.ns = text_of(uri), .name = text_of(name)};
	struct named *list = writer_room((size_t)nattributes);

	(void)prefix, (void)nnamespaces, (void)namespaces, (void)ndefaulted;
	for (int i = 0; i < nattributes; i++, attributes += 5)
		list[i] = (struct named){text_of(attributes[2]), text_of(attributes[0]),
			str_make(attributes[3], (size_t)(attributes[4] - attributes[3]))};
	writer_start(user, &element, list, (size_t)nattributes);
	free(list);
}

static void on_end(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	(void)name, (void)prefix, (void)uri;
	writer_end(user);
}

static void on_text(void *user, const xmlChar *text, int len)
{
	writer_text(user, text, len);
}

static void on_comment(void *user, const xmlChar *text)
{
	(void)text;
	writer_odd(user);
}

static void on_instruction(void *user, const xmlChar *target, const xmlChar *data)
{
	(void)target, (void)data;
	writer_odd(user);
}

static void on_dtd(void *user, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
	(void)name, (void)external, (void)system;
	writer_odd(user);
}

/* That a namespace's name is no URI is an error to libxml2 alone. */
static void on_error(void *user, xmlErrorPtr error)
{
	struct reading *r = user;

	if (error->domain == XML_FROM_NAMESPACE && error->code >= XML_NS_ERR_XML_NAMESPACE &&
		error->code <= XML_NS_ERR_COLON)
		r->namespaces_wrong = true;
}

bool meaning_libxml2(struct str document, struct meaning *m)
{
	static xmlSAXHandler events = {
		.initialized = XML_SAX2_MAGIC,
		.startElementNs = on_start,
		.endElementNs = on_end,
		.characters = on_text,
		.ignorableWhitespace = on_text,
		.cdataBlock = on_text,
		.comment = on_comment,
		.processingInstruction = on_instruction,
		.internalSubset = on_dtd,
		.serror = on_error,
	};
	struct reading r = {.w = {.m = m}};
	xmlParserCtxtPtr xml = xmlCreateMemoryParserCtxt(document.p, (int)document.len);
	xmlSAXHandlerPtr own;
	bool good;

	require(xml != NULL);
	xmlCtxtUseOptions(xml, XML_PARSE_NOENT | XML_PARSE_NONET | XML_PARSE_HUGE);
	own = xml->sax;
	xml->sax = &events;
	xml->userData = &r;
	good = xmlParseDocument(xml) == 0 && xml->wellFormed;
	xml->sax = own;
	buf_fini(&r.w.text);
	xmlFreeParserCtxt(xml);
	return good && !r.namespaces_wrong;
}
