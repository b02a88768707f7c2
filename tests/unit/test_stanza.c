/* Stanzas: types, envelopes, writing, additions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/err.h"
#include "xmpp/addition.h"
#include "xmpp/escape.h"
#include "xmpp/stanza.h"

static const uint8_t two_children[16] = {0, 0, 0, 0, 0, 0, 0, 7, 1, 2, 3, 4, 5, 6, 7, 8};

static const struct stanza sample = {
	.kind = STANZA_MESSAGE,
	.type = TYPE_CHAT,
	.nchildren = 2,
	.content = CONTENT_BODY | CONTENT_RECEIPT,
	.to = {"romeo@example.net", 17},
	.id = {"x'1", 3},
	.lang = {"en", 2},
	.attrs = {" xmlns:ns1='u' ns1:a='b'", 24},
	.children = two_children,
	.inner = {"<body>hi</body>", 15},
};

static void assert_str(struct str a, struct str b)
{
	assert_int_equal(a.p == NULL, b.p == NULL);
	assert_true(str_eq(a, b));
}

static void assert_buf(struct buf *b, const char *expected)
{
	assert_false(buf_failed(b));
	assert_int_equal(b->len, strlen(expected));
	assert_memory_equal(b->data, expected, b->len);
	buf_fini(b);
}

static void types_go_there_and_back(void **state)
{
	static const struct {
		uint8_t kind;
		const char *text;
		uint8_t type;
	} cases[] = {
		{STANZA_MESSAGE, NULL, TYPE_NONE},
		{STANZA_MESSAGE, "chat", TYPE_CHAT},
		{STANZA_MESSAGE, "normal", TYPE_NORMAL},
		{STANZA_MESSAGE, "error", TYPE_ERROR},
		{STANZA_MESSAGE, "get", TYPE_UNKNOWN},
		{STANZA_MESSAGE, "", TYPE_UNKNOWN},
		{STANZA_MESSAGE, "Chat", TYPE_UNKNOWN},
		{STANZA_PRESENCE, "unavailable", TYPE_UNAVAILABLE},
		{STANZA_PRESENCE, "probe", TYPE_PROBE},
		{STANZA_PRESENCE, "chat", TYPE_UNKNOWN},
		{STANZA_IQ, "get", TYPE_GET},
		{STANZA_IQ, "set", TYPE_SET},
		{STANZA_IQ, "result", TYPE_RESULT},
		{STANZA_IQ, "error", TYPE_ERROR},
		{STANZA_IQ, "probe", TYPE_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(
			stanza_type_parse(cases[i].kind, str_of(cases[i].text)), cases[i].type);
		if (cases[i].type != TYPE_UNKNOWN && cases[i].text != NULL)
			assert_string_equal(stanza_type_name(cases[i].type), cases[i].text);
	}
	assert_null(stanza_type_name(TYPE_NONE));
	assert_null(stanza_type_name(TYPE_UNKNOWN));
	assert_null(stanza_type_name(200));
}

static void envelopes_come_back_as_they_were(void **state)
{
	struct buf b = BUF_INIT;
	struct stanza s;

	(void)state;
	stanza_encode(&b, &sample);
	assert_int_equal(stanza_decode(buf_str(&b), &s), 0);
	assert_int_equal(s.kind, sample.kind);
	assert_int_equal(s.type, sample.type);
	assert_int_equal(s.content, sample.content);
	assert_int_equal(s.nchildren, 2);
	assert_memory_equal(s.children, two_children, 16);
	assert_str(s.to, sample.to);
	assert_str(s.id, sample.id);
	assert_str(s.lang, sample.lang);
	assert_str(s.attrs, sample.attrs);
	assert_str(s.inner, sample.inner);
	assert_null(s.from.p);
	buf_fini(&b);
}

static void absent_and_empty_stay_apart(void **state)
{
	const struct stanza given = {.kind = STANZA_IQ, .type = TYPE_GET, .id = STR_LIT("")};
	struct buf b = BUF_INIT;
	struct stanza s;

	(void)state;
	stanza_encode(&b, &given);
	assert_int_equal(stanza_decode(buf_str(&b), &s), 0);
	assert_non_null(s.id.p);
	assert_int_equal(s.id.len, 0);
	assert_null(s.to.p);
	assert_null(s.lang.p);
	assert_null(s.attrs.p);
	assert_non_null(s.inner.p);
	assert_int_equal(s.inner.len, 0);
	buf_fini(&b);
}

/* All but the inner XML, which takes the rest. */
static void a_cut_envelope_is_refused(void **state)
{
	struct buf b = BUF_INIT;
	struct stanza s;

	(void)state;
	stanza_encode(&b, &sample);
	for (size_t n = 0; n < b.len - sample.inner.len; n++) {
		uint8_t *copy = malloc(n + 1); /* so that a sanitizer sees reads past n */

		assert_non_null(copy);
		memcpy(copy + 1, b.data, n);
		assert_int_equal(stanza_decode(str_make(copy + 1, n), &s), BH_EPROTO);
		free(copy);
	}
	buf_fini(&b);
}

