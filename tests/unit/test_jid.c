/* Addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/err.h"
#include "xmpp/jid.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void assert_part(struct str part, const char *expected)
{
	if (expected == NULL) {
		assert_null(part.p);
		return;
	}
	assert_non_null(part.p);
	assert_int_equal(part.len, strlen(expected));
	assert_memory_equal(part.p, expected, part.len);
}

static void splits_into_parts(void **state)
{
	static const struct {
		const char *text, *bare, *local, *domain, *resource;
	} cases[] = {
		{"a@b.c/d", "a@b.c", "a", "b.c", "d"},
		{"b.c", "b.c", NULL, "b.c", NULL},
		{"b.c/d", "b.c", NULL, "b.c", "d"},
		{"a@b.c", "a@b.c", "a", "b.c", NULL},
		{"b.c/x@y/z", "b.c", NULL, "b.c", "x@y/z"},
		{"a@b.c/x@y/z", "a@b.c", "a", "b.c", "x@y/z"},
		{"a@[::1]/ r ", "a@[::1]", "a", "[::1]", " r "},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct jid split, checked;

		jid_split(str_of(cases[i].text), &split);
		assert_int_equal(jid_check(str_of(cases[i].text), &checked), 0);
		assert_part(split.full, cases[i].text);
		assert_part(checked.full, cases[i].text);
		assert_part(checked.bare, cases[i].bare);
		assert_part(checked.resource, cases[i].resource);
		assert_part(split.bare, cases[i].bare);
		assert_part(split.local, cases[i].local);
		assert_part(split.domain, cases[i].domain);
		assert_part(split.resource, cases[i].resource);
		assert_ptr_equal(checked.full.p, cases[i].text);
	}
}

static void prepares_to_one_form(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"juliet@example.net/balcony", "juliet@example.net/balcony"},
		{"Juliet@EXAMPLE.net/Balcony", "juliet@example.net/Balcony"},
		{"a@example.net.", "a@example.net"},
		{"a@b!#$%()*+,-.;=?[]^_`{|}~", NULL},
		{"a!#$%()*+,-.;=?[]^_`{|}~@b", "a!#$%()*+,-.;=?[]^_`{|}~@b"},
		{"a@b/ !\"#$%&'()*+,-./:;<=>?@[]^_`{|}~",
			"a@b/ !\"#$%&'()*+,-./:;<=>?@[]^_`{|}~"},
		{"127.0.0.1", "127.0.0.1"},
		{"a@[::1]/x", "a@[::1]/x"},
		{"a@[0:0:0::0:1]", "a@[::1]"},
		{"a@[2001:DB8::1]", "a@[2001:db8::1]"},
		{"xn--bcher-kva.example", "b\u00fccher.example"},
		{"XN--BCHER-KVA.example", "b\u00fccher.example"},
		{"B\u00dcCHER.example.", "b\u00fccher.example"},
		{"fa\u00df.de", "fa\u00df.de"},
		{"\u65e5\u672c\u8a9e\u3002\uff2a\uff30", "\u65e5\u672c\u8a9e.jp"},
		{"\uff11\uff12\uff17.0.0.1", "127.0.0.1"},
		{"\u00dcn\u00ef@x.y/\U0001f600", "\u00fcn\u00ef@x.y/\U0001f600"},
		{"\u2167@x/\u2167", "viii@x/VIII"},
		{"a\u00adb@x/c\u00add", "ab@x/cd"},
		{"\u017f@x", "s@x"},
		{"e\u0301@x/e\u0301", "\u00e9@x/\u00e9"},
		{"r3---sn.x", "r3---sn.x"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char out[JID_MAX + 1];
		struct jid jid, checked;
		int rc = jid_prepare(str_of(cases[i].in), out, &jid);

		if (cases[i].out == NULL) {
			assert_int_equal(rc, BH_EINVAL);
			continue;
		}
		assert_int_equal(rc, 0);
		assert_string_equal(out, cases[i].out);
		assert_part(jid.full, cases[i].out);
		assert_ptr_equal(jid.full.p, out);
		assert_int_equal(jid_check(jid.full, &checked), 0);
	}
}

static const char *const not_addresses[] = {
	"", "@", "/", "@b", "a@", "a@/r", "/r", "b/", "a@b/", "@b/r", "a@@b", "a@b@c",
	".", "..", ".b", "b..c", "b..", "-b", "b-", "a@b-.c", "a_b", "a@b_c.d", "b c", "b:5222",
	"a b@c", "a\"@c", "a&b@c", "a'b@c", "a:b@c", "a<b@c", "a>b@c", "a\x7f@c", "a\x01@c",
	"a@b/\x7f", "a@b/\x01", "a@b/\n", "a@b\n",
	"a\uff20b@c", "x\uff0fy.z", "a@\u00fc\uff20c", "\u00fc b.c", "\u00fc_b.c", "\u00fc?.c",
	"\u2603.net", "ab--c.b\u00fccher", "\u00fc..c", "\u00fc\u3002", "a\u200db.com",
	"xn--zzzz.example", "xn--0.pt", "xn--a", "xn--a-ecp.ru", "xn--",
	"[", "[]", "[::1", "::1", "[::g]", "[127.0.0.1]", "[fe80::1%eth0]", "[::1]x",
	"\u00ad@b", "a@\u00ad", "a@b/\u00ad", "\u05d0a@b", "a@b/\u202e", "a@b/\ue000",
	"a\xff@b", "a@\xff", "a@b/\xff", "a@b/\xc0\x80", "a@b/\xed\xa0\x80", "a@b/\xf4\x90\x80\x80",
	"a@b/\xe2\x82", "\xc3@b", "a@b/\ufffe",
};

static void refuses_what_is_no_address(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(not_addresses); i++) {
		char out[JID_MAX + 1];
		struct jid jid;

		if (jid_prepare(str_of(not_addresses[i]), out, &jid) != BH_EINVAL ||
			jid_check(str_of(not_addresses[i]), &jid) != BH_EINVAL)
			fail_msg("accepted: %s", not_addresses[i]);
	}
}

static void check_refuses_what_is_not_prepared(void **state)
{
	static const char *const cases[] = {
		"A@b", "a@B", "a@b.", "a@[0::1]", "xn--bcher-kva.example", "\u00dc@b", "\u00dc.b",
		"a@b/\u2167", "a@b/e\u0301", "fa\u1e9e.de",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char out[JID_MAX + 1];
		struct jid jid;

		assert_int_equal(jid_check(str_of(cases[i]), &jid), BH_EINVAL);
		assert_int_equal(jid_prepare(str_of(cases[i]), out, &jid), 0);
	}
}

static void refuses_a_nul_inside(void **state)
{
	static const struct str cases[] = {
		{"a\0b@c", 5}, {"a@b\0c", 5}, {"a@b/c\0d", 7}, {"a@\xc3\xbc\0c", 6}, {"a@[::1\0]", 8},
	};
	char out[JID_MAX + 1];
	struct jid jid;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(jid_prepare(cases[i], out, &jid), BH_EINVAL);
		assert_int_equal(jid_check(cases[i], &jid), BH_EINVAL);
	}
}

/* n times 'a' before, then text. */
static struct str filled(char *into, size_t n, const char *text)
{
	memset(into, 'a', n);
	memcpy(into + n, text, strlen(text));
	return str_make(into, n + strlen(text));
}

