/*
 * tls_signer - who signs handshakes for the certificates of a store
 *
 * The private keys are elsewhere: in keyd (lib/key/client.h), or in this process for tests and measurements.  A key is
 * named by the SHA-256 of its public half (SubjectPublicKeyInfo), a kind of signature by its number in TLS
 * (SignatureScheme, RFC 8446 4.2.3; TLS 1.2's pairs of hash and signature have the same numbers, and do not bind the
 * curve to the hash).  What is signed is the hash, except for EdDSA, which signs the message itself.
 */
#ifndef BH_TLS_SIGNER_H
#define BH_TLS_SIGNER_H

#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

enum {
	TLS_KEY_ID_SIZE = 32,
	TLS_SIGNATURE_MAX = 2048, /* RSA of 16384 bits */
	/* A TLS 1.2 client signs the whole handshake up to there, with EdDSA as it is. */
	TLS_SIGNED_MAX = 60 * 1024,
};

enum tls_scheme {
	TLS_RSA_PKCS1_SHA256 = 0x0401,
	TLS_RSA_PKCS1_SHA384 = 0x0501,
	TLS_RSA_PKCS1_SHA512 = 0x0601,
	TLS_ECDSA_SHA256 = 0x0403,
	TLS_ECDSA_SHA384 = 0x0503,
	TLS_ECDSA_SHA512 = 0x0603,
	TLS_RSA_PSS_RSAE_SHA256 = 0x0804,
	TLS_RSA_PSS_RSAE_SHA384 = 0x0805,
	TLS_RSA_PSS_RSAE_SHA512 = 0x0806,
	TLS_ED25519 = 0x0807,
	TLS_ED448 = 0x0808,
	TLS_RSA_PSS_PSS_SHA256 = 0x0809,
	TLS_RSA_PSS_PSS_SHA384 = 0x080a,
	TLS_RSA_PSS_PSS_SHA512 = 0x080b,
};

struct tls_key_id {
	uint8_t b[TLS_KEY_ID_SIZE];
};

/* One signature that somebody waits for; he owns it, and what it points at, until done or forgotten. */
struct tls_signing {
	struct tls_key_id key;
	uint16_t scheme;
	const uint8_t *data;
	size_t len;
	/* Once: rc is 0, BH_ENOTFOUND (there is no such key), BH_EDENIED (refused), BH_ETIMEOUT or BH_ECRYPTO. */
	void (*done)(struct tls_signing *signing, int rc, const uint8_t *signature, size_t n);
	/* The signer's own: */
	struct list link;
	uint64_t number, until;
};

struct tls_signer {
	/* done comes from within the call, or later from the loop. */
	void (*sign)(struct tls_signer *signer, struct tls_signing *signing);
	/* done will not come any more. */
	void (*forget)(struct tls_signer *signer, struct tls_signing *signing);
};

#endif
