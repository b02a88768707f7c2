/*
 * tls - certificates of domains, and TLS settings
 *
 * A struct tls_store is the set of certificates of all domains, chosen by SNI; their private keys are the
 * signer's (tls_signer.h).  It never changes once made and is counted: a reload makes a new one for new handshakes, and
 * sessions hold theirs to their end.  TLS 1.2 and 1.3 only, forward secrecy only, no
 * compression, no renegotiation; session tickets for TLS 1.3 only, under a key of this
 * process (custody.md, 21).
 */
#ifndef BH_TLS_H
#define BH_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/tls_signer.h"

struct tls_store;

struct tls_identity {
	const char *domain;	 /* canonical */
	const char *certificate; /* file: PEM chain, leaf first */
	const char *key;	 /* file: PEM; a store never reads it (net/tls_key.h) */
};

/* What a store is made of.  The signer outlives it.  Whom it trusts: client_ca is a file, or NULL; and the authorities
 * of the system, or not. */
struct tls_plan {
	const struct tls_identity *ids;
	size_t n;
	struct tls_signer *signer;
	const char *client_ca;
	bool system_trust;
};

/* What the client side of a handshake wants; the texts are ASCII and need not outlive the call. */
struct tls_wish {
	const char *server; /* SNI */
	const char *local;  /* whose certificate is shown when one is asked for; NULL: none */
	const char *alpn;   /* offered; NULL: nothing is */
};

/* Loads and checks: files readable, the certificate names the domain, for clients or for servers (tls_names.h).
 * The first identity also serves those who name no known domain.  With somebody to trust,
 * client certificates are asked for and verified.  On an error *what is a
 * sentence that says what, where and what to do.  0 or negative.  A certificate that has
 * expired is loaded all the same: then the result is 0 and *what is not empty but a warning. */
int tls_store_load(const struct tls_plan *plan, struct tls_store **out, char *what,
	size_t what_size);
struct tls_store *tls_store_ref(struct tls_store *store);
void tls_store_unref(struct tls_store **store);

/* Its certificates: how many, whose each is (A-labels), the name of its key, and when it expires (seconds since 1970). */
size_t tls_store_size(const struct tls_store *store);
const char *tls_store_name(const struct tls_store *store, size_t i);
const struct tls_key_id *tls_store_key(const struct tls_store *store, size_t i);
/* The SHA-256 of its certificate (the leaf), in hexadecimal digits. */
enum { TLS_FINGERPRINT_SIZE = 65 };
void tls_store_fingerprint(const struct tls_store *store, size_t i, char out[TLS_FINGERPRINT_SIZE]);
int64_t tls_store_expires(const struct tls_store *store, size_t i);

/* For the whole process, once, before and after any use. */
int tls_global_init(void);
void tls_global_fini(void);

#endif
