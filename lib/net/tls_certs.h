/*
 * tls_certs - a chain as GnuTLS has it for verifying, and what is found by looking at it; lib/net only
 */
#ifndef BH_TLS_CERTS_H
#define BH_TLS_CERTS_H

#include <gnutls/x509.h>
#include <stdbool.h>
#include <stddef.h>

#include "net/tls_finding.h"
#include "net/tls_load.h"

struct tls_certs {
	gnutls_x509_crt_t of[TLS_CHAIN_MAX]; /* the leaf first */
	unsigned n;
};

/* What the peer of a session has shown, up to what cannot be read: n may be 0. */
void tls_certs_shown(struct tls_certs *out, gnutls_session_t session);
/* What an identity's file has; chain is what they were loaded as.  0, or negative after the report. */
int tls_certs_load(const struct tls_identity *id, struct tls_chain *chain, struct tls_certs *out, struct report *r);
void tls_certs_fini(struct tls_certs *certs);

/* The leaf in a line: "CN=a.example, by CN=Test CA, until 2027-01-01T00:00:00Z".  n is not 0, here and below. */
void tls_certs_describe(const struct tls_certs *certs, char *out, size_t size);

/* The SHA-256 of all of them, one behind the other. */
void tls_certs_fingerprint(const struct tls_certs *certs, char out[TLS_FINGERPRINT_SIZE]);

void tls_certs_dates(const struct tls_certs *certs, struct tls_found *out);
void tls_certs_strength(const struct tls_certs *certs, struct tls_found *out);
/* What a status of GnuTLS means that is not 0. */
void tls_certs_status(const struct tls_certs *certs, unsigned status, struct tls_found *out);

/* What a peer has shown is valid by the authorities of the session's credentials: then what is found are its dates, else
 * what is wrong. */
bool tls_certs_valid(const struct tls_certs *certs, gnutls_session_t session, struct tls_found *out);

#endif
