/* The check for canonical inner XML. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "xmpp/escape.h"
#include "xmpp/xmlcheck.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define XML_URI "http://www.w3.org/XML/1998/namespace"
#define XMLNS_URI "http://www.w3.org/2000/xmlns/"

static const char *const canonical[] = {
	"",
	"<a/>",
	"<a/><b/>",
	"<a>x</a>",
	"<body>hello\nworld\t!</body><x xmlns='jabber:x:oob'><url>y</url></x>",
	"<a><b/></a>",
	"<a><a><a/>x</a>y</a>",
	"<a>&amp;&lt;&gt;&apos;&quot;&#13;</a>",
	"<a b='&amp;&lt;&gt;&apos;&quot;&#13;&#9;&#10;'/>",
	"<a b='' c='1' d-e.f='2' _g='3'/>",
	"<a xmlns='u'/>",
	"<a xmlns=''/>",
	"<a xmlns=''><b xmlns='jabber:client'/></a>",
	"<a xmlns='u' b='1'><c xmlns='jabber:client' d='2'><e/></c><f/></a>",
	"<a xmlns='u'><b xmlns='v'><c xmlns='u'/></b><d/></a>",
	"<a xml:lang='en' xml:space='preserve'/>",
	"<a lang='x' xml:lang='en'/>",
	"<a xmlns:ns1='u' ns1:b='c'/>",
	"<a xmlns:ns1='u' ns1:xmlns='c'/>",
	"<a xmlns='u' x='1' xmlns:ns1='u' ns1:x='1' y='2' xmlns:ns2='u' ns2:y='2'/>",
	"<a xmlns:ns1='u' ns1:b='1'><a xmlns:ns1='v' ns1:b='1'/></a>",
	"<a xmlns:ns1='jabber:server' ns1:b='1'/>",
	"<\u00e4\u00b7-1>\u20ac\U0001f600\xc2\x85\x7f</\u00e4\u00b7-1>",
	"<error xmlns='http://etherx.jabber.org/streams'/>",
	"<a>]]&gt;</a>",
	"<xmlns/>",
	"<a xml='1' ns1='2'/>",
};

static const char *const not_canonical[] = {
	"x", " ", "x<a/>", "<a/>x", "<a/> <b/>", "\n", "<a/>\n",
	"<", "<a", "<a/", "<a>", "<a>x", "<a><", "<a></", "<a></a", "<a></a>", "<a x", "<a x=",
	"<a x='", "<a x='1", "<a x='1'", "<a x='1'/", "</", "</a>", "<a/></a>", "<a></b>",
	"<a>x</b>", "<a>x</ab>", "<ab>x</a>", "<a><b>x</a></b>", "<a>x</a ></a>", "<a>x</ a>",
	"<a/></message><message>", "<a>x</a></message>", "</message><message to='y'>",
	"</stream:stream>", "<stream:error/>", "<a:b/>", "<a:b xmlns:a='u'/>", "<:a/>", "<a:/>",
	"<a />", "<a  b='1'/>", "<a b ='1'/>", "<a b= '1'/>", "<a b='1' />", "<a\tb='1'/>",
	"<a\nb='1'/>", "< a/>", "<a/ >", "<a b=\"1\"/>", "<a b=1/>", "<a b/>", "<a b='1'c='2'/>",
	"<a b='<'/>", "<a b='>'/>", "<a b='\"'/>", "<a b='\t'/>", "<a b='\n'/>", "<a b='\r'/>",
	"<a b='&'/>", "<a b='&x;'/>", "<a>></a>", "<a>'</a>", "<a>\"</a>", "<a>\r</a>", "<a>&</a>",
	"<a>&amp</a>", "<a>& amp;</a>", "<a>&nbsp;</a>", "<a>&#9;</a>", "<a>&#10;</a>",
	"<a>&#xd;</a>", "<a>&#0;</a>", "<a>&#65;</a>", "<a>&#xfffe;</a>", "<a>&", "<a>&am",
	"<!-- x -->", "<a><!-- x --></a>", "<?x y?>", "<a><?x y?></a>", "<![CDATA[x]]>",
	"<a><![CDATA[x]]></a>", "<!DOCTYPE x>", "<a><!DOCTYPE x></a>", "<?xml version='1.0'?><a/>",
	"<1/>", "<-a/>", "<.a/>", "<\u00b7/>", "<\u00d7/>", "<\u037e/>", "</>", "<>", "<a\u00d7/>",
	"<\U000171e9/>", "<\u0221/>", "<a\u2070/>", "<a \u0221='b'/>", "<a xmlns:ns1='u' ns1:\u0221='b'/>",
	"<a 1='1'/>", "<a b='1' b='1'/>", "<a b='1' c='2' b='3'/>", "<a xml:lang='a' xml:lang='b'/>",
	"<a xmlns='jabber:client'/>", "<a xmlns='jabber:server'/>", "<a xmlns='u'><b xmlns='u'/></a>",
	"<a xmlns=''><b xmlns=''/></a>", "<a xmlns='u' xmlns='v'/>", "<a b='1' xmlns='u'/>",
	"<a xmlns='" XML_URI "'/>", "<a xmlns='" XMLNS_URI "'/>",
	"<a xmlns:ns1='" XML_URI "' ns1:b='1'/>", "<a xmlns:ns1='" XMLNS_URI "' ns1:b='1'/>",
	"<a xmlns:ns1='' ns1:b='1'/>", "<a ns1:b='1'/>", "<a xmlns:ns1='u'/>", "<a xmlns:x='u'/>",
	"<a xmlns:x='u' x:b='1'/>", "<a xmlns:ns2='u' ns2:b='1'/>", "<a xmlns:ns01='u' ns01:b='1'/>",
	"<a xmlns:ns1='u' ns2:b='1'/>", "<a xmlns:ns1='u' b='1' ns1:b='1'/>",
	"<a xmlns:ns1='u' ns1:b='1' ns1:c='1'/>", "<a xmlns:ns1='u' ns1:b='1' xmlns:ns1='u' ns1:c='1'/>",
	"<a xmlns:ns1='u' ns1:b='1' xmlns:ns2='u' ns2:b='1'/>",
	"<a xmlns:ns1='u' ns1:b='1'><c ns1:d='1'/></a>", "<a xmlns:ns1='u' ns1:b:c='1'/>",
	"<a xmlns:xml='" XML_URI "'/>", "<a xmlns:xmlns='u'/>", "<a xml:='1'/>", "<a xml:a:b='1'/>",
	"<a xmlns:='u'/>", "<a xmlns:ns='u' ns:b='1'/>",
	"<a>\x01</a>", "<a>\x1f</a>", "<a b='\x08'/>", "<a>\ufffe</a>", "<a>\uffff</a>",
	"<a>\x80</a>", "<a>\xff</a>", "<a>\xc0\x80</a>", "<a>\xc1\xbf</a>", "<a>\xe0\x80\x80</a>",
	"<a>\xed\xa0\x80</a>", "<a>\xf0\x80\x80\x80</a>", "<a>\xf4\x90\x80\x80</a>",
	"<a>\xf5\x80\x80\x80</a>", "<a>\xc3</a>", "<a>\xe2\x82</a>", "<a>\xf0\x9f\x98</a>",
	"<a>\xc3", "<a b='\xc3'/>", "<a\xc3\xa4\xc3/>", "<a>\xfe\xff</a>", "<a>\xef\xbb",
};

/* In memory of exactly that size, so that a sanitizer sees reads past its end. */
static int check(const void *p, size_t n)
{
	char *copy = malloc(n + 1);
	int rc;

	assert_non_null(copy);
	memcpy(copy + 1, p, n);
	rc = xmlcheck_inner(str_make(copy + 1, n));
	free(copy);
	return rc;
}

