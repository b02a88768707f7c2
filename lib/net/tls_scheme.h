/*
 * tls_scheme - TLS's numbers of signatures (enum tls_scheme), and GnuTLS's names for them; lib/net only
 */
#ifndef BH_TLS_SCHEME_H
#define BH_TLS_SCHEME_H

#include <gnutls/gnutls.h>
#include <stdint.h>

#include "base/str.h"
#include "net/tls_signer.h"

/* 0 for what is no scheme of ours. */
uint16_t tls_scheme_of(gnutls_sign_algorithm_t algorithm);
/* GNUTLS_SIGN_UNKNOWN where there is none. */
gnutls_sign_algorithm_t tls_scheme_algorithm(uint16_t scheme);

/* What GnuTLS has signed by RSA under TLS 1.2 is not the hash but a DigestInfo around it (RFC 8017 9.2): the scheme and
 * *hash within it; 0 for anything else. */
uint16_t tls_scheme_of_digest_info(struct str info, struct str *hash);

#endif
