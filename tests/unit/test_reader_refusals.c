/* reader: everything that is no stream. */
#include "reader_log.h"

/* What follows the header, or the whole stream where whole is set. */
static const struct {
	const char *in;
	int condition;
	bool whole;
} refused[] = {
	{"<!DOCTYPE a>", STREAM_RESTRICTED_XML, false},
	{"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", STREAM_RESTRICTED_XML, true},
	{"<?xml version='1.0'?><!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", STREAM_RESTRICTED_XML,
		true},
	{"<!ENTITY a 'b'>", STREAM_RESTRICTED_XML, false},
	{"<message><!DOCTYPE a></message>", STREAM_RESTRICTED_XML, false},
	{"<!-- a -->", STREAM_RESTRICTED_XML, false},
	{"<message><body>a<!-- b --></body></message>", STREAM_RESTRICTED_XML, false},
	{"<!-- a --><a/>", STREAM_RESTRICTED_XML, true},
	{"<?a b?>", STREAM_RESTRICTED_XML, false},
	{"<?a b?><a/>", STREAM_RESTRICTED_XML, true},
	{"<?xml-stylesheet a='b'?><a/>", STREAM_RESTRICTED_XML, true},
	{"<?xml version='1.0'?><?a?><a/>", STREAM_RESTRICTED_XML, true},
	{"<message><?a?></message>", STREAM_RESTRICTED_XML, false},
	{"<?xml version='1.0'?>", STREAM_RESTRICTED_XML, false},
	{"<message><body>&foo;</body></message>", STREAM_RESTRICTED_XML, false},
	{"<message a='&foo;'/>", STREAM_RESTRICTED_XML, false},
	{"<a b='&foo;'>", STREAM_RESTRICTED_XML, true},
	{"<message>&nbsp;</message>", STREAM_RESTRICTED_XML, false},
	{"<p:message/>", STREAM_BAD_NAMESPACE_PREFIX, false},
	{"<message><p:a/></message>", STREAM_BAD_NAMESPACE_PREFIX, false},
	{"<message p:a='b'/>", STREAM_BAD_NAMESPACE_PREFIX, false},
	{"<stream:stream>", STREAM_BAD_NAMESPACE_PREFIX, true},
	{"<message><xml:a/></message>", STREAM_BAD_NAMESPACE_PREFIX, false},
	{"<message><xmlns:a/></message>", STREAM_BAD_NAMESPACE_PREFIX, false},
	{"<message xmlns:p='u' xmlns:q='u' p:a='1' q:a='2'/>", STREAM_NOT_WELL_FORMED, false},
	{"<message xmlns:p=''/>", STREAM_NOT_WELL_FORMED, false},
	{"<message xmlns:xml='u'/>", STREAM_NOT_WELL_FORMED, false},
	{"<message xmlns:xmlns='u'/>", STREAM_NOT_WELL_FORMED, false},
	{"<message xmlns:p='http://www.w3.org/XML/1998/namespace'/>", STREAM_NOT_WELL_FORMED,
		false},
	{"<a:b:c xmlns:a='u'/>", STREAM_NOT_WELL_FORMED, false},
	{"<message a='1' a='2'/>", STREAM_NOT_WELL_FORMED, false},
	{"<message a=1/>", STREAM_NOT_WELL_FORMED, false},
	{"<message a='<'/>", STREAM_NOT_WELL_FORMED, false},
	{"<message></presence>", STREAM_NOT_WELL_FORMED, false},
	{"<message><a></message></a>", STREAM_NOT_WELL_FORMED, false},
	{"</a>", STREAM_NOT_WELL_FORMED, false},
	{"<message>]]></message>", STREAM_NOT_WELL_FORMED, false},
	{"<message>&#0;</message>", STREAM_NOT_WELL_FORMED, false},
	{"<message>&#xD800;</message>", STREAM_NOT_WELL_FORMED, false},
	{"<message>&#xFFFE;</message>", STREAM_NOT_WELL_FORMED, false},
	{"<message>&#x110000;</message>", STREAM_NOT_WELL_FORMED, false},
	{"<message a='&#1;'/>", STREAM_NOT_WELL_FORMED, false},
	{"<message>& ;</message>", STREAM_NOT_WELL_FORMED, false},
	{"<message>\x01</message>", STREAM_NOT_WELL_FORMED, false},
	{"<message>\xff</message>", STREAM_NOT_WELL_FORMED, false},
	{"<message>\xc0\xaf</message>", STREAM_NOT_WELL_FORMED, false},
	{"<message>\xe0\x80\xaf</message>", STREAM_NOT_WELL_FORMED, false},
	{"<message>\xed\xa0\x80</message>", STREAM_NOT_WELL_FORMED, false},
	{"<message>\xef\xbf\xbe</message>", STREAM_NOT_WELL_FORMED, false},
	{"<message>\xf4\x90\x80\x80</message>", STREAM_NOT_WELL_FORMED, false},
	{"<message a='\xc0\xbc'/>", STREAM_NOT_WELL_FORMED, false},
	{"<m\xe2>x</m\xe2>", STREAM_NOT_WELL_FORMED, false},
	{"<message><![CDATA[\x01]]></message>", STREAM_NOT_WELL_FORMED, false},
	{"<message><![CDATA[\xc1\xbf]]></message>", STREAM_NOT_WELL_FORMED, false},
	{"<message><![CDATA[\xc0\xb1]]></message>", STREAM_NOT_WELL_FORMED, false},
	{"<message><![cdata[a]]></message>", STREAM_NOT_WELL_FORMED, false},
	{"<1/>", STREAM_NOT_WELL_FORMED, false},
	/* Names of XML 1.0's fifth edition. */
	{"<message><\U000171e9/></message>", STREAM_NOT_WELL_FORMED, false},
	{"<message><a\u2070/></message>", STREAM_NOT_WELL_FORMED, false},
	{"<message><a \u0221='b'/></message>", STREAM_NOT_WELL_FORMED, false},
	{"<message/>text<presence/>", STREAM_BAD_FORMAT, false},
	{"text", STREAM_BAD_FORMAT, false},
	{" \xc2\xa0 <message/>", STREAM_BAD_FORMAT, false},
	{"&#32;<message/>", STREAM_BAD_FORMAT, false},
	{"<![CDATA[a]]><message/>", STREAM_BAD_FORMAT, false},
	{"<![CDATA[]]><message/>", STREAM_BAD_FORMAT, false},
	{"<![CDATA[ ]]><message/>", STREAM_BAD_FORMAT, false},
	{"<message/>\x01<message/>", STREAM_NOT_WELL_FORMED, false},
	{"GET / HTTP/1.1\r\n", STREAM_NOT_WELL_FORMED, true},
	{"\x16\x03\x01", STREAM_NOT_WELL_FORMED, true},
	{"\xef\xbb\xbf<a>", STREAM_NOT_WELL_FORMED, true},
	{"hello", STREAM_NOT_WELL_FORMED, true},
	{"\xff\xfe<", STREAM_UNSUPPORTED_ENCODING, true},
	{"\xfe\xff", STREAM_UNSUPPORTED_ENCODING, true},
	{"<?xml version='1.0' encoding='ISO-8859-1'?><a>", STREAM_UNSUPPORTED_ENCODING, true},
	{"<?xml version='1.0' encoding='UTF-16'?><a>", STREAM_UNSUPPORTED_ENCODING, true},
	{"<?xml version='1.0' encoding='no-such'?><a>", STREAM_UNSUPPORTED_ENCODING, true},
	{"<?xml version='1.1'?><a>", STREAM_NOT_WELL_FORMED, true},
	{"<?xml?><a>", STREAM_RESTRICTED_XML, true},
};

