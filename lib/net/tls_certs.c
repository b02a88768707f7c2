/* Looking at a chain. */
#include "net/tls_certs.h"

#include <gnutls/abstract.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/err.h"

enum { RSA_BITS_MIN = 2048, ACCESS_MAX = 8 };

#define DATES (GNUTLS_CERT_EXPIRED | GNUTLS_CERT_NOT_ACTIVATED)

void tls_certs_shown(struct tls_certs *out, gnutls_session_t session)
{
	unsigned n = 0;
	const gnutls_datum_t *der = gnutls_certificate_get_peers(session, &n);

	for (out->n = 0; der != NULL && out->n < n && out->n < TLS_CHAIN_MAX; out->n++) {
		if (gnutls_x509_crt_init(&out->of[out->n]) < 0)
			return;
		if (gnutls_x509_crt_import(out->of[out->n], &der[out->n], GNUTLS_X509_FMT_DER) < 0) {
			gnutls_x509_crt_deinit(out->of[out->n]);
			return;
		}
	}
}

int tls_certs_load(const struct tls_identity *id, struct tls_chain *chain, struct tls_certs *out, struct report *r)
{
	int rc = tls_chain_load(id, chain, r);

	out->n = 0;
	while (rc == 0 && out->n < chain->len) {
		if (gnutls_pcert_export_x509(&chain->certs[out->n], &out->of[out->n]) < 0) {
			report(r, "certificate %s: is not X.509", id->certificate);
			rc = BH_ECONFIG;
		} else {
			out->n++;
		}
	}
	return rc;
}

void tls_certs_fini(struct tls_certs *certs)
{
	for (unsigned i = 0; i < certs->n; i++)
		gnutls_x509_crt_deinit(certs->of[i]);
	certs->n = 0;
}

void tls_certs_describe(const struct tls_certs *certs, char *out, size_t size)
{
	char subject[256] = "", issuer[256] = "", stamp[CLOCK_STAMP_SIZE];
	size_t subject_size = sizeof subject, issuer_size = sizeof issuer;

	(void)gnutls_x509_crt_get_dn(certs->of[0], subject, &subject_size);
	(void)gnutls_x509_crt_get_issuer_dn(certs->of[0], issuer, &issuer_size);
	clock_stamp(gnutls_x509_crt_get_expiration_time(certs->of[0]), stamp);
	snprintf(out, size, "%s, by %s, until %s", subject, issuer, stamp);
}

void tls_certs_fingerprint(const struct tls_certs *certs, char out[TLS_FINGERPRINT_SIZE])
{
	gnutls_datum_t der = {NULL, 0};
	struct buf all = BUF_INIT;

	for (unsigned i = 0; i < certs->n; i++) {
		if (gnutls_x509_crt_export2(certs->of[i], GNUTLS_X509_FMT_DER, &der) < 0)
			continue;
		buf_put(&all, der.data, der.size);
		gnutls_free(der.data);
	}
	tls_fingerprint(&(gnutls_datum_t){all.data, (unsigned)all.len}, out);
	buf_fini(&all);
}

void tls_certs_dates(const struct tls_certs *certs, struct tls_found *out)
{
	tls_found_dates(gnutls_x509_crt_get_activation_time(certs->of[0]),
		gnutls_x509_crt_get_expiration_time(certs->of[0]), clock_wall(), out);
}

/* ---- strength ----------------------------------------------------------------------- */

static bool is_by_itself(gnutls_x509_crt_t cert)
{
	return gnutls_x509_crt_check_issuer(cert, cert) != 0;
}

/* Nobody looks at the signature of an authority's own certificate. */
static bool is_weakly_signed(gnutls_x509_crt_t cert)
{
	int sign = gnutls_x509_crt_get_signature_algorithm(cert);

	return !is_by_itself(cert) && sign > 0 &&
	       gnutls_sign_is_secure2((gnutls_sign_algorithm_t)sign, GNUTLS_SIGN_FLAG_SECURE_FOR_CERTS) == 0;
}

void tls_certs_strength(const struct tls_certs *certs, struct tls_found *out)
{
	unsigned bits = 0;
	int algorithm = gnutls_x509_crt_get_pk_algorithm(certs->of[0], &bits);
	bool counts = algorithm == GNUTLS_PK_RSA || algorithm == GNUTLS_PK_RSA_PSS || algorithm == GNUTLS_PK_DSA;

	tls_found(out, TLS_STRONG, "%s", "");
	for (unsigned i = 0; i < certs->n; i++)
		if (is_weakly_signed(certs->of[i]))
			tls_found(out, TLS_WEAK_SIGNATURE, "%s", "");
	if (counts && bits < RSA_BITS_MIN)
		tls_found(out, TLS_WEAK_KEY, "%u bits", bits);
}

/* ---- who has issued it --------------------------------------------------------------- */

/* It says where its issuer's certificate is to be had, as those do that are from no root. */
static bool says_where_issuer_is(gnutls_x509_crt_t cert)
{
	int rc = GNUTLS_E_UNKNOWN_ALGORITHM;

	for (unsigned i = 0; i < ACCESS_MAX && rc == GNUTLS_E_UNKNOWN_ALGORITHM; i++) {
		gnutls_datum_t where = {NULL, 0};

		rc = gnutls_x509_crt_get_authority_info_access(cert, i, GNUTLS_IA_CAISSUERS_URI, &where, NULL);
		gnutls_free(where.data);
	}
	return rc >= 0;
}

static bool is_incomplete(const struct tls_certs *certs)
{
	for (unsigned i = 1; i < certs->n; i++)
		if (gnutls_x509_crt_check_issuer(certs->of[0], certs->of[i]) != 0)
			return false;
	return certs->n > 1 || says_where_issuer_is(certs->of[0]);
}

static enum tls_finding without_authority(const struct tls_certs *certs)
{
	if (is_by_itself(certs->of[0]))
		return TLS_SELF_SIGNED;
	return is_incomplete(certs) ? TLS_INCOMPLETE : TLS_UNKNOWN_AUTHORITY;
}

void tls_certs_status(const struct tls_certs *certs, unsigned status, struct tls_found *out)
{
	enum tls_finding finding = TLS_INVALID;

	tls_certs_dates(certs, out);
	if ((status & DATES) != 0 && tls_found_untimely(out))
		return;
	if (status & DATES)
		finding = TLS_CHAIN_DATES;
	else if (status & GNUTLS_CERT_REVOKED)
		finding = TLS_REVOKED;
	else if (status & GNUTLS_CERT_SIGNER_NOT_FOUND)
		finding = without_authority(certs);
	else if (status & GNUTLS_CERT_SIGNATURE_FAILURE)
		finding = TLS_FORGED;
	else if (status & GNUTLS_CERT_INSECURE_ALGORITHM)
		finding = TLS_WEAK_SIGNATURE;
	tls_found(out, finding, "%s", "");
}

bool tls_certs_valid(const struct tls_certs *certs, gnutls_session_t session, struct tls_found *out)
{
	unsigned status = 0;

	if (certs->n == 0) {
		tls_found(out, TLS_NOT_SHOWN, "%s", "");
		return false;
	}
	if (gnutls_certificate_verify_peers2(session, &status) < 0)
		status = GNUTLS_CERT_INVALID;
	if (status != 0)
		tls_certs_status(certs, status, out);
	else
		tls_certs_dates(certs, out);
	return status == 0;
}
