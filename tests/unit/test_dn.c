/* Distinguished names, and texts, that are the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/err.h"
#include "directory/dn.h"
#include "xmpp/fold.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SUFFIX ",ou=people,dc=example"

static const char *const same[][2] = {
	{"uid=ann" SUFFIX, "UID=Ann,OU=PEOPLE,DC=Example"},
	{"uid=ann" SUFFIX, "uid=ann, ou=people, dc=example"},
	{"uid=ann" SUFFIX, "uid = ann , ou = people , dc = example"},
	{"uid=ann" SUFFIX, "userid=ann,organizationalUnitName=people,domainComponent=example"},
	{"uid=ann" SUFFIX, "0.9.2342.19200300.100.1.1=ann,2.5.4.11=people,dc=example"},
	{"cn=Liddell\\, Ann" SUFFIX, "cn=liddell\\2c ann" SUFFIX},
	{"cn=Liddell\\, Ann" SUFFIX, "cn=Liddell\\,  Ann" SUFFIX},
	{"cn=say \\\"hi\\\"" SUFFIX, "cn=say \\22hi\\22" SUFFIX},
	{"cn=\\ ann" SUFFIX, "cn=\\20ann" SUFFIX},
	{"cn=a\\+b\\\\c\\#\\;\\<\\>\\=" SUFFIX, "cn=a\\2bb\\5cc\\23\\3b\\3c\\3e\\3d" SUFFIX},
	{"cn=M\u00fcller" SUFFIX, "cn=M\\C3\\BCLLER" SUFFIX},
	{"cn=M\u00fcller" SUFFIX, "cn=mu\u0308ller" SUFFIX},
	{"cn=\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2" SUFFIX, "cn=\u03c3\u03af\u03c3\u03c5\u03c6\u03bf\u03c3" SUFFIX},
	{"uid=ann+cn=Ann Liddell" SUFFIX, "cn=ann liddell+uid=ANN" SUFFIX},
	{"cn=a\\00b" SUFFIX, "CN=a\\00b" SUFFIX},
	{"cn=\\ff\\fe" SUFFIX, "cn=\\FF\\FE" SUFFIX},
};

static const char *const different[][2] = {
	{"uid=ann" SUFFIX, "uid=anna" SUFFIX},
	{"uid=ann" SUFFIX, "cn=ann" SUFFIX},
	{"uid=ann" SUFFIX, "uid=ann,dc=example"},
	{"uid=ann" SUFFIX, "uid=ann,dc=example,ou=people"},
	{"uid=ann\\,ou=people,dc=example", "uid=ann,ou=people,dc=example"},
	{"cn=a+uid=b" SUFFIX, "cn=a,uid=b" SUFFIX},
	{"cn=ab" SUFFIX, "cn=a b" SUFFIX},
	{"cn=a\\00b" SUFFIX, "cn=a" SUFFIX},
	{"cn=\\ff" SUFFIX, "cn=\\fe" SUFFIX},
	{"cn=#0401ff" SUFFIX, "cn=\\ff" SUFFIX},
	{"cn=Muller" SUFFIX, "cn=M\u00fcller" SUFFIX},
};

static const char *const none[] = {"", "ann", "uid", "=ann", "uid=ann,", ",uid=ann", "uid=ann,,dc=example", "uid=\\", "uid=a\\zz",
	"uid=\"ann", "cn=#0", "cn=#zz"};

static void digest(const char *dn, uint8_t out[DN_DIGEST_SIZE])
{
	if (dn_digest(str_of(dn), out) != 0)
		fail_msg("no name: %s", dn);
}

static void takes_spellings_of_a_name_for_the_same(void **state)
{
	uint8_t a[DN_DIGEST_SIZE], b[DN_DIGEST_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(same); i++) {
		digest(same[i][0], a);
		digest(same[i][1], b);
		if (memcmp(a, b, sizeof a) != 0)
			fail_msg("taken for different: %s and %s", same[i][0], same[i][1]);
	}
}

static void tells_names_apart(void **state)
{
	uint8_t a[DN_DIGEST_SIZE], b[DN_DIGEST_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(different); i++) {
		digest(different[i][0], a);
		digest(different[i][1], b);
		if (memcmp(a, b, sizeof a) == 0)
			fail_msg("taken for the same: %s and %s", different[i][0], different[i][1]);
	}
}

static void refuses_what_is_no_name(void **state)
{
	uint8_t out[DN_DIGEST_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(none); i++)
		if (dn_digest(str_of(none[i]), out) != BH_EINVAL)
			fail_msg("taken for a name: %s", none[i]);
	assert_int_equal(dn_digest(str_make("cn=a\0b", 6), out), BH_EINVAL);
	assert_int_equal(dn_digest(STR_LIT("cn=a\xc3"), out), BH_EINVAL);
	assert_int_equal(dn_digest(STR_LIT("cn=a\xf0\x9f,dc=b"), out), BH_EINVAL);
	assert_int_equal(dn_digest(STR_NONE, out), BH_EINVAL);
}

static void a_level_has_a_bounded_number_of_attributes(void **state)
{
	char text[DN_MAX + 64] = "uid=0";
	uint8_t out[DN_DIGEST_SIZE];

	(void)state;
	for (unsigned i = 1; i < 16; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "+uid=%u", i);
	assert_int_equal(dn_digest(str_of(text), out), 0);
	strcat(text, "+uid=16");
	assert_int_equal(dn_digest(str_of(text), out), BH_EINVAL);
	memset(text, 'a', sizeof text - 1);
	memcpy(text, "cn=", 3);
	assert_int_equal(dn_digest(str_make(text, DN_MAX), out), 0);
	assert_int_equal(dn_digest(str_make(text, DN_MAX + 1), out), BH_EINVAL);
}

static void an_optional_uid_is_cut_off(void **state)
{
	static const char *const cases[][2] = {
		{"cn=a,dc=b#'0101'B", "cn=a,dc=b"}, {"cn=a,dc=b#''B", "cn=a,dc=b"}, {"cn=a,dc=b", "cn=a,dc=b"},
		{"cn=a#'012'B", "cn=a#'012'B"}, {"cn=a'0101'B", "cn=a'0101'B"}, {"'B", "'B"}, {"01'B", "01'B"},
		{"#''B", ""}, {"cn=B", "cn=B"}, {"", ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str left = dn_without_uid(str_of(cases[i][0]));

		if (!str_is(left, cases[i][1]))
			fail_msg("%s: %.*s", cases[i][0], STR_FMT(left));
	}
}

static void folds_what_people_take_for_the_same(void **state)
{
	static const char *const cases[][2] = {
		{"M\u00dcLLER", "m\u00fcller"}, {"Stra\u00dfe", "strasse"}, {"  a  b \t c\n", "a b c"}, {"\uff21nn", "ann"},
		{"\u0130", "i\u0307"}, {"a\u00adb", "ab"}, {"\u00a0x\u00a0", "x"}, {"", ""}, {"   ", ""}, {"100% _", "100% _"},
		{"\U0001f600", "\U0001f600"},
	};
	struct buf out = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		buf_clear(&out);
		assert_int_equal(fold_text(&out, str_of(cases[i][0])), 0);
		if (!str_is(buf_str(&out), cases[i][1]))
			fail_msg("%s: \"%.*s\"", cases[i][0], STR_FMT(buf_str(&out)));
	}
	buf_fini(&out);
}

/* U+FDFA, a whole sentence, becomes eighteen characters. */
static void folds_the_longest_that_there_is(void **state)
{
	char text[FOLD_MAX + 1];
	struct buf out = BUF_INIT;

	(void)state;
	for (unsigned i = 0; i + 3 <= FOLD_MAX; i += 3)
		memcpy(text + i, "\ufdfa", 3);
	assert_int_equal(fold_text(&out, str_make(text, FOLD_MAX)), 0);
	assert_true(out.len > 10 * FOLD_MAX);
	buf_clear(&out);
	memset(text, 'a', sizeof text);
	assert_int_equal(fold_text(&out, str_make(text, FOLD_MAX + 1)), BH_EINVAL);
	assert_int_equal(fold_text(&out, STR_LIT("\xff")), BH_EINVAL);
	assert_int_equal(fold_text(&out, str_make("a\0b", 3)), BH_EINVAL);
	assert_int_equal(out.len, 0);
	buf_fini(&out);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_spellings_of_a_name_for_the_same),
		cmocka_unit_test(tells_names_apart),
		cmocka_unit_test(refuses_what_is_no_name),
		cmocka_unit_test(a_level_has_a_bounded_number_of_attributes),
		cmocka_unit_test(an_optional_uid_is_cut_off),
		cmocka_unit_test(folds_what_people_take_for_the_same),
		cmocka_unit_test(folds_the_longest_that_there_is),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
