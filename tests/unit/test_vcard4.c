/* vcard4: into vcard-temp. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ctl/move/vcard4.h"
#include "xmpp/names.h"
#include "xmpp/xmlcheck.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define TYPE(name) "<parameters><type><text>" name "</text></type></parameters>"

static const struct {
	const char *from, *to;
} cases[] = {
	{"", ""},
	{"<fn><text>Ann &amp; Co</text></fn>", "<FN>Ann &amp; Co</FN>"},
	{"<n><surname>S</surname><given>G</given><additional/><prefix>P</prefix><suffix>X</suffix></n>",
		"<N><FAMILY>S</FAMILY><GIVEN>G</GIVEN><PREFIX>P</PREFIX><SUFFIX>X</SUFFIX></N>"},
	{"<n><surname/><given/></n><fn/>", ""},
	{"<nickname><text>a</text></nickname><nickname><text>b</text></nickname>", "<NICKNAME>a</NICKNAME><NICKNAME>b</NICKNAME>"},
	{"<url><uri>https://x.example/?a&amp;b</uri></url>", "<URL>https://x.example/?a&amp;b</URL>"},
	{"<bday><date>1990-01-02</date></bday>", "<BDAY>1990-01-02</BDAY>"},
	{"<title><text>T</text></title><role><text>R</text></role><note><text>N</text></note>",
		"<TITLE>T</TITLE><ROLE>R</ROLE><NOTE>N</NOTE>"},
	{"<email><text>a@b</text>" TYPE("home") "</email>", "<EMAIL><HOME/><INTERNET/><USERID>a@b</USERID></EMAIL>"},
	{"<email>" TYPE("work") "<text>a@b</text></email>", "<EMAIL><WORK/><INTERNET/><USERID>a@b</USERID></EMAIL>"},
	{"<email>" TYPE("work") "</email><tel>" TYPE("home") "</tel><adr>" TYPE("home") "</adr>", ""},
	{"<tel><uri>tel:+1-2</uri>" TYPE("cell") "</tel>", "<TEL><CELL/><NUMBER>+1-2</NUMBER></TEL>"},
	{"<tel><text>12</text></tel>", "<TEL><NUMBER>12</NUMBER></TEL>"},
	{"<adr><pobox>1</pobox><ext>2</ext><street>3</street><locality>4</locality><region>5</region><code>6</code>"
		"<country>7</country>" TYPE("work") "</adr>", "<ADR><WORK/><POBOX>1</POBOX><EXTADD>2</EXTADD><STREET>3</STREET>"
		"<LOCALITY>4</LOCALITY><REGION>5</REGION><PCODE>6</PCODE><CTRY>7</CTRY></ADR>"},
	{"<org><text>O</text><text>U</text></org>", "<ORG><ORGNAME>O</ORGNAME><ORGUNIT>U</ORGUNIT></ORG>"},
	{"<categories><text>a</text><text>b</text></categories>",
		"<CATEGORIES><KEYWORD>a</KEYWORD><KEYWORD>b</KEYWORD></CATEGORIES>"},
	{"<impp><uri>xmpp:a@b</uri></impp><impp><uri>sip:x</uri></impp>", "<JABBERID>a@b</JABBERID>"},
	{"<fn xmlns='urn:other'><text>x</text></fn>", ""},
};

static void count(void *arg, struct str property)
{
	(void)property;
	++*(unsigned *)arg;
}

/* How many properties had no place. */
static unsigned convert(const char *properties, struct buf *out)
{
	struct buf xml = BUF_INIT;
	struct tree *tree = NULL;
	unsigned n = 0;

	buf_printf(&xml, properties[0] != '\0' ? "<vcard xmlns='" NS_VCARD4 "'>%s</vcard>" : "<vcard xmlns='" NS_VCARD4 "'%s/>",
		properties);
	assert_int_equal(tree_parse(buf_str(&xml), NS_CLIENT, &tree), 0);
	vcard4_convert(tree_first(tree), out, count, &n);
	tree_free(&tree);
	buf_fini(&xml);
	return n;
}

static void properties_become_what_they_were(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf out = BUF_INIT;

		(void)convert(cases[i].from, &out);
		if (!str_is(buf_str(&out), cases[i].to))
			fail_msg("%s became %.*s", cases[i].from, STR_FMT(buf_str(&out)));
		assert_int_equal(xmlcheck_inner(buf_str(&out)), 0);
		buf_fini(&out);
	}
}

static void what_has_no_place_is_told(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	assert_int_equal(convert("<gender><sex>O</sex></gender><fn><text>x</text></fn><lang/>", &out), 2);
	assert_true(str_is(buf_str(&out), "<FN>x</FN>"));
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(properties_become_what_they_were),
		cmocka_unit_test(what_has_no_place_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
