/* lib/directory's filters: what others chose is a value and nothing else (attacks.md, S23). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "directory/filter.h"

static void every_byte_that_could_mean_something_is_escaped(void **state)
{
	static const struct {
		struct str value;
		const char *filter;
	} cases[] = {
		{STR_LIT("alice"), "(uid=alice)"},
		{STR_LIT("a-b_c.d@e,f g9"), "(uid=a-b_c.d@e,f g9)"},
		{STR_LIT("*"), "(uid=\\2a)"},
		{STR_LIT("*)(uid=*"), "(uid=\\2a\\29\\28uid\\3d\\2a)"},
		{STR_LIT("a\\2a"), "(uid=a\\5c2a)"},
		{STR_LIT("a\0b"), "(uid=a\\00b)"},
		{STR_LIT("\xc3\xbc\xff"), "(uid=\\c3\\bc\\ff)"},
		{STR_LIT("&|!<>~=:\n\x7f"), "(uid=\\26\\7c\\21\\3c\\3e\\7e\\3d\\3a\\0a\\7f)"},
		{STR_LIT(""), "(uid=)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf out = BUF_INIT;

		filter_put_equal(&out, "uid", cases[i].value);
		assert_true(str_is(buf_str(&out), cases[i].filter));
		buf_fini(&out);
	}
}

/* ---- certificates ------------------------------------------------------------------------- */

static void put_tlv(struct buf *out, uint8_t tag, struct str contents)
{
	assert_true(contents.len < 128);
	buf_put_byte(out, tag);
	buf_put_byte(out, (uint8_t)contents.len);
	buf_put_str(out, contents);
}

/* The beginning of a certificate, as far as its issuer: CN=name. */
static void make(struct buf *out, struct str serial, struct str name)
{
	struct buf type = BUF_INIT, rdn = BUF_INIT, names = BUF_INIT, tbs = BUF_INIT;

	put_tlv(&type, 0x06, STR_LIT("\x55\x04\x03"));
	put_tlv(&type, 0x0c, name);
	put_tlv(&rdn, 0x30, buf_str(&type));
	put_tlv(&names, 0x31, buf_str(&rdn));
	put_tlv(&tbs, 0xa0, STR_LIT("\x02\x01\x02"));
	put_tlv(&tbs, 0x02, serial);
	put_tlv(&tbs, 0x30, STR_LIT("\x06\x01\x2a"));
	put_tlv(&tbs, 0x30, buf_str(&names));
	buf_clear(&names);
	put_tlv(&names, 0x30, buf_str(&tbs));
	put_tlv(out, 0x30, buf_str(&names));
	buf_fini(&type), buf_fini(&rdn), buf_fini(&names), buf_fini(&tbs);
}

/* The value behind "(userCertificate=", unescaped; empty where there is none. */
static void assertion_of(struct str filter, char out[512])
{
	static const char begin[] = "(userCertificate=";
	char *text = strndup(filter.p, filter.len), *at = strstr(text, begin);
	size_t n = 0;

	for (at = at != NULL ? at + strlen(begin) : NULL; at != NULL && *at != ')'; n++) {
		char hex[3] = {at[1], at[0] == '\\' ? at[2] : '\0', '\0'};

		out[n] = at[0] == '\\' ? (char)strtol(hex, NULL, 16) : at[0];
		at += at[0] == '\\' ? 3 : 1;
	}
	out[n] = '\0';
	free(text);
}

static void a_certificate_is_named_by_its_number_and_issuer(void **state)
{
	static const struct {
		struct str serial, issuer;
		const char *assertion; /* "" where it has no name */
	} cases[] = {
		{STR_LIT("\x01"), STR_LIT("CA"), "{ serialNumber 1, issuer rdnSequence:\"cn=CA\" }"},
		{STR_LIT("\0"), STR_LIT("CA"), "{ serialNumber 0, issuer rdnSequence:\"cn=CA\" }"},
		{STR_LIT("\0\x80"), STR_LIT("CA"), "{ serialNumber 128, issuer rdnSequence:\"cn=CA\" }"},
		{STR_LIT("\x0a"), STR_LIT("CA"), "{ serialNumber 10, issuer rdnSequence:\"cn=CA\" }"},
		{STR_LIT("\x7f\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), STR_LIT("CA"),
			"{ serialNumber 730750818665451459101842416358141509827966271487, issuer rdnSequence:\"cn=CA\" }"},
		{STR_LIT("\x01"), STR_LIT("a\"b"), "{ serialNumber 1, issuer rdnSequence:\"cn=a\\22b\" }"},
		{STR_LIT("\x01"), STR_LIT("a,b=c"), "{ serialNumber 1, issuer rdnSequence:\"cn=a\\2Cb\\3Dc\" }"},
		{STR_LIT("\x80"), STR_LIT("CA"), ""}, /* negative */
		{STR_LIT(""), STR_LIT("CA"), ""},
		{STR_LIT("\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), STR_LIT("CA"), ""}, /* too long */
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf der = BUF_INIT, out = BUF_INIT;
		char assertion[512];

		make(&der, cases[i].serial, cases[i].issuer);
		filter_put_certificate(&out, buf_str(&der));
		assertion_of(buf_str(&out), assertion);
		assert_string_equal(assertion, cases[i].assertion);
		buf_fini(&der), buf_fini(&out);
	}
}

static void what_is_no_certificate_is_looked_for_as_it_is(void **state)
{
	struct buf der = BUF_INIT;

	(void)state;
	make(&der, STR_LIT("\x01"), STR_LIT("CA"));
	for (size_t cut = 0; cut < der.len; cut++) {
		uint8_t *copy = malloc(cut + 1); /* so that reading behind its end is seen */
		struct buf out = BUF_INIT;
		char assertion[512];

		memcpy(copy, der.data, cut);
		filter_put_certificate(&out, str_make(copy, cut));
		assertion_of(buf_str(&out), assertion);
		assert_string_equal(assertion, "");
		assert_memory_equal(out.data, "(|(userCertificate;binary=", 26);
		buf_fini(&out);
		free(copy);
	}
	buf_fini(&der);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte_that_could_mean_something_is_escaped),
		cmocka_unit_test(a_certificate_is_named_by_its_number_and_issuer),
		cmocka_unit_test(what_is_no_certificate_is_looked_for_as_it_is),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
