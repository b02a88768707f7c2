/* The check for canonical inner XML against one that is written down from the grammar of xmlcheck.h, a byte
 * at a time, on random XML with random mistakes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <libxml/tree.h>

#include "base/buf.h"
#include "xmpp/names.h"
#include "xmpp/xmlcheck.h"

enum { ROUNDS = 200000, LEVELS = 4 };

/* ---- the slow check -------------------------------------------------------------------------- */

struct input {
	const char *p, *end;
	bool bad;
};

struct found {
	struct str ns, name;
};

static bool begins(const struct input *in, const char *text)
{
	size_t n = strlen(text);

	return (size_t)(in->end - in->p) >= n && memcmp(in->p, text, n) == 0;
}

static bool eat(struct input *in, const char *text)
{
	if (in->bad || !begins(in, text))
		return false;
	in->p += strlen(text);
	return true;
}

static void expect(struct input *in, const char *text)
{
	in->bad = !eat(in, text) || in->bad;
}

/* The number of the character at p, and its length by its first byte; 0: none. */
static uint32_t character(const struct input *in, size_t *n)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const uint8_t *p = (const uint8_t *)in->p;
	uint32_t c;

	*n = *p < 0x80 ? 1 : *p < 0xc0 ? 0 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : *p < 0xf8 ? 4 : 0;
	if (*n == 0 || (size_t)(in->end - in->p) < *n)
		return 0;
	c = *n == 1 ? *p : *p & (0x7fu >> *n);
	for (size_t i = 1; i < *n; i++) {
		if (p[i] < 0x80 || p[i] > 0xbf)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (*n > 1 && c < least[*n])
		return 0;
	return c == 9 || c == 10 || c == 13 || (c >= 0x20 && c < 0xd800) || (c > 0xdfff && c < 0xfffe) ||
		       (c > 0xffff && c < 0x110000) ? c : 0;
}

static bool eat_reference(struct input *in, bool in_value)
{
	static const char *const all[] = {
		"&amp;", "&lt;", "&gt;", "&apos;", "&quot;", "&#13;", "&#9;", "&#10;"};

	for (size_t i = 0; i < (in_value ? 8 : 6); i++)
		if (eat(in, all[i]))
			return true;
	return false;
}

static void eat_chars(struct input *in, bool in_value)
{
	while (!in->bad && in->p < in->end && *in->p != (in_value ? '\'' : '<')) {
		size_t n;
		uint32_t c = character(in, &n);

		if (eat_reference(in, in_value))
			continue;
		in->bad = c == 0 || c == 13 || (c < 0x80 && strchr("&<>'\"", (int)c) != NULL) ||
			  (in_value && c < 0x20);
		in->p += n;
	}
}

static struct str eat_value(struct input *in)
{
	const char *start = in->p;
	struct str value;

	eat_chars(in, true);
	value = str_make(start, (size_t)(in->p - start));
	expect(in, "'");
	return value;
}

static bool in_name(const struct input *in, size_t *n)
{
	static const char ascii[] = "-._0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	uint32_t c = in->p < in->end ? character(in, n) : 0;

	return c >= 0x80 || (c != 0 && strchr(ascii, (int)c) != NULL);
}

static struct str eat_name(struct input *in)
{
	const char *start = in->p;
	char copy[512] = "";
	size_t n;

	while (in_name(in, &n))
		in->p += n;
	n = (size_t)(in->p - start);
	if (n < sizeof copy)
		memcpy(copy, start, n);
	in->bad = in->bad || xmlValidateNCName((const xmlChar *)copy, 0) != 0;
	return str_make(start, n);
}

static bool reserved(struct str ns)
{
	return str_is(ns, "http://www.w3.org/XML/1998/namespace") || str_is(ns, "http://www.w3.org/2000/xmlns/");
}

static struct found eat_attribute(struct input *in, unsigned *foreign)
{
	struct found a = {.ns = STR_NONE};
	char text[32];

	if (begins(in, "xmlns:ns")) {
		snprintf(text, sizeof text, "xmlns:ns%u='", ++*foreign);
		expect(in, text);
		a.ns = eat_value(in);
		snprintf(text, sizeof text, " ns%u:", *foreign);
		expect(in, text);
		in->bad = in->bad || a.ns.len == 0 || reserved(a.ns);
	} else if (eat(in, "xml:")) {
		a.ns = STR_LIT("xml");
	}
	a.name = eat_name(in);
	in->bad = in->bad || (a.ns.p == NULL && str_is(a.name, "xmlns"));
	expect(in, "='");
	(void)eat_value(in);
	return a;
}

static void eat_attributes(struct input *in)
{
	struct found list[XMLCHECK_ATTRIBUTES_MAX + 1];
	unsigned n = 0, foreign = 0;

	while (!in->bad && eat(in, " ")) {
		list[n] = eat_attribute(in, &foreign);
		for (unsigned i = 0; i < n; i++)
			in->bad = in->bad || (str_eq(list[i].name, list[n].name) && str_eq(list[i].ns, list[n].ns));
		in->bad = in->bad || ++n > XMLCHECK_ATTRIBUTES_MAX;
	}
}

