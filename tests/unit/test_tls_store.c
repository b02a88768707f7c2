/* tls_store_load and tls_key_load: what they accept, and the sentences that they say. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/err.h"
#include "net/tls.h"
#include "net/tls_key.h"
#include "net_certs.h"

static char what[1024];

static int load(const struct tls_identity *ids, size_t n, const char *ca)
{
	struct tls_store *store = NULL;
	int rc = tls_store_load(&(struct tls_plan){.ids = ids, .n = n, .client_ca = ca}, &store, what, sizeof what);

	assert_true((rc == 0) == (store != NULL));
	tls_store_unref(&store);
	assert_null(store);
	return rc;
}

/* As the two halves do it: keyd the key, which it holds against the certificate, a front end the certificate. */
static int load_one(const char *domain, const char *crt, const char *key)
{
	struct tls_identity id = {domain, certs_path(crt, ""), certs_path(key, "")};
	struct tls_key *k = NULL;
	int rc = tls_key_load(&id, &k, what, sizeof what);

	assert_true((rc == 0) == (k != NULL));
	tls_key_free(&k);
	assert_null(k);
	return rc != 0 ? rc : load(&id, 1, NULL);
}

static void assert_says(const char *text)
{
	if (strstr(what, text) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", what, text);
}

static void a_good_pair_loads_without_a_word(void **state)
{
	(void)state;
	assert_int_equal(load_one("a.example", "a.crt", "a.key"), 0);
	assert_string_equal(what, "");
	assert_int_equal(load_one("m\u00fcnchen.example", "idn.crt", "idn.key"), 0);
	assert_string_equal(what, "");
}

/* As peers look for the name, so that none is shown that they refuse. */
static void the_name_of_a_service_counts_and_the_common_name_does_not(void **state)
{
	(void)state;
	assert_int_equal(load_one("a.example", "client.crt", "client.key"), 0);
	assert_int_equal(load_one("a.example", "server.crt", "server.key"), 0);
	assert_true(load_one("a.example", "common.crt", "common.key") < 0);
	assert_says("does not name the domain a.example");
}

static void a_wrong_pair_is_refused_with_a_sentence(void **state)
{
	static const struct {
		const char *domain, *crt, *key, *says;
	} cases[] = {
		{"a.example", "none.crt", "a.key",
			"none.crt: file not found: set domain \"a.example\""},
		{"a.example", "a.crt", "none.key", "none.key: file not found"},
		{"a.example", "", "a.key", "cannot be read: Is a directory"},
		{"a.example", "a.key", "a.key", "a.key: holds no PEM certificate chain"},
		{"a.example", "empty", "a.key", "empty: holds no PEM certificate chain"},
		{"a.example", "a.crt", "a.crt", "a.crt: not a PEM private key"},
		{"a.example", "a.crt", "empty", "empty: not a PEM private key"},
		{"a.example", "a.crt", "b.key", "b.key: does not match the certificate"},
		{"b.example", "a.crt", "a.key", "does not name the domain b.example"},
		{"sub.a.example", "a.crt", "a.key", "does not name the domain sub.a.example"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_true(load_one(cases[i].domain, cases[i].crt, cases[i].key) < 0);
		assert_says(cases[i].says);
	}
}

static void an_unreadable_key_says_so(void **state)
{
	(void)state;
	if (geteuid() == 0) /* root reads everything */
		skip();
	assert_int_equal(chmod(certs_path("b.key", ""), 0), 0);
	assert_true(load_one("b.example", "b.crt", "b.key") < 0);
	assert_says("b.key: permission denied");
	assert_int_equal(chmod(certs_path("b.key", ""), 0600), 0);
}

static void dates_only_warn(void **state)
{
	(void)state;
	assert_int_equal(load_one("old.example", "old.crt", "old.key"), 0);
	assert_says("old.example: it has expired on 20");
	assert_int_equal(load_one("new.example", "new.crt", "new.key"), 0);
	assert_says("new.example: it is not valid before 20");
}

static void a_store_needs_no_key(void **state)
{
	struct tls_identity id = {"a.example", certs_path("a.crt", ""), certs_path("none.key", "")};
	struct tls_store *store;
	struct tls_key *key;

	(void)state;
	assert_int_equal(tls_store_load(&(struct tls_plan){.ids = &id, .n = 1}, &store, what, sizeof what), 0);
	assert_string_equal(what, "");
	id.key = certs_path("a.key", "");
	assert_int_equal(tls_key_load(&id, &key, what, sizeof what), 0);
	assert_int_equal(tls_store_size(store), 1);
	assert_string_equal(tls_store_name(store, 0), "a.example");
	assert_memory_equal(tls_store_key(store, 0), tls_key_id(key), sizeof *tls_key_id(key));
	tls_key_free(&key);
	tls_store_unref(&store);
}

static void several_domains_load_and_each_only_once(void **state)
{
	struct tls_identity ids[] = {
		{"a.example", certs_path("a.crt", ""), certs_path("a.key", "")},
		{"b.example", certs_path("b.crt", ""), certs_path("b.key", "")},
		{"a.example", certs_path("a.crt", ""), certs_path("a.key", "")},
	};

	(void)state;
	assert_int_equal(load(ids, 2, NULL), 0);
	assert_int_equal(load(ids, 3, NULL), BH_ECONFIG);
	assert_says("a.example: has two certificates");
	assert_int_equal(load(ids, 0, NULL), BH_ECONFIG);
	assert_says("no domain has a certificate");
}

static void a_client_ca_must_be_one(void **state)
{
	struct tls_identity id = {"a.example", certs_path("a.crt", ""), certs_path("a.key", "")};

	(void)state;
	assert_int_equal(load(&id, 1, certs_path("b.crt", "")), 0);
	assert_int_equal(load(&id, 1, certs_path("none.crt", "")), -ENOENT);
	assert_says("none.crt: cannot be read: No such file");
	assert_int_equal(load(&id, 1, certs_path("empty", "")), BH_ECONFIG);
	assert_says("empty: holds no PEM certificate");
}

static void a_small_place_for_the_sentence_is_enough(void **state)
{
	struct tls_identity id = {"a.example", "/nowhere", "/nowhere"};
	struct tls_store *store = NULL;
	struct tls_key *key = NULL;
	char small[8] = "1234567";

	(void)state;
	assert_true(tls_store_load(&(struct tls_plan){.ids = &id, .n = 1}, &store, small, sizeof small) < 0);
	assert_int_equal(strlen(small), 7);
	assert_true(tls_key_load(&id, &key, small, sizeof small) < 0);
	assert_int_equal(strlen(small), 7);
	assert_true(tls_store_load(&(struct tls_plan){.ids = &id, .n = 1}, &store, NULL, 0) < 0);
}

static void a_store_lives_as_long_as_its_references(void **state)
{
	struct tls_identity id = {"a.example", certs_path("a.crt", ""), certs_path("a.key", "")};
	struct tls_store *store, *second;

	(void)state;
	assert_int_equal(tls_store_load(&(struct tls_plan){.ids = &id, .n = 1}, &store, what, sizeof what), 0);
	second = tls_store_ref(store);
	assert_ptr_equal(second, store);
	tls_store_unref(&store);
	assert_null(store);
	tls_store_unref(&second);
	tls_store_unref(&second);
}

static int begin(void **state)
{
	(void)state;
	if (certs_begin() < 0 || tls_global_init() < 0)
		return -1;
	certs_make(&(struct cert_spec){.name = "a", .dns = "a.example"});
	certs_make(&(struct cert_spec){.name = "b", .dns = "b.example"});
	certs_make(&(struct cert_spec){.name = "idn", .dns = "xn--mnchen-3ya.example"});
	certs_make(&(struct cert_spec){
		.name = "old", .dns = "old.example", .from_days = -9, .to_days = -2});
	certs_make(&(struct cert_spec){
		.name = "new", .dns = "new.example", .from_days = 2, .to_days = 9});
	certs_make(&(struct cert_spec){.name = "client", .srv = "_xmpp-client.a.example"});
	certs_make(&(struct cert_spec){.name = "server", .srv = "_xmpp-server.a.example"});
	certs_make(&(struct cert_spec){.name = "common", .common_name = "a.example"});
	certs_write(certs_path("empty", ""), "", 0);
	return 0;
}

static int end(void **state)
{
	(void)state;
	tls_global_fini();
	return certs_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_pair_loads_without_a_word),
		cmocka_unit_test(the_name_of_a_service_counts_and_the_common_name_does_not),
		cmocka_unit_test(a_wrong_pair_is_refused_with_a_sentence),
		cmocka_unit_test(an_unreadable_key_says_so),
		cmocka_unit_test(dates_only_warn),
		cmocka_unit_test(a_store_needs_no_key),
		cmocka_unit_test(several_domains_load_and_each_only_once),
		cmocka_unit_test(a_client_ca_must_be_one),
		cmocka_unit_test(a_small_place_for_the_sentence_is_enough),
		cmocka_unit_test(a_store_lives_as_long_as_its_references),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