static void bounds_each_part(void **state)
{
	char text[2 * JID_MAX];
	char out[JID_MAX + 1];
	struct jid jid;

	(void)state;
	assert_int_equal(jid_prepare(filled(text, 1023, "@b"), out, &jid), 0);
	assert_int_equal(jid_prepare(filled(text, 1024, "@b"), out, &jid), BH_EINVAL);
	assert_int_equal(jid_check(filled(text, 1024, "@b"), &jid), BH_EINVAL);
	assert_int_equal(jid_prepare(filled(text, 1021, "\u00fc@b"), out, &jid), 0);
	assert_int_equal(jid_prepare(filled(text, 1022, "\u00fc@b"), out, &jid), BH_EINVAL);
	/* One ligature becomes eighteen letters. */
	assert_int_equal(jid_prepare(filled(text, 1000, "\ufdfa@b"), out, &jid), BH_EINVAL);
	assert_int_equal(jid_prepare(filled(text, 63, ".c"), out, &jid), 0);
	assert_int_equal(jid_prepare(filled(text, 64, ".c"), out, &jid), BH_EINVAL);
	assert_int_equal(jid_prepare(filled(text, 62, "\u00fc.c"), out, &jid), BH_EINVAL);
	text[0] = 'b';
	text[1] = '/';
	(void)filled(text + 2, 1024, "");
	assert_int_equal(jid_prepare(str_make(text, 1025), out, &jid), 0);
	assert_int_equal(jid_prepare(str_make(text, 1026), out, &jid), BH_EINVAL);
	(void)filled(text, sizeof text - 1, "");
	assert_int_equal(jid_prepare(str_make(text, sizeof text), out, &jid), BH_EINVAL);
}

