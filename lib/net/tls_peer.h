/*
 * tls_peer - who the peer says it is: SNI and certificate; lib/net only
 */
#ifndef BH_TLS_PEER_H
#define BH_TLS_PEER_H

#include <gnutls/x509.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "net/certificate.h"
#include "net/dane.h"

/* Keys of more bits are not looked at: what they cost is the peer's choice, in time and in stack. */
enum { TLS_PEER_BITS_MAX = 8192 };

/* A hook of GnuTLS: ends the handshake before a signature is verified by a key of the peer's that costs too much. */
int tls_peer_check_key(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
	const gnutls_datum_t *message);

/* The client's certificate, when the session's own credentials verify it; else NULL.  The caller frees it; its DER is
 * the session's. */
struct certificate *tls_peer_certificate(gnutls_session_t session);

/* What it says in a line: "CN=a.example, by CN=Test CA, until 2027-01-01T00:00:00Z"; empty where none was shown. */
void tls_peer_describe(gnutls_session_t session, char *out, size_t size);

/* The peer's certificate is valid, and names the domain.  0, or BH_EDENIED with the reason. */
int tls_peer_check(gnutls_session_t session, struct str domain, char *why, size_t size);
/* It is what the DNS says (net/dane.h).  The same. */
int tls_peer_check_dane(
	gnutls_session_t session, const struct dane *dane, struct str domain, char *why, size_t size);

#endif
