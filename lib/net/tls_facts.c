/* Reading a certificate. */
#include "net/tls_facts.h"

#include <gnutls/x509.h>
#include <stdio.h>

#include "net/tls_certs.h"
#include "net/tls_names.h"

static void put_key(gnutls_x509_crt_t leaf, struct tls_facts *out)
{
	unsigned bits = 0;
	int algorithm = gnutls_x509_crt_get_pk_algorithm(leaf, &bits);

	snprintf(out->key, sizeof out->key, "%s %u", gnutls_pk_get_name((gnutls_pk_algorithm_t)algorithm), bits);
}

static void read_leaf(gnutls_x509_crt_t leaf, struct tls_facts *out)
{
	size_t room = sizeof out->issuer;

	tls_names_list(leaf, " ", out->names, sizeof out->names);
	put_key(leaf, out);
	if (gnutls_x509_crt_get_issuer_dn(leaf, out->issuer, &room) < 0)
		out->issuer[0] = '\0';
	out->until = gnutls_x509_crt_get_expiration_time(leaf);
}

int tls_facts(const struct tls_identity *id, struct tls_facts *out, char *what, size_t size)
{
	struct report r = {.text = what, .size = size};
	struct tls_chain chain = {.len = 0};
	struct tls_certs certs = {.n = 0};
	struct tls_key_id key;
	int rc = tls_certs_load(id, &chain, &certs, &r);

	if (rc == 0) {
		read_leaf(certs.of[0], out);
		tls_certs_fingerprint(&certs, out->chain);
		tls_fingerprint(&chain.certs[0].cert, out->fingerprint);
		if (tls_public_id(chain.certs[0].pubkey, &key) == 0)
			tls_hash_text(key.b, out->tlsa);
	}
	tls_certs_fini(&certs);
	tls_chain_fini(&chain);
	return rc;
}
