/*
 * tls_names - whom a certificate names; lib/net only
 */
#ifndef BH_TLS_NAMES_H
#define BH_TLS_NAMES_H

#include <gnutls/x509.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* It names the XMPP domain (in A-labels, lower case) as a dNSName, an SRVName of _xmpp-server or an xmppAddr
 * (RFC 6120 13.7, RFC 9525).  Its common name counts for nothing. */
bool tls_names_server(gnutls_x509_crt_t cert, struct str domain);

/* For whom it names the domain (canonical): a set of enum tls_use (net/tls_judge.h).  Clients look for an SRVName of
 * _xmpp-client. */
unsigned tls_names_uses(gnutls_x509_crt_t cert, const char *domain);

/* Its host names and addresses, as many as there is room for. */
void tls_names_list(gnutls_x509_crt_t cert, const char *between, char *out, size_t size);

#endif
