/* Hashes, against numbers from an independent implementation (checked with SipHash-2-4's vectors). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/hash.h"

static const struct hash_key key = {0x0706050403020100u, 0x0f0e0d0c0b0a0908u};

struct vector {
	size_t len;
	uint64_t hash;
};

/* Of the bytes 0, 1, 2, ... */
static void agrees(uint64_t (*hash)(const struct hash_key *, const void *, size_t), const struct vector *v, size_t n)
{
	uint8_t data[256];

	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)i;
	for (size_t i = 0; i < n; i++)
		assert_int_equal(hash(&key, data, v[i].len), v[i].hash);
}

static void siphash_1_3_agrees_with_the_reference(void **state)
{
	static const struct vector vectors[] = {
		{0, 0xabac0158050fc4dcu}, {1, 0xc9f49bf37d57ca93u}, {7, 0xd3927d989bb11140u},
		{8, 0x369095118d299a8eu}, {9, 0x25a48eb36c063de4u}, {15, 0xd320d86d2a519956u},
		{16, 0xcc4fdd1a7d908b66u}, {63, 0x9d199062b7bbb3a8u}, {255, 0xf76214e3153c4a15u},
		{256, 0x75b3e64e167de370u},
	};

	(void)state;
	agrees(hash_bytes, vectors, sizeof vectors / sizeof vectors[0]);
}

/* The vectors of the paper's authors. */
static void siphash_2_4_agrees_with_the_reference(void **state)
{
	static const struct vector vectors[] = {
		{0, 0x726fdb47dd0e0e31u}, {1, 0x74f839c593dc67fdu}, {7, 0xab0200f58b01d137u}, {8, 0x93f5f5799a932462u},
		{15, 0xa129ca6149be45e5u}, {63, 0x958a324ceb064572u},
	};

	(void)state;
	agrees(hash_mac, vectors, sizeof vectors / sizeof vectors[0]);
}

static void the_key_matters(void **state)
{
	const struct hash_key other = {key.k0 ^ 1, key.k1};
	const struct hash_key another = {key.k0, key.k1 ^ 1};

	(void)state;
	assert_int_not_equal(hash_bytes(&key, "x", 1), hash_bytes(&other, "x", 1));
	assert_int_not_equal(hash_bytes(&key, "x", 1), hash_bytes(&another, "x", 1));
}

static void the_process_key_is_drawn_once(void **state)
{
	const struct hash_key *first = hash_process_key();
	struct hash_key copy = *first;

	(void)state;
	assert_true(copy.k0 != 0 || copy.k1 != 0);
	assert_ptr_equal(hash_process_key(), first);
	assert_memory_equal(hash_process_key(), &copy, sizeof copy);
}

static void names_are_fnv_1a(void **state)
{
	(void)state;
	assert_int_equal(hash_name(HASH_NAME_SEED, "", 0), 0xcbf29ce484222325u);
	assert_int_equal(hash_name(HASH_NAME_SEED, "a", 1), 0xaf63dc4c8601ec8cu);
	assert_int_equal(hash_name(HASH_NAME_SEED, "foobar", 6), 0x85944171f73967e8u);
	assert_int_equal(hash_name(hash_name(HASH_NAME_SEED, "foo", 3), "bar", 3),
		0x85944171f73967e8u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(siphash_1_3_agrees_with_the_reference),
		cmocka_unit_test(siphash_2_4_agrees_with_the_reference),
		cmocka_unit_test(the_key_matters),
		cmocka_unit_test(the_process_key_is_drawn_once),
		cmocka_unit_test(names_are_fnv_1a),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