static void a_false_head_is_refused(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} cases[] = {
		{0, 0}, {0, 4}, {0, 255},	       /* kind */
		{1, TYPE_GET}, {1, 16}, {1, 255},      /* type: none of a message, none at all */
		{2, STANZA_CHILDREN_MAX + 1}, {2, 255}, /* children */
		{3, 1},
		{8, 0x7f}, {8, 0xff}, {12, 1}, {16, 1}, {20, 1}, /* lengths */
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf b = BUF_INIT;
		struct stanza s;

		stanza_encode(&b, &sample);
		b.data[cases[i].at] = cases[i].value;
		assert_int_equal(stanza_decode(buf_str(&b), &s), BH_EPROTO);
		buf_fini(&b);
	}
}

static void children_are_found_by_name(void **state)
{
	uint64_t body = stanza_child_name(STR_LIT("jabber:client"), STR_LIT("body"));

	(void)state;
	assert_true(stanza_has_child(&sample, 7));
	assert_true(stanza_has_child(&sample, 0x0102030405060708u));
	assert_false(stanza_has_child(&sample, body));
	assert_int_equal(body, 0xe32fb9973456d134u); /* by another implementation of FNV-1a */
	assert_int_not_equal(stanza_child_name(STR_LIT("ab"), STR_LIT("c")),
		stanza_child_name(STR_LIT("a"), STR_LIT("bc")));
}

static void writes_tag_and_children(void **state)
{
	struct stanza s = sample;
	struct buf b = BUF_INIT;

	(void)state;
	s.from = STR_LIT("juliet@example.net/a'b");
	stanza_write(&b, &s, STR_NONE, STR_NONE);
	assert_buf(&b, "<message from='juliet@example.net/a&apos;b' to='romeo@example.net'"
		       " id='x&apos;1' type='chat' xml:lang='en' xmlns:ns1='u' ns1:a='b'>"
		       "<body>hi</body></message>");
	s = (struct stanza){.kind = STANZA_PRESENCE, .type = TYPE_UNKNOWN};
	stanza_write(&b, &s, STR_LIT(""), STR_NONE);
	assert_buf(&b, "<presence/>");
	s = (struct stanza){.kind = STANZA_IQ, .type = TYPE_RESULT, .id = STR_LIT("")};
	stanza_write(&b, &s, STR_NONE, STR_NONE);
	assert_buf(&b, "<iq id='' type='result'/>");
}

static void writes_additions_before_the_end(void **state)
{
	const struct addition id = {ADDITION_STANZA_ID, STR_LIT("a@b"), STR_LIT("<1>")};
	const struct addition delay = {
		ADDITION_DELAY, STR_LIT("b"), STR_LIT("2026-11-23T04:42:00Z")};
	struct stanza s = {.kind = STANZA_MESSAGE, .inner = STR_LIT("<body/>")};
	struct buf list = BUF_INIT;
	struct buf b = BUF_INIT;

	(void)state;
	addition_put(&list, &id);
	addition_put(&list, &delay);
	stanza_write(&b, &s, buf_str(&list), STR_NONE);
	assert_buf(&b, "<message><body/><stanza-id xmlns='urn:xmpp:sid:0' by='a@b' id='&lt;1&gt;'/>"
		       "<delay xmlns='urn:xmpp:delay' from='b' stamp='2026-11-23T04:42:00Z'/>"
		       "</message>");
	buf_fini(&list);
}

