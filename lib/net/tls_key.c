/* Private keys: loading, and signing with them. */
#include "net/tls_key.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "net/tls_load.h"
#include "net/tls_scheme.h"

struct tls_key {
	gnutls_privkey_t key;
	enum tls_key_type type;
	struct tls_key_id id;
};

static const struct {
	gnutls_pk_algorithm_t algorithm;
	enum tls_key_type type;
} types[] = {
	{GNUTLS_PK_RSA, TLS_KEY_RSA},
	{GNUTLS_PK_RSA_PSS, TLS_KEY_RSA_PSS},
	{GNUTLS_PK_ECDSA, TLS_KEY_EC},
	{GNUTLS_PK_EDDSA_ED25519, TLS_KEY_ED25519},
	{GNUTLS_PK_EDDSA_ED448, TLS_KEY_ED448},
};

static enum tls_key_type type_of(int algorithm)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if ((int)types[i].algorithm == algorithm)
			return types[i].type;
	return TLS_KEY_TYPES;
}

static int import(struct tls_key *k, const struct buf *pem)
{
	gnutls_datum_t data = {pem->data, (unsigned)pem->len};
	int rc = gnutls_privkey_import_x509_raw(k->key, &data, GNUTLS_X509_FMT_PEM, NULL, 0);

	if (rc < 0)
		return rc;
	k->type = type_of(gnutls_privkey_get_pk_algorithm(k->key, NULL));
	return k->type != TLS_KEY_TYPES ? 0 : GNUTLS_E_UNSUPPORTED_SIGNATURE_ALGORITHM;
}

static int load(const struct tls_identity *id, struct tls_key *k, struct report *r)
{
	struct buf pem = BUF_INIT;
	int rc = tls_read_part(id, "key", &pem, r);

	if (rc == 0) {
		rc = import(k, &pem);
		if (rc < 0) {
			report(r, "key %s: not a PEM private key without a password: %s", id->key,
				gnutls_strerror(rc));
			rc = BH_ECONFIG;
		}
	}
	buf_fini_secret(&pem);
	return rc;
}

static bool same_numbers(gnutls_pubkey_t a, gnutls_pubkey_t b)
{
	gnutls_datum_t m[2] = {{0}}, e[2] = {{0}};
	bool same = gnutls_pubkey_export_rsa_raw(a, &m[0], &e[0]) == 0 &&
		    gnutls_pubkey_export_rsa_raw(b, &m[1], &e[1]) == 0 && m[0].size == m[1].size &&
		    e[0].size == e[1].size && memcmp(m[0].data, m[1].data, m[0].size) == 0 &&
		    memcmp(e[0].data, e[1].data, e[0].size) == 0;

	for (int i = 0; i < 2; i++) {
		gnutls_free(m[i].data);
		gnutls_free(e[i].data);
	}
	return same;
}

static bool same_id(gnutls_pubkey_t a, gnutls_pubkey_t b)
{
	struct tls_key_id ids[2];

	return tls_public_id(a, &ids[0]) == 0 && tls_public_id(b, &ids[1]) == 0 &&
	       memcmp(&ids[0], &ids[1], sizeof ids[0]) == 0;
}

/* RSA keys may say more of themselves in one place than in the other (the parameters of PSS). */
static bool is_pair(const struct tls_key *k, gnutls_pubkey_t leaf)
{
	bool rsa = k->type == TLS_KEY_RSA || k->type == TLS_KEY_RSA_PSS;
	gnutls_pubkey_t own;
	bool yes;

	if (gnutls_pubkey_init(&own) < 0)
		return false;
	yes = gnutls_pubkey_import_privkey(own, k->key, 0, 0) == 0 &&
	      (rsa ? same_numbers(own, leaf) : same_id(own, leaf));
	gnutls_pubkey_deinit(own);
	return yes;
}

/* The key is named as its certificate is. */
static int check_pair(const struct tls_identity *id, struct tls_key *k, struct report *r)
{
	struct tls_chain chain;
	int rc = tls_chain_load(id, &chain, r);

	if (rc < 0)
		return rc;
	if (!is_pair(k, chain.certs[0].pubkey) || tls_public_id(chain.certs[0].pubkey, &k->id) < 0) {
		report(r, "key %s: does not match the certificate %s: they must be of one pair", id->key,
			id->certificate);
		rc = BH_ECONFIG;
	}
	tls_chain_fini(&chain);
	return rc;
}

int tls_key_load(const struct tls_identity *id, struct tls_key **out, char *what, size_t size)
{
	struct tls_key *k = bh_alloc(sizeof *k);
	struct report r = {what, size, 0};
	int rc = gnutls_privkey_init(&k->key) < 0 ? BH_ENOMEM : load(id, k, &r);

	if (rc == 0)
		rc = check_pair(id, k, &r);
	if (rc < 0)
		tls_key_free(&k);
	else
		*out = k;
	return rc;
}

void tls_key_free(struct tls_key **key)
{
	struct tls_key *k = *key;

	*key = NULL;
	if (k == NULL)
		return;
	if (k->key != NULL)
		gnutls_privkey_deinit(k->key);
	free(k);
}

const struct tls_key_id *tls_key_id(const struct tls_key *key)
{
	return &key->id;
}

enum tls_key_type tls_key_type(const struct tls_key *key)
{
	return key->type;
}

ssize_t tls_key_sign(const struct tls_key *key, uint16_t scheme, struct str data, uint8_t out[TLS_SIGNATURE_MAX])
{
	gnutls_sign_algorithm_t algorithm = tls_scheme_algorithm(scheme);
	gnutls_datum_t in = {(unsigned char *)(uintptr_t)data.p, data.len}, signature;
	bool whole = key->type == TLS_KEY_ED25519 || key->type == TLS_KEY_ED448;
	ssize_t n;
	int rc;

	if (!gnutls_sign_supports_pk_algorithm(algorithm, gnutls_privkey_get_pk_algorithm(key->key, NULL)))
		return BH_EINVAL;
	rc = whole ? gnutls_privkey_sign_data2(key->key, algorithm, 0, &in, &signature)
		   : gnutls_privkey_sign_hash2(key->key, algorithm, 0, &in, &signature);
	if (rc < 0)
		return BH_ECRYPTO;
	n = signature.size <= TLS_SIGNATURE_MAX ? (ssize_t)signature.size : BH_ETOOBIG;
	if (n > 0)
		memcpy(out, signature.data, (size_t)n);
	gnutls_free(signature.data);
	return n;
}
