/* Base64 and SHA-1 against the vectors of their RFCs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "base/base64.h"
#include "base/digest.h"

static void base64_gives_the_vectors_of_rfc_4648(void **state)
{
	static const char *const cases[][2] = {
		{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="},
		{"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xfe", "+//+"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf b = BUF_INIT;

		buf_put_byte(&b, '>');
		base64_encode(str_of(cases[i][0]), &b);
		assert_false(buf_failed(&b));
		assert_true(str_is(str_make(b.data + 1, b.len - 1), cases[i][1]));
		buf_fini(&b);
	}
}

static void sha1_gives_the_vectors_of_rfc_3174(void **state)
{
	static const char *const cases[][2] = {
		{"", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
		{"abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
		{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
			"84983e441c3bd26ebaae4aa1f95129e5e54670f1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint8_t digest[DIGEST_SHA1_SIZE];
		char text[2 * DIGEST_SHA1_SIZE + 1];

		digest_sha1(str_of(cases[i][0]), digest);
		for (size_t k = 0; k < sizeof digest; k++)
			snprintf(text + 2 * k, 3, "%02x", digest[k]);
		assert_string_equal(text, cases[i][1]);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(base64_gives_the_vectors_of_rfc_4648),
		cmocka_unit_test(sha1_gives_the_vectors_of_rfc_3174),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