static void refuses_what_is_no_xmpp_stream(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		const char *header = refused[i].whole ? "" : HEADER;
		struct buf in = BUF_INIT;

		/* libxml2 sees some errors only when more follows. */
		buf_printf(&in, "%s<presence/>", refused[i].in);
		for (size_t step = 1; step < 4096; step *= 4) {
			int got = failure(header, (char *)in.data, in.len, step);

			if (got != refused[i].condition && !(got == STREAM_BAD_FORMAT && step == 1))
				fail_msg("%s in steps of %zu: condition %d, not %d", refused[i].in,
					step, got, refused[i].condition);
		}
		buf_fini(&in);
	}
}

static void refuses_nul_bytes_wherever_they_stand(void **state)
{
	static const char in_text[] = "<message>a\0b</message>";
	static const char in_tag[] = "<mess\0age/>";
	static const char between[] = "\0\0\0\0<message/>";
	static const char utf16[] = "<\0a\0>\0";

	(void)state;
	for (size_t step = 1; step < 100; step += 33) {
		assert_int_equal(failure(HEADER, in_text, sizeof(in_text) - 1, step),
			STREAM_NOT_WELL_FORMED);
		assert_int_equal(
			failure(HEADER, in_tag, sizeof(in_tag) - 1, step), STREAM_NOT_WELL_FORMED);
		assert_int_not_equal(failure(HEADER, between, sizeof(between) - 1, step), 0);
		assert_int_equal(
			failure("", between, sizeof(between) - 1, step), STREAM_NOT_WELL_FORMED);
		assert_int_equal(
			failure("", utf16, sizeof(utf16) - 1, step), STREAM_UNSUPPORTED_ENCODING);
	}
}

