/* reader: streams into stanzas. */
#include "reader_log.h"

static void reports_what_the_opening_tag_says(void **state)
{
	struct log l;

	(void)state;
	begin(&l, &usual);
	assert_int_equal(
		feed(&l, "<?xml version='1.0' encoding='utf-8'?>\n"
			 "<stream:stream xmlns:db='jabber:server:dialback' to='a&amp;b' "
			 "from='c' id='i' version='1.0' xml:lang='de' xmlns='jabber:server' "
			 "xmlns:stream='" NS_STREAMS "' x='y'>"),
		READER_OK);
	assert_string_equal((buf_put_byte(&l.text, 0), (char *)l.text.data),
		"open ns=[" NS_STREAMS "] name=[stream] content=[jabber:server] prefix=[stream] "
		"to=[a&b] from=[c] id=[i] version=[1.0] lang=[de] dialback\n");
	end(&l);
	begin(&l, &usual);
	assert_int_equal(feed(&l, "<x:y xmlns:x='z'>"), READER_OK);
	assert_string_equal((buf_put_byte(&l.text, 0), (char *)l.text.data),
		"open ns=[z] name=[y] prefix=[x]\n");
	end(&l);
}

static void gives_an_element_at_its_last_byte(void **state)
{
	static const char *const elements[] = {"<message><body>a</body></message>", "<presence/>",
		"<auth xmlns='" NS_SASL "'>AA==</auth>", "<iq  ></iq  >"};
	struct log l;

	(void)state;
	begin(&l, &usual);
	assert_int_equal(feed(&l, HEADER), READER_OK);
	assert_int_equal(l.opened, 1);
	for (unsigned i = 0; i < COUNT(elements); i++) {
		size_t len = strlen(elements[i]);

		assert_int_equal(feed_bytes(&l, elements[i], len - 1, len), READER_OK);
		assert_int_equal(l.elements, i);
		assert_false(reader_idle(l.reader));
		assert_int_equal(feed_bytes(&l, elements[i] + len - 1, 1, 1), READER_OK);
		assert_int_equal(l.elements, i + 1);
		assert_true(reader_idle(l.reader));
	}
	assert_int_equal(feed(&l, "</stream:stream>"), READER_OK);
	assert_int_equal(l.closed, 1);
	end(&l);
}

static void takes_the_envelope_from_the_stanzas_own_tag(void **state)
{
	struct log l;

	(void)state;
	begin(&l, &usual);
	feed(&l, HEADER);
	assert_int_equal(feed(&l, "<message to='A&lt;@B' from=\"f'\" id='' type='groupchat' "
				  "xml:lang='fr' other='x' xmlns:p='u&apos;' p:q='1&#10;' "
				  "xml:space='preserve' xmlns:r='w' r:s=''>t</message>"),
		READER_OK);
	assert_said(&l, "kind=1 type=3 content=0 to=[A<@B] from=[f'] id=[] lang=[fr]");
	assert_said(&l, " attrs=[ xmlns:ns1='u&apos;' ns1:q='1&#10;' xmlns:ns2='w' ns2:s='']"
			" inner=[]");
	assert_said(&l, " {to=A<@B} {from=f'} {id=} {type=groupchat} {other=x}\n");
	buf_clear(&l.text);
	assert_int_equal(feed(&l, "<presence type='probe'/><iq type='chat'/><iq/>"), READER_OK);
	assert_said(&l, "[presence] kind=2 type=11 content=0 inner=[]");
	assert_said(&l, "[iq] kind=3 type=15 content=0 inner=[]");
	assert_said(&l, "[iq] kind=3 type=0 content=0 inner=[]");
	end(&l);
}

