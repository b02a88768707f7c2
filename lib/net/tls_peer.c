/* The names that a peer shows: the server name it wants, its certificate, and the domains in that. */
#include "net/tls_peer.h"

#include <gnutls/abstract.h>
#include <gnutls/x509-ext.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/err.h"
#include "net/tls_private.h"

size_t tls_requested_name(gnutls_session_t session, char out[TLS_NAME_SIZE])
{
	size_t len = TLS_NAME_SIZE;
	unsigned type;

	if (gnutls_server_name_get(session, out, &len, &type, 0) < 0 || type != GNUTLS_NAME_DNS)
		return 0;
	len = strnlen(out, len);
	for (size_t i = 0; i < len; i++) {
		if (out[i] >= 'A' && out[i] <= 'Z')
			out[i] = (char)(out[i] - 'A' + 'a');
	}
	return len;
}

struct certificate *tls_peer_certificate(gnutls_session_t session)
{
	unsigned n = 0, status = 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &n);

	if (chain == NULL || n == 0)
		return NULL;
	if (gnutls_certificate_verify_peers2(session, &status) < 0 || status != 0)
		return NULL;
	return certificate_read(str_make(chain[0].data, chain[0].size));
}

/* ---- what its key costs ------------------------------------------------------------ */

/* Bytes; 65537 has three. */
enum { EXPONENT_MAX = 8 };

static bool exponent_is_small(gnutls_pubkey_t key)
{
	gnutls_datum_t modulus = {0}, exponent = {0};
	bool yes = gnutls_pubkey_export_rsa_raw2(key, &modulus, &exponent, GNUTLS_EXPORT_FLAG_NO_LZ) == 0 &&
		   exponent.size <= EXPONENT_MAX;

	gnutls_free(modulus.data);
	gnutls_free(exponent.data);
	return yes;
}

static bool is_cheap(gnutls_pubkey_t key)
{
	unsigned bits = 0;
	int algorithm = gnutls_pubkey_get_pk_algorithm(key, &bits);

	if (algorithm == GNUTLS_PK_RSA || algorithm == GNUTLS_PK_RSA_PSS)
		return bits <= TLS_PEER_BITS_MAX && exponent_is_small(key);
	return bits <= TLS_PEER_BITS_MAX;
}

static int check_leaf_key(const gnutls_datum_t *der)
{
	gnutls_pcert_st leaf;
	int rc = gnutls_pcert_import_x509_raw(&leaf, der, GNUTLS_X509_FMT_DER, 0);

	if (rc < 0)
		return rc;
	rc = is_cheap(leaf.pubkey) ? 0 : GNUTLS_E_CONSTRAINT_ERROR;
	gnutls_pcert_deinit(&leaf);
	return rc;
}

/* These two carry the signature, TLS 1.3's and TLS 1.2's. */
int tls_peer_check_key(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
	const gnutls_datum_t *message)
{
	unsigned n = 0;
	const gnutls_datum_t *chain;

	(void)when, (void)message;
	if (!incoming || (type != GNUTLS_HANDSHAKE_CERTIFICATE_VERIFY && type != GNUTLS_HANDSHAKE_SERVER_KEY_EXCHANGE))
		return 0;
	chain = gnutls_certificate_get_peers(session, &n);
	return chain != NULL && n > 0 ? check_leaf_key(&chain[0]) : 0;
}

/* ---- whose certificate it is ------------------------------------------------------- */

static bool same(struct str a, struct str b)
{
	return a.len == b.len && strncasecmp(a.p, b.p, a.len) == 0;
}

/* A wildcard stands for the whole leftmost label, and for that alone (RFC 9525 6.3). */
static bool dns_matches(struct str name, struct str domain)
{
	const char *dot = memchr(domain.p, '.', domain.len);

	if (same(name, domain))
		return true;
	if (name.len < 3 || name.p[0] != '*' || name.p[1] != '.' || dot == NULL)
		return false;
	return same(str_make(name.p + 1, name.len - 1),
		       str_make(dot, (uint32_t)(domain.p + domain.len - dot))) &&
	       memchr(name.p + 2, '.', name.len - 2) != NULL;
}

/* Whom a certificate is to name, and for which service ("_xmpp-server."). */
struct named {
	struct str domain;
	const char *service;
};

static bool srv_matches(struct str name, const struct named *of)
{
	const uint32_t len = (uint32_t)strlen(of->service);

	return name.len > len && memcmp(name.p, of->service, len) == 0 &&
	       same(str_make(name.p + len, name.len - len), of->domain);
}

/* In a certificate an address stands as it is written: not in A-labels. */
static bool address_matches(struct str name, struct str domain)
{
	gnutls_datum_t ascii;
	bool yes;

	if (gnutls_idna_map(name.p, name.len, &ascii, 0) < 0)
		return false;
	yes = same(str_make((const char *)ascii.data, ascii.size), domain);
	gnutls_free(ascii.data);
	return yes;
}

static bool other_matches(const gnutls_datum_t *oid, const gnutls_datum_t *value, const struct named *of)
{
	gnutls_datum_t text;
	struct str name;
	unsigned type;
	bool yes = false;

	if (gnutls_x509_othername_to_virtual((const char *)oid->data, value, &type, &text) < 0)
		return false;
	name = str_make((const char *)text.data, text.size);
	if (memchr(text.data, '\0', text.size) != NULL)
		yes = false;
	else if (type == GNUTLS_SAN_OTHERNAME_SRV)
		yes = srv_matches(name, of);
	else if (type == GNUTLS_SAN_OTHERNAME_XMPP)
		yes = address_matches(name, of->domain);
	gnutls_free(text.data);
	return yes;
}

