/*
 * tls_inspect - what a domain's certificate is, and what it is worth to others
 *
 * For programs that look at the files; whoever serves with them has a store (net/tls.h).
 */
#ifndef BH_TLS_INSPECT_H
#define BH_TLS_INSPECT_H

#include <stdbool.h>

#include "net/tls.h"

struct tls_facts {
	char names[1024]; /* the DNS names, with blanks between them; those that fit */
	char issuer[256];
	char key[32]; /* "EC/ECDSA 256" */
	char fingerprint[TLS_FINGERPRINT_SIZE];
	int64_t from, until; /* wall clock, s */
	bool names_domain;
};

/* 0, or negative with a sentence in what. */
int tls_inspect(const struct tls_identity *id, struct tls_facts *out, char *what, size_t size);

/* Would somebody believe it who trusts those that this system trusts?  0; BH_EDENIED with the reason; or as above. */
int tls_inspect_trust(const struct tls_identity *id, char *what, size_t size);

#endif
