/* Trees: one pass of the parser, all nodes and texts in one arena. */
#include "xmpp/tree.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/secret.h"
#include "xmpp/escape.h"
#include "xmpp/reader_private.h"
#include "xmpp/xmlcheck.h"

enum { BLOCK_SIZE = 4000, FEED_SIZE = 65536 };

struct block {
	struct block *next;
	size_t used, size;
	max_align_t bytes[];
};

struct tree {
	struct block *blocks;
	const struct tree_node *first;
};

/* Character data of a node that is still open. */
struct piece {
	struct piece *next;
	struct str text;
};

struct level {
	struct tree_node *node;
	const struct tree_node **link; /* where the next child is to be linked */
	struct piece *first, **last;
	size_t text_len;
};

struct builder {
	struct tree *tree;
	xmlParserCtxtPtr xml;
	int error;
	unsigned depth; /* open elements, the wrapper among them */
	struct level levels[XMLCHECK_DEPTH_MAX + 1];
};

static struct block *add_block(struct tree *t, size_t want)
{
	size_t size = want > BLOCK_SIZE ? want : BLOCK_SIZE;
	struct block *b = malloc(sizeof(*b) + size);

	if (b == NULL)
		return NULL;
	b->next = t->blocks;
	b->used = 0;
	b->size = size;
	t->blocks = b;
	return b;
}

static void *take(struct builder *b, size_t size)
{
	struct block *block = b->tree->blocks;
	void *at;

	size = (size + 7) & ~(size_t)7;
	if (block == NULL || block->size - block->used < size)
		block = add_block(b->tree, size);
	if (block == NULL) {
		b->error = BH_ENOMEM;
		return NULL;
	}
	at = (uint8_t *)block->bytes + block->used;
	block->used += size;
	memset(at, 0, size);
	return at;
}

static struct str take_text(struct builder *b, struct str text)
{
	char *copy;

	if (text.p == NULL)
		return STR_NONE;
	copy = take(b, (size_t)text.len + 1);
	if (copy == NULL)
		return STR_NONE;
	memcpy(copy, text.p, text.len);
	return str_make(copy, text.len);
}

static void stop(struct builder *b, int error)
{
	if (b->error == 0)
		b->error = error;
}

static void add_attributes(struct builder *b, struct tree_node *node, const struct start_tag *t)
{
	const struct tree_attribute **link = &node->attributes;

	for (size_t i = 0; i < t->nattributes && b->error == 0; i++) {
		const struct sax_attribute *a = &t->attributes[i];
		struct tree_attribute *kept;

		if (a->ns != NULL)
			continue;
		kept = take(b, sizeof(*kept));
		if (kept == NULL)
			return;
		kept->name = take_text(b, str_of((const char *)a->name));
		kept->value = take_text(b, sax_value(a));
		*link = kept;
		link = &kept->next;
	}
}

static void node_open(struct builder *b, const struct start_tag *t)
{
	struct tree_node *node = take(b, sizeof(*node));
	struct level *parent = &b->levels[b->depth - 1];

	if (node == NULL)
		return;
	/* Mostly the parent's: then its copy serves. */
	if (b->depth > 1 && str_is(parent->node->ns, t->ns != NULL ? (const char *)t->ns : ""))
		node->ns = parent->node->ns;
	else
		node->ns = take_text(b, str_of((const char *)t->ns));
	node->name = take_text(b, str_of((const char *)t->name));
	add_attributes(b, node, t);
	*parent->link = node;
	parent->link = &node->next;
	b->levels[b->depth].node = node;
}

/* The parameters are libxml2's. */
static void on_start(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
	int nnamespaces, const xmlChar **namespaces, int nattributes, int ndefaulted,
	const xmlChar **attributes)
{
	struct builder *b = user;
	struct start_tag t = {
		.name = name,
		.ns = uri,
		.nattributes = (size_t)nattributes,
		.attributes = (const struct sax_attribute *)(const void *)attributes,
	};
	struct level *level;

	(void)prefix, (void)nnamespaces, (void)namespaces, (void)ndefaulted;
	if (b->depth > XMLCHECK_DEPTH_MAX)
		stop(b, BH_EPROTO);
	if (b->error == 0 && b->depth > 0)
		node_open(b, &t);
	if (b->error != 0) {
		xmlStopParser(b->xml);
		return;
	}
	level = &b->levels[b->depth];
	level->link = b->depth > 0 ? &level->node->children : &b->tree->first;
	level->first = NULL;
	level->last = &level->first;
	level->text_len = 0;
	b->depth++;
}

/* The node's text: its only piece, or all of them joined. */
static void node_text(struct builder *b, struct level *level)
{
	char *joined;

	if (level->first == NULL || level->first->next == NULL) {
		level->node->text = level->first != NULL ? level->first->text : STR_LIT("");
		return;
	}
	joined = take(b, level->text_len);
	if (joined == NULL)
		return;
	level->node->text = str_make(joined, level->text_len);
	for (const struct piece *at = level->first; at != NULL; at = at->next) {
		memcpy(joined, at->text.p, at->text.len);
		joined += at->text.len;
	}
}

