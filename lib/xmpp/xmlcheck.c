/* The check for canonical inner XML: one pass over hostile bytes.
 *
 * Each skip_ function gives the place after what it accepts, or NULL. */
#include "xmpp/xmlcheck.h"

#include "base/err.h"
#include "base/hash.h"
#include "xmpp/names.h"
#include "xmpp/scan.h"
#include "xmpp/xmlchar.h"

#define NS_XML "http://www.w3.org/XML/1998/namespace"
#define NS_XMLNS "http://www.w3.org/2000/xmlns/"

/* An attribute without a prefix, or with xml:, has uri.p NULL and its name as written. */
struct attribute {
	struct str uri, name;
};

enum { FEW = 8, BUCKETS = 256 };

struct tag {
	struct str ns; /* of the element */
	unsigned n;
	unsigned foreign; /* namespaced ones so far */
	struct attribute attributes[XMLCHECK_ATTRIBUTES_MAX];
	/* With more than FEW: 1 + the last attribute in each bucket, and 1 + the one before it. */
	uint8_t last[BUCKETS], before[XMLCHECK_ATTRIBUTES_MAX];
};

/* An open element. */
struct level {
	struct str name, ns;
};

static inline struct str between(const uint8_t *p, const uint8_t *end)
{
	return str_make(p, (size_t)(end - p));
}

static inline const uint8_t *skip_literal(
	const uint8_t *p, const uint8_t *end, const char *text, size_t n)
{
	return (size_t)(end - p) >= n && memcmp(p, text, n) == 0 ? p + n : NULL;
}

#define SKIP(p, end, text) skip_literal((p), (end), "" text, sizeof(text) - 1)

/* The references that escape.c writes; two of them in values alone. */
static inline const uint8_t *skip_reference(const uint8_t *p, const uint8_t *end, bool in_value)
{
	const uint8_t *next;

	if ((next = SKIP(p, end, "&apos;")) != NULL || (next = SKIP(p, end, "&quot;")) != NULL ||
		(next = SKIP(p, end, "&lt;")) != NULL || (next = SKIP(p, end, "&gt;")) != NULL ||
		(next = SKIP(p, end, "&amp;")) != NULL || (next = SKIP(p, end, "&#13;")) != NULL || !in_value)
		return next;
	next = SKIP(p, end, "&#10;");
	return next != NULL ? next : SKIP(p, end, "&#9;");
}

/* Past text or a value, to the '<' or ' behind it, or the end of all. */
static inline const uint8_t *skip_chars(const uint8_t *p, const uint8_t *end, bool in_value)
{
	const uint8_t stop = in_value ? '\'' : '<';

	while ((p = scan_plain(p, end, in_value ? SCAN_WIDE | SCAN_BLANK : SCAN_WIDE)) < end) {
		if (*p == stop)
			return p;
		if (*p >= 0x80)
			p = xmlchar_wide_run(p, end);
		else
			p = *p == '&' ? skip_reference(p, end, in_value) : NULL;
		if (p == NULL)
			return NULL;
	}
	return p;
}

/* p stands after ='; the place after the closing one. */
static const uint8_t *skip_value(const uint8_t *p, const uint8_t *end, struct str *value)
{
	const uint8_t *start = p;

	p = skip_chars(p, end, true);
	if (p == NULL || p == end)
		return NULL;
	*value = between(start, p);
	return p + 1;
}

/* name='value', p at the name, which may have begun at start with a prefix. */
static const uint8_t *skip_pair(
	const uint8_t *p, const uint8_t *end, const uint8_t *start, struct str *name)
{
	struct str value;

	p = xmlchar_name(p, end);
	if (p == NULL)
		return NULL;
	*name = between(start, p);
	p = SKIP(p, end, "='");
	return p != NULL ? skip_value(p, end, &value) : NULL;
}

static bool uri_reserved(struct str uri)
{
	return str_eq(uri, STR_LIT(NS_XML)) || str_eq(uri, STR_LIT(NS_XMLNS));
}