static void knows_stanzas_by_the_streams_content_namespace_only(void **state)
{
	static const struct {
		const char *root, *element, *seen;
	} cases[] = {
		{"jabber:client", "<message/>", "kind=1"},
		{"jabber:client", "<p:message xmlns:p='jabber:client'/>", "kind=1"},
		{"jabber:client", "<message xmlns='jabber:server'/>", "kind=0"},
		{"jabber:client", "<message xmlns='x'/>", "kind=0"},
		{"jabber:client", "<message xmlns=''/>", "kind=0"},
		{"jabber:client", "<body/>", "kind=0"},
		{"jabber:server", "<iq/>", "kind=3"},
		{"jabber:server", "<iq xmlns='jabber:client'/>", "kind=0"},
		{"jabber:component:accept", "<iq/>", "kind=3"},
		{"jabber:component:accept", "<iq xmlns='jabber:client'/>", "kind=0"},
		{"jabber:client", "<iq xmlns='jabber:component:accept'/>", "kind=0"},
		{"other", "<presence xmlns='jabber:client'/>", "kind=2"},
		{"other", "<presence/>", "kind=0"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct log l;
		struct buf in = BUF_INIT;

		begin(&l, &usual);
		buf_printf(&in, "<s:stream xmlns='%s' xmlns:s='" NS_STREAMS "'>%s", cases[i].root,
			cases[i].element);
		assert_int_equal(feed_bytes(&l, (char *)in.data, in.len, 1), READER_OK);
		assert_said(&l, cases[i].seen);
		buf_fini(&in);
		end(&l);
	}
}

static void gives_other_elements_with_text_children_and_attributes(void **state)
{
	struct log l;
	static const char in[] =
		"<response xmlns='" NS_SASL "' a='1' p:b='2' xmlns:p='u'>x&lt;<![CDATA[<y]]>"
		"<c>d</c>z</response>";

	(void)state;
	begin(&l, &usual);
	feed(&l, HEADER);
	assert_int_equal(feed_bytes(&l, in, sizeof(in) - 1, 5), READER_OK);
	assert_said(&l, "ns=[" NS_SASL "] name=[response] kind=0 type=0 content=0 "
			"inner=[<c xmlns='" NS_SASL "'>d</c>] text=[x<<yz] {a=1}\n");
	end(&l);
}

static struct str value_seen;

static void look_up(void *owner, const struct element *e)
{
	(void)owner;
	assert_true(str_is(element_attribute(e, "mechanism"), "PLAIN"));
	assert_null(element_attribute(e, "mech").p);
	value_seen = element_attribute(e, "empty");
	assert_non_null(value_seen.p);
	assert_int_equal(value_seen.len, 0);
}

static void finds_attributes_by_name(void **state)
{
	static const struct reader_handlers looking = {on_open, look_up, on_close};
	struct log l = {0};

	(void)state;
	l.reader = reader_create(pool, &looking, &l, &usual);
	feed(&l, HEADER);
	value_seen = STR_NONE;
	assert_int_equal(feed(&l, "<auth xmlns='u' mechanism='PLAIN' empty=''/>"), READER_OK);
	assert_non_null(value_seen.p);
	end(&l);
}

#define J "jabber:client"
#define FOREIGN "<x xmlns='u'>"

/* Children as sent in a message, and in canonical form. */
static const struct {
	const char *in, *out;
} canonical[] = {
	{"", ""},
	{"<body>hi</body>", "<body>hi</body>"},
	{"<body></body>", "<body/>"},
	{"<body ></body >", "<body/>"},
	{"<body><![CDATA[]]></body>", "<body/>"},
	{" \n<a/> text dropped \n<b/>", "<a/><b/>"},
	{"<a> <b/> </a>", "<a> <b/> </a>"},
	{"<body>a&amp;b&lt;c&gt;d&quot;e&apos;f</body>",
		"<body>a&amp;b&lt;c&gt;d&quot;e&apos;f</body>"},
	{"<body>\"'></body>", "<body>&quot;&apos;&gt;</body>"},
	{"<body>&#65;&#x42;&#38;&#60;&#13;&#10;</body>", "<body>AB&amp;&lt;&#13;\n</body>"},
	{"<body>a\r\nb\rc</body>", "<body>a\nb\nc</body>"},
	{"<body><![CDATA[a\r\nb\rc\n\r]]>\n</body>", "<body>a\nb\nc\n\n\n</body>"},
	{"<body><![CDATA[\r]]><![CDATA[\n]]></body>", "<body>\n\n</body>"},
	{"<body><![CDATA[<a>&amp;]]]]><![CDATA[>]]></body>",
		"<body>&lt;a&gt;&amp;amp;]]&gt;</body>"},
	{"<body>\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80</body>",
		"<body>\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80</body>"},
	{"<b\xc3\xa9/>", "<b\xc3\xa9/>"},
	{"<a x=\"1\" y='2'/>", "<a x='1' y='2'/>"},
	{"<a x='\"&apos;&lt;&gt;&amp;&#38;&#x26;'/>",
		"<a x='&quot;&apos;&lt;&gt;&amp;&amp;&amp;'/>"},
	{"<a x='1\t2\n3\r\n4&#9;5&#10;6&#13;7'/>", "<a x='1 2 3 4&#9;5&#10;6&#13;7'/>"},
	{"<a xml:lang='de' xml:space='preserve'/>", "<a xml:lang='de' xml:space='preserve'/>"},
	{"<x xmlns='u'/>", "<x xmlns='u'/>"},
	{"<x xmlns='u&amp;&apos;'><y/></x>", "<x xmlns='u&amp;&apos;'><y/></x>"},
	{"<p:x xmlns:p='u'><p:y/><z/></p:x>", "<x xmlns='u'><y/><z xmlns='" J "'/></x>"},
	{FOREIGN "<y xmlns='v'/><z/></x>", FOREIGN "<y xmlns='v'/><z/></x>"},
	{FOREIGN "<y xmlns=''><z/></y></x>", FOREIGN "<y xmlns=''><z/></y></x>"},
	{"<y xmlns=''><z/></y>", "<y xmlns=''><z/></y>"},
	{FOREIGN "<message xmlns='" J "'><body/></message></x>",
		FOREIGN "<message xmlns='" J "'><body/></message></x>"},
	{FOREIGN "<message xmlns='jabber:server'><body xmlns='" J "'/></message></x>",
		FOREIGN "<message xmlns='" J "'><body/></message></x>"},
	{"<body xmlns='jabber:server'/>", "<body/>"},
	{"<body xmlns='" J "' xmlns:unused='v'/>", "<body/>"},
	{"<a p:b='1' c='2' xmlns:p='u'/>", "<a xmlns:ns1='u' ns1:b='1' c='2'/>"},
	{"<a xmlns:p='u' xmlns:q='v' p:b='1' q:b='2' b='3'><d p:b='4'/></a>",
		"<a xmlns:ns1='u' ns1:b='1' xmlns:ns2='v' ns2:b='2' b='3'>"
		"<d xmlns:ns1='u' ns1:b='4'/></a>"},
	{"<a xmlns:p='u' p:b='1' p:c='2'/>",
		"<a xmlns:ns1='u' ns1:b='1' xmlns:ns2='u' ns2:c='2'/>"},
	{"<stream:a stream:b='c'/>",
		"<a xmlns='" NS_STREAMS "' xmlns:ns1='" NS_STREAMS "' ns1:b='c'/>"},
	{"<xmlns/>", "<xmlns/>"},
};

static void check_canonical(const char *in, const char *out)
{
	struct buf stream = BUF_INIT;
	struct buf want = BUF_INIT;

	buf_printf(&stream, HEADER "<message>%s</message>", in);
	buf_printf(&want, " inner=[%s]", out);
	buf_put_byte(&want, 0);
	for (size_t step = 1; step < 2000; step = step * 3 + 1) {
		struct log l;

		begin(&l, &usual);
		assert_int_equal(feed_bytes(&l, (char *)stream.data, stream.len, step), READER_OK);
		assert_said(&l, (char *)want.data);
		end(&l);
	}
	buf_fini(&stream);
	buf_fini(&want);
}

static void writes_children_in_canonical_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(canonical); i++)
		check_canonical(canonical[i].in, canonical[i].out);
}

