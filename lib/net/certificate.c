/* Names out of a certificate, by GnuTLS. */
#include "net/certificate.h"

#include <gnutls/x509-ext.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"

/* A JID as text, or NULL for what cannot be one: RFC 7622 allows neither NUL nor such a length. */
static char *jid_text(const gnutls_datum_t *name)
{
	if (name->size == 0 || name->size > CERTIFICATE_JID_MAX || memchr(name->data, '\0', name->size) != NULL)
		return NULL;
	return bh_strndup((const char *)name->data, name->size);
}

static char *xmpp_address(const gnutls_datum_t *oid, const gnutls_datum_t *value)
{
	gnutls_datum_t text;
	char *jid = NULL;
	unsigned type;

	if (gnutls_x509_othername_to_virtual((const char *)oid->data, value, &type, &text) < 0)
		return NULL;
	if (type == GNUTLS_SAN_OTHERNAME_XMPP)
		jid = jid_text(&text);
	gnutls_free(text.data);
	return jid;
}

/* An IA5String: what is no visible ASCII is no address. */
static char *mail_text(const gnutls_datum_t *name)
{
	if (name->size == 0 || name->size > CERTIFICATE_MAIL_MAX)
		return NULL;
	for (unsigned i = 0; i < name->size; i++)
		if (name->data[i] <= ' ' || name->data[i] >= 0x7f)
			return NULL;
	return bh_strndup((const char *)name->data, name->size);
}

static void take_alternative(struct certificate *c, unsigned type, const gnutls_datum_t *value, const gnutls_datum_t *oid)
{
	if (type == GNUTLS_SAN_OTHERNAME && c->jid == NULL)
		c->jid = xmpp_address(oid, value);
	else if (type == GNUTLS_SAN_RFC822NAME && c->mail == NULL)
		c->mail = mail_text(value);
}

static void read_alternatives(struct certificate *c, gnutls_x509_crt_t cert)
{
	gnutls_datum_t extension = {0}, value, oid;
	gnutls_subject_alt_names_t names;
	unsigned type;

	if (gnutls_x509_crt_get_extension_by_oid2(cert, "2.5.29.17", 0, &extension, NULL) != 0)
		return;
	if (gnutls_subject_alt_names_init(&names) == 0) {
		if (gnutls_x509_ext_import_subject_alt_names(&extension, names, 0) == 0)
			for (unsigned i = 0; gnutls_subject_alt_names_get(names, i, &type, &value, &oid) == 0; i++)
				take_alternative(c, type, &value, &oid);
		gnutls_subject_alt_names_deinit(names);
	}
	gnutls_free(extension.data);
}

/* A byte that is no visible ASCII as \HH, which means the same (RFC 4514 2.4). */
static void put_escaped(struct buf *out, const gnutls_datum_t *dn)
{
	for (unsigned i = 0; i < dn->size; i++) {
		if (dn->data[i] >= ' ' && dn->data[i] < 0x7f)
			buf_put_byte(out, dn->data[i]);
		else
			buf_printf(out, "\\%02X", dn->data[i]);
	}
}

static void read_subject(struct certificate *c, gnutls_x509_crt_t cert)
{
	struct buf text = BUF_INIT;
	gnutls_datum_t dn = {0};

	if (gnutls_x509_crt_get_dn3(cert, &dn, 0) < 0)
		return;
	if (dn.size <= CERTIFICATE_SUBJECT_MAX)
		put_escaped(&text, &dn);
	if (!buf_failed(&text) && text.len > 0 && text.len <= CERTIFICATE_SUBJECT_MAX)
		c->subject = bh_strndup((const char *)text.data, text.len);
	buf_fini(&text);
	gnutls_free(dn.data);
}

struct certificate *certificate_read(struct str der)
{
	const gnutls_datum_t bytes = {(unsigned char *)der.p, der.len};
	struct certificate *c = NULL;
	gnutls_x509_crt_t cert;

	if (gnutls_x509_crt_init(&cert) < 0)
		return NULL;
	if (gnutls_x509_crt_import(cert, &bytes, GNUTLS_X509_FMT_DER) == 0) {
		c = bh_alloc(sizeof *c);
		c->der = der.len <= CERTIFICATE_DER_MAX ? der : STR_NONE;
		read_alternatives(c, cert);
		read_subject(c, cert);
	}
	gnutls_x509_crt_deinit(cert);
	return c;
}

void certificate_free(struct certificate **ref)
{
	struct certificate *c = *ref;

	*ref = NULL;
	if (c == NULL)
		return;
	free(c->jid);
	free(c->mail);
	free(c->subject);
	free(c);
}
