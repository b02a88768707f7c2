/* The names in a certificate, held against a domain, and listed. */
#include "net/tls_names.h"

#include <arpa/inet.h>
#include <gnutls/x509-ext.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "net/tls_judge.h"

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

bool tls_names_server(gnutls_x509_crt_t cert, struct str domain)
{
	return names(cert, &(struct named){domain, "_xmpp-server."});
}

unsigned tls_names_uses(gnutls_x509_crt_t cert, const char *domain)
{
	gnutls_datum_t ascii;
	struct str name;
	unsigned uses;

	if (gnutls_idna_map(domain, (unsigned)strlen(domain), &ascii, 0) < 0)
		return 0;
	name = str_make((const char *)ascii.data, ascii.size);
	uses = (names(cert, &(struct named){name, "_xmpp-client."}) ? TLS_FOR_CLIENTS : 0u) |
	       (tls_names_server(cert, name) ? TLS_FOR_SERVERS : 0u);
	gnutls_free(ascii.data);
	return uses;
}

/* ---- all of them -------------------------------------------------------------------- */

/* Empty: it is of another kind. */
static void put_name(int type, char *name, size_t len, char out[256])
{
	char text[INET6_ADDRSTRLEN];

	name[len] = '\0';
	out[0] = '\0';
	if (type == GNUTLS_SAN_DNSNAME)
		snprintf(out, 256, "%s", name);
	else if (type == GNUTLS_SAN_IPADDRESS && inet_ntop(len == 4 ? AF_INET : AF_INET6, name, text, sizeof text) != NULL)
		snprintf(out, 256, "%s", text);
}

void tls_names_list(gnutls_x509_crt_t cert, const char *between, char *out, size_t size)
{
	size_t at = 0;

	*out = '\0';
	for (unsigned i = 0; at < size; i++) {
		char name[256], text[256];
		size_t len = sizeof name - 1;
		int type = gnutls_x509_crt_get_subject_alt_name(cert, i, name, &len, NULL);

		if (type == GNUTLS_E_SHORT_MEMORY_BUFFER)
			continue;
		if (type < 0)
			return;
		put_name(type, name, len, text);
		if (text[0] != '\0')
			at += (size_t)snprintf(out + at, size - at, "%s%s", at > 0 ? between : "", text);
	}
}
