/*
 * tls_key - a private key, in the process that has it: keyd, and nobody else
 */
#ifndef BH_TLS_KEY_H
#define BH_TLS_KEY_H

#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"
#include "net/tls.h"
#include "net/tls_signer.h"

struct tls_key;

enum tls_key_type { TLS_KEY_RSA, TLS_KEY_RSA_PSS, TLS_KEY_EC, TLS_KEY_ED25519, TLS_KEY_ED448, TLS_KEY_TYPES };

/* Loads an identity's key and checks that it is the certificate's.  0, or negative with a sentence in what that says
 * what is wrong, where, and what to do. */
int tls_key_load(const struct tls_identity *id, struct tls_key **out, char *what, size_t size);
void tls_key_free(struct tls_key **key);

const struct tls_key_id *tls_key_id(const struct tls_key *key);
enum tls_key_type tls_key_type(const struct tls_key *key);

/* Signs a hash (EdDSA: a message); what may be signed is the caller's to check.  The length of the signature, or
 * BH_EINVAL for a scheme that is not the key's, BH_ECRYPTO. */
ssize_t tls_key_sign(const struct tls_key *key, uint16_t scheme, struct str data, uint8_t out[TLS_SIGNATURE_MAX]);

#endif
