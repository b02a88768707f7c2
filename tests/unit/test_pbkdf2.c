/* lib/base/pbkdf2: the examples of RFC 6070 and of RFC 7914, section 11. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/pbkdf2.h"

static struct pbkdf2_input of(const char *password, const char *salt, uint32_t iterations)
{
	return (struct pbkdf2_input){str_of(password), str_of(salt), iterations};
}

static void agrees_with_rfc_6070(void **state)
{
	(void)state;
	static const struct {
		const char *password, *salt;
		uint32_t iterations;
		const char *key;
	} examples[] = {
		{"password", "salt", 1, "\x0c\x60\xc8\x0f\x96\x1f\x0e\x71\xf3\xa9\xb5\x24\xaf\x60\x12\x06\x2f\xe0\x37\xa6"},
		{"password", "salt", 2, "\xea\x6c\x01\x4d\xc7\x2d\x6f\x8c\xcd\x1e\xd9\x2a\xce\x1d\x41\xf0\xd8\xde\x89\x57"},
		{"password", "salt", 4096, "\x4b\x00\x79\x01\xb7\x65\x48\x9a\xbe\xad\x49\xd9\x26\xf7\x21\xd0\x65\xa4\x29\xc1"},
	};

	for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
		struct pbkdf2_input in = of(examples[i].password, examples[i].salt, examples[i].iterations);
		uint8_t out[20];

		pbkdf2_sha1(&in, out, sizeof out);
		assert_memory_equal(out, examples[i].key, sizeof out);
	}
}

static void agrees_with_rfc_7914(void **state)
{
	(void)state;
	static const uint8_t first[] = {0x55, 0xac, 0x04, 0x6e, 0x56, 0xe3, 0x08, 0x9f, 0xec, 0x16, 0x91, 0xc2, 0x25, 0x44,
		0xb6, 0x05, 0xf9, 0x41, 0x85, 0x21, 0x6d, 0xde, 0x04, 0x65, 0xe6, 0x8b, 0x9d, 0x57, 0xc2, 0x0d, 0xac, 0xbc};
	static const uint8_t second[] = {0x4d, 0xdc, 0xd8, 0xf6, 0x0b, 0x98, 0xbe, 0x21, 0x83, 0x0c, 0xee, 0x5e, 0xf2, 0x27,
		0x01, 0xf9, 0x64, 0x1a, 0x44, 0x18, 0xd0, 0x4c, 0x04, 0x14, 0xae, 0xff, 0x08, 0x87, 0x6b, 0x34, 0xab, 0x56};
	struct pbkdf2_input in = of("passwd", "salt", 1);
	uint8_t out[32];

	pbkdf2_sha256(&in, out, sizeof out);
	assert_memory_equal(out, first, sizeof out);
	in = of("Password", "NaCl", 80000);
	pbkdf2_sha256(&in, out, sizeof out);
	assert_memory_equal(out, second, sizeof out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_rfc_6070),
		cmocka_unit_test(agrees_with_rfc_7914),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
