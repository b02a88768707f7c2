/* erl_term, erl_scan: Erlang terms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "ctl/move/erl_scan.h"
#include "ctl/move/erl_term.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* Written in one way: every text as "...", behind b where it is a binary. */
static void write_value(struct buf *out, const struct erl_value *v)
{
	static const char *const brackets[] = {[ERL_TUPLE] = "{}", [ERL_LIST] = "[]", [ERL_MAP] = "()"};

	if (v->type == ERL_NUMBER) {
		buf_printf(out, "%.17g", v->number);
	} else if (v->type == ERL_ATOM) {
		buf_put_str(out, v->text);
	} else if (v->type == ERL_STRING || v->type == ERL_BINARY) {
		buf_printf(out, "%s\"", v->type == ERL_BINARY ? "b" : "");
		buf_put_str(out, v->text);
		buf_put_byte(out, '"');
	} else {
		buf_put_byte(out, (uint8_t)brackets[v->type][0]);
		for (const struct erl_value *c = v->first; c != NULL; c = c->next) {
			write_value(out, c);
			buf_put_str(out, c->next != NULL ? STR_LIT(",") : STR_LIT(""));
		}
		buf_put_byte(out, (uint8_t)brackets[v->type][1]);
	}
}

static void assert_term(const char *text, const char *want)
{
	struct erl_term *term = NULL;
	struct buf out = BUF_INIT;

	assert_int_equal(erl_parse(str_of(text), &term), 0);
	write_value(&out, erl_root(term));
	buf_put_byte(&out, '\0');
	assert_string_equal((const char *)out.data, want);
	buf_fini(&out);
	erl_free(&term);
	assert_null(term);
}

static const struct {
	const char *text, *want;
} good[] = {
	{"atom", "atom"},
	{" a_1@B % a comment\n", "a_1@B"},
	{"'an atom'", "an atom"},
	{"'it\\'s'", "it's"},
	{"0", "0"},
	{"-17", "-17"},
	{"1700000000", "1700000000"},
	{"1.5e3", "1500"},
	{"$a", "97"},
	{"$\\n", "10"},
	{"{}", "{}"},
	{"{a,{b},[c, d ]}", "{a,{b},[c,d]}"},
	{"[]", "[]"},
	{"#{}", "()"},
	{"#{a => 1,<<\"b\">> => [2]}", "(a,1,b\"b\",[2])"},
	{"\"\"", "\"\""},
	{"\"text\"", "\"text\""},
	{"\"one \"\n  \"two\"", "\"one two\""},
	{"<<>>", "b\"\""},
	{"<<\"a,b>>c.\">>", "b\"a,b>>c.\""},
	{"<<65,66,195,188>>", "b\"AB\303\274\""},
	{"<<1,\"a\", 2>>", "b\"\1a\2\""},
	{"<<\"one \"\n  \"two\">>", "b\"one two\""},
	{"<<\"\\\"\\\\\\t\\n\\s\\e\\d\">>", "b\"\"\\\t\n \033\177\""},
	{"<<\"\\303\\274\\x41\\x{42}\">>", "b\"\303\274AB\""},
	{"<<\"\303\274\">>", "b\"\303\274\""},
	{"<<\"\\x{fc}\\x{20ac}\303\274\"/utf8>>", "b\"\303\274\342\202\254\303\274\""},
	{"\"\\x{1f600}\"", "\"\360\237\230\200\""},
	{"<<% >> and \"more\n\"a\">>", "b\"a\""},
};

static void reads_what_erlang_writes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		assert_term(good[i].text, good[i].want);
}

static const char *const bad[] = {
	"", "{", "}", "{a", "{a,}", "{a b}", "[a|b]", "[a", "\"a", "<<\"a\"", "<<256>>", "<<1:4>>", "<<\"a\"/utf16>>", "<<a>>",
	"#{a}", "#{a => }", "#Fun<a.1>", "#Ref<0.1.2.3>", "<0.1.0>", "Variable", "1.2.3", "-", "16#ff", "'a", "\"\\x{}\"",
	"\"\\x{110000}\"", "\"\\x{41\"", "\"\\xg\"", "\"\\^\"", "$", "$\\", "a b", "{a}}", "<<\"\\x{41 % \">>\n}\"a\">>",
};