static void on_end(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct builder *b = user;

	(void)name, (void)prefix, (void)uri;
	if (b->error == 0) {
		b->depth--;
		if (b->depth > 0)
			node_text(b, &b->levels[b->depth]);
	}
	if (b->error != 0)
		xmlStopParser(b->xml);
}

static void on_text(void *user, const xmlChar *text, int len)
{
	struct builder *b = user;
	struct str s = str_make(text, (size_t)len);
	struct level *level;
	struct piece *piece;

	if (b->error != 0)
		return;
	if (b->depth < 2) {
		if (guard_blanks(text, (size_t)len) != (size_t)len)
			stop(b, BH_EPROTO);
		return;
	}
	piece = take(b, sizeof(*piece));
	if (piece == NULL)
		return;
	level = &b->levels[b->depth - 1];
	piece->text = take_text(b, s);
	*level->last = piece;
	level->last = &piece->next;
	level->text_len += s.len;
}

static void on_dtd(void *user, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
	struct builder *b = user;

	(void)name, (void)external, (void)system;
	stop(b, BH_EPROTO);
	xmlStopParser(b->xml);
}

static void on_comment(void *user, const xmlChar *text)
{
	(void)text;
	stop(user, BH_EPROTO);
}

static void on_instruction(void *user, const xmlChar *target, const xmlChar *data)
{
	(void)target, (void)data;
	stop(user, BH_EPROTO);
}

static void on_error(void *user, xmlErrorPtr error)
{
	if (error->code == XML_ERR_NO_MEMORY)
		stop(user, BH_ENOMEM);
	else if (error->level == XML_ERR_FATAL ||
		 (error->domain == XML_FROM_NAMESPACE && error->code >= XML_NS_ERR_XML_NAMESPACE &&
			 error->code <= XML_NS_ERR_COLON))
		stop(user, BH_EPROTO);
}

static const xmlSAXHandler tree_sax = {
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

static void feed(struct builder *b, struct str bytes, int last)
{
	do {
		uint32_t n = bytes.len < FEED_SIZE ? bytes.len : FEED_SIZE;

		if (xmlParseChunk(b->xml, bytes.p, (int)n, last && n == bytes.len) != 0)
			stop(b, BH_EPROTO);
		bytes.p += n;
		bytes.len -= n;
	} while (bytes.len > 0 && b->error == 0);
}

static void build(struct builder *b, struct str inner, const char *content_ns)
{
	struct buf open = BUF_INIT;

	buf_put_lit(&open, "<inner xmlns='");
	escape_attribute(&open, str_of(content_ns));
	buf_put_lit(&open, "'>");
	if (buf_failed(&open))
		stop(b, BH_ENOMEM);
	else
		feed(b, buf_str(&open), 0);
	buf_fini(&open);
	if (b->error == 0 && inner.len > 0)
		feed(b, inner, 0);
	/* Inner XML that closes the wrapper has failed by now, or fails here. */
	if (b->error == 0 && b->depth != 1)
		stop(b, BH_EPROTO);
	if (b->error == 0)
		feed(b, STR_LIT("</inner>"), 1);
}

/* A request may hold a password (XEP-0077): no copy of it stays behind. */
static void wipe_input(xmlParserCtxtPtr xml)
{
	const struct _xmlParserInput *in = xml->input;

	if (in != NULL && in->end > in->base)
		secret_wipe((void *)(uintptr_t)in->base, (size_t)(in->end - in->base));
}

int tree_parse(struct str inner, const char *content_ns, struct tree **out)
{
	struct builder *b = bh_alloc(sizeof(*b));
	struct tree *tree = bh_alloc(sizeof(*tree));
	int rc = BH_ENOMEM;

	b->tree = tree;
	b->xml = parser_factory(&tree_sax, b);
	if (b->xml != NULL) {
		build(b, inner, content_ns);
		rc = b->error;
		wipe_input(b->xml);
		xmlFreeParserCtxt(b->xml);
	}
	free(b);
	if (rc < 0)
		tree_free(&tree);
	else
		*out = tree;
	return rc;
}

void tree_free(struct tree **tree)
{
	struct block *next;

	if (*tree == NULL)
		return;
	for (struct block *b = (*tree)->blocks; b != NULL; b = next) {
		next = b->next;
		secret_wipe(b->bytes, b->used);
		free(b);
	}
	free(*tree);
	*tree = NULL;
}

const struct tree_node *tree_first(const struct tree *tree)
{
	return tree->first;
}

const struct tree_node *tree_child(const struct tree_node *node, const char *ns, const char *name)
{
	const struct tree_node *at = node->children;

	while (at != NULL && !(str_is(at->name, name) && str_is(at->ns, ns)))
		at = at->next;
	return at;
}

struct str tree_attr(const struct tree_node *node, const char *name)
{
	for (const struct tree_attribute *a = node->attributes; a != NULL; a = a->next) {
		if (str_is(a->name, name))
			return a->value;
	}
	return STR_NONE;
}
