/* vCards out of entries, and the setting that says how. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/err.h"
#include "bus/textlist.h"
#include "directory/entry_private.h"
#include "dirsyncd/profile.h"
#include "xmpp/xmlcheck.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define V(...) "<vCard xmlns='vcard-temp'>" __VA_ARGS__ "</vCard>"

enum { VALUES_MAX = 64, PICTURE_MAX = 1000 };

/* An entry: attributes and values, one after the other. */
static struct direntry entry;
static struct berval values[VALUES_MAX], *lists[VALUES_MAX][VALUES_MAX + 1];
static unsigned nvalues;
static struct profile_map *map;
static struct buf xml;
static char complaints[2048];

static int setup(void **state)
{
	(void)state;
	memset(&entry, 0, sizeof entry);
	memset(lists, 0, sizeof lists);
	nvalues = 0;
	map = profile_map_create(PICTURE_MAX);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	profile_map_free(&map);
	buf_fini(&xml);
	return 0;
}

static void has_bytes(const char *attribute, const void *p, size_t len)
{
	unsigned i = 0;

	while (i < entry.n && strcmp(entry.of[i].name, attribute) != 0)
		i++;
	if (i == entry.n) {
		entry.of[i].name = (char *)attribute;
		entry.of[i].values = lists[i];
		entry.n++;
	}
	values[nvalues] = (struct berval){len, (char *)p};
	lists[i][entry.of[i].count++] = &values[nvalues++];
}

static void has(const char *attribute, const char *value)
{
	has_bytes(attribute, value, strlen(value));
}

static void rule(const char *text)
{
	char what[256];

	if (profile_map_add(map, text, what, sizeof what) != 0)
		fail_msg("%s: %s", text, what);
}

/* Writes it, checks that it is canonical, and keeps what was wrong. */
static const char *write_it(void)
{
	struct str rest, one;
	struct reading r;

	buf_fini(&xml);
	reading_init(&r, &entry);
	profile_write(map, &r, &xml);
	*complaints = '\0';
	for (rest = buf_str(&r.complaints); textlist_take(&rest, &one);)
		snprintf(complaints + strlen(complaints), sizeof complaints - strlen(complaints), "%.*s\n", STR_FMT(one));
	reading_fini(&r);
	assert_int_equal(xmlcheck_inner(buf_str(&xml)), 0);
	buf_put_byte(&xml, 0);
	return (const char *)xml.data;
}

static void an_entry_becomes_a_vcard(void **state)
{
	(void)state;
	rule("EMAIL/INTERNET/USERID=mail"), rule("N/GIVEN=givenName"), rule("FN=cn"), rule("N/FAMILY=sn");
	has("cn", "Ann Liddell"), has("sn", "Liddell"), has("givenName", "Ann"), has("mail", "ann@example.org");
	assert_string_equal(write_it(), V("<FN>Ann Liddell</FN><N><FAMILY>Liddell</FAMILY><GIVEN>Ann</GIVEN></N>"
		"<EMAIL><INTERNET/><USERID>ann@example.org</USERID></EMAIL>"));
	assert_string_equal(complaints, "");
}

static void names_of_attributes_have_no_case(void **state)
{
	(void)state;
	rule("FN=displayname");
	has("displayName", "Ann");
	assert_string_equal(write_it(), V("<FN>Ann</FN>"));
}

static void the_first_attribute_that_has_a_value_counts(void **state)
{
	(void)state;
	rule("FN=displayName|cn"), rule("TITLE=title|'Member'"), rule("ROLE=nothing|other");
	has("cn", "second"), has("cn", "third");
	assert_string_equal(write_it(), V("<FN>second</FN><TITLE>Member</TITLE>"));
	has("displayName", "");
	assert_string_equal(write_it(), V("<FN>second</FN><TITLE>Member</TITLE>"));
	has("displayName", "first"), has("title", "Dr");
	assert_string_equal(write_it(), V("<FN>first</FN><TITLE>Dr</TITLE>"));
}