static void a_carbon_wraps_the_stanza(void **state)
{
	const struct addition carbon = {ADDITION_CARBON, STR_LIT("received"), STR_LIT("a@b")};
	const struct addition id = {ADDITION_STANZA_ID, STR_LIT("a@b"), STR_LIT("1")};
	struct stanza s = {.kind = STANZA_MESSAGE,
		.type = TYPE_CHAT,
		.from = STR_LIT("c@d/e"),
		.to = STR_LIT("a@b/x"),
		.inner = STR_LIT("<body>x</body>")};
	struct buf list = BUF_INIT;
	struct buf b = BUF_INIT;

	(void)state;
	addition_put(&list, &id);
	addition_put(&list, &carbon);
	stanza_write(&b, &s, buf_str(&list), STR_LIT("a@b/y"));
	assert_buf(&b, "<message from='a@b' to='a@b/y' type='chat'><received xmlns='urn:xmpp:carbons:2'>"
		       "<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'"
		       " from='c@d/e' to='a@b/x' type='chat'><body>x</body>"
		       "<stanza-id xmlns='urn:xmpp:sid:0' by='a@b' id='1'/></message></forwarded>"
		       "</received></message>");
	buf_fini(&list);
}

/* Of a stanza without `to`: what is written, with the address put in at the place told. */
static void the_place_of_an_absent_to_is_told(void **state)
{
	static const struct {
		struct stanza s;
		const char *with;
	} cases[] = {
		{{.kind = STANZA_PRESENCE, .inner = {"", 0}}, "<presence to='a@b/c'/>"},
		{{.kind = STANZA_PRESENCE, .from = {"d@e/f", 5}, .id = {"1", 1},
			 .type = TYPE_UNAVAILABLE, .inner = {"<x/>", 4}},
			"<presence from='d@e/f' to='a@b/c' id='1' type='unavailable'><x/></presence>"},
		{{.kind = STANZA_MESSAGE, .attrs = {" xmlns:ns1='u' ns1:a='to'", 25},
			 .inner = {"<body>to=</body>", 16}},
			"<message to='a@b/c' xmlns:ns1='u' ns1:a='to'><body>to=</body></message>"},
		{{.kind = STANZA_PRESENCE, .to = {"g@h", 3}, .inner = {"", 0}}, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf b = BUF_INIT, whole = BUF_INIT;
		size_t place;

		buf_put_lit(&b, "before");
		place = stanza_write(&b, &cases[i].s, STR_NONE, STR_NONE);
		if (cases[i].with == NULL) {
			assert_int_equal(place, 0);
			buf_fini(&b);
			continue;
		}
		buf_put(&whole, b.data + 6, place - 6);
		escape_put_attribute(&whole, "to", STR_LIT("a@b/c"));
		buf_put(&whole, b.data + place, b.len - place);
		assert_buf(&whole, cases[i].with);
		buf_fini(&b);
	}
}

static void a_cut_list_of_additions_ends(void **state)
{
	const struct addition id = {ADDITION_STANZA_ID, STR_LIT("ab"), STR_LIT("c")};
	struct buf list = BUF_INIT;
	struct addition a;

	(void)state;
	addition_put(&list, &id);
	for (uint32_t n = 0; n < list.len; n++) {
		struct str cut = {(const char *)list.data, n};

		assert_false(addition_take(&cut, &a));
		assert_int_equal(cut.len, n);
	}
	list.data[1] = 0xff;
	assert_false(addition_take(&(struct str){(const char *)list.data, (uint32_t)list.len}, &a));
	buf_fini(&list);
}

static void a_reply_goes_back(void **state)
{
	struct stanza s = sample;
	struct stanza reply;

	(void)state;
	s.from = STR_LIT("juliet@example.net/x");
	stanza_reply(&s, TYPE_ERROR, &reply);
	assert_int_equal(reply.kind, STANZA_MESSAGE);
	assert_int_equal(reply.type, TYPE_ERROR);
	assert_str(reply.to, s.from);
	assert_str(reply.from, s.to);
	assert_str(reply.id, s.id);
	assert_int_equal(reply.inner.len, 0);
	assert_int_equal(reply.nchildren, 0);
	assert_null(reply.attrs.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types_go_there_and_back),
		cmocka_unit_test(envelopes_come_back_as_they_were),
		cmocka_unit_test(absent_and_empty_stay_apart),
		cmocka_unit_test(a_cut_envelope_is_refused),
		cmocka_unit_test(a_false_head_is_refused),
		cmocka_unit_test(children_are_found_by_name),
		cmocka_unit_test(writes_tag_and_children),
		cmocka_unit_test(writes_additions_before_the_end),
		cmocka_unit_test(a_carbon_wraps_the_stanza),
		cmocka_unit_test(the_place_of_an_absent_to_is_told),
		cmocka_unit_test(a_cut_list_of_additions_ends),
		cmocka_unit_test(a_reply_goes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