/* libxml2 gives a long CDATA section in pieces; wherever it cuts, a line's end is one. */
static void a_line_s_end_in_cdata_is_one_wherever_it_stands(void **state)
{
	(void)state;
	for (unsigned before = 290; before < 310; before++) {
		char in[700], out[700];

		snprintf(in, sizeof in, "<body><![CDATA[%0*d\r\n%0300d\r]]>\n</body>", before, 0, 0);
		snprintf(out, sizeof out, "<body>%0*d\n%0300d\n\n</body>", before, 0, 0);
		check_canonical(in, out);
	}
}

static void leaves_canonical_form_as_it_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(canonical); i++)
		check_canonical(canonical[i].out, canonical[i].out);
}

static void gives_the_same_children_on_client_and_server_streams(void **state)
{
	static const char in[] = "<message><body>a</body><x xmlns='u'><message xmlns='%s'/></x>"
				 "</message>";
	static const char *const namespaces[] = {
		"jabber:client", "jabber:server", "jabber:component:accept"};

	(void)state;
	for (size_t i = 0; i < COUNT(namespaces); i++) {
		struct buf stream = BUF_INIT;
		struct log l;

		begin(&l, &usual);
		buf_printf(&stream, "<stream:stream xmlns='%s' xmlns:stream='" NS_STREAMS "'>",
			namespaces[i]);
		buf_printf(&stream, in, namespaces[i]);
		assert_int_equal(feed_bytes(&l, (char *)stream.data, stream.len, 4096), READER_OK);
		assert_said(&l, "content=1");
		assert_said(&l, " inner=[<body>a</body><x xmlns='u'>"
				"<message xmlns='jabber:client'/></x>]");
		buf_fini(&stream);
		end(&l);
	}
}