static void accepts_the_canonical_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(canonical); i++)
		if (check(canonical[i], strlen(canonical[i])) != 0)
			fail_msg("refused: %s", canonical[i]);
	assert_int_equal(xmlcheck_inner(STR_NONE), 0);
}

static void refuses_everything_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(not_canonical); i++)
		if (check(not_canonical[i], strlen(not_canonical[i])) != BH_EPROTO)
			fail_msg("accepted: %s", not_canonical[i]);
}

static void refuses_a_nul(void **state)
{
	(void)state;
	assert_int_equal(check("<a>\0</a>", 8), BH_EPROTO);
	assert_int_equal(check("<a/>\0", 5), BH_EPROTO);
	assert_int_equal(check("<a b='\0'/>", 10), BH_EPROTO);
}

/* A prefix of canonical XML is canonical only between top elements. */
static void refuses_every_cut(void **state)
{
	static const char text[] =
		"<a xmlns='u' b='&amp;1' xmlns:ns1='v' ns1:c='\u20ac'>t\u00fcxt&lt;<b/></a>";

	(void)state;
	for (size_t n = 1; n < sizeof text - 1; n++)
		assert_int_equal(check(text, n), BH_EPROTO);
	assert_int_equal(check(text, sizeof text - 1), 0);
}

static void bounds_the_depth(void **state)
{
	(void)state;
	for (size_t depth = XMLCHECK_DEPTH_MAX - 1; depth <= XMLCHECK_DEPTH_MAX + 1; depth++) {
		struct buf b = BUF_INIT;

		for (size_t i = 1; i < depth; i++)
			buf_put_lit(&b, "<a>");
		buf_put_lit(&b, "<b/>");
		for (size_t i = 1; i < depth; i++)
			buf_put_lit(&b, "</a>");
		assert_int_equal(check(b.data, b.len), depth <= XMLCHECK_DEPTH_MAX ? 0 : BH_EPROTO);
		buf_fini(&b);
	}
}

