/* What keyd signs and what it refuses; how often; and which keys it has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/rand.h"
#include "keyd/bucket.h"
#include "keyd/check.h"
#include "keyd/memory.h"
#include "keyd/ring.h"
#include "net_certs.h"

/* ---- hashes -------------------------------------------------------------------------------- */

static const struct {
	enum tls_key_type type;
	uint16_t scheme;
	uint32_t len;
} hashes[] = {
	{TLS_KEY_RSA, TLS_RSA_PKCS1_SHA256, 32},
	{TLS_KEY_RSA, TLS_RSA_PKCS1_SHA384, 48},
	{TLS_KEY_RSA, TLS_RSA_PKCS1_SHA512, 64},
	{TLS_KEY_RSA, TLS_RSA_PSS_RSAE_SHA256, 32},
	{TLS_KEY_RSA, TLS_RSA_PSS_RSAE_SHA384, 48},
	{TLS_KEY_RSA, TLS_RSA_PSS_RSAE_SHA512, 64},
	{TLS_KEY_RSA_PSS, TLS_RSA_PSS_PSS_SHA256, 32},
	{TLS_KEY_RSA_PSS, TLS_RSA_PSS_PSS_SHA384, 48},
	{TLS_KEY_RSA_PSS, TLS_RSA_PSS_PSS_SHA512, 64},
	{TLS_KEY_EC, TLS_ECDSA_SHA256, 32},
	{TLS_KEY_EC, TLS_ECDSA_SHA384, 48},
	{TLS_KEY_EC, TLS_ECDSA_SHA512, 64},
};

enum { HASHES = sizeof hashes / sizeof hashes[0] };

static char bytes[TLS_SIGNED_MAX];

static bool allowed(enum key_role role, enum tls_key_type type, unsigned scheme, struct str data)
{
	const struct check_request r = {role, type, (uint16_t)scheme, data};

	return check_request(&r) == NULL;
}

static bool hash_allowed(enum tls_key_type type, unsigned scheme, uint32_t len)
{
	bool yes = allowed(KEY_FOR_CLIENTS, type, scheme, str_make(bytes, len));

	assert_int_equal(yes, allowed(KEY_FOR_SERVERS, type, scheme, str_make(bytes, len)));
	return yes;
}

static void a_hash_of_its_length_is_signed_and_no_other(void **state)
{
	(void)state;
	for (size_t i = 0; i < HASHES; i++)
		for (uint32_t len = 0; len <= 600; len++)
			assert_int_equal(hash_allowed(hashes[i].type, hashes[i].scheme, len), len == hashes[i].len);
}

static bool is_row(enum tls_key_type type, unsigned scheme)
{
	for (size_t i = 0; i < HASHES; i++)
		if (hashes[i].type == type && hashes[i].scheme == scheme)
			return true;
	return false;
}

static void every_other_kind_of_signature_is_refused(void **state)
{
	static const uint32_t lens[] = {20, 28, 32, 48, 64, 130};

	(void)state;
	for (unsigned type = 0; type < TLS_KEY_TYPES; type++)
		for (unsigned scheme = 0; scheme <= 0xffff; scheme++)
			for (size_t i = 0; i < sizeof lens / sizeof lens[0] && !is_row(type, scheme); i++)
				assert_false(hash_allowed(type, scheme, lens[i]));
}

/* ---- messages ------------------------------------------------------------------------------- */

static struct str tls13_message(const char *side, uint32_t hash_len)
{
	int n = snprintf(bytes, sizeof bytes, "%64sTLS 1.3, %s CertificateVerify", "", side);

	rand_bytes(bytes + n + 1, hash_len);
	return str_make(bytes, (size_t)n + 1 + hash_len);
}

static bool ed_allowed(enum key_role role, struct str message)
{
	bool yes = allowed(role, TLS_KEY_ED25519, TLS_ED25519, message);

	assert_int_equal(yes, allowed(role, TLS_KEY_ED448, TLS_ED448, message));
	assert_false(allowed(role, TLS_KEY_ED25519, TLS_ED448, message));
	return yes;
}

static void eddsa_signs_the_context_of_its_side(void **state)
{
	(void)state;
	for (uint32_t len = 0; len <= 100; len++) {
		bool hash = len == 32 || len == 48;

		assert_int_equal(ed_allowed(KEY_FOR_CLIENTS, tls13_message("server", len)), hash);
		assert_int_equal(ed_allowed(KEY_FOR_SERVERS, tls13_message("server", len)), hash);
		assert_int_equal(ed_allowed(KEY_FOR_SERVERS, tls13_message("client", len)), hash);
		assert_false(ed_allowed(KEY_FOR_CLIENTS, tls13_message("client", len)));
		assert_false(ed_allowed(KEY_FOR_SERVERS, tls13_message("middle", len)));
	}
}

