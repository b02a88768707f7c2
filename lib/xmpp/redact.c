/* One pass over canonical XML; each take_ function gives the place behind what it has read, or NULL. */
#include "xmpp/redact.h"

#include <strings.h>

#include "xmpp/names.h"
#include "xmpp/xmlcheck.h"

struct redaction {
	struct buf *out;
	const char *end;
	bool bodies;
	unsigned depth;	 /* open elements */
	unsigned secret; /* the depth of the outermost one that holds a credential; 0: none */
};

static const char *const shown_attributes[] = {"xmlns", "type", "id", "to", "from", "node", "ver", "hash", "jid",
	"by", "code", "affiliation", "role", "subscription", "ask", "stamp", "var", "seconds", "action", "status"};
static const char *const secret_namespaces[] = {NS_REGISTER, NS_LEGACY_AUTH};

static struct str between(const char *p, const char *end)
{
	return str_make(p, (size_t)(end - p));
}

static const char *find(const char *p, const char *end, const char *any)
{
	while (p < end && strchr(any, *p) == NULL)
		p++;
	return p;
}

static bool is_shown(struct str name)
{
	for (size_t i = 0; i < sizeof shown_attributes / sizeof shown_attributes[0]; i++)
		if (str_is(name, shown_attributes[i]))
			return true;
	return false;
}

static bool contains(struct str text, const char *word)
{
	size_t n = strlen(word);

	for (uint32_t i = 0; i + n <= text.len; i++)
		if (strncasecmp(text.p + i, word, n) == 0)
			return true;
	return false;
}

/* That attribute makes the element one that holds a credential. */
static bool tells_of_secret(struct str name, struct str value)
{
	if (str_is(name, "xmlns"))
		for (size_t i = 0; i < sizeof secret_namespaces / sizeof secret_namespaces[0]; i++)
			if (str_is(value, secret_namespaces[i]))
				return true;
	if (str_is(name, "type"))
		return str_is(value, "text-private");
	return str_is(name, "var") && (contains(value, "password") || contains(value, "secret"));
}

static void put_hidden(const struct redaction *r, struct str text)
{
	if (r->secret > 0)
		buf_put_lit(r->out, "(secret)");
	else
		buf_printf(r->out, "(%u bytes)", text.len);
}

/* name='value', p at the name; what is before it is written. */
static const char *take_attribute(struct redaction *r, const char *p)
{
	const char *equals = find(p, r->end, "="), *close;
	struct str name = between(p, equals), value;
	unsigned secret = r->secret;

	if (r->end - equals < 2)
		return NULL;
	close = find(equals + 2, r->end, "'");
	if (close == r->end)
		return NULL;
	value = between(equals + 2, close);
	if (tells_of_secret(name, value) && secret == 0)
		secret = r->depth;
	buf_put_str(r->out, name);
	buf_put_lit(r->out, "='");
	if (str_is(name, "password"))
		buf_put_lit(r->out, "(secret)");
	else if (is_shown(name) || (r->bodies && r->secret == 0))
		buf_put_str(r->out, value);
	else
		put_hidden(r, value);
	buf_put_byte(r->out, '\'');
	r->secret = secret;
	return close + 1;
}

static void leave(struct redaction *r)
{
	if (r->secret == r->depth)
		r->secret = 0;
	r->depth--;
}

/* An end tag, p behind "</". */
static const char *take_end(struct redaction *r, const char *p)
{
	const char *close = find(p, r->end, ">");

	if (close == r->end || r->depth == 0)
		return NULL;
	buf_put_lit(r->out, "</");
	buf_put_str(r->out, between(p, close + 1));
	leave(r);
	return close + 1;
}

/* A start tag, p behind '<'. */
static const char *take_start(struct redaction *r, const char *p)
{
	const char *stop = find(p, r->end, " />");
	struct str name = between(p, stop);

	if (r->depth++ == XMLCHECK_DEPTH_MAX)
		return NULL;
	if (str_is(name, "password") && r->secret == 0)
		r->secret = r->depth;
	buf_put_byte(r->out, '<');
	buf_put_str(r->out, name);
	while (stop != NULL && stop < r->end && *stop == ' ') {
		buf_put_byte(r->out, ' ');
		stop = take_attribute(r, stop + 1);
	}
	if (stop == NULL || stop == r->end)
		return NULL;
	if (*stop == '>') {
		buf_put_byte(r->out, '>');
		return stop + 1;
	}
	buf_put_lit(r->out, "/>");
	leave(r);
	return r->end - stop >= 2 ? stop + 2 : NULL;
}

static const char *take_text(struct redaction *r, const char *p)
{
	const char *stop = find(p, r->end, "<");

	if (r->bodies && r->secret == 0)
		buf_put_str(r->out, between(p, stop));
	else
		put_hidden(r, between(p, stop));
	return stop;
}

void redact_inner(struct buf *out, struct str inner, bool bodies)
{
	struct redaction r = {.out = out, .end = inner.p + inner.len, .bodies = bodies};
	const char *p = inner.p;

	while (p != NULL && p < r.end) {
		if (*p != '<')
			p = take_text(&r, p);
		else if (r.end - p >= 2 && p[1] == '/')
			p = take_end(&r, p + 2);
		else
			p = take_start(&r, p + 1);
	}
}