static void every_telephone_number_is_an_element(void **state)
{
	(void)state;
	rule("TEL/WORK/NUMBER=telephoneNumber"), rule("TEL/CELL/NUMBER=mobile"), rule("TEL/WORK/NUMBER=other");
	has("telephoneNumber", "1"), has("telephoneNumber", "2"), has("mobile", "3"), has("other", "4");
	assert_string_equal(write_it(), V("<TEL><WORK/><NUMBER>1</NUMBER></TEL><TEL><WORK/><NUMBER>2</NUMBER></TEL>"
		"<TEL><WORK/><NUMBER>4</NUMBER></TEL><TEL><CELL/><NUMBER>3</NUMBER></TEL>"));
}

static void parts_of_one_address_stand_together(void **state)
{
	(void)state;
	rule("ADR/HOME/LOCALITY=home"), rule("ADR/WORK/CTRY='UK'"), rule("ADR/WORK/STREET=street"), rule("ADR/WORK/LOCALITY=l");
	has("street", "Folly Bridge"), has("l", "Oxford"), has("l", "Oxenford");
	assert_string_equal(write_it(), V("<ADR><WORK/><STREET>Folly Bridge</STREET><LOCALITY>Oxford</LOCALITY>"
		"<CTRY>UK</CTRY></ADR>"));
}

static void an_organisation_has_any_number_of_units(void **state)
{
	(void)state;
	rule("ORG/ORGUNIT=ou"), rule("ORG/ORGNAME='Christ Church'"), rule("ORG/ORGUNIT=departmentNumber");
	has("ou", "Mathematics"), has("ou", "Library"), has("departmentNumber", "7");
	assert_string_equal(write_it(), V("<ORG><ORGNAME>Christ Church</ORGNAME><ORGUNIT>Mathematics</ORGUNIT>"
		"<ORGUNIT>Library</ORGUNIT><ORGUNIT>7</ORGUNIT></ORG>"));
}

static void kinds_stand_in_the_order_of_the_dtd(void **state)
{
	(void)state;
	rule("TEL/PREF/FAX/WORK/NUMBER=fax");
	has("fax", "1");
	assert_string_equal(write_it(), V("<TEL><WORK/><FAX/><PREF/><NUMBER>1</NUMBER></TEL>"));
}

static void a_web_address_is_without_its_label(void **state)
{
	(void)state;
	rule("URL=labeledURI"), rule("DESC=labeledURI");
	has("labeledURI", "http://example.org/ the page");
	assert_string_equal(write_it(), V("<URL>http://example.org/</URL><DESC>http://example.org/ the page</DESC>"));
}

static void nothing_makes_an_empty_vcard(void **state)
{
	(void)state;
	rule("FN=cn"), rule("TEL/WORK/NUMBER=telephoneNumber"), rule("ADR/WORK/STREET=street"), rule("PHOTO=jpegPhoto");
	assert_string_equal(write_it(), "<vCard xmlns='vcard-temp'/>");
}

/* ---- what must not get in ------------------------------------------------------------------ */

static void texts_are_escaped(void **state)
{
	(void)state;
	rule("FN=cn"), rule("DESC=description"), rule("ORG/ORGNAME='A & B <Ltd>'");
	has("cn", "</FN><x a='1'>&\""), has("description", "one\r\ntwo\t]]>");
	assert_string_equal(write_it(), V("<FN>&lt;/FN&gt;&lt;x a=&apos;1&apos;&gt;&amp;&quot;</FN>"
		"<ORG><ORGNAME>A &amp; B &lt;Ltd&gt;</ORGNAME></ORG><DESC>one&#13;\ntwo\t]]&gt;</DESC>"));
	assert_string_equal(complaints, "");
}