static void notes_what_a_stanza_contains(void **state)
{
	static const struct {
		const char *in;
		uint32_t content;
	} cases[] = {
		{"<body/>", CONTENT_BODY},
		{"<body xmlns='jabber:server'/>", CONTENT_BODY},
		{"<body xmlns='u'/>", 0},
		{"<x><body/></x>", 0},
		{"<body/><subject/>", CONTENT_BODY | CONTENT_SUBJECT},
		{"<composing xmlns='" NS_CHAT_STATES "'/>", CONTENT_CHAT_STATE},
		{"<no-store xmlns='" NS_HINTS "'/>", CONTENT_NO_STORE},
		{"<no-copy xmlns='" NS_HINTS "'/>", CONTENT_NO_COPY},
		{"<store xmlns='" NS_HINTS "'/>", CONTENT_STORE},
		{"<sent xmlns='" NS_CARBONS "'/>", CONTENT_CARBON},
		{"<p:received xmlns:p='" NS_CARBONS "'/>", CONTENT_CARBON},
		{"<private xmlns='" NS_CARBONS "'/>", CONTENT_PRIVATE},
		{"<c xmlns='" NS_CAPS "'/>", CONTENT_CAPS},
		{"<request xmlns='urn:xmpp:receipts'/>", CONTENT_RECEIPT},
		{"<x xmlns='http://jabber.org/protocol/muc#user'/>", CONTENT_MUC_USER},
		{"<stanza-id xmlns='" NS_STANZA_ID "'/>", CONTENT_STANZA_ID},
		{"<error/>", CONTENT_ERROR},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct log l;
		char want[32];

		begin(&l, &usual);
		feed(&l, HEADER "<message>");
		feed(&l, cases[i].in);
		assert_int_equal(feed(&l, "</message>"), READER_OK);
		snprintf(want, sizeof(want), " content=%x", cases[i].content);
		assert_said(&l, want);
		end(&l);
	}
}

static void names_sixteen_children_and_no_more(void **state)
{
	unsigned long long body = stanza_child_name(STR_LIT(NS_CLIENT), STR_LIT("body"));
	struct buf want = BUF_INIT;
	struct log l;

	(void)state;
	begin(&l, &usual);
	feed(&l, HEADER "<message>");
	repeat(&want, "]", 1);
	for (int i = 0; i < STANZA_CHILDREN_MAX + 1; i++) {
		feed(&l, "<body/>");
		if (i < STANZA_CHILDREN_MAX)
			buf_printf(&want, " %016llx", body);
	}
	buf_put(&want, "\n", 2);
	assert_int_equal(feed(&l, "</message>"), READER_OK);
	assert_said(&l, (char *)want.data);
	buf_fini(&want);
	end(&l);
}

static void names_a_child_by_its_own_namespace(void **state)
{
	unsigned long long roster = stanza_child_name(STR_LIT(NS_ROSTER), STR_LIT("query"));
	char want[32];
	struct log l;

	(void)state;
	begin(&l, &usual);
	feed(&l, HEADER "<iq><p:query xmlns:p='" NS_ROSTER "'><p:item/></p:query></iq>");
	snprintf(want, sizeof(want), "] %016llx\n", roster);
	assert_said(&l, want);
	end(&l);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reports_what_the_opening_tag_says),
		cmocka_unit_test(gives_an_element_at_its_last_byte),
		cmocka_unit_test(takes_the_envelope_from_the_stanzas_own_tag),
		cmocka_unit_test(knows_stanzas_by_the_streams_content_namespace_only),
		cmocka_unit_test(gives_other_elements_with_text_children_and_attributes),
		cmocka_unit_test(finds_attributes_by_name),
		cmocka_unit_test(writes_children_in_canonical_form),
		cmocka_unit_test(a_line_s_end_in_cdata_is_one_wherever_it_stands),
		cmocka_unit_test(leaves_canonical_form_as_it_is),
		cmocka_unit_test(gives_the_same_children_on_client_and_server_streams),
		cmocka_unit_test(notes_what_a_stanza_contains),
		cmocka_unit_test(names_sixteen_children_and_no_more),
		cmocka_unit_test(names_a_child_by_its_own_namespace),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
