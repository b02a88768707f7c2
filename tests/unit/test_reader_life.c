/* reader: parsers lent and taken back, freeing, restarting. */
#include "reader_log.h"

static void holds_no_parser_while_idle(void **state)
{
	enum { MANY = 2000 };
	struct log *logs = calloc(MANY, sizeof(*logs));

	(void)state;
	for (int i = 0; i < MANY; i++) {
		begin(&logs[i], &usual);
		assert_null(logs[i].reader->parser);
		assert_int_equal(feed(&logs[i], HEADER), READER_OK);
		assert_null(logs[i].reader->parser);
	}
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(feed(&logs[i], "\n<message><body>a</body>"), READER_OK);
		assert_non_null(logs[i].reader->parser);
		assert_false(reader_idle(logs[i].reader));
	}
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(feed(&logs[i], "</message>\r\n"), READER_OK);
		assert_null(logs[i].reader->parser);
		assert_int_equal(logs[i].elements, 1);
	}
	for (int i = 0; i < MANY; i++)
		end(&logs[i]);
	free(logs);
	assert_true(sizeof(struct reader) <= 96);
}

static void takes_no_parser_for_blanks(void **state)
{
	struct log l;

	(void)state;
	begin(&l, &usual);
	feed(&l, " \r\n" HEADER);
	for (int i = 0; i < 5000; i++) {
		assert_int_equal(feed(&l, " \n\t\r"), READER_OK);
		assert_null(l.reader->parser);
	}
	feed(&l, "<presence/>");
	assert_said(&l, "element 11 ");
	end(&l);
}

static void remembers_what_the_root_declared(void **state)
{
	struct log l;

	(void)state;
	begin(&l, &usual);
	assert_int_equal(feed(&l, "<s:stream xmlns:s='" NS_STREAMS "' xmlns:p='u&apos;' "
				  "xmlns='jabber:client'>"),
		READER_OK);
	for (int i = 0; i < 3; i++) {
		assert_null(l.reader->parser);
		assert_int_equal(feed(&l, "<message p:a='b'><p:c/><s:d/></message>"), READER_OK);
		assert_said(&l, "kind=1 type=0 content=0 attrs=[ xmlns:ns1='u&apos;' ns1:a='b'] "
				"inner=[<c xmlns='u&apos;'/><d xmlns='" NS_STREAMS "'/>]");
		buf_clear(&l.text);
	}
	assert_int_equal(feed(&l, "</s:stream>"), READER_OK);
	assert_int_equal(l.closed, 1);
	end(&l);
}

static void lends_no_declaration_to_another_stream(void **state)
{
	struct log a, b;

	(void)state;
	begin(&a, &usual);
	begin(&b, &usual);
	feed(&a, "<stream:stream xmlns:stream='" NS_STREAMS "' xmlns:p='u' "
		 "xmlns='jabber:server'>");
	feed(&b, HEADER);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(feed(&a, "<p:a/><message/>"), READER_OK);
		assert_said(&a, "name=[a] kind=0");
		assert_int_equal(feed(&b, "<message/><a/>"), READER_OK);
		assert_said(&b, "ns=[jabber:client] name=[message] kind=1");
		assert_said(&b, "ns=[jabber:client] name=[a] kind=0");
		buf_clear(&a.text);
		buf_clear(&b.text);
	}
	assert_int_equal(feed(&b, "<p:a/>"), -STREAM_BAD_NAMESPACE_PREFIX);
	assert_int_equal(feed(&a, "<p:a/></stream:stream>"), READER_OK);
	end(&a);
	end(&b);
}

static void goes_on_in_a_parser_of_an_equal_stream(void **state)
{
	struct log a, b;
	struct parser *p;

	(void)state;
	begin(&a, &usual);
	begin(&b, &usual);
	feed(&a, "<stream:stream xmlns:stream='" NS_STREAMS "' xmlns='jabber:client'>\n ");
	feed(&b, HEADER "<iq>");
	p = b.reader->parser;
	feed(&b, "</iq>\n\r");
	feed(&a, "<mess");
	assert_ptr_equal(a.reader->parser, p);
	assert_int_equal(feed(&a, "age/>\r"), READER_OK);
	assert_said(&a, "element 10 ");
	assert_int_equal(feed(&b, "<iq/></stream:stream>"), READER_OK);
	assert_said(&b, "element 5 ");
	end(&a);
	end(&b);
}

static void replaces_a_parser_that_knows_too_many_names(void **state)
{
	struct buf in = BUF_INIT;
	struct log l;

	(void)state;
	begin(&l, &usual);
	feed(&l, HEADER);
	for (int i = 0; i < 20000; i++)
		buf_printf(&in, "<message><n%d a%d='u'/></message> ", i, i);
	buf_printf(&in, "<mess");
	assert_int_equal(feed_bytes(&l, (char *)in.data, in.len, in.len), READER_OK);
	assert_int_equal(l.elements, 20000);
	assert_said(&l, " inner=[<n19999 a19999='u'/>]");
	assert_true(xmlDictSize(l.reader->parser->xml->dict) <= READER_DICT_MAX + 10);
	assert_int_equal(feed(&l, "age/>"), READER_OK);
	assert_int_equal(l.elements, 20001);
	buf_fini(&in);
	end(&l);
}