static void one_wrong_byte_of_the_context_is_refused(void **state)
{
	const uint32_t before = 64 + 34;

	(void)state;
	for (uint32_t i = 0; i < before; i++) {
		struct str m = tls13_message("server", 32);

		bytes[i] ^= 0x20;
		assert_false(ed_allowed(KEY_FOR_SERVERS, m));
	}
}

/* Two random numbers, a named curve, a point. */
static struct str params(const char *head, size_t head_len, uint32_t point_len)
{
	rand_bytes(bytes, 64 + 256);
	memcpy(bytes + 64, head, head_len);
	return str_make(bytes, 64 + 4 + point_len);
}

static void eddsa_signs_the_key_exchange_of_tls12(void **state)
{
	static const struct {
		const char *head;
		size_t head_len;
		uint32_t point_len;
		bool good;
	} cases[] = {
		{"\x03\x00\x1d\x20", 4, 32, true},	/* X25519 */
		{"\x03\x00\x17\x41\x04", 5, 65, true},	/* P-256 */
		{"\x03\x00\x18\x61\x04", 5, 97, true},	/* P-384 */
		{"\x03\x00\x1d\x20", 4, 33, false},	/* bytes behind it */
		{"\x03\x00\x1d\x20", 4, 31, false},
		{"\x03\x00\x17\x41\x02", 5, 65, false}, /* a form that is not ours */
		{"\x03\x00\x19\x85\x04", 5, 133, false}, /* groups that are not ours */
		{"\x03\x00\x1e\x38", 4, 56, false},
		{"\x01\x00\x1d\x20", 4, 32, false}, /* no named curve */
		{"\x03\x00\x1d\x21", 4, 32, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (unsigned role = KEY_FOR_CLIENTS; role < KEY_ROLES; role++)
			assert_int_equal(ed_allowed(role, params(cases[i].head, cases[i].head_len, cases[i].point_len)),
				cases[i].good);
	assert_false(ed_allowed(KEY_FOR_CLIENTS, str_make(bytes, 64)));
	assert_false(ed_allowed(KEY_FOR_CLIENTS, str_make(bytes, 1)));
}

static char *put_message(char *at, unsigned type, uint32_t len)
{
	at[0] = (char)type;
	at[1] = 0;
	at[2] = (char)(len >> 8);
	at[3] = (char)len;
	memset(at + 4, 0x5a, len);
	if (type <= 2)
		memcpy(at + 4, "\x03\x03", 2);
	return at + 4 + len;
}

/* All that a handshake has up to there. */
static const char whole[] = "\x01\x02\x0b\x16\x0c\x0d\x0e\x0b\x10";

/* The messages of those types, of different lengths. */
static struct str transcript(const char *types)
{
	char *at = bytes;

	for (size_t i = 0; types[i] != '\0'; i++)
		at = put_message(at, (unsigned char)types[i], types[i] == 14 ? 0 : (uint32_t)(100 + 500 * i));
	return str_make(bytes, (size_t)(at - bytes));
}

static void eddsa_signs_a_clients_handshake_of_tls12(void **state)
{
	static const struct {
		const char *types;
		bool good;
	} cases[] = {
		{"\x01\x02\x0b\x0c\x0d\x0e\x0b\x10", true},
		{"\x01\x02\x0b\x16\x0c\x0d\x0e\x0b\x10", true}, /* with a certificate status */
		{"\x01\x02\x0b\x0c\x0d\x0e\x0b", false},
		{"\x01\x02\x0b\x0c\x0d\x0e\x0b\x10\x0f", false},
		{"\x01\x02\x0b\x0c\x0d\x0e\x0b\x10\x10", false},
		{"\x01\x02\x0b\x0d\x0e\x0b\x10", false},
		{"\x02\x01\x0b\x0c\x0d\x0e\x0b\x10", false},
		{"\x0b\x0c\x0d\x0e\x0b\x10", false},
		{"", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(ed_allowed(KEY_FOR_SERVERS, transcript(cases[i].types)), cases[i].good);
		assert_false(ed_allowed(KEY_FOR_CLIENTS, transcript(cases[i].types)));
	}
}

static void a_handshake_that_is_cut_or_of_another_version_is_refused(void **state)
{
	struct str m = transcript(whole);

	(void)state;
	for (uint32_t len = 0; len < m.len; len++)
		assert_false(ed_allowed(KEY_FOR_SERVERS, str_make(m.p, len)));
	assert_true(ed_allowed(KEY_FOR_SERVERS, m));
	bytes[5] = 4;
	assert_false(ed_allowed(KEY_FOR_SERVERS, m));
	m = transcript(whole);
	bytes[1] = 1; /* longer than all */
	assert_false(ed_allowed(KEY_FOR_SERVERS, m));
}

/* ---- how often -------------------------------------------------------------------------------- */

enum { SECOND = 1000000000 };

static unsigned take_all(struct bucket *b, uint64_t now, unsigned rate)
{
	unsigned n = 0;

	for (; bucket_ready(b, now, rate); n++)
		bucket_take(b);
	return n;
}

static void a_bucket_gives_its_rate_and_at_most_a_second_at_once(void **state)
{
	struct bucket b;
	unsigned sum = 0;

	(void)state;
	bucket_start(&b, SECOND);
	assert_int_equal(take_all(&b, SECOND, 100), 0); /* a new one is empty */
	assert_int_equal(take_all(&b, SECOND + SECOND / 10, 100), 10);
	assert_int_equal(take_all(&b, 100ull * SECOND, 100), 100);
	assert_int_equal(take_all(&b, 100ull * SECOND, 100), 0);
	for (unsigned ms = 0; ms < 3000; ms++)
		sum += take_all(&b, 200ull * SECOND + ms * 1000000ull, 100);
	assert_in_range(sum, 395, 401); /* a second's, and three more */
}

static void how_long_to_wait_is_long_enough(void **state)
{
	static const unsigned rates[] = {1, 3, 7, 100, 999, 1000, 20000, 10000000};

	(void)state;
	for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
		struct bucket b;
		unsigned ms;

		bucket_start(&b, SECOND);
		ms = bucket_wait_ms(&b, rates[i]);
		assert_in_range(ms, 1, 1001);
		assert_true(bucket_ready(&b, SECOND + ms * 1000000ull, rates[i]));
	}
}

/* ---- which keys ------------------------------------------------------------------------------- */

static char what[1024];

static struct conf *configuration(const char *text)
{
	struct conf *conf = NULL;

	certs_write(certs_path("bulkhead", ".conf"), text, strlen(text));
	if (conf_load(certs_path("bulkhead", ".conf"), "keyd", &conf, what, sizeof what) != 0)
		fail_msg("%s", what);
	return conf;
}

static struct tls_key_id id_of(const char *name)
{
	struct tls_identity id = {"a.example", certs_path(name, ".crt"), certs_path(name, ".key")};
	struct tls_key *key;
	struct tls_key_id found;

	assert_int_equal(tls_key_load(&id, &key, what, sizeof what), 0);
	found = *tls_key_id(key);
	tls_key_free(&key);
	return found;
}

static bool has(const struct ring *ring, enum key_role role, const char *name)
{
	struct tls_key_id id = id_of(name);

	return ring_find(ring, role, id.b) != NULL;
}

static void a_ring_has_each_key_for_those_whom_it_serves(void **state)
{
	struct conf *conf = configuration(
		"domain \"a.example\" { certificate = \"a.crt\" key = \"a.key\" }\n"
		"domain \"b.example\" { certificate = \"b.crt\" key = \"b.key\""
		" s2s_certificate = \"c.crt\" s2s_key = \"c.key\" }\n"
		"domain \"c.example\" { certificate = \"a.crt\" key = \"a.key\" }\n");
	struct ring *ring, *same;

	(void)state;
	assert_int_equal(ring_load(conf, 7, &ring, what, sizeof what), 0);
	assert_int_equal(ring->generation, 7);
	assert_int_equal(ring->by_id.count, 3);
	assert_int_equal(ring->ids[KEY_FOR_CLIENTS].len, 2 * TLS_KEY_ID_SIZE);
	assert_true(has(ring, KEY_FOR_CLIENTS, "a") && has(ring, KEY_FOR_SERVERS, "a"));
	assert_true(has(ring, KEY_FOR_CLIENTS, "b") && !has(ring, KEY_FOR_SERVERS, "b"));
	assert_true(!has(ring, KEY_FOR_CLIENTS, "c") && has(ring, KEY_FOR_SERVERS, "c"));
	assert_true(!has(ring, KEY_FOR_CLIENTS, "d") && !has(ring, KEY_FOR_SERVERS, "d"));
	assert_int_equal(ring_load(conf, 8, &same, what, sizeof what), 0);
	assert_true(ring_equal(ring, same));
	ring_free(&same);
	ring_free(&ring);
	assert_null(ring);
	conf_free(&conf);
}

static void a_ring_has_all_keys_or_is_not_made(void **state)
{
	static const struct {
		const char *conf, *says;
	} cases[] = {
		{"domain \"a.example\" { certificate = \"a.crt\" key = \"b.key\" }\n", "b.key: does not match"},
		{"domain \"a.example\" { certificate = \"a.crt\" key = \"none.key\" }\n", "none.key: file not found"},
		{"domain \"a.example\" { certificate = \"a.crt\" key = \"a.key\" s2s_certificate = \"b.crt\""
		 " s2s_key = \"a.key\" }\n",
			"a.key: does not match"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct conf *conf = configuration(cases[i].conf);
		struct ring *ring = NULL;

		assert_true(ring_load(conf, 1, &ring, what, sizeof what) < 0);
		assert_null(ring);
		if (strstr(what, cases[i].says) == NULL)
			fail_msg("\"%s\" does not say \"%s\"", what, cases[i].says);
		conf_free(&conf);
	}
}

/* ---- what is left of them -------------------------------------------------------------------- */

#ifdef BULKHEAD_SANITIZE
enum { WIPES = 0 }; /* the sanitizer has its own free() */
#else
enum { WIPES = 1 };
#endif

/* The secret number of a key, on the stack: nothing of it stays on the heap. */
static size_t secret_of(const char *name, uint8_t out[256])
{
	gnutls_x509_privkey_t key = certs_read_key(name);
	gnutls_datum_t n[8] = {{0}};
	const gnutls_datum_t *secret = &n[2];
	size_t size;

	if (gnutls_x509_privkey_get_pk_algorithm(key) == GNUTLS_PK_RSA)
		CERTS_MUST(gnutls_x509_privkey_export_rsa_raw2(
			key, &n[0], &n[1], &n[3], &n[2], &n[4], &n[5], &n[6], &n[7]));
	else
		CERTS_MUST(gnutls_x509_privkey_export_ecc_raw(key, NULL, &n[0], &n[1], &n[2]));
	size = secret->data[0] == 0 ? secret->size - 1 : secret->size;
	memcpy(out, secret->data + secret->size - size, size);
	for (size_t i = 0; i < 8; i++)
		gnutls_free(n[i].data);
	gnutls_x509_privkey_deinit(key);
	return size;
}

/* In either order of its bytes. */
static bool on_heap(const struct memory *m, const uint8_t *secret, size_t size)
{
	size_t len = (size_t)((uintptr_t)sbrk(0) - m->heap);
	uint8_t reverse[256];

	for (size_t i = 0; i < size; i++)
		reverse[i] = secret[size - 1 - i];
	return memmem((void *)m->heap, len, secret, size) != NULL ||
	       memmem((void *)m->heap, len, reverse, size) != NULL;
}

static void nothing_is_left_of_keys_that_are_forgotten(void **state)
{
	static const struct cert_spec specs[] = {
		{.name = "rsa", .algorithm = GNUTLS_PK_RSA, .bits = 2048},
		{.name = "ec"},
		{.name = "ed", .algorithm = GNUTLS_PK_EDDSA_ED25519, .bits = GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_ED25519)},
	};
	struct memory memory;

	(void)state;
	memory_prepare(&memory, false);
	if (!WIPES)
		return;
	assert_true(memory.heap != 0);
	for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++) {
		char text[200];
		uint8_t secret[256];
		struct conf *conf;
		struct ring *ring;
		size_t size;

		certs_make(&specs[i]);
		size = secret_of(specs[i].name, secret);
		snprintf(text, sizeof text, "domain \"a.example\" { certificate = \"%s.crt\" key = \"%s.key\" }\n",
			specs[i].name, specs[i].name);
		conf = configuration(text);
		assert_false(on_heap(&memory, secret, size));
		assert_int_equal(ring_load(conf, 1, &ring, what, sizeof what), 0);
		assert_true(on_heap(&memory, secret, size));
		ring_free(&ring);
		assert_false(on_heap(&memory, secret, size));
		conf_free(&conf);
	}
}

static int begin(void **state)
{
	(void)state;
	if (certs_begin() < 0)
		return -1;
	for (const char *name = "abcd"; *name != '\0'; name++) {
		const char text[] = {*name, '\0'};

		certs_make(&(struct cert_spec){.name = text, .dns = "a.example"});
	}
	return 0;
}

static int end(void **state)
{
	(void)state;
	return certs_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hash_of_its_length_is_signed_and_no_other),
		cmocka_unit_test(every_other_kind_of_signature_is_refused),
		cmocka_unit_test(eddsa_signs_the_context_of_its_side),
		cmocka_unit_test(one_wrong_byte_of_the_context_is_refused),
		cmocka_unit_test(eddsa_signs_the_key_exchange_of_tls12),
		cmocka_unit_test(eddsa_signs_a_clients_handshake_of_tls12),
		cmocka_unit_test(a_handshake_that_is_cut_or_of_another_version_is_refused),
		cmocka_unit_test(a_bucket_gives_its_rate_and_at_most_a_second_at_once),
		cmocka_unit_test(how_long_to_wait_is_long_enough),
		cmocka_unit_test(a_ring_has_each_key_for_those_whom_it_serves),
		cmocka_unit_test(a_ring_has_all_keys_or_is_not_made),
		cmocka_unit_test(nothing_is_left_of_keys_that_are_forgotten),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