static void bounds_the_attributes(void **state)
{
	(void)state;
	for (int n = XMLCHECK_ATTRIBUTES_MAX - 1; n <= XMLCHECK_ATTRIBUTES_MAX + 1; n++) {
		struct buf plain = BUF_INIT;
		struct buf foreign = BUF_INIT;
		int expected = n <= XMLCHECK_ATTRIBUTES_MAX ? 0 : BH_EPROTO;

		buf_put_lit(&plain, "<a xmlns='u'");
		buf_put_lit(&foreign, "<a xmlns='u'");
		for (int i = 1; i <= n; i++) {
			buf_printf(&plain, " a%d=''", i);
			buf_printf(&foreign, " xmlns:ns%d='u%d' ns%d:a=''", i, i, i);
		}
		buf_put_lit(&plain, "/>");
		buf_put_lit(&foreign, "/>");
		assert_int_equal(check(plain.data, plain.len), expected);
		assert_int_equal(check(foreign.data, foreign.len), expected);
		buf_fini(&plain);
		buf_fini(&foreign);
	}
}

/* However many there are, and wherever the two stand. */
static void finds_an_attribute_that_stands_twice(void **state)
{
	enum { N = 20 };

	(void)state;
	for (int twice = 0; twice < N; twice++)
		for (int at = 0; at < N; at++) {
			struct buf plain = BUF_INIT, foreign = BUF_INIT;
			int expected = at == twice ? 0 : BH_EPROTO;

			buf_put_lit(&plain, "<a");
			buf_put_lit(&foreign, "<a");
			for (int i = 0; i < N; i++) {
				int name = i == at ? twice : i;

				buf_printf(&plain, " a%d=''", name);
				buf_printf(&foreign, " xmlns:ns%d='u' ns%d:a%d=''", i + 1, i + 1, name);
			}
			buf_put_lit(&plain, "/>");
			buf_put_lit(&foreign, "/>");
			assert_int_equal(check(plain.data, plain.len), expected);
			assert_int_equal(check(foreign.data, foreign.len), expected);
			buf_fini(&plain);
			buf_fini(&foreign);
		}
}

static void checks_the_attributes_of_a_tag(void **state)
{
	static const struct {
		const char *text;
		int rc;
	} cases[] = {
		{"", 0},
		{" xmlns:ns1='u' ns1:a='b'", 0},
		{" xmlns:ns1='u' ns1:a='b' xmlns:ns2='u' ns2:b='b'", 0},
		{" a='b'", BH_EPROTO},
		{" to='b'", BH_EPROTO},
		{" xml:lang='b'", BH_EPROTO},
		{" xmlns='b'", BH_EPROTO},
		{" xmlns:ns1='u'", BH_EPROTO},
		{" xmlns:ns1='u' ns1:a='b'>", BH_EPROTO},
		{" xmlns:ns1='u' ns1:a='b'/", BH_EPROTO},
		{" xmlns:ns1='u' ns1:a='b' ", BH_EPROTO},
		{" xmlns:ns1='u' ns1:a='b' to='c'", BH_EPROTO},
		{" xmlns:ns1='u' ns1:a='b' xmlns:ns2='u' ns2:a='b'", BH_EPROTO},
		{"xmlns:ns1='u' ns1:a='b'", BH_EPROTO},
		{" xmlns:stream='u' stream:a='b'", BH_EPROTO},
		{"><evil/><a", BH_EPROTO},
	};

	(void)state;
	assert_int_equal(xmlcheck_attrs(STR_NONE), 0);
	for (size_t i = 0; i < COUNT(cases); i++)
		if (xmlcheck_attrs(str_of(cases[i].text)) != cases[i].rc)
			fail_msg("wrong: %s", cases[i].text);
}