static bool names(gnutls_x509_crt_t cert, const struct named *of)
{
	gnutls_subject_alt_names_t all;
	gnutls_datum_t ext = {0}, value, oid;
	bool yes = false;
	unsigned type;

	if (gnutls_x509_crt_get_extension_by_oid2(cert, "2.5.29.17", 0, &ext, NULL) != 0)
		return false;
	if (gnutls_subject_alt_names_init(&all) == 0) {
		if (gnutls_x509_ext_import_subject_alt_names(&ext, all, 0) < 0)
			yes = false;
		for (unsigned i = 0; !yes && gnutls_subject_alt_names_get(all, i, &type, &value, &oid) == 0; i++) {
			if (type == GNUTLS_SAN_DNSNAME)
				yes = dns_matches(str_make((const char *)value.data, value.size), of->domain);
			else if (type == GNUTLS_SAN_OTHERNAME)
				yes = other_matches(&oid, &value, of);
		}
		gnutls_subject_alt_names_deinit(all);
	}
	gnutls_free(ext.data);
	return yes;
}

bool tls_peer_names(gnutls_x509_crt_t cert, struct str domain)
{
	return names(cert, &(struct named){domain, "_xmpp-server."});
}

bool tls_peer_names_for_clients(gnutls_x509_crt_t cert, struct str domain)
{
	return names(cert, &(struct named){domain, "_xmpp-client."});
}

static void say_date(char *why, size_t size, const char *what, time_t when)
{
	char stamp[CLOCK_STAMP_SIZE];

	clock_stamp(when, stamp);
	snprintf(why, size, "%s %s", what, stamp);
}

void tls_peer_say_status(gnutls_x509_crt_t cert, unsigned status, char *why, size_t size)
{
	if (status & GNUTLS_CERT_EXPIRED)
		say_date(why, size, "it has expired on", gnutls_x509_crt_get_expiration_time(cert));
	else if (status & GNUTLS_CERT_NOT_ACTIVATED)
		say_date(why, size, "it is not valid before", gnutls_x509_crt_get_activation_time(cert));
	else if (status & GNUTLS_CERT_REVOKED)
		snprintf(why, size, "it is revoked");
	else if (status & GNUTLS_CERT_SIGNER_NOT_FOUND && gnutls_x509_crt_check_issuer(cert, cert))
		snprintf(why, size, "it is self-signed");
	else if (status & GNUTLS_CERT_SIGNER_NOT_FOUND)
		snprintf(why, size, "no authority that is trusted here has issued it");
	else if (status & GNUTLS_CERT_SIGNATURE_FAILURE)
		snprintf(why, size, "it is signed with another key than that of the authority of that name");
	else if (status & (GNUTLS_CERT_INSECURE_ALGORITHM))
		snprintf(why, size, "its signature is of a kind that is not safe any more");
	else
		snprintf(why, size, "it is not valid");
}

static int check(gnutls_session_t session, gnutls_x509_crt_t cert, struct str domain, char *why, size_t size)
{
	unsigned status = 0;

	if (gnutls_certificate_verify_peers2(session, &status) < 0)
		status = GNUTLS_CERT_INVALID;
	if (status != 0)
		tls_peer_say_status(cert, status, why, size);
	else if (!tls_peer_names(cert, domain))
		snprintf(why, size, "it does not name %.*s", STR_FMT(domain));
	else
		return 0;
	return BH_EDENIED;
}

int tls_peer_check(gnutls_session_t session, struct str domain, char *why, size_t size)
{
	unsigned n = 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &n);
	gnutls_x509_crt_t cert;
	int rc = BH_EDENIED;

	if (chain == NULL || n == 0) {
		snprintf(why, size, "none was shown");
		return BH_EDENIED;
	}
	if (gnutls_x509_crt_init(&cert) < 0)
		return BH_ENOMEM;
	if (gnutls_x509_crt_import(cert, &chain[0], GNUTLS_X509_FMT_DER) == 0)
		rc = check(session, cert, domain, why, size);
	else
		snprintf(why, size, "it cannot be read");
	gnutls_x509_crt_deinit(cert);
	return rc;
}

static void describe(gnutls_x509_crt_t cert, char *out, size_t size)
{
	char subject[256] = "", issuer[256] = "", stamp[CLOCK_STAMP_SIZE];
	size_t subject_size = sizeof subject, issuer_size = sizeof issuer;

	(void)gnutls_x509_crt_get_dn(cert, subject, &subject_size);
	(void)gnutls_x509_crt_get_issuer_dn(cert, issuer, &issuer_size);
	clock_stamp(gnutls_x509_crt_get_expiration_time(cert), stamp);
	snprintf(out, size, "%s, by %s, until %s", subject, issuer, stamp);
}

void tls_peer_describe(gnutls_session_t session, char *out, size_t size)
{
	unsigned n = 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &n);
	gnutls_x509_crt_t cert;

	*out = '\0';
	if (chain == NULL || n == 0 || gnutls_x509_crt_init(&cert) < 0)
		return;
	if (gnutls_x509_crt_import(cert, &chain[0], GNUTLS_X509_FMT_DER) == 0)
		describe(cert, out, size);
	gnutls_x509_crt_deinit(cert);
}
