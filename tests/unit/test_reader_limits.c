/* reader: sizes, and that it does not matter how the bytes are cut. */
#include "reader_log.h"

/* Streams whose events must not depend on how they are cut. */
static const char *const corpus[] = {
	"<?xml version='1.0'?>\r\n" HEADER "<message to='a' id=\"1\"><body>x &amp; y</body>\r\n"
	"</message>\r\n\r\n<presence/>  <iq type='get'><query xmlns='u'/></iq></stream:stream>",
	HEADER "<a xmlns='b'>c</a><message><body>\xe2\x82\xac&#8364;\r\r\n</body></message>",
	"<x:stream xmlns:x='" NS_STREAMS "' xmlns='jabber:server' xmlns:p='q'>"
	"<p:a p:b='c'><p:d/></p:a>\n<message p:e='f'><p:g/></message>\n</x:stream>  trailing",
	"<stream xmlns='" NS_STREAMS "'><message xmlns='jabber:client'><body/></message>"
	"<features/></stream>",
	HEADER "<message><![CDATA[<!-- ]]]]><![CDATA[> ]]><body><![CDATA[]]]]></body>"
	       "</message><presence\n/>",
	HEADER "<presence ><show >away</show ></presence ><presence></presence>&",
	HEADER "<iq>\xc3\xa9<b>\xc3\xa9</b></iq>\r<iq/>\r\n\r",
};

static void check_cuts(const char *in)
{
	size_t len = strlen(in);
	struct log whole;
	int want;

	begin(&whole, &usual);
	want = feed_bytes(&whole, in, len, len);
	for (size_t step = 1; step < 64; step++) {
		struct log l;

		begin(&l, &usual);
		assert_int_equal(feed_bytes(&l, in, len, step), want);
		assert_int_equal(l.text.len, whole.text.len);
		assert_memory_equal(l.text.data, whole.text.data, whole.text.len);
		end(&l);
	}
	assert_true(whole.elements >= 2);
	end(&whole);
}

static void gives_the_same_however_the_bytes_are_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(corpus); i++)
		check_cuts(corpus[i]);
}

static void counts_the_bytes_of_an_element(void **state)
{
	static const char in[] = HEADER "  <iq/>\n\n<message><body>hello</body></message> ";

	(void)state;
	for (size_t step = 1; step < sizeof(in); step++) {
		struct log l;

		begin(&l, &usual);
		assert_int_equal(feed_bytes(&l, in, sizeof(in) - 1, step), READER_OK);
		assert_said(&l, "element 5 ");
		assert_said(&l, "element 37 ");
		end(&l);
	}
}

/* open, times * middle, times * close: accepted with ok times, refused with one more. */
static void bounds_the_size_of_everything(void **state)
{
	static const struct {
		const char *open, *middle, *middle_close, *close;
		size_t ok;
	} cases[] = {
		{"<message><body>", "a", "", "</body></message>", 10000 - 32},
		{"<message><body><![CDATA[", "a", "", "]]></body></message>", 10000 - 44},
		{"<message>", "<a/>", "", "</message>", 2495},
		{"<message a='", "a", "", "'/>", 2000 - 14},
		{"<", "m", "", "/>", 2000 - 2},
		{"<message><", "m", "", "/></message>", 2000 - 2},
		{"<message></message", " ", "", ">", 2000 - 9},
		{"<message>", "<a>", "</a>", "</message>", 19},
		{"<message a='' b='' c='' d='' e='' f='' g='' h='' i='' j='' k='' l='' m='' n='' "
		 "o='' p='' q='' r='' s=''",
			" xmlns='jabber:client'", "", "/>", 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (size_t extra = 0; extra < 2; extra++) {
			struct buf in = BUF_INIT;

			repeat(&in, cases[i].open, 1);
			repeat(&in, cases[i].middle, cases[i].ok);
			if (extra == 1)
				repeat(&in, i + 1 < COUNT(cases) ? cases[i].middle : " t=''", 1);
			repeat(&in, cases[i].middle_close, cases[i].ok + extra);
			repeat(&in, cases[i].close, 1);
			for (size_t step = 1; step < 400000; step = step * 16 + 1) {
				int got = failure(HEADER, (char *)in.data, in.len, step);

				if (got != (extra == 1 ? STREAM_POLICY_VIOLATION : 0))
					fail_msg("case %zu, extra %zu, step %zu: %d", i, extra,
						step, got);
			}
			buf_fini(&in);
		}
	}
}

static void refuses_what_is_too_long_before_it_ends(void **state)
{
	static const char *const cases[] = {"<message><body>", "<message a='", "<message a='&",
		"<message><body>&", "<", "<message ", "<message>\n", "<message><![CDATA[",
		"<message></", "<message>&#0"};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf in = BUF_INIT;

		repeat(&in, cases[i], 1);
		repeat(&in, i == 5 || i == 6 ? " " : i == 9 ? "0" : "a", 10001);
		for (size_t step = 1; step < 400000; step = step * 32 + 1)
			assert_int_equal(failure(HEADER, (char *)in.data, in.len, step),
				STREAM_POLICY_VIOLATION);
		buf_fini(&in);
	}
}