static void prepares_the_longest_address(void **state)
{
	char text[JID_MAX + 1];
	char out[JID_MAX + 1];
	struct jid jid;

	(void)state;
	memset(text, 'a', JID_MAX);
	for (size_t i = 1024 + 50; i < 2047; i += 50)
		text[i] = '.';
	text[0] = 'A';
	text[1023] = '@';
	text[2047] = '/';
	assert_int_equal(jid_prepare(str_make(text, JID_MAX), out, &jid), 0);
	assert_int_equal(jid.full.len, JID_MAX);
	assert_int_equal(out[JID_MAX], '\0');
	assert_int_equal(jid_prepare(str_make(text, JID_MAX + 1), out, &jid), BH_EINVAL);
}

static void prepares_single_parts(void **state)
{
	char out[JID_PART_MAX + 1];
	size_t len;

	(void)state;
	assert_int_equal(jid_prepare_local(STR_LIT("JuLiet"), out, &len), 0);
	assert_string_equal(out, "juliet");
	assert_int_equal(len, 6);
	assert_int_equal(jid_prepare_local(STR_LIT("a@b"), out, &len), BH_EINVAL);
	assert_int_equal(jid_prepare_local(STR_LIT("a/b"), out, &len), BH_EINVAL);
	assert_int_equal(jid_prepare_local(STR_LIT(""), out, &len), BH_EINVAL);
	assert_int_equal(jid_prepare_domain(STR_LIT("X.Y."), out, &len), 0);
	assert_string_equal(out, "x.y");
	assert_int_equal(jid_prepare_domain(STR_LIT("a@b"), out, &len), BH_EINVAL);
	assert_int_equal(jid_prepare_resource(STR_LIT("A/b@C"), out, &len), 0);
	assert_string_equal(out, "A/b@C");
	assert_int_equal(jid_prepare_resource(STR_LIT(""), out, &len), BH_EINVAL);
}

/* What prepare makes of any character must pass the check: else an honest front end could be
 * made to look like a lying one. */
static void check_accepts_whatever_prepare_makes(void **state)
{
	static const char *const forms[] = {"%s@x", "x%s", "a@x/%s", "%sa@x", "a%s.x"};

	(void)state;
	for (unsigned c = 0x80; c < 0x30000; c += c < 0x3100 ? 1 : 37) {
		char utf8[5] = "", text[32], out[JID_MAX + 1];

		if (c < 0x800)
			snprintf(utf8, sizeof utf8, "%c%c", (int)(0xc0 | c >> 6), (int)(0x80 | (c & 63)));
		else if (c < 0x10000)
			snprintf(utf8, sizeof utf8, "%c%c%c", (int)(0xe0 | c >> 12),
				(int)(0x80 | (c >> 6 & 63)), (int)(0x80 | (c & 63)));
		else
			snprintf(utf8, sizeof utf8, "%c%c%c%c", (int)(0xf0 | c >> 18),
				(int)(0x80 | (c >> 12 & 63)), (int)(0x80 | (c >> 6 & 63)),
				(int)(0x80 | (c & 63)));
		for (size_t i = 0; i < COUNT(forms); i++) {
			struct jid jid, checked;
			const char *at = strstr(forms[i], "%s");

			snprintf(text, sizeof text, "%.*s%s%s", (int)(at - forms[i]), forms[i], utf8,
				at + 2);
			if (jid_prepare(str_of(text), out, &jid) == 0)
				assert_int_equal(jid_check(str_of(out), &checked), 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splits_into_parts),
		cmocka_unit_test(prepares_to_one_form),
		cmocka_unit_test(refuses_what_is_no_address),
		cmocka_unit_test(check_refuses_what_is_not_prepared),
		cmocka_unit_test(refuses_a_nul_inside),
		cmocka_unit_test(bounds_each_part),
		cmocka_unit_test(prepares_the_longest_address),
		cmocka_unit_test(prepares_single_parts),
		cmocka_unit_test(check_accepts_whatever_prepare_makes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
