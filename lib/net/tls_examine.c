/* Looks at the files of an identity. */
#include "net/tls_examine.h"

#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/secret.h"
#include "net/tls_load.h"
#include "net/tls_peer.h"

enum { RSA_BITS_MIN = 2048 };

struct chain {
	gnutls_x509_crt_t *certs;
	unsigned n;
};

static bool load(const struct tls_identity *id, struct chain *chain, struct tls_examined *out)
{
	struct buf text = BUF_INIT;
	int rc = tls_read_file(id->certificate, &text), code = 0;
	gnutls_datum_t pem = {text.data, (unsigned)text.len};

	if (rc == 0)
		code = gnutls_x509_crt_list_import2(&chain->certs, &chain->n, &pem, GNUTLS_X509_FMT_PEM, 0);
	buf_fini(&text);
	if (rc != 0)
		snprintf(out->why, sizeof out->why, "%s", bh_strerror(rc));
	else if (code < 0)
		snprintf(out->why, sizeof out->why, "it is no certificate in PEM (%s)", gnutls_strerror(code));
	return rc == 0 && code >= 0 && chain->n > 0;
}

/* ---- the key ------------------------------------------------------------------------------------ */

static void compare_key(gnutls_x509_crt_t cert, gnutls_x509_privkey_t key, struct tls_examined *out)
{
	uint8_t ours[32], its[32];
	size_t n = sizeof ours, m = sizeof its;

	out->key_fits = gnutls_x509_crt_get_key_id(cert, GNUTLS_KEYID_USE_SHA256, its, &m) == 0 &&
		gnutls_x509_privkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, ours, &n) == 0 && n == m &&
		memcmp(ours, its, n) == 0;
}

static void look_at_key(const struct tls_identity *id, gnutls_x509_crt_t cert, struct tls_examined *out)
{
	struct buf text = BUF_INIT;
	int rc = tls_read_file(id->key, &text), code = rc == 0 ? 0 : GNUTLS_E_FILE_ERROR;
	gnutls_datum_t pem = {text.data, (unsigned)text.len};
	gnutls_x509_privkey_t key = NULL;

	if (rc == 0)
		code = gnutls_x509_privkey_init(&key);
	if (code == 0)
		code = gnutls_x509_privkey_import2(key, &pem, GNUTLS_X509_FMT_PEM, NULL, 0);
	if (text.data != NULL)
		secret_wipe(text.data, text.len);
	buf_fini(&text);
	out->key_read = code == 0;
	if (code == 0)
		compare_key(cert, key, out);
	else
		snprintf(out->key_why, sizeof out->key_why, "%s", rc != 0 ? bh_strerror(rc) : gnutls_strerror(code));
	if (key != NULL)
		gnutls_x509_privkey_deinit(key);
}

/* ---- the certificate ---------------------------------------------------------------------------- */

static void look_at_names(gnutls_x509_crt_t cert, const char *domain, struct tls_examined *out)
{
	gnutls_datum_t ascii;
	struct str name;

	if (gnutls_idna_map(domain, (unsigned)strlen(domain), &ascii, 0) < 0)
		return;
	name = str_make((const char *)ascii.data, ascii.size);
	out->for_clients = tls_peer_names_for_clients(cert, name);
	out->for_servers = tls_peer_names(cert, name);
	gnutls_free(ascii.data);
}

static void look_at_strength(const struct chain *chain, struct tls_examined *out)
{
	unsigned bits = 0;
	int algorithm = gnutls_x509_crt_get_pk_algorithm(chain->certs[0], &bits);

	if ((algorithm == GNUTLS_PK_RSA || algorithm == GNUTLS_PK_RSA_PSS || algorithm == GNUTLS_PK_DSA) &&
		bits < RSA_BITS_MIN)
		out->weak_bits = bits;
	for (unsigned i = 0; i < chain->n; i++) {
		int sign = gnutls_x509_crt_get_signature_algorithm(chain->certs[i]);

		if (gnutls_x509_crt_check_issuer(chain->certs[i], chain->certs[i]) == 0 && sign > 0 &&
			gnutls_sign_is_secure2((gnutls_sign_algorithm_t)sign, GNUTLS_SIGN_FLAG_SECURE_FOR_CERTS) == 0)
			out->weak_signature = true;
	}
}

static void look_at_trust(const struct chain *chain, const char *ca, struct tls_examined *out)
{
	gnutls_x509_trust_list_t list;
	unsigned status = GNUTLS_CERT_INVALID;
	int rc;

	if (gnutls_x509_trust_list_init(&list, 0) < 0)
		return;
	(void)gnutls_x509_trust_list_add_system_trust(list, 0, 0);
	if (ca != NULL)
		(void)gnutls_x509_trust_list_add_trust_file(list, ca, NULL, GNUTLS_X509_FMT_PEM, 0, 0);
	rc = gnutls_x509_trust_list_verify_crt2(list, chain->certs, chain->n, NULL, 0, 0, &status, NULL);
	/* Its dates are a matter of their own. */
	status &= ~(unsigned)(GNUTLS_CERT_EXPIRED | GNUTLS_CERT_NOT_ACTIVATED);
	out->trusted = rc == 0 && (status & ~(unsigned)GNUTLS_CERT_INVALID) == 0;
	if (!out->trusted)
		tls_peer_say_status(chain->certs[0], status, out->why, sizeof out->why);
	gnutls_x509_trust_list_deinit(list, 1);
}

static void look_at_leaf(gnutls_x509_crt_t cert, struct tls_examined *out)
{
	uint8_t id[32];
	size_t n = sizeof id, size = sizeof out->subject, m = sizeof out->sha256;

	out->begins = gnutls_x509_crt_get_activation_time(cert);
	out->expires = gnutls_x509_crt_get_expiration_time(cert);
	if (gnutls_x509_crt_get_dn(cert, out->subject, &size) < 0)
		snprintf(out->subject, sizeof out->subject, "-");
	if (gnutls_x509_crt_get_key_id(cert, GNUTLS_KEYID_USE_SHA256, id, &n) == 0)
		for (size_t i = 0; i < n; i++)
			snprintf(out->tlsa + 2 * i, 3, "%02x", id[i]);
	(void)gnutls_x509_crt_get_fingerprint(cert, GNUTLS_DIG_SHA256, out->sha256, &m);
}

void tls_examine(const struct tls_identity *id, const char *ca, struct tls_examined *out)
{
	struct chain chain = {NULL, 0};

	*out = (struct tls_examined){.readable = false};
	out->readable = load(id, &chain, out);
	if (!out->readable)
		return;
	look_at_leaf(chain.certs[0], out);
	look_at_names(chain.certs[0], id->domain, out);
	look_at_strength(&chain, out);
	look_at_trust(&chain, ca, out);
	look_at_key(id, chain.certs[0], out);
	for (unsigned i = 0; i < chain.n; i++)
		gnutls_x509_crt_deinit(chain.certs[i]);
	gnutls_free(chain.certs);
}