static void may_be_freed_by_a_handler(void **state)
{
	static const char *const elements[] = {"<message>a</message>", "<presence/>"};

	(void)state;
	for (size_t i = 0; i < COUNT(elements); i++) {
		struct log l;

		begin(&l, &usual);
		feed(&l, HEADER);
		l.free_it = true;
		feed_bytes(&l, elements[i], strlen(elements[i]) - 1, 1);
		assert_int_equal(
			reader_feed(l.reader, (const uint8_t *)">more<!--", 9), READER_STOPPED);
		assert_null(l.reader);
		end(&l);
	}
}

static void may_be_freed_when_its_stream_opens_or_closes(void **state)
{
	static const char in[] = HEADER "</stream:stream>";

	(void)state;
	for (size_t step = 1; step < sizeof(in) + 1; step++) {
		struct log l;

		begin(&l, &usual);
		l.free_at_open = true;
		assert_int_equal(feed_bytes(&l, in, sizeof(in) - 1, step), READER_STOPPED);
		assert_int_equal(l.closed, 0);
		end(&l);
		begin(&l, &usual);
		l.free_at_close = true;
		assert_int_equal(feed_bytes(&l, in, sizeof(in) - 1, step), READER_STOPPED);
		assert_int_equal(l.closed, 1);
		end(&l);
	}
}

static void may_be_restarted_by_a_handler(void **state)
{
	struct log l;

	(void)state;
	begin(&l, &usual);
	feed(&l, HEADER);
	l.restart_it = true;
	assert_int_equal(feed(&l, "<starttls xmlns='" NS_TLS "'/><message/>"), READER_STOPPED);
	assert_int_equal(l.elements, 1);
	assert_true(reader_idle(l.reader));
	assert_int_equal(feed(&l, "<?xml version='1.0'?><stream:stream xmlns:stream='" NS_STREAMS
				  "' xmlns='jabber:server'><message/>"),
		READER_OK);
	assert_int_equal(l.opened, 2);
	assert_int_equal(l.elements, 2);
	assert_said(&l, "ns=[jabber:server] name=[message] kind=1");
	end(&l);
}

static void starts_again_after_a_failure(void **state)
{
	const struct reader_limits small = {.stanza = 50, .tag = 500, .depth = 2, .attributes = 9};
	struct log l;

	(void)state;
	begin(&l, &usual);
	assert_true(feed(&l, "nonsense") < 0);
	reader_restart(l.reader, &small);
	assert_string_equal(reader_reason(l.reader), "");
	assert_int_equal(feed(&l, HEADER "<message><body>"), READER_OK);
	reader_restart(l.reader, &small);
	assert_int_equal(feed(&l, HEADER "<message><a></a></message>"), READER_OK);
	assert_int_equal(feed(&l, "<message><a><b/></a></message>"), -STREAM_POLICY_VIOLATION);
	end(&l);
}

static void knows_in_a_handler_whether_more_bytes_follow(void **state)
{
	struct log l;

	(void)state;
	begin(&l, &usual);
	feed(&l, HEADER);
	feed(&l, "<starttls xmlns='u'/>");
	assert_true(l.idle_seen);
	feed(&l, "<starttls xmlns='u'/><");
	assert_false(l.idle_seen);
	feed(&l, "a/><starttls xmlns='u'/> ");
	assert_false(l.idle_seen);
	assert_true(reader_idle(l.reader));
	end(&l);
}

static void hears_nothing_after_the_closing_tag(void **state)
{
	struct log l;

	(void)state;
	begin(&l, &usual);
	assert_int_equal(feed(&l, HEADER "</stream:stream><message/><!--"), READER_OK);
	assert_int_equal(feed(&l, "anything"), READER_OK);
	assert_int_equal(l.closed, 1);
	assert_int_equal(l.elements, 0);
	end(&l);
	begin(&l, &usual);
	assert_int_equal(feed(&l, "<stream/>"), READER_OK);
	assert_int_equal(l.opened, 1);
	assert_int_equal(l.closed, 1);
	end(&l);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_no_parser_while_idle),
		cmocka_unit_test(takes_no_parser_for_blanks),
		cmocka_unit_test(remembers_what_the_root_declared),
		cmocka_unit_test(lends_no_declaration_to_another_stream),
		cmocka_unit_test(goes_on_in_a_parser_of_an_equal_stream),
		cmocka_unit_test(replaces_a_parser_that_knows_too_many_names),
		cmocka_unit_test(may_be_freed_by_a_handler),
		cmocka_unit_test(may_be_freed_when_its_stream_opens_or_closes),
		cmocka_unit_test(may_be_restarted_by_a_handler),
		cmocka_unit_test(starts_again_after_a_failure),
		cmocka_unit_test(knows_in_a_handler_whether_more_bytes_follow),
		cmocka_unit_test(hears_nothing_after_the_closing_tag),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
