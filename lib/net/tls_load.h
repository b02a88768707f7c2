/*
 * tls_load - reading certificates and keys, with sentences that say what is wrong with them; lib/net only
 */
#ifndef BH_TLS_LOAD_H
#define BH_TLS_LOAD_H

#include <gnutls/abstract.h>

#include "base/buf.h"
#include "net/tls.h"
#include "net/tls_signer.h"

enum { TLS_CHAIN_MAX = 16 };

/* Where the sentence goes: the first error, or warnings one after the other. */
struct report {
	char *text;
	size_t size, len;
};

void report(struct report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The bytes of a file: 0 or negative. */
int tls_read_file(const char *path, struct buf *out);
/* Those of the "certificate" or the "key" of an identity; and says what to do where they cannot be had. */
int tls_read_part(const struct tls_identity *id, const char *part, struct buf *out, struct report *r);

struct tls_chain {
	gnutls_pcert_st certs[TLS_CHAIN_MAX]; /* the leaf first */
	unsigned len;
};

int tls_chain_load(const struct tls_identity *id, struct tls_chain *out, struct report *r);
void tls_chain_fini(struct tls_chain *chain);

/* A SHA-256 in hexadecimal digits; that of a certificate's DER. */
void tls_hash_text(const uint8_t hash[32], char out[TLS_FINGERPRINT_SIZE]);
void tls_fingerprint(const gnutls_datum_t *der, char out[TLS_FINGERPRINT_SIZE]);

/* 0 or an error of GnuTLS. */
int tls_public_id(gnutls_pubkey_t key, struct tls_key_id *out);

#endif
