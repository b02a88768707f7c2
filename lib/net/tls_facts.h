/*
 * tls_facts - what stands in a domain's certificate; what that is worth, net/tls_judge.h says
 */
#ifndef BH_TLS_FACTS_H
#define BH_TLS_FACTS_H

#include "net/tls.h"

struct tls_facts {
	char names[1024]; /* of hosts, with blanks between them; those that fit */
	char issuer[256];
	char key[32]; /* "EC/ECDSA 256" */
	char fingerprint[TLS_FINGERPRINT_SIZE];
	char chain[TLS_FINGERPRINT_SIZE]; /* of it and of those behind it in the file, as tls_probe() has it */
	char tlsa[TLS_FINGERPRINT_SIZE]; /* SHA-256 of its public key: what a record TLSA 3 1 1 has (RFC 6698) */
	int64_t until; /* wall clock, s */
};

/* 0, or negative with a sentence in what. */
int tls_facts(const struct tls_identity *id, struct tls_facts *out, char *what, size_t size);

#endif