static void eat_element(struct input *in, struct str parent, unsigned depth)
{
	struct str ns = parent, name;
	const char *content;

	expect(in, "<");
	name = eat_name(in);
	if (eat(in, " xmlns='")) {
		ns = eat_value(in);
		in->bad = in->bad || str_eq(ns, parent) || reserved(ns) || str_is(ns, NS_SERVER);
	}
	eat_attributes(in);
	in->bad = in->bad || depth > XMLCHECK_DEPTH_MAX;
	if (eat(in, "/>"))
		return;
	expect(in, ">");
	content = in->p;
	while (!in->bad && in->p < in->end && !begins(in, "</")) {
		if (*in->p == '<')
			eat_element(in, ns, depth + 1);
		else
			eat_chars(in, false);
	}
	in->bad = in->bad || in->p == content;
	expect(in, "</");
	in->bad = in->bad || !str_eq(eat_name(in), name);
	expect(in, ">");
}

static bool slowly_accepted(struct str inner)
{
	struct input in = {inner.p, inner.p + inner.len, false};

	while (!in.bad && in.p < in.end)
		eat_element(&in, STR_LIT(NS_CLIENT), 1);
	return !in.bad;
}

/* ---- random XML ------------------------------------------------------------------------------ */

static unsigned below(unsigned n)
{
	return (unsigned)rand() % n;
}

static const char *one_of(const char *const *list, unsigned n)
{
	return list[below(n)];
}

#define ONE_OF(list) one_of((list), sizeof(list) / sizeof((list)[0]))

static void put(struct buf *out, const char *text)
{
	buf_put(out, text, strlen(text));
}

static void put_name(struct buf *out)
{
	static const char *const names[] = {"a", "b", "c1", "body", "xmlns", "xml", "ns1", "_x", "a-b.c",
		"averyverylongnamethatneedsmorethanablock", "\u00e4", "a\u00b7b", "\u6f22\u5b57", "a\u2070"};

	put(out, ONE_OF(names));
}

static void put_chars(struct buf *out, bool in_value)
{
	static const char *const pieces[] = {"x", " ", "plain text of more than sixteen bytes",
		"]]&gt;", "&amp;", "&lt;", "&apos;", "&quot;", "&#13;", "\u00fc", "\u20ac", "\U0001f600",
		"\u6f22\u5b57\u6f22\u5b57\u6f22", "\x7f", "\ufffd"};

	for (unsigned n = below(5); n > 0; n--)
		put(out, ONE_OF(pieces));
	if (below(4) == 0)
		put(out, in_value ? "&#9;&#10;" : "\t\n");
}

static void put_attributes(struct buf *out)
{
	static const char *const spaces[] = {"u", "jabber:client", "jabber:server", "urn:xmpp:0"};
	unsigned n = below(8) == 0 ? below(20) : below(3), foreign = 0;

	for (unsigned i = 0; i < n; i++) {
		unsigned kind = below(4);

		buf_put_byte(out, ' ');
		if (kind == 0) {
			foreign++;
			buf_printf(out, "xmlns:ns%u='%s' ns%u:", foreign, ONE_OF(spaces), foreign);
		} else if (kind == 1) {
			put(out, "xml:");
		}
		put_name(out);
		if (n > 3)
			buf_printf(out, "%u", i); /* mostly no name twice */
		put(out, "='");
		put_chars(out, true);
		buf_put_byte(out, '\'');
	}
}

static void put_element(struct buf *out, unsigned levels)
{
	static const char *const spaces[] = {"", "u", "v", "jabber:client"};
	struct buf name = BUF_INIT;

	put_name(&name);
	buf_put_byte(out, '<');
	buf_put_str(out, buf_str(&name));
	if (below(3) == 0)
		buf_printf(out, " xmlns='%s'", ONE_OF(spaces));
	put_attributes(out);
	if (below(3) == 0) {
		put(out, "/>");
	} else {
		buf_put_byte(out, '>');
		put_chars(out, false);
		for (unsigned n = levels > 0 ? below(3) : 0; n > 0; n--)
			put_element(out, levels - 1);
		buf_printf(out, "x</%.*s>", STR_FMT(buf_str(&name)));
	}
	buf_fini(&name);
}

/* One change somewhere. */
static void spoil(struct buf *b)
{
	static const char marks[] = "<>&'\"/ =:;#x\n\t\r\x01\x80\xc2\xe2\xf0\xff";
	size_t at = below((unsigned)b->len);

	switch (below(4)) {
	case 0:
		b->data[at] = (uint8_t)marks[below(sizeof marks)];
		break;
	case 1:
		b->data[at] = (uint8_t)rand();
		break;
	case 2:
		memmove(b->data + at, b->data + at + 1, --b->len - at);
		break;
	default:
		b->len = at;
		break;
	}
}

/* ---- */

/* In memory of exactly that size, so that a sanitizer sees reads past its end. */
static bool accepted(struct str inner)
{
	char *copy = malloc(inner.len + 1u);
	bool ok;

	assert_non_null(copy);
	memcpy(copy + 1, inner.p, inner.len);
	ok = xmlcheck_inner(str_make(copy + 1, inner.len)) == 0;
	free(copy);
	return ok;
}

static void agrees_with_the_grammar_read_byte_by_byte(void **state)
{
	unsigned good = 0;

	(void)state;
	srand(1);
	for (int round = 0; round < ROUNDS; round++) {
		struct buf b = BUF_INIT;
		bool expected;

		for (unsigned n = 1 + below(2); n > 0; n--)
			put_element(&b, below(LEVELS));
		if (below(2) == 0)
			spoil(&b);
		expected = slowly_accepted(buf_str(&b));
		if (accepted(buf_str(&b)) != expected)
			fail_msg("%s: %.*s", expected ? "refused" : "accepted", (int)b.len, (char *)b.data);
		good += expected;
		buf_fini(&b);
	}
	assert_in_range(good, ROUNDS / 20, ROUNDS / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_the_grammar_read_byte_by_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