/* Writes number in decimal; its length. */
static size_t decimal(unsigned number, char out[4])
{
	size_t n = number >= 100 ? 3 : number >= 10 ? 2 : 1;

	for (size_t i = n; i > 0; i--, number /= 10)
		out[i - 1] = (char)('0' + number % 10);
	return n;
}

/* xmlns:nsN='uri' nsN:name='value', p after "xmlns:ns". */
static const uint8_t *skip_foreign(
	const uint8_t *p, const uint8_t *end, struct tag *tag, struct attribute *a)
{
	char digits[4];
	size_t n = decimal(++tag->foreign, digits);

	p = skip_literal(p, end, digits, n);
	if (p != NULL)
		p = SKIP(p, end, "='");
	if (p != NULL)
		p = skip_value(p, end, &a->uri);
	if (p == NULL || a->uri.len == 0 || uri_reserved(a->uri))
		return NULL;
	p = SKIP(p, end, " ns");
	if (p != NULL)
		p = skip_literal(p, end, digits, n);
	if (p != NULL)
		p = SKIP(p, end, ":");
	return p != NULL ? skip_pair(p, end, p, &a->name) : NULL;
}

/* ---- no attribute twice -------------------------------------------------------------------- */

/* Mostly one of the first two says no; a name is never empty. */
static inline bool same(const struct attribute *a, const struct attribute *b)
{
	return a->name.len == b->name.len && *a->name.p == *b->name.p && str_eq(a->name, b->name) &&
	       str_eq(a->uri, b->uri);
}

static bool is_new_among_few(const struct tag *tag, const struct attribute *a)
{
	for (unsigned i = 0; i < tag->n; i++)
		if (same(&tag->attributes[i], a))
			return false;
	return true;
}

/* Under the process's key: no choice of names makes many share a bucket. */
static uint8_t *bucket_of(struct tag *tag, const struct attribute *a)
{
	const struct hash_key *key = hash_process_key();
	uint64_t hash = hash_bytes(key, a->name.p, a->name.len);

	if (a->uri.p != NULL)
		hash += 31 * hash_bytes(key, a->uri.p, a->uri.len);
	return &tag->last[hash % BUCKETS];
}

static bool put_into_bucket(struct tag *tag, unsigned i)
{
	uint8_t *last = bucket_of(tag, &tag->attributes[i]);

	for (uint8_t at = *last; at != 0; at = tag->before[at - 1])
		if (same(&tag->attributes[at - 1], &tag->attributes[i]))
			return false;
	tag->before[i] = *last;
	*last = (uint8_t)(i + 1);
	return true;
}

static bool is_new_among_many(struct tag *tag)
{
	if (tag->n == FEW) {
		memset(tag->last, 0, sizeof tag->last);
		for (unsigned i = 0; i < FEW; i++)
			(void)put_into_bucket(tag, i);
	}
	return put_into_bucket(tag, tag->n);
}

/* ---- tags ---------------------------------------------------------------------------------- */

/* p after the blank. */
static const uint8_t *skip_attribute(const uint8_t *p, const uint8_t *end, struct tag *tag)
{
	struct attribute *a = &tag->attributes[tag->n];
	const uint8_t *next;

	if (tag->n == XMLCHECK_ATTRIBUTES_MAX)
		return NULL;
	a->uri = STR_NONE;
	if ((next = SKIP(p, end, "xmlns:ns")) != NULL)
		p = skip_foreign(next, end, tag, a);
	else if ((next = SKIP(p, end, "xml:")) != NULL)
		p = skip_pair(next, end, p, &a->name);
	else
		p = skip_pair(p, end, p, &a->name);
	if (p == NULL || (a->uri.p == NULL && str_eq(a->name, STR_LIT("xmlns"))) ||
		!(tag->n < FEW ? is_new_among_few(tag, a) : is_new_among_many(tag)))
		return NULL;
	tag->n++;
	return p;
}

/* xmlns='...' where it must stand; p after xmlns='. */
static const uint8_t *skip_default(
	const uint8_t *p, const uint8_t *end, struct str parent, struct tag *tag)
{
	p = skip_value(p, end, &tag->ns);
	if (p == NULL || str_eq(tag->ns, parent) || uri_reserved(tag->ns) ||
		str_eq(tag->ns, STR_LIT(NS_SERVER)))
		return NULL;
	return p;
}

