/* Escaping into XML. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "xmpp/escape.h"

static void assert_buf(struct buf *b, const char *expected)
{
	assert_false(buf_failed(b));
	assert_int_equal(b->len, strlen(expected));
	assert_memory_equal(b->data, expected, b->len);
	buf_fini(b);
}

static const struct {
	const char *in, *text, *attribute;
} cases[] = {
	{"plain", "plain", "plain"},
	{"&<>'\"", "&amp;&lt;&gt;&apos;&quot;", "&amp;&lt;&gt;&apos;&quot;"},
	{"a\r\n\tb", "a&#13;\n\tb", "a&#13;&#10;&#9;b"},
	{"0123456789abcdef<0123456789abcdef", "0123456789abcdef&lt;0123456789abcdef",
		"0123456789abcdef&lt;0123456789abcdef"},
	{"\u00fc\u20ac\U0001f600 & \u00fc", "\u00fc\u20ac\U0001f600 &amp; \u00fc",
		"\u00fc\u20ac\U0001f600 &amp; \u00fc"},
	{"]]>", "]]&gt;", "]]&gt;"},
};

static void escapes_text_and_attributes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf b = BUF_INIT;

		escape_text(&b, str_of(cases[i].in));
		assert_buf(&b, cases[i].text);
		escape_attribute(&b, str_of(cases[i].in));
		assert_buf(&b, cases[i].attribute);
	}
}

/* Each special character at each place of a run longer than the words that are skipped. */
static void finds_specials_at_every_offset(void **state)
{
	static const char specials[] = "&<>'\"\r";

	(void)state;
	for (size_t i = 0; i < sizeof specials - 1; i++) {
		for (size_t at = 0; at < 70; at++) {
			struct buf b = BUF_INIT;
			char text[70];

			memset(text, 'x', sizeof text);
			text[at] = specials[i];
			escape_text(&b, str_make(text, sizeof text));
			assert_true(b.len > sizeof text);
			assert_memory_equal(b.data, text, at);
			assert_int_equal(b.data[at], '&');
			assert_memory_equal(b.data + b.len - (69 - at), text + at + 1, 69 - at);
			buf_fini(&b);
		}
	}
}

static void nothing_becomes_nothing(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	escape_text(&b, STR_NONE);
	escape_attribute(&b, STR_LIT(""));
	escape_put_attribute(&b, "x", STR_NONE);
	assert_int_equal(b.len, 0);
	buf_fini(&b);
}

static void an_attribute_gets_name_and_quotes(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	escape_put_attribute(&b, "to", STR_LIT("a'b"));
	escape_put_attribute(&b, "id", STR_LIT(""));
	assert_buf(&b, " to='a&apos;b' id=''");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes_text_and_attributes),
		cmocka_unit_test(finds_specials_at_every_offset),
		cmocka_unit_test(nothing_becomes_nothing),
		cmocka_unit_test(an_attribute_gets_name_and_quotes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