static void values_that_are_no_text_are_left_out_and_complained_of(void **state)
{
	static const struct str bad[] = {{"a\0b", 3}, {"\xff", 1}, {"\x1b[2J", 4}, {"\xed\xa0\x80", 3}, {"\xc3", 1}, {"\xef\xbf\xbf", 3}};

	(void)state;
	rule("FN=cn|sn"), rule("TEL/WORK/NUMBER=telephoneNumber");
	for (size_t i = 0; i < COUNT(bad); i++)
		has_bytes("cn", bad[i].p, bad[i].len);
	has("sn", "Liddell"), has_bytes("telephoneNumber", "\0", 1), has("telephoneNumber", "2");
	assert_string_equal(write_it(), V("<FN>Liddell</FN><TEL><WORK/><NUMBER>2</NUMBER></TEL>"));
	assert_string_equal(complaints, "cn: it is no text in UTF-8, or has control characters\n"
		"telephoneNumber: it is no text in UTF-8, or has control characters\n");
}

static void values_have_a_size(void **state)
{
	static char large[PROFILE_VALUE_MAX + 1];

	(void)state;
	memset(large, 'a', sizeof large);
	rule("DESC=description"), rule("NOTE=note");
	has_bytes("description", large, sizeof large), has_bytes("note", large, PROFILE_VALUE_MAX);
	write_it();
	assert_null(strstr((char *)xml.data, "<DESC>"));
	assert_non_null(strstr((char *)xml.data, "<NOTE>"));
	assert_string_equal(complaints, "description: 4097 bytes are too many, 4096 are the most\n");
}

static void all_texts_together_have_a_size(void **state)
{
	static char large[PROFILE_VALUE_MAX];

	(void)state;
	memset(large, '&', sizeof large);
	rule("TEL/WORK/NUMBER=telephoneNumber"), rule("FN=cn"), rule("PHOTO=jpegPhoto");
	has("cn", "Ann"), has("jpegPhoto", "\xff\xd8\xff");
	for (unsigned i = 0; i < 32; i++)
		has_bytes("telephoneNumber", large, sizeof large);
	write_it();
	assert_true(xml.len <= PROFILE_TEXTS_MAX + 1024);
	assert_non_null(strstr((char *)xml.data, "<PHOTO>"));
	assert_string_equal(complaints, "TEL and what comes after it is too much for a profile\n");
}

static void an_attribute_has_a_bounded_number_of_values(void **state)
{
	unsigned n = 0;

	(void)state;
	rule("TEL/WORK/NUMBER=telephoneNumber");
	for (unsigned i = 0; i < 32; i++)
		has("telephoneNumber", "1");
	for (const char *p = write_it(); (p = strstr(p, "<TEL>")) != NULL; p++)
		n++;
	assert_int_equal(n, PROFILE_VALUES_MAX);
}

/* ---- pictures ------------------------------------------------------------------------------ */