/* p after '<'; the place of the tag's '>' or '/>'. */
static const uint8_t *skip_start(
	const uint8_t *p, const uint8_t *end, const struct level *parent, struct level *self)
{
	struct tag tag;
	const uint8_t *start = p;
	const uint8_t *next;

	tag.ns = parent->ns;
	tag.n = tag.foreign = 0;
	p = xmlchar_name(p, end);
	if (p == NULL)
		return NULL;
	self->name = between(start, p);
	if ((next = SKIP(p, end, " xmlns='")) != NULL)
		p = skip_default(next, end, parent->ns, &tag);
	while (p != NULL && p < end && *p == ' ')
		p = skip_attribute(p + 1, end, &tag);
	self->ns = tag.ns;
	return p;
}

/* </name>, p after "</". */
static const uint8_t *skip_end(const uint8_t *p, const uint8_t *end, const struct level *self)
{
	p = skip_literal(p, end, self->name.p, self->name.len);
	return p != NULL ? SKIP(p, end, ">") : NULL;
}

static inline void note_top(struct xmlcheck_top *found, const struct level *element)
{
	found->elements++;
	if (str_is(element->name, "stanza-id") && str_is(element->ns, NS_STANZA_ID))
		found->claims_id = true;
}

int xmlcheck_inner(struct str inner)
{
	struct xmlcheck_top top;

	return xmlcheck_inner_top(inner, &top);
}

int xmlcheck_inner_top(struct str inner, struct xmlcheck_top *found)
{
	struct level stack[XMLCHECK_DEPTH_MAX + 1];
	struct level *top = stack; /* stack[0] is the stanza */
	const uint8_t *p = (const uint8_t *)inner.p;
	const uint8_t *end = inner.len > 0 ? p + inner.len : p;
	const uint8_t *opened = NULL; /* after the last start tag */
	const uint8_t *next;

	*found = (struct xmlcheck_top){0, false};
	top->ns = STR_LIT(NS_CLIENT);
	while (p != NULL && p < end) {
		if (top > stack && (p = skip_chars(p, end, false)) == NULL)
			break;
		if ((next = SKIP(p, end, "</")) != NULL) {
			if (top == stack || p == opened)
				return BH_EPROTO;
			p = skip_end(next, end, top--);
			continue;
		}
		p = SKIP(p, end, "<");
		if (p == NULL || top == stack + XMLCHECK_DEPTH_MAX)
			return BH_EPROTO;
		p = skip_start(p, end, top, top + 1);
		if (p != NULL && top == stack)
			note_top(found, top + 1);
		if (p != NULL && (next = SKIP(p, end, "/>")) != NULL) {
			p = next;
		} else if (p != NULL && (p = SKIP(p, end, ">")) != NULL) {
			opened = p;
			top++;
		}
	}
	return p == end && top == stack ? 0 : BH_EPROTO;
}

int xmlcheck_attrs(struct str attrs)
{
	const uint8_t *p = (const uint8_t *)attrs.p;
	const uint8_t *end = attrs.len > 0 ? p + attrs.len : p;
	struct tag tag;

	tag.n = tag.foreign = 0;
	while (p != NULL && p < end) {
		p = SKIP(p, end, " xmlns:ns");
		if (p != NULL)
			p = skip_attribute(p - strlen("xmlns:ns"), end, &tag);
	}
	return p == end ? 0 : BH_EPROTO;
}

bool xmlcheck_text(struct str text)
{
	const uint8_t *p = (const uint8_t *)text.p;
	const uint8_t *end = text.len > 0 ? p + text.len : p;

	while (p != NULL && (p = scan_plain(p, end, SCAN_WIDE)) < end) {
		if (*p >= 0x80)
			p = xmlchar_wide_run(p, end);
		else if (*p++ < 0x20 && p[-1] != '\r')
			return false;
	}
	return p != NULL || text.p == NULL;
}