static void refuses_what_is_no_term(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct erl_term *term = NULL;

		if (erl_parse(str_of(bad[i]), &term) != BH_EPROTO)
			fail_msg("%s was read", bad[i]);
		assert_null(term);
	}
}

static void is_bounded_in_depth(void **state)
{
	char text[2 * ERL_DEPTH_MAX + 2];
	struct erl_term *term = NULL;

	(void)state;
	memset(text, '[', ERL_DEPTH_MAX + 1);
	memset(text + ERL_DEPTH_MAX + 1, ']', ERL_DEPTH_MAX + 1);
	assert_int_equal(erl_parse(str_make(text + 1, 2 * ERL_DEPTH_MAX), &term), 0);
	erl_free(&term);
	assert_int_equal(erl_parse(str_make(text, sizeof text), &term), BH_ETOOBIG);
}

static void gives_places_and_texts(void **state)
{
	struct erl_term *term = NULL;
	const struct erl_value *root;

	(void)state;
	assert_int_equal(erl_parse(STR_LIT("{a,<<\"b\">>,\"c\",[],4,[d]}"), &term), 0);
	root = erl_root(term);
	assert_true(erl_is(erl_at(root, 0), "a") && !erl_is(erl_at(root, 1), "b"));
	assert_true(str_is(erl_text(erl_at(root, 1)), "b") && str_is(erl_text(erl_at(root, 2)), "c"));
	assert_true(str_is(erl_text(erl_at(root, 3)), ""));
	assert_null(erl_text(erl_at(root, 4)).p);
	assert_null(erl_text(erl_at(root, 5)).p);
	assert_null(erl_at(root, 6));
	assert_null(erl_at(erl_at(root, 5), 0));
	assert_null(erl_at(NULL, 0));
	assert_true(erl_number(erl_at(root, 4)) == 4 && erl_number(NULL) == 0);
	erl_free(&term);
}

static void terms_are_found_one_by_one(void **state)
{
	/* No blank is behind the first dot of the last one. */
	static const char *const want[] = {"{tables,[a]}", "{b,1.5,\". \",<<\". \">>,'. ',$.}", "{c,#Fun<x.1.2>,<0.1.0>}.{d}"};
	struct str rest = STR_LIT("{tables,[a]}.\n{b,1.5,\". \",<<\". \">>,'. ',$.}.\n\n% {no}.\n{c,#Fun<x.1.2>,<0.1.0>}.{d}.");
	struct str term;

	(void)state;
	for (size_t i = 0; i < COUNT(want); i++) {
		assert_int_equal(erl_next(&rest, &term), 1);
		assert_true(str_is(term, want[i]));
	}
	assert_int_equal(erl_next(&rest, &term), 0);
	assert_int_equal(erl_next(&rest, &term), 0);
}

static void a_term_without_an_end_is_told_from_none(void **state)
{
	static const char *const cut[] = {"{a}", "{a,\"x. ", "{a,<<\"x\">>", "{a,'.", "{a}.\n{b", "$", "{a,$\\"};

	(void)state;
	for (size_t i = 0; i < COUNT(cut); i++) {
		struct str rest = str_of(cut[i]), term;
		int rc;

		while ((rc = erl_next(&rest, &term)) == 1)
			;
		assert_int_equal(rc, BH_EPROTO);
	}
}

static void a_tag_is_an_atom_in_front(void **state)
{
	(void)state;
	assert_true(str_is(erl_tag(STR_LIT("{passwd,{<<\"u\">>}}")), "passwd"));
	assert_true(str_is(erl_tag(STR_LIT(" { %c\n roster , a}")), "roster"));
	assert_true(str_is(erl_tag(STR_LIT("{'passwd',a}")), ""));
	assert_true(str_is(erl_tag(STR_LIT("[passwd]")), "") && str_is(erl_tag(STR_LIT("{")), ""));
	assert_true(str_is(erl_tag(STR_LIT("{1}")), "") && str_is(erl_tag(STR_LIT("")), ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_erlang_writes),
		cmocka_unit_test(refuses_what_is_no_term),
		cmocka_unit_test(is_bounded_in_depth),
		cmocka_unit_test(gives_places_and_texts),
		cmocka_unit_test(terms_are_found_one_by_one),
		cmocka_unit_test(a_term_without_an_end_is_told_from_none),
		cmocka_unit_test(a_tag_is_an_atom_in_front),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