static void bounds_the_stream_header(void **state)
{
	static const char *const cases[] = {"<stream a='", "<?xml version='1.0'?>", "<?xml ", "<"};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf in = BUF_INIT;

		repeat(&in, cases[i], 1);
		repeat(&in, i == 1 || i == 2 ? " " : "a", 2001);
		for (size_t step = 1; step < 400000; step = step * 32 + 1)
			assert_int_equal(failure("", (char *)in.data, in.len, step),
				STREAM_POLICY_VIOLATION);
		buf_fini(&in);
	}
}

static void does_not_mind_a_giant_attribute_in_single_bytes(void **state)
{
	const struct reader_limits large = {
		.stanza = 1 << 20, .tag = 16384, .depth = 20, .attributes = 20};
	uint64_t from = clock_ms();

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct buf in = BUF_INIT;
		struct log l;

		begin(&l, &large);
		repeat(&in, HEADER "<message a='", 1);
		repeat(&in, i % 2 == 0 ? ">" : "&aaaa", 20000);
		assert_int_equal(
			feed_bytes(&l, (char *)in.data, in.len, 1), -STREAM_POLICY_VIOLATION);
		buf_fini(&in);
		end(&l);
	}
	assert_true(clock_ms() - from < 5000);
}

static void takes_a_stanza_near_the_limit_in_any_slices(void **state)
{
	const struct reader_limits large = {
		.stanza = 300000, .tag = 2000, .depth = 20, .attributes = 20};
	static const size_t steps[] = {1000, 8192, 8193, 65536, 1 << 20};

	(void)state;
	for (size_t i = 0; i < COUNT(steps); i++) {
		struct buf in = BUF_INIT;
		struct log l;

		begin(&l, &large);
		repeat(&in, HEADER, 1);
		for (int k = 0; k < 3; k++) {
			repeat(&in, "<message><body>", 1);
			repeat(&in, "abcdefgh&lt;\n", 20000);
			repeat(&in, "</body><x><![CDATA[", 1);
			repeat(&in, "<!-- ]] >", 3000);
			repeat(&in, "]]></x></message>\n", 1);
		}
		assert_int_equal(feed_bytes(&l, (char *)in.data, in.len, steps[i]), READER_OK);
		assert_int_equal(l.elements, 3);
		assert_true(reader_idle(l.reader));
		buf_fini(&in);
		end(&l);
	}
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_the_same_however_the_bytes_are_cut),
		cmocka_unit_test(counts_the_bytes_of_an_element),
		cmocka_unit_test(bounds_the_size_of_everything),
		cmocka_unit_test(refuses_what_is_too_long_before_it_ends),
		cmocka_unit_test(bounds_the_stream_header),
		cmocka_unit_test(does_not_mind_a_giant_attribute_in_single_bytes),
		cmocka_unit_test(takes_a_stanza_near_the_limit_in_any_slices),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
