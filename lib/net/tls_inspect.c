/* Reading a chain, and verifying it as a stranger would. */
#include "net/tls_inspect.h"

#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "net/tls_load.h"

static void put_names(gnutls_x509_crt_t leaf, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (unsigned i = 0;; i++) {
		size_t room = size - used - 1;
		int type;

		if (used + 2 >= size)
			return;
		type = gnutls_x509_crt_get_subject_alt_name(leaf, i, out + used + (used > 0), &room, NULL);
		if (type == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			return;
		if (type != GNUTLS_SAN_DNSNAME) {
			out[used] = '\0';
			continue;
		}
		if (used > 0)
			out[used++] = ' ';
		used += strlen(out + used);
	}
}

static void put_key(gnutls_x509_crt_t leaf, char *out, size_t size)
{
	unsigned bits = 0;
	int algorithm = gnutls_x509_crt_get_pk_algorithm(leaf, &bits);

	snprintf(out, size, "%s %u", gnutls_pk_get_name((gnutls_pk_algorithm_t)algorithm), bits);
}

int tls_inspect(const struct tls_identity *id, struct tls_facts *out, char *what, size_t size)
{
	struct report r = {.text = what, .size = size};
	struct tls_chain chain = {.len = 0};
	size_t room = sizeof out->issuer;
	gnutls_x509_crt_t leaf;
	int rc = tls_chain_load(id, &chain, &r);

	if (rc == 0 && gnutls_pcert_export_x509(&chain.certs[0], &leaf) < 0) {
		report(&r, "certificate %s: is not X.509", id->certificate);
		rc = BH_ECONFIG;
	}
	if (rc == 0) {
		put_names(leaf, out->names, sizeof out->names);
		put_key(leaf, out->key, sizeof out->key);
		if (gnutls_x509_crt_get_issuer_dn(leaf, out->issuer, &room) < 0)
			out->issuer[0] = '\0';
		tls_fingerprint(&chain.certs[0].cert, out->fingerprint);
		out->from = gnutls_x509_crt_get_activation_time(leaf);
		out->until = gnutls_x509_crt_get_expiration_time(leaf);
		out->names_domain = gnutls_x509_crt_check_hostname(leaf, id->domain) != 0;
		gnutls_x509_crt_deinit(leaf);
	}
	tls_chain_fini(&chain);
	return rc;
}

/* The chain as the verification wants it; how many. */
static unsigned export_chain(struct tls_chain *chain, gnutls_x509_crt_t out[TLS_CHAIN_MAX])
{
	unsigned n = 0;

	while (n < chain->len && gnutls_pcert_export_x509(&chain->certs[n], &out[n]) == 0)
		n++;
	return n;
}

static int verify(gnutls_x509_crt_t *certs, unsigned n, char *what, size_t size)
{
	gnutls_x509_trust_list_t list;
	gnutls_datum_t text = {NULL, 0};
	unsigned status = GNUTLS_CERT_INVALID;
	int rc = gnutls_x509_trust_list_init(&list, 0);

	if (rc < 0)
		return BH_ENOMEM;
	(void)gnutls_x509_trust_list_add_system_trust(list, 0, 0);
	rc = n > 0 ? gnutls_x509_trust_list_verify_crt(list, certs, n, 0, &status, NULL) : GNUTLS_E_NO_CERTIFICATE_FOUND;
	if (rc == 0 && status != 0 &&
		gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &text, 0) == 0) {
		snprintf(what, size, "%s", (const char *)text.data);
		gnutls_free(text.data);
	} else if (rc < 0) {
		snprintf(what, size, "%s", gnutls_strerror(rc));
	}
	gnutls_x509_trust_list_deinit(list, 1);
	return rc == 0 && status == 0 ? 0 : BH_EDENIED;
}

int tls_inspect_trust(const struct tls_identity *id, char *what, size_t size)
{
	struct report r = {.text = what, .size = size};
	gnutls_x509_crt_t certs[TLS_CHAIN_MAX];
	struct tls_chain chain = {.len = 0};
	unsigned n;
	int rc = tls_chain_load(id, &chain, &r);

	if (rc != 0)
		return rc;
	n = export_chain(&chain, certs);
	rc = verify(certs, n, what, size);
	for (unsigned i = 0; i < n; i++)
		gnutls_x509_crt_deinit(certs[i]);
	tls_chain_fini(&chain);
	return rc;
}