static void judges_text(void **state)
{
	static const struct {
		struct str text;
		bool valid;
	} cases[] = {
		{{NULL, 0}, true}, {{"", 0}, true}, {{"a", 1}, true}, {{"a\0b", 3}, false},
		{{"<&>'\"\r\n\t", 8}, true}, {{"0123456789abcdef\x01", 17}, false},
		{{"\xc3\xbc", 2}, true}, {{"\xc3", 1}, false}, {{"\xef\xbf\xbd", 3}, true},
		{{"\xef\xbf\xbf", 3}, false}, {{"\xed\x9f\xbf", 3}, true}, {{"\xed\xa0\x80", 3}, false},
		{{"\xf4\x8f\xbf\xbf", 4}, true}, {{"\xf4\x90\x80\x80", 4}, false},
		{{"0123456789abcdef0123456789\x7f", 27}, true}, {{"01234567\x1b", 9}, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(xmlcheck_text(cases[i].text), cases[i].valid);
}

/* Whatever escape.c writes of valid text is accepted, whatever it wraps. */
static void accepts_what_is_escaped(void **state)
{
	(void)state;
	srand(1);
	for (int round = 0; round < 2000; round++) {
		struct buf b = BUF_INIT;
		char text[64];
		size_t n = (size_t)rand() % sizeof text;

		for (size_t i = 0; i < n; i++)
			text[i] = "abcdefgh&<>'\"\t\n\r ]"[rand() % 18];
		buf_put_lit(&b, "<a b='");
		escape_attribute(&b, str_make(text, n));
		buf_put_lit(&b, "'>x");
		escape_text(&b, str_make(text, n));
		buf_put_lit(&b, "</a>");
		assert_int_equal(check(b.data, b.len), 0);
		buf_fini(&b);
	}
}

/* Any change of one byte either is refused or changes nothing but text; it never reads out
 * of bounds (a sanitizer sees that). */
static void counts_what_stands_at_the_top(void **state)
{
	static const struct {
		const char *inner;
		size_t elements;
		bool claims_id;
	} rows[] = {
		{"", 0, false},
		{"<body>x</body>", 1, false},
		{"<a/><b><c/><c/></b>", 2, false},
		{"<stanza-id/>", 1, false},
		{"<a/><stanza-id xmlns='urn:xmpp:sid:0' by='x'/>", 2, true},
		{"<a><stanza-id xmlns='urn:xmpp:sid:0' by='x'/></a>", 1, false},
		{"<origin-id xmlns='urn:xmpp:sid:0'/>", 1, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct xmlcheck_top top;

		assert_int_equal(xmlcheck_inner_top(str_of(rows[i].inner), &top), 0);
		assert_int_equal(top.elements, rows[i].elements);
		assert_int_equal(top.claims_id, rows[i].claims_id);
	}
}

static void survives_every_changed_byte(void **state)
{
	static const char text[] =
		"<a xmlns='u' b='&#9;' xmlns:ns1='v' ns1:c='d'>t<b xmlns=''>\u20ac</b>&amp;</a><c/>";
	unsigned refused = 0;

	(void)state;
	for (size_t at = 0; at < sizeof text - 1; at++) {
		for (int byte = 0; byte < 256; byte++) {
			char changed[sizeof text];

			memcpy(changed, text, sizeof text);
			changed[at] = (char)byte;
			refused += check(changed, sizeof text - 1) != 0;
		}
	}
	assert_true(refused > sizeof text * 150);
}

#ifndef BULKHEAD_SANITIZE
/* A tenth of what it does: only to see a gross mistake. */
static void is_fast_on_text(void **state)
{
	enum { SIZE = 1 << 20, ROUNDS = 50 };
	char *text = malloc(SIZE);
	uint64_t start;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', SIZE);
	memcpy(text, "<a>", 3);
	memcpy(text + SIZE - 4, "</a>", 4);
	start = clock_ns();
	for (int i = 0; i < ROUNDS; i++)
		assert_int_equal(xmlcheck_inner(str_make(text, SIZE)), 0);
	start = clock_ns() - start;
	print_message("%.2f GB/s\n", (double)SIZE * ROUNDS / (double)start);
	assert_true(start < (uint64_t)SIZE * ROUNDS * 10);
	free(text);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_the_canonical_form),
		cmocka_unit_test(refuses_everything_else),
		cmocka_unit_test(refuses_a_nul),
		cmocka_unit_test(refuses_every_cut),
		cmocka_unit_test(bounds_the_depth),
		cmocka_unit_test(bounds_the_attributes),
		cmocka_unit_test(finds_an_attribute_that_stands_twice),
		cmocka_unit_test(checks_the_attributes_of_a_tag),
		cmocka_unit_test(judges_text),
		cmocka_unit_test(accepts_what_is_escaped),
		cmocka_unit_test(counts_what_stands_at_the_top),
		cmocka_unit_test(survives_every_changed_byte),
#ifndef BULKHEAD_SANITIZE
		cmocka_unit_test(is_fast_on_text),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
