/* What a peer shows: the server name it wants, and its certificate. */
#include "net/tls_peer.h"

#include <gnutls/abstract.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "net/tls_certs.h"
#include "net/tls_names.h"
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

/* ---- what it is worth ------------------------------------------------------------- */

int tls_peer_check(gnutls_session_t session, struct str domain, char *why, size_t size)
{
	struct tls_certs certs;
	struct tls_found found;
	bool good;

	tls_certs_shown(&certs, session);
	good = tls_certs_valid(&certs, session, &found);
	if (good && !tls_names_server(certs.of[0], domain)) {
		good = false;
		tls_found(&found, TLS_UNNAMED, "%.*s", STR_FMT(domain));
	}
	if (!good)
		snprintf(why, size, "%s", found.text);
	tls_certs_fini(&certs);
	return good ? 0 : BH_EDENIED;
}

void tls_peer_describe(gnutls_session_t session, char *out, size_t size)
{
	struct tls_certs certs;

	*out = '\0';
	tls_certs_shown(&certs, session);
	if (certs.n > 0)
		tls_certs_describe(&certs, out, size);
	tls_certs_fini(&certs);
}
