/* Error conditions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "xmpp/error.h"
#include "xmpp/xmlcheck.h"

static void assert_buf(struct buf *b, const char *expected)
{
	assert_int_equal(b->len, strlen(expected));
	assert_memory_equal(b->data, expected, b->len);
	buf_fini(b);
}

static void every_number_has_its_name(void **state)
{
	(void)state;
#define XX(name, number, text) assert_string_equal(stream_error_name(number), text);
	STREAM_ERROR_MAP(XX)
#undef XX
#define XX(name, number, text, type, code) assert_string_equal(stanza_error_name(number), text);
	STANZA_ERROR_MAP(XX)
#undef XX
#define XX(name, number, text) assert_string_equal(sasl_error_name(number), text);
	SASL_ERROR_MAP(XX)
#undef XX
}

static void other_numbers_have_none(void **state)
{
	static const unsigned cases[] = {0, 26, 255, 65535, 0xffffffffu};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_null(stream_error_name(cases[i]));
		assert_null(stanza_error_name(cases[i]));
		assert_null(sasl_error_name(cases[i]));
	}
	assert_null(stanza_error_name(23));
	assert_null(sasl_error_name(12));
}

static void writes_a_stream_error(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	stream_error_write(&b, STREAM_CONFLICT, STR_NONE);
	assert_buf(&b, "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
		       "</stream:error>");
	stream_error_write(&b, 999, STR_LIT("a<b"));
	assert_buf(&b, "<stream:error>"
		       "<undefined-condition xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
		       "<text xmlns='urn:ietf:params:xml:ns:xmpp-streams' xml:lang='en'>a&lt;b</text>"
		       "</stream:error>");
}

static void writes_a_stanza_error(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	stanza_error_write(&b, STANZA_SERVICE_UNAVAILABLE, STR_LIT("no"));
	assert_buf(&b, "<error type='cancel' code='503'>"
		       "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
		       "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>no</text>"
		       "</error>");
	stanza_error_write(&b, STANZA_POLICY_VIOLATION, STR_NONE);
	assert_buf(&b, "<error type='modify'>"
		       "<policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>");
}

static void stanza_errors_are_canonical(void **state)
{
	static const struct str texts[] = {{NULL, 0}, {"", 0}, {"why & \r\n\t'\"<>", 12}};

	(void)state;
	for (unsigned condition = 0; condition < 30; condition++) {
		for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
			struct buf b = BUF_INIT;

			stanza_error_write(&b, condition, texts[i]);
			assert_int_equal(xmlcheck_inner(buf_str(&b)), 0);
			buf_fini(&b);
		}
	}
}

static void writes_a_sasl_failure(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	sasl_failure_write(&b, SASL_NOT_AUTHORIZED, STR_LIT("x"));
	assert_buf(&b, "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/>"
		       "<text xml:lang='en'>x</text></failure>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_number_has_its_name),
		cmocka_unit_test(other_numbers_have_none),
		cmocka_unit_test(writes_a_stream_error),
		cmocka_unit_test(writes_a_stanza_error),
		cmocka_unit_test(stanza_errors_are_canonical),
		cmocka_unit_test(writes_a_sasl_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