static void tells_why(void **state)
{
	static const struct {
		const char *in, *reason;
	} cases[] = {
		{"GET / HTTP/1.1\r\n", "HTTP request on an XMPP port"},
		{"PO", "HTTP request on an XMPP port"},
		{"\x16\x03\x01\x02", "TLS handshake on a plain-text port"},
		{HEADER "<!D", "DTD"},
		{HEADER "<!-", "comment"},
		{HEADER "<?", "processing instruction"},
		{HEADER "<x:y/>", "undeclared prefix 'x'"},
		{HEADER "<message a:b='c'/>", "undeclared prefix 'a'"},
		{HEADER "text", "text between stanzas"},
		{HEADER "<a>&b;</a>", "undefined entity"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct log l;

		begin(&l, &usual);
		assert_string_equal(reader_reason(l.reader), "");
		assert_true(feed(&l, cases[i].in) < 0);
		assert_string_equal(reader_reason(l.reader), cases[i].reason);
		end(&l);
	}
}

static void refuses_forbidden_markup_at_the_first_byte_that_shows_it(void **state)
{
	static const struct {
		const char *before, *byte;
	} cases[] = {
		{"<!", "D"},
		{"<!", "-"},
		{"<", "?"},
		{HEADER "<!", "D"},
		{HEADER "<!", "-"},
		{HEADER "<", "?"},
		{HEADER "<message><body>a]]&gt;<!", "-"},
		{HEADER "<message><![CDATA[<!--]]]]><!", "-"},
		{"<?xml version='1.0'?><", "?"},
		{"<?xml", "-"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct log l;

		begin(&l, &usual);
		if (strcmp(cases[i].byte, "?") == 0 && cases[i].before[1] == '\0')
			feed(&l, "<?xml version='1.0' ?>"); /* else it could be this */
		assert_int_equal(feed(&l, cases[i].before), READER_OK);
		assert_int_equal(feed(&l, cases[i].byte), -STREAM_RESTRICTED_XML);
		end(&l);
	}
}

static void delivers_what_came_before_a_failure(void **state)
{
	struct log l;

	(void)state;
	begin(&l, &usual);
	assert_int_equal(feed(&l, HEADER "<message/><presence/><!-- -->"), -STREAM_RESTRICTED_XML);
	assert_int_equal(l.elements, 2);
	end(&l);
}

static void takes_markup_inside_cdata_as_text(void **state)
{
	struct log l;

	(void)state;
	begin(&l, &usual);
	assert_int_equal(feed(&l, HEADER "<message><body><![CDATA[<!DOCTYPE a><!-- <? ]] > ]]>"
					 "</body></message><presence/>"),
		READER_OK);
	assert_int_equal(l.elements, 2);
	assert_said(&l, "<body>&lt;!DOCTYPE a&gt;&lt;!-- &lt;? ]] &gt; </body>");
	end(&l);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_is_no_xmpp_stream),
		cmocka_unit_test(refuses_nul_bytes_wherever_they_stand),
		cmocka_unit_test(tells_why),
		cmocka_unit_test(refuses_forbidden_markup_at_the_first_byte_that_shows_it),
		cmocka_unit_test(delivers_what_came_before_a_failure),
		cmocka_unit_test(takes_markup_inside_cdata_as_text),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
