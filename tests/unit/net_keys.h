/*
 * net_keys - a certificate with every kind of key, each in a store of its own, and a signer that has the keys; for the tests
 * of lib/net
 */
#ifndef BH_TEST_NET_KEYS_H
#define BH_TEST_NET_KEYS_H

#include "net/tls.h"
#include "net_certs.h"
#include "net_signer.h"

#define KEYS_CURVE(name) GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_##name)

enum key_kind { KEY_RSA, KEY_RSA_PSS, KEY_P256, KEY_P384, KEY_P521, KEY_ED25519, KEY_ED448, KEY_KINDS };

static const struct cert_spec key_specs[KEY_KINDS] = {
	[KEY_RSA] = {.name = "rsa", .algorithm = GNUTLS_PK_RSA, .bits = 2048},
	[KEY_RSA_PSS] = {.name = "rsa-pss", .algorithm = GNUTLS_PK_RSA_PSS, .bits = 2048},
	[KEY_P256] = {.name = "p256", .algorithm = GNUTLS_PK_ECDSA, .bits = KEYS_CURVE(SECP256R1)},
	[KEY_P384] = {.name = "p384", .algorithm = GNUTLS_PK_ECDSA, .bits = KEYS_CURVE(SECP384R1)},
	[KEY_P521] = {.name = "p521", .algorithm = GNUTLS_PK_ECDSA, .bits = KEYS_CURVE(SECP521R1)},
	[KEY_ED25519] = {.name = "ed25519", .algorithm = GNUTLS_PK_EDDSA_ED25519, .bits = KEYS_CURVE(ED25519)},
	[KEY_ED448] = {.name = "ed448", .algorithm = GNUTLS_PK_EDDSA_ED448, .bits = KEYS_CURVE(ED448)},
};

static struct test_signer keys;
static struct tls_store *stores[KEY_KINDS];

/* The certificates are for that domain. */
static inline int keys_begin(const char *domain)
{
	char what[512];

	if (certs_begin() < 0 || tls_global_init() < 0)
		return -1;
	signer_init(&keys);
	for (unsigned i = 0; i < KEY_KINDS; i++) {
		struct cert_spec spec = key_specs[i];
		struct tls_identity id = {domain, certs_path(spec.name, ".crt"), certs_path(spec.name, ".key")};
		struct tls_plan plan = {.ids = &id, .n = 1, .signer = &keys.signer};

		spec.dns = domain;
		certs_make(&spec);
		if (signer_add(&keys, &id) != 0 || tls_store_load(&plan, &stores[i], what, sizeof what) != 0)
			return -1;
	}
	return 0;
}

static inline int keys_end(void **state)
{
	(void)state;
	for (unsigned i = 0; i < KEY_KINDS; i++)
		tls_store_unref(&stores[i]);
	signer_fini(&keys);
	tls_global_fini();
	return certs_end();
}

#endif
