/* The names that a client shows: the server name it wants, and the JID of its certificate. */
#include "net/tls_peer.h"

#include <gnutls/x509-ext.h>
#include <gnutls/x509.h>
#include <string.h>

#include "base/alloc.h"
#include "net/tls_private.h"

enum { JID_TEXT_MAX = 3071 };

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

/* A JID as text, or NULL for what cannot be one: RFC 7622 allows neither NUL nor such a length. */
static char *jid_text(const gnutls_datum_t *name)
{
	if (name->size == 0 || name->size > JID_TEXT_MAX ||
		memchr(name->data, '\0', name->size) != NULL)
		return NULL;
	return bh_strndup((const char *)name->data, name->size);
}

static char *first_xmpp_addr(const gnutls_datum_t *der)
{
	gnutls_subject_alt_names_t names;
	gnutls_datum_t value, oid, virt;
	char *jid = NULL;
	unsigned type;

	if (gnutls_subject_alt_names_init(&names) < 0)
		return NULL;
	if (gnutls_x509_ext_import_subject_alt_names(der, names, 0) < 0)
		goto out;
	for (unsigned i = 0; jid == NULL; i++) {
		if (gnutls_subject_alt_names_get(names, i, &type, &value, &oid) < 0)
			break;
		if (type != GNUTLS_SAN_OTHERNAME)
			continue;
		if (gnutls_x509_othername_to_virtual(
			    (const char *)oid.data, &value, &type, &virt) < 0)
			continue;
		if (type == GNUTLS_SAN_OTHERNAME_XMPP)
			jid = jid_text(&virt);
		gnutls_free(virt.data);
	}
out:
	gnutls_subject_alt_names_deinit(names);
	return jid;
}

static char *certificate_jid(const gnutls_datum_t *der)
{
	gnutls_datum_t ext = {0};
	gnutls_x509_crt_t cert;
	char *jid = NULL;

	if (gnutls_x509_crt_init(&cert) < 0)
		return NULL;
	if (gnutls_x509_crt_import(cert, der, GNUTLS_X509_FMT_DER) == 0 &&
		gnutls_x509_crt_get_extension_by_oid2(cert, "2.5.29.17", 0, &ext, NULL) == 0)
		jid = first_xmpp_addr(&ext);
	gnutls_free(ext.data);
	gnutls_x509_crt_deinit(cert);
	return jid;
}

char *tls_peer_jid(gnutls_session_t session)
{
	unsigned n = 0, status = 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &n);

	if (chain == NULL || n == 0)
		return NULL;
	if (gnutls_certificate_verify_peers2(session, &status) < 0 || status != 0)
		return NULL;
	return certificate_jid(&chain[0]);
}