static void pictures_are_known_by_their_first_bytes(void **state)
{
	static const struct {
		struct str bytes;
		const char *type;
	} cases[] = {
		{{"\xff\xd8\xff\xe0\0\x10JFIF", 10}, "image/jpeg"}, {{"\x89PNG\r\n\x1a\n\0", 9}, "image/png"},
		{{"GIF89a", 6}, "image/gif"}, {{"GIF87a", 6}, "image/gif"}, {{"RIFF\1\2\3\4WEBPVP8 ", 16}, "image/webp"},
		{{"RIFF\1\2\3\4WAVEfmt ", 16}, NULL}, {{"RIFF\1\2\3\4WEB", 11}, NULL}, {{"\xff\xd8", 2}, NULL}, {{"", 0}, NULL},
		{{"<svg xmlns='http://www.w3.org/2000/svg'/>", 41}, NULL}, {{"\x89PNG\n", 5}, NULL}, {{NULL, 0}, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *type = profile_picture_type(cases[i].bytes);

		assert_true(type == cases[i].type || (type != NULL && cases[i].type != NULL && strcmp(type, cases[i].type) == 0));
	}
}

static void a_picture_goes_in_as_base64(void **state)
{
	(void)state;
	rule("PHOTO=jpegPhoto|thumbnailPhoto");
	has_bytes("thumbnailPhoto", "\xff\xd8\xff\0", 4);
	assert_string_equal(write_it(), V("<PHOTO><TYPE>image/jpeg</TYPE><BINVAL>/9j/AA==</BINVAL></PHOTO>"));
	has_bytes("jpegPhoto", "garbage", 7);
	assert_string_equal(write_it(), V("<PHOTO><TYPE>image/jpeg</TYPE><BINVAL>/9j/AA==</BINVAL></PHOTO>"));
	assert_string_equal(complaints, "jpegPhoto: it is no JPEG, PNG, GIF or WebP picture\n");
	has_bytes("jpegPhoto", "GIF89a", 6);
	assert_string_equal(write_it(), V("<PHOTO><TYPE>image/gif</TYPE><BINVAL>R0lGODlh</BINVAL></PHOTO>"));
}

static void a_picture_has_a_size(void **state)
{
	static char large[PICTURE_MAX + 1] = "GIF89a";

	(void)state;
	rule("FN=cn"), rule("PHOTO=jpegPhoto");
	has("cn", "Ann"), has_bytes("jpegPhoto", large, sizeof large);
	assert_string_equal(write_it(), V("<FN>Ann</FN>"));
	assert_string_equal(complaints, "jpegPhoto: the picture has 1001 bytes, directory.photo allows 1000\n");
	values[1].bv_len = PICTURE_MAX;
	assert_non_null(strstr(write_it(), "<BINVAL>R0lGODlh"));
	assert_string_equal(complaints, "");
}

static void without_pictures_nobody_complains_of_them(void **state)
{
	(void)state;
	rule("FN=cn"), rule("PHOTO=jpegPhoto");
	map->picture_max = 0;
	has("cn", "Ann"), has("jpegPhoto", "garbage");
	assert_string_equal(write_it(), V("<FN>Ann</FN>"));
	assert_string_equal(complaints, "");
}

/* ---- the setting --------------------------------------------------------------------------- */

static void wrong_entries_are_named(void **state)
{
	static const char *const cases[][2] = {
		{"FN", "FN has no ="},
		{"FN=", " is no name of an attribute"},
		{"=cn", " is no element of a vCard (XEP-0054; they are in capital letters)"},
		{"fn=cn", "fn is no element of a vCard (XEP-0054; they are in capital letters)"},
		{"NAME=cn", "NAME is no element of a vCard (XEP-0054; they are in capital letters)"},
		{"FN/X=cn", "FN has no parts"},
		{"FN/=cn", "FN has no parts"},
		{"N=cn", "N needs the part that has the text at the end of its path"},
		{"N/=cn", " is no part of it in XEP-0054"},
		{"TEL/WORK=cn", "TEL needs the part that has the text at the end of its path"},
		{"TEL/WROK/NUMBER=cn", "WROK is no part of it in XEP-0054"},
		{"TEL/NUMBER/WORK=cn", "TEL needs the part that has the text at the end of its path"},
		{"TEL/WORK/NUMBER/=cn", "TEL needs the part that has the text at the end of its path"},
		{"TEL/WORK/USERID=cn", "USERID is no part of it in XEP-0054"},
		{"N/FAMILY><=cn", "FAMILY>< is no part of it in XEP-0054"},
		{"FN=c n", "c n is no name of an attribute"},
		{"FN=cn|", " is no name of an attribute"},
		{"FN=|cn", " is no name of an attribute"},
		{"FN=*", "* is no name of an attribute"},
		{"FN=cn)(x=", "cn)(x= is no name of an attribute"},
		{"FN=1cn", "1cn is no name of an attribute"},
		{"FN='", "' is no text in quotes"},
		{"FN=''", "'' is no text in quotes"},
		{"FN='a'b", "'a'b is no text in quotes"},
		{"FN='a", "'a is no text in quotes"},
		{"FN='\x1b'", "'\x1b' is no text in quotes"},
		{"FN='\xff'", "'\xff' is no text in quotes"},
		{"PHOTO='a'", "'a' is no picture"},
		{"PHOTO/TYPE=cn", "PHOTO has no parts"},
		{"FN=a|b|c|d|e|f|g|h|i", "i is one attribute too many"},
		{"VERSION='3.0'", "VERSION is no element of a vCard (XEP-0054; they are in capital letters)"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char what[256] = "";

		if (profile_map_add(map, cases[i][0], what, sizeof what) != BH_ECONFIG || strcmp(what, cases[i][1]) != 0)
			fail_msg("%s: \"%s\"", cases[i][0], what);
	}
	assert_int_equal(map->n, 0);
}

static void right_entries_are_taken(void **state)
{
	static const char *const cases[] = {
		"FN=cn", "SORT-STRING=sn;lang-en", "N/MIDDLE=x-1", "NICKNAME='a|b'|'c=d'|cn", "LABEL/HOME/LINE=homePostalAddress",
		"GEO/LAT='51.7'", "KEY/TYPE='x509'", "KEY/CRED=userCertificate", "CATEGORIES/KEYWORD=a", "EMAIL/USERID=mail",
		"TEL/HOME/WORK/VOICE/FAX/PAGER/MSG/CELL/VIDEO/BBS/MODEM/ISDN/PCS/PREF/NUMBER=a", "LOGO=logo", "SOUND/PHONETIC=p",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		rule(cases[i]);
	assert_int_equal(map->n, COUNT(cases));
}

static void an_element_that_is_there_once_is_given_once(void **state)
{
	static const char *const twice[] = {"FN=a", "N/FAMILY=a", "ADR/WORK/STREET=a", "ORG/ORGNAME=a", "PHOTO=a"};
	char what[256];

	(void)state;
	for (size_t i = 0; i < COUNT(twice); i++) {
		rule(twice[i]);
		assert_int_equal(profile_map_add(map, twice[i], what, sizeof what), BH_ECONFIG);
		assert_non_null(strstr(what, "is there already"));
	}
	rule("ADR/HOME/STREET=a"), rule("EMAIL/USERID=a"), rule("EMAIL/USERID=b"), rule("ORG/ORGUNIT=a"), rule("ORG/ORGUNIT=b");
}

static void the_list_has_an_end(void **state)
{
	char what[256], text[600];

	(void)state;
	for (unsigned i = 0; i < 64; i++)
		rule("TEL/NUMBER=a");
	assert_int_equal(profile_map_add(map, "TEL/NUMBER=a", what, sizeof what), BH_ECONFIG);
	profile_map_free(&map);
	map = profile_map_create(0);
	memset(text, 'a', sizeof text);
	memcpy(text, "FN='", 4);
	strcpy(text + sizeof text - 2, "'");
	assert_int_equal(profile_map_add(map, text, what, sizeof what), BH_ECONFIG);
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	static const struct CMUnitTest tests[] = {
		TEST(an_entry_becomes_a_vcard),
		TEST(names_of_attributes_have_no_case),
		TEST(the_first_attribute_that_has_a_value_counts),
		TEST(every_telephone_number_is_an_element),
		TEST(parts_of_one_address_stand_together),
		TEST(an_organisation_has_any_number_of_units),
		TEST(kinds_stand_in_the_order_of_the_dtd),
		TEST(a_web_address_is_without_its_label),
		TEST(nothing_makes_an_empty_vcard),
		TEST(texts_are_escaped),
		TEST(values_that_are_no_text_are_left_out_and_complained_of),
		TEST(values_have_a_size),
		TEST(all_texts_together_have_a_size),
		TEST(an_attribute_has_a_bounded_number_of_values),
		TEST(pictures_are_known_by_their_first_bytes),
		TEST(a_picture_goes_in_as_base64),
		TEST(a_picture_has_a_size),
		TEST(without_pictures_nobody_complains_of_them),
		TEST(wrong_entries_are_named),
		TEST(right_entries_are_taken),
		TEST(an_element_that_is_there_once_is_given_once),
		TEST(the_list_has_an_end),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
