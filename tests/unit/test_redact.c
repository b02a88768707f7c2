/* lib/xmpp/redact: what an administrator sees of a stanza's content, and what never. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "xmpp/redact.h"
#include "xmpp/xmlcheck.h"

struct sight {
	const char *inner, *shown, *with_bodies;
};

static void assert_redacted(struct str inner, bool bodies, const char *expected)
{
	struct buf out = BUF_INIT;
	/* At the end of its memory, so that a sanitizer sees a byte too many. */
	char *copy = malloc(inner.len > 0 ? inner.len : 1);

	memcpy(copy, inner.p, inner.len);
	redact_inner(&out, str_make(copy, inner.len), bodies);
	buf_put_byte(&out, '\0');
	assert_string_equal((const char *)out.data, expected);
	buf_fini(&out);
	free(copy);
}

static void assert_sights(const struct sight *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(xmlcheck_inner(str_of(cases[i].inner)), 0);
		assert_redacted(str_of(cases[i].inner), false, cases[i].shown);
		assert_redacted(str_of(cases[i].inner), true,
			cases[i].with_bodies != NULL ? cases[i].with_bodies : cases[i].inner);
	}
}

#define ASSERT_SIGHTS(cases) assert_sights(cases, sizeof(cases) / sizeof(cases)[0])

static void texts_become_their_length_and_the_structure_stays(void **state)
{
	static const struct sight cases[] = {
		{"", "", NULL},
		{"<body>hello</body>", "<body>(5 bytes)</body>", NULL},
		{"<body>a &amp; b</body><active xmlns='http://jabber.org/protocol/chatstates'/>",
			"<body>(9 bytes)</body><active xmlns='http://jabber.org/protocol/chatstates'/>", NULL},
		{"<a xmlns='x'>one<b/>two</a>", "<a xmlns='x'>(3 bytes)<b/>(3 bytes)</a>", NULL},
		{"<error type='cancel' by='a@b'><gone xmlns='y'>xmpp:c</gone></error>",
			"<error type='cancel' by='a@b'><gone xmlns='y'>(6 bytes)</gone></error>", NULL},
	};

	(void)state;
	ASSERT_SIGHTS(cases);
}

static void attributes_by_which_a_stanza_works_stay_and_others_do_not(void **state)
{
	static const struct sight cases[] = {
		{"<query xmlns='jabber:iq:roster'><item jid='a@b' name='Mum' subscription='both'><group>Home</group></item></query>",
			"<query xmlns='jabber:iq:roster'><item jid='a@b' name='(3 bytes)' subscription='both'>"
			"<group>(4 bytes)</group></item></query>", NULL},
		{"<a xml:lang='en' xmlns:ns1='u' ns1:x='secret'/>", "<a xml:lang='(2 bytes)' xmlns:ns1='(1 bytes)' ns1:x='(6 bytes)'/>",
			NULL},
		{"<a x=''/>", "<a x='(0 bytes)'/>", NULL},
		{"<a x='b>c/'/>", "<a x='(4 bytes)'/>", NULL},
	};

	(void)state;
	assert_sights(cases, 3);
	/* > is escaped in canonical form; it is not taken for the tag's end all the same. */
	assert_redacted(str_of(cases[3].inner), false, cases[3].shown);
}

static void credentials_are_never_shown(void **state)
{
	static const struct sight cases[] = {
		{"<query xmlns='jabber:iq:register'><username>u</username><password>p</password></query><x>y</x>",
			"<query xmlns='jabber:iq:register'><username>(secret)</username><password>(secret)</password></query>"
			"<x>(1 bytes)</x>",
			"<query xmlns='jabber:iq:register'><username>(secret)</username><password>(secret)</password></query>"
			"<x>y</x>"},
		{"<query xmlns='jabber:iq:auth'><digest>d</digest></query>",
			"<query xmlns='jabber:iq:auth'><digest>(secret)</digest></query>",
			"<query xmlns='jabber:iq:auth'><digest>(secret)</digest></query>"},
		{"<x xmlns='jabber:x:data'><field var='password'><value>p</value></field><field var='a'><value>b</value></field></x>",
			"<x xmlns='jabber:x:data'><field var='password'><value>(secret)</value></field>"
			"<field var='a'><value>(1 bytes)</value></field></x>",
			"<x xmlns='jabber:x:data'><field var='password'><value>(secret)</value></field>"
			"<field var='a'><value>b</value></field></x>"},
		{"<field type='text-private' label='l'><value>p</value></field>",
			"<field type='text-private' label='(secret)'><value>(secret)</value></field>",
			"<field type='text-private' label='(secret)'><value>(secret)</value></field>"},
		{"<field var='muc#roomconfig_roomSecret'><value>p</value></field>",
			"<field var='muc#roomconfig_roomSecret'><value>(secret)</value></field>",
			"<field var='muc#roomconfig_roomSecret'><value>(secret)</value></field>"},
		{"<x xmlns='http://jabber.org/protocol/muc'><password>p<b/>q</password>z</x>",
			"<x xmlns='http://jabber.org/protocol/muc'><password>(secret)<b/>(secret)</password>(1 bytes)</x>",
			"<x xmlns='http://jabber.org/protocol/muc'><password>(secret)<b/>(secret)</password>z</x>"},
		{"<service password='p' host='h'/>", "<service password='(secret)' host='(1 bytes)'/>",
			"<service password='(secret)' host='h'/>"},
	};

	(void)state;
	ASSERT_SIGHTS(cases);
}

/* Only what was checked comes here; yet nothing may be read behind the end. */
static void what_is_not_canonical_is_cut(void **state)
{
	static const char *const cases[] = {"<", "</", "<a", "<a ", "<a b", "<a b=", "<a b='", "<a b='c", "<a b='c'", "<a/", "</a>", "<a>",
		"<a></", "<a></a"};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (int bodies = 0; bodies < 2; bodies++) {
			struct buf out = BUF_INIT;
			char *copy = malloc(strlen(cases[i]));

			memcpy(copy, cases[i], strlen(cases[i]));
			redact_inner(&out, str_make(copy, strlen(cases[i])), bodies);
			assert_true(out.len < 32);
			buf_fini(&out);
			free(copy);
		}
}

static void depth_is_bounded(void **state)
{
	struct buf in = BUF_INIT, out = BUF_INIT;

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_put_lit(&in, "<a>");
	redact_inner(&out, buf_str(&in), false);
	assert_int_equal(out.len, 3 * XMLCHECK_DEPTH_MAX);
	buf_fini(&in);
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_become_their_length_and_the_structure_stays),
		cmocka_unit_test(attributes_by_which_a_stanza_works_stay_and_others_do_not),
		cmocka_unit_test(credentials_are_never_shown),
		cmocka_unit_test(what_is_not_canonical_is_cut),
		cmocka_unit_test(depth_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
